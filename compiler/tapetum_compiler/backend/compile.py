# SPDX-License-Identifier: Apache-2.0
"""The whole way from a network to a program, and what it will cost."""

from dataclasses import dataclass

from tapetum.npu.npu_config import NpuConfig
from tapetum.npu.program import LANES, Mode, Program
from tapetum_compiler.errors import require
from tapetum_compiler.network import Network
from tapetum_compiler.passes import ChannelMap, drop_constants

from .array_layer import CELLS, CHANNEL_LANES, ArrayLayer, ArrayTensor
from .banks import BANKS
from .capacity import check_capacity
from .emit import emit
from .lower import lower
from .rings import choose_rings
from .schedule import Schedule
from .timing import ROW_SWITCH_CYCLES, row_steps

__all__ = ["Compilation", "LayerReport", "compile_network"]


@dataclass(frozen=True, kw_only=True)
class LayerReport:
    """What one layer costs the array.

    Members
    -------
    macs : int
        Products that the network asks for, constants left out.
    cycles : int
        Steps of all rows and the switches between them.
    waits : int
        Clocks that its rows wait for others.
    ring_rows, ring_bytes : int
        Of the map that it fills.
    """

    name: str
    kind: str
    mode: Mode
    shape: tuple[int, int, int]
    macs: int
    cycles: int
    waits: int
    weight_words: int
    ring_rows: int
    ring_bytes: int
    cells: int
    pixels: int

    @property
    def utilisation(self) -> float:
        """Of all multipliers, in all of its clocks."""
        return self.macs / ((self.cycles + self.waits) * self.cells * self.pixels * LANES)


@dataclass(frozen=True, kw_only=True, eq=False)
class Compilation:
    """A program and its costs.

    Members
    -------
    network : Network
        What was compiled, constants left out.
    channels : dict of str to ChannelMap, or None
        How tensors of `network` lie in those of the model; None if nothing was left out.
    tensors : dict of str to ArrayTensor
        Where tensors are in the array.
    map_numbers : dict of str to int
        Tensor of the program by name of the map.
    macs : int
        Of the model as it was given.
    activation_words : int
        Of each of the four banks.
    """

    program: Program
    network: Network
    channels: dict[str, ChannelMap] | None
    tensors: dict[str, ArrayTensor]
    map_numbers: dict[str, int]
    macs: int
    layers: tuple[LayerReport, ...]
    schedule: Schedule
    activation_words: int

    @property
    def activation_bytes(self) -> int:
        return self.activation_words * BANKS * CHANNEL_LANES

    @property
    def utilisation(self) -> float:
        """Of all multipliers, with the products that were computed."""
        multipliers = self.program.cells * self.program.pixels * LANES
        return self.network.macs / (self.schedule.cycles * multipliers)


def compile_network(network: Network, *, cells: int = 8, pixels: int = 1, dense: bool = False,
                    row_period: int | None = None, model_id: int = 0,
                    config: NpuConfig | None = None) -> Compilation:
    """Raises `CompileError` for what the array cannot do.

    Parameters
    ----------
    cells, pixels
        One of `CELLS`; two pixels with 8 cells.
    dense
        Keep channels that no image changes.
    row_period
        Clocks from one input row to the next; None if rows come whenever there is room.
    config
        Of an array whose memories must hold the program.
    """
    require(cells in CELLS, f"an array has {CELLS} cells, not {cells}; choose one of these")
    reduction = None if dense else drop_constants(network)
    smaller = reduction.network if reduction else network
    require(pixels == 1 or (pixels == 2 and cells == 8),
            f"an array of {cells} cells has no {pixels} pixels; choose 1, or 2 with 8 cells")
    plan = choose_rings(lower(smaller, cells, pixels), row_period)
    lowered, streams, schedule = plan.lowered, plan.streams, plan.schedule
    require(row_period is None or not schedule.late_rows,
            f"a row every {row_period} clocks is more than the array can take: "
            f"{schedule.late_rows} rows come before there is room; use more cells or slower rows")
    program = emit(plan, smaller.inputs[0], model_id, smaller.outputs[0].shape[-1])
    if config is not None:
        check_capacity(program, config)
    reports = tuple(
        _report(layer, number, schedule, plan.rows[streams.maps.index(layer.target)])
        for number, layer in enumerate(lowered.layers))
    return Compilation(
        program=program, network=smaller, channels=reduction.channels if reduction else None,
        tensors=lowered.tensors, macs=network.macs, layers=reports, schedule=schedule,
        map_numbers={of.name: number for number, of in enumerate(streams.maps)},
        activation_words=plan.depth * lowered.input.map.columns)


def _report(layer: ArrayLayer, number: int, schedule: Schedule, ring_rows: int) -> LayerReport:
    target = layer.target
    waits = sum(wait for wait, which in zip(schedule.waits, schedule.order, strict=True)
                if which == number)
    return LayerReport(
        name=layer.name, kind=layer.kind, mode=layer.mode,
        shape=(target.height, target.width, target.pixel_words * CHANNEL_LANES), macs=layer.macs,
        cycles=layer.rows * (row_steps(layer) + ROW_SWITCH_CYCLES), waits=waits,
        weight_words=layer.weights.shape[1], ring_rows=ring_rows,
        ring_bytes=min(ring_rows, target.height) * target.row_bytes, cells=layer.cells,
        pixels=layer.pixels)
