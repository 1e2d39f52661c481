# SPDX-License-Identifier: Apache-2.0
"""How many rows of each tensor are there."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..memory.block_memory import BlockMemory
from ..stream.delay import delayed

__all__ = ["TENSORS", "Scoreboard"]

TENSORS = 64


class Scoreboard(wiring.Component):
    """One counter of rows per tensor, in a block RAM; cleared in `TENSORS` clocks.

    Members
    -------
    clear : In(1)
        Begins clearing. ``busy`` until it is done; nothing may be counted meanwhile.
    hold : In(1)
        Clears nothing in this clock.
    busy : Out(1), cleared : Out(6)
    count : In(1), count_tensor : In(6), count_rows : In(2)
        So many rows of this tensor are complete. Whoever asks `counted_cycles` later is told. The
        same tensor is not counted again before that.
    tensor : In(6), rows : Out(12), answers : Out(1)
        Answered `latency_cycles` after it is asked, but for the clocks in which ``count`` needs
        the memory.
    """

    latency_cycles = BlockMemory.latency_cycles
    counted_cycles = latency_cycles + 1

    def __init__(self):
        super().__init__({
            "clear": In(1), "hold": In(1), "busy": Out(1, init=1), "cleared": Out(range(TENSORS)),
            "count": In(1), "count_tensor": In(6), "count_rows": In(2, init=1),
            "tensor": In(6), "rows": Out(12), "answers": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.counters = counters = BlockMemory(12, depth=TENSORS)
        counted, tensor, rows = (
            delayed(m, value, self.latency_cycles, name=name, reset_less=name != "counted")
            for name, value in (("counted", self.count), ("tensor", self.count_tensor),
                                ("rows", self.count_rows)))
        m.d.comb += [
            counters.address.eq(Mux(self.count, self.count_tensor, self.tensor)),
            self.rows.eq(counters.word),
            # What is written in this clock cannot be read.
            self.answers.eq(delayed(m, ~(self.count | counted), self.latency_cycles,
                                    name="answers", reset_less=False)),
            counters.write_address.eq(Mux(self.busy, self.cleared, tensor)),
            counters.write_word.eq(Mux(self.busy, 0, counters.word + rows)),
            counters.write_enable.eq(self.busy | counted),
        ]
        with m.If(self.busy & ~self.hold):
            m.d.sync += [self.cleared.eq(self.cleared + 1),
                         self.busy.eq(self.cleared != TENSORS - 1)]
        with m.If(self.clear):
            m.d.sync += [self.cleared.eq(0), self.busy.eq(1)]
        return m
