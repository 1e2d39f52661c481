# SPDX-License-Identifier: Apache-2.0
"""``tapetum compile``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from .backend.compile import Compilation

__all__ = ["compile"]


def compile(
    model: Annotated[Path, typer.Argument(help="A quantised .tflite or .onnx file.")],
    cells: Annotated[int, typer.Option(
        help="Cells of the array: 8, 4 or 2; a board's has 2.")] = 8,
    pixels: Annotated[int, typer.Option(
        help="Pixels that it computes at once: 1, or 2 with 8 cells.")] = 1,
    dense: Annotated[bool, typer.Option(
        "--dense", help="Compute channels as well that are the same in every image.")] = False,
    row_period: Annotated[int | None, typer.Option(
        help="Clocks from one input row to the next. By default each comes when there is room.",
    )] = None,
    out: Annotated[Path | None, typer.Option(
        "--out", "-o", help="Program to write. By default nothing is written.")] = None,
) -> None:
    """Compile a quantised network for the die's array, and say what it costs.

    Examples:

    [bold]tapetum compile model.tflite -o model.tapetum[/bold]

    [bold]tapetum compile model.onnx --pixels 2 --dense[/bold]
    """
    import zlib

    from rich.console import Console

    from tapetum_sim.errors import UserError
    from tapetum_sim.models.golden_inference import signed_program
    from tapetum_sim.output import check_file

    from .backend.compile import compile_network
    from .backend.image import save_program
    from .errors import CompileError
    from .importers import read_network

    if out is not None:
        check_file(out)
    try:
        network = read_network(model)
        made = compile_network(network, cells=cells, pixels=pixels, dense=dense,
                               row_period=row_period,
                               model_id=zlib.crc32(model.read_bytes()))
    except CompileError as error:
        raise UserError(f"{error}.") from None
    console = Console(width=max(Console().width, 120), soft_wrap=True)
    console.print(_table(made))
    for line in (*network.notes, *_summary(made, row_period), *_shortages(made)):
        console.print(line, markup=False, highlight=False)
    if out is not None:
        save_program(signed_program(made.program), out)
        console.print(str(out), markup=False, highlight=False)


def _shortages(made: "Compilation") -> list[str]:
    """What the array with the usual memories lacks."""
    from tapetum.npu.npu_config import NpuConfig

    from .backend.capacity import check_capacity
    from .errors import CompileError

    try:
        check_capacity(made.program, NpuConfig(cells=made.program.cells,
                                               pixels=made.program.pixels))
    except CompileError as error:
        return [f"does not fit the array with its usual memories: {error}"]
    return []


def _table(made: "Compilation") -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("layer", "kind", "mode", "map", "MACs", "cycles", "waits", "use", "weights",
                    "rows", "bytes"):
        table.add_column(heading, no_wrap=True, justify=(
            "left" if heading in ("layer", "kind", "mode", "map") else "right"))
    for number, layer in enumerate(made.layers):
        table.add_row(
            str(number), layer.kind, layer.mode.name.lower(), "x".join(map(str, layer.shape)),
            f"{layer.macs:,}", f"{layer.cycles:,}", f"{layer.waits:,}",
            f"{layer.utilisation:.1%}", f"{layer.weight_words:,}", str(layer.ring_rows),
            f"{layer.ring_bytes:,}")
    return table


def _summary(made: "Compilation", row_period: int | None) -> list[str]:
    program, schedule = made.program, made.schedule
    left_out = made.macs - made.network.macs
    lanes = program.cells * program.pixels
    lines = [
        f"{made.network.macs:,} multiplications"
        + (f"; {left_out:,} more are the same in every image" if left_out else "")]
    if row_period is None:
        lines += [
            f"{schedule.cycles:,} cycles, of which {sum(schedule.waits):,} wait; "
            f"{schedule.verdict_cycles:,} from the last input row to the result",
            f"{made.utilisation:.1%} of {lanes * 9} multipliers in use, "
            f"or {made.utilisation * 9 / 8:.1%} of the {lanes * 8} that count channels"]
    else:
        lines.append(f"{schedule.verdict_cycles:,} cycles from the last input row to the result, "
                     f"with a row every {row_period:,}")
    return [
        *lines,
        f"{program.weights.shape[1]:,} words of weights and {program.bias.shape[1]:,} of "
        f"parameters in each of {program.cells} cells; {len(program.tables)} tables",
        f"{made.activation_bytes:,} bytes of activations: {made.activation_words:,} words in each "
        "of 4 banks",
    ]
