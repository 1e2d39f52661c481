# SPDX-License-Identifier: Apache-2.0
"""``tapetum serve``."""

from pathlib import Path
from typing import Annotated

import typer

from .options import ElectronsPerSecond, PresetName

__all__ = ["serve"]


def serve(
    preset: PresetName = "qvga",
    scene: Annotated[str, typer.Option(
        metavar="NAME|FILE", help="As for `tapetum sim`.")] = "tunnel",
    seed: Annotated[int, typer.Option(help="Of all noise and defects.")] = 1,
    out: Annotated[Path, typer.Option(
        help="Folder for the sockets i2c.sock and frames.sock, and for what is saved.")]
        = Path("build/serve"),
    bus_hz: Annotated[int, typer.Option(
        min=10_000, max=1_000_000, help="Clock of the two-wire bus.")] = 400_000,
    second_address: Annotated[bool, typer.Option(
        "--second-address", help="Strap the die to 0x37 instead of 0x10.")] = False,
    save: Annotated[bool, typer.Option(
        "--save", help="Write each frame to OUT/frames as well: .npy, .png, packets, .json.")]
        = False,
    drop: Annotated[bool, typer.Option(
        "--drop", help="Lose the oldest frame when nobody reads; by default time stands still "
        "until somebody does.")] = False,
    depth: Annotated[int, typer.Option(
        min=1, max=1000, help="Frames that may wait for a reader.")] = 2,
    electrons_per_second: ElectronsPerSecond = None,
    temperature: Annotated[float, typer.Option(
        min=-60, max=150, help="Of the pixel die, in degrees Celsius.")] = 25.0,
    ideal: Annotated[bool, typer.Option(
        "--ideal", help="A pixel die without noise, spread and defects.")] = False,
    direct: Annotated[bool, typer.Option(
        "--direct", help="Load the columns' counts directly instead of simulating every ramp; "
        "the codes are the same, the simulation is faster.")] = False,
) -> None:
    """Serve a virtual sensor: the simulated die behind two sockets, its I2C and its frames.

    Host software is written and tested against it before there is hardware. Each byte goes over
    the die's two wires; frames leave as its CSI-2 packets, and decoded. Time passes while the die
    streams and while a request is served, at the simulation's pace. docs/serve/serve.md has the
    protocol, tapetum_sim.client speaks it.

    Examples:

    [bold]tapetum serve --preset tiny --scene chart[/bold]

    [bold]tapetum serve --out /tmp/sensor --bus-hz 1000000 --save[/bold]

    [bold]echo "w2@0x10 0x00 0x00 r2" | socat - UNIX:build/serve/i2c.sock[/bold]
    """
    from tapetum.presets import PRESETS

    from ..output import reserved
    from ..report.console import StageProgress
    from ..serve.session import serve as serve_sensor

    with reserved(out), StageProgress() as progress:
        served = serve_sensor(
            config=PRESETS[preset], scene=scene, seed=seed, out=out, bus_hz=bus_hz,
            second_address=second_address, depth=depth, drop=drop, save=save,
            electrons_per_second=electrons_per_second, temperature_celsius=temperature,
            ideal=ideal, direct=direct, progress=progress,
            say=lambda text: typer.echo(f"tapetum: {text}", err=True))
    typer.echo(f"tapetum: {served.requests} requests, {served.frames} frames, "
               f"{served.time_ps / 1e12:.6f} s simulated.", err=True)
