# SPDX-License-Identifier: Apache-2.0
"""``tapetum infer``."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["infer"]


def infer(
    model: Annotated[Path, typer.Argument(
        help="A quantised .tflite or .onnx file, or a compiled .tapetum.")],
    inputs: Annotated[list[Path], typer.Argument(
        metavar="INPUT...", help="PNG or JPEG images of the network's size, or int8 as .npy.")],
    backend: Annotated[str, typer.Option(
        metavar="NAME", help="rtl: the simulated array. model: its model. reference: the "
                             "kernels that both must equal.")] = "rtl",
    compare: Annotated[bool, typer.Option(
        "--compare", help="Run all of them and compare every value of every tensor.")] = False,
    cells: Annotated[int | None, typer.Option(
        min=1, help="Cells of the array. By default 8, or those of the program.")] = None,
    pixels: Annotated[int | None, typer.Option(
        min=1,
        help="Pixels that it computes at once. By default 1, or those of the program.")] = None,
    dense: Annotated[bool, typer.Option(
        "--dense", help="Compute channels as well that are the same in every image.")] = False,
) -> None:
    """Run a network on images, and print what came out as JSON.

    Progress goes to the standard error output. Ends with 1 if --compare finds a difference.

    Examples:

    [bold]tapetum infer model.tflite image.png[/bold]

    [bold]tapetum infer model.tapetum codes.npy --backend model[/bold]

    [bold]tapetum infer model.tflite image.png --compare[/bold]
    """
    import json

    from ..errors import UserError
    from ..inference.backends import Backend, Model
    from ..inference.inputs import read_input
    from ..inference.report import compare as compare_outcomes
    from ..inference.report import describe
    from ..report.console import StageProgress

    if backend not in tuple(Backend):
        raise UserError(f"there is no backend {backend!r}; choose from {', '.join(Backend)}.")
    chosen = Backend(backend)
    with StageProgress() as progress:
        progress("reading the network")
        network = Model.read(model, cells=cells, pixels=pixels, dense=dense)
        images = [(path, read_input(path, network.program.input_shape)) for path in inputs]
        report = {"model": str(model), "backend": chosen.value, "cells": network.program.cells,
                  "pixels": network.program.pixels, "inputs": []}
        mismatches = 0
        for path, image in images:
            backends = {chosen, *network.backends} if compare else {chosen}
            outcomes = {each: network.run(each, image, progress)
                        for each in Backend if each in backends}
            said = {"input": str(path), **describe(network, outcomes[chosen])}
            if compare:
                said["compare"] = compare_outcomes(outcomes)
                mismatches += said["compare"]["mismatches"]
            report["inputs"].append(said)
    typer.echo(json.dumps(report, indent=2))
    if mismatches:
        raise typer.Exit(1)
