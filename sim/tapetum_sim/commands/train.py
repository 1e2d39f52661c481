# SPDX-License-Identifier: Apache-2.0
"""``tapetum train``."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["train"]

_MODEL_ID = 0x7A1
"""Of the network that comes with the package."""


def train(
    out: Annotated[Path, typer.Option("--out", "-o", help="Program to write.")]
        = Path("build/train/tunnel.tapetum"),
    capture: Annotated[str | None, typer.Option(
        metavar="NAME", help="See with this one capture (HCG, LCG, SPD, VS) instead of all: what "
        "the combination is worth.")] = None,
    backgrounds: Annotated[int, typer.Option(
        min=10, help="Tunnels that are rendered; eight pictures are taken of each.")] = 1200,
    epochs: Annotated[int, typer.Option(min=1, help="Times that every picture is shown.")] = 30,
    held_out: Annotated[int, typer.Option(
        min=10, help="Pictures of other tunnels to measure with.")] = 2000,
    seed: Annotated[int, typer.Option(help="Of weights and of the order of pictures.")] = 0,
) -> None:
    """Train the network that comes with the package: is there a pedestrian in the tunnel?

    Draws tunnels, exposes them, trains in floating point, quantises to int8, compiles, and measures
    the result with the integer-exact model of the array. Needs the extra `train`
    (`pip install -e ".\\[train]"`).

    Examples:

    [bold]tapetum train[/bold]

    [bold]tapetum train --capture HCG --out build/train/hcg.tapetum[/bold]
    """
    import time
    from importlib.util import find_spec

    from rich.console import Console

    from tapetum.presets import preset
    from tapetum_compiler.backend.image import save_program

    from ..errors import UserError
    from ..models.golden_inference import signed_program
    from ..output import check_file
    from ..train.camera import FastCamera
    from ..train.data import HELD_OUT_SEED, INPUT_SHAPE, make_pictures
    from ..train.learn import learn
    from ..train.measure import accuracy
    from ..train.quantise import quantise
    from ..train.tunnel_pictures import CLASSES

    config, started = preset("tiny"), time.perf_counter()
    names = [each.name for each in config.captures]
    if capture is not None and capture not in names:
        raise UserError(f"there is no capture {capture}; choose one of {', '.join(names)}.")
    for package in ("torch", "onnxruntime"):
        if find_spec(package) is None:
            raise UserError(f'there is no {package}; install it with pip install -e ".[train]".')
    check_file(out)
    chosen = None if capture is None else names.index(capture)
    rows, columns, channels = INPUT_SHAPE
    camera = FastCamera(config, rows=rows, columns=columns, channels=channels)
    console = Console()

    def say(text: str) -> None:
        console.print(f"{time.perf_counter() - started:6.0f} s  {text}", highlight=False)

    say(f"drawing {backgrounds} tunnels")
    shown, = make_pictures(camera, range(backgrounds), per_background=8, captures=[chosen])
    say(f"learning from {len(shown.labels)} pictures")
    layers = learn(shown.codes, shown.labels, classes=len(CLASSES), epochs=epochs, seed=seed,
                   progress=lambda epoch, loss: say(f"epoch {epoch + 1}: loss {loss:.3f}"))
    program = quantise(layers, shown.codes[:400], class_names=CLASSES, model_id=_MODEL_ID)
    save_program(signed_program(program), out)
    say(f"{out}: {out.stat().st_size} bytes; drawing {held_out} tunnels that it has not seen")
    asked, = make_pictures(camera, range(HELD_OUT_SEED, HELD_OUT_SEED + held_out),
                           captures=[chosen])
    say(f"{accuracy(program, asked):.2%} of {held_out} are right, in int8")
