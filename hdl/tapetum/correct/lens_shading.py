# SPDX-License-Identifier: Apache-2.0
"""Light that the lens keeps from the corners is given back."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..control.frame_settings import Skip
from ..memory.health import MemoryHealth, gather
from ..pixel import CodePixels, corrected_bits
from ..stream.delay import delayed
from .amplify import Amplify
from .beat_marks import BeatMarks
from .column_position import ColumnPosition
from .shading_gain import GAIN_FRACTION_BITS, ShadingGain, ShadingRow, cell_weights
from .shading_grid import ShadingGrid, ShadingWrite

__all__ = ["LensShading"]


class LensShading(wiring.Component):
    """Multiplies what lies above black by a gain that depends on the place in the array.

    Gains of 1 to 4, less 2**-10, stand on a coarse grid (`ShadingGrid`) per phase of the colour
    filter and per photodiode, with bilinear interpolation between them. All nodes begin as 1, with
    which no code changes. Latency `latency_cycles`, one beat per clock.

    ::

        region ─► ColumnPosition ─► ShadingGain ─┐  (per lane)
        i ─────────────────────────────────────► Amplify ─► o

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i, o : streams of CodePixels, always ready
        Corrected codes of active rows and columns.
    column_start, column_end : In(13), column_skip : In(Skip), flip_columns : In(1)
        As in `FrameSettings`.
    enable : In(1)
        Without it all gains are 1. These five are valid with a beat, and the same for all beats
        of a row.
    write : In(ShadingWrite), write_enable : In(1)
        Takes effect at once, in the midst of a frame too.
    memory : Out(MemoryHealth)
    """

    latency_cycles = 12

    def __init__(self, config: DieConfig):
        self.config, self.grid = config, ShadingGrid(config)
        shape = CodePixels(config.lanes, corrected_bits(config))
        super().__init__({
            "i": In(stream.Signature(shape, always_ready=True)),
            "column_start": In(13), "column_end": In(13, init=config.array.columns - 1),
            "column_skip": In(Skip), "flip_columns": In(1),
            "enable": In(1),
            "write": In(ShadingWrite(self.grid)), "write_enable": In(1),
            "o": Out(stream.Signature(shape, always_ready=True)),
            "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        pixels = self.i.payload
        m.submodules.marks = marks = BeatMarks(self.config, self.latency_cycles)
        m.submodules.position = position = ColumnPosition(self.config)
        connect(m, flipped(self.i), marks.i)
        connect(m, marks.o, flipped(self.o))
        m.d.comb += [
            position.valid.eq(self.i.valid), position.line_last.eq(pixels.line_last),
            position.column_start.eq(self.column_start), position.column_end.eq(self.column_end),
            position.column_skip.eq(self.column_skip),
            position.flip_columns.eq(self.flip_columns),
        ]
        row, enable = self._row(m)

        healths = []
        gain_at = position.latency_cycles + ShadingGain.latency_cycles
        for lane in range(self.config.lanes):
            m.submodules[f"gain_{lane}"] = shading = ShadingGain(self.grid)
            healths.append(shading.memory)
            m.submodules[f"amplify_{lane}"] = amplify = Amplify(
                self.config, fraction_bits=GAIN_FRACTION_BITS)
            m.d.comb += [
                shading.row.eq(row), shading.enable.eq(enable),
                shading.column.eq(position.columns[lane]),
                shading.write.eq(self.write), shading.write_enable.eq(self.write_enable),
                amplify.code.eq(delayed(m, pixels.codes[lane], gain_at - 1, name=f"code_{lane}")),
                amplify.gain.eq(shading.gain),
                marks.codes[lane].eq(amplify.o),
            ]
        gather(m, self.memory, *healths)
        return m

    def _row(self, m: Module) -> tuple[data.View, Value]:
        """Place of the row among the nodes and `enable`, held until the row is through."""
        grid, tag = self.grid, self.i.payload.tag
        array_row = Signal(max(len(tag.array_row), grid.cell_log2 + 1), reset_less=True)
        small, enable = Signal(reset_less=True), Signal()
        with m.If(self.i.valid):
            m.d.sync += [
                array_row.eq(tag.array_row), enable.eq(self.enable),
                small.eq(self._reads_last_set().bit_select(tag.capture, 1)),
            ]
        row = Signal(ShadingRow(grid), reset_less=True)
        node_row = array_row[grid.cell_log2:]
        even_weight, odd_weight = cell_weights(array_row, grid.cell_log2)
        m.d.sync += [
            row.half_row[0].eq(node_row[1:] + node_row[0]), row.half_row[1].eq(node_row[1:]),
            row.weight[0].eq(even_weight), row.weight[1].eq(odd_weight),
            row.plane_row.eq(Cat(array_row[:grid.plane_bits // 2],
                                 small if len(grid.photodiodes) > 1 else Const(0, 0))),
        ]
        return row, enable

    def _reads_last_set(self) -> Const:
        """A bit per capture: it has the second set of planes."""
        last = self.grid.photodiodes[-1]
        captures = self.config.captures
        return Const(sum((capture.photodiode is last) << index
                         for index, capture in enumerate(captures)), 4)
