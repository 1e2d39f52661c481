# SPDX-License-Identifier: Apache-2.0
"""How many rows of each tensor are there."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["TENSORS", "Scoreboard"]

TENSORS = 64


class Scoreboard(wiring.Component):
    """One counter of rows per tensor, in a small memory; cleared in `TENSORS` clocks.

    Members
    -------
    clear : In(1)
        Begins clearing. ``busy`` until it is done; nothing may be counted meanwhile.
    hold : In(1)
        Clears nothing in this clock.
    busy : Out(1), cleared : Out(6)
    count : In(1), count_tensor : In(6)
        A row of this tensor is complete.
    tensor : In(6), rows : Out(12), answers : Out(1)
        Asked and answered in one clock, but for those in which ``count`` needs the memory.
    """

    def __init__(self):
        super().__init__({
            "clear": In(1), "hold": In(1), "busy": Out(1, init=1), "cleared": Out(range(TENSORS)),
            "count": In(1), "count_tensor": In(6),
            "tensor": In(6), "rows": Out(12), "answers": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.counters = counters = memory.Memory(shape=12, depth=TENSORS, init=[])
        write, read = counters.write_port(), counters.read_port(domain="comb")
        m.d.comb += [
            read.addr.eq(Mux(self.count, self.count_tensor, self.tensor)),
            self.rows.eq(read.data), self.answers.eq(~self.count),
            write.addr.eq(Mux(self.busy, self.cleared, self.count_tensor)),
            write.data.eq(Mux(self.busy, 0, read.data + 1)),
            write.en.eq(self.busy | self.count),
        ]
        with m.If(self.busy & ~self.hold):
            m.d.sync += [self.cleared.eq(self.cleared + 1),
                         self.busy.eq(self.cleared != TENSORS - 1)]
        with m.If(self.clear):
            m.d.sync += [self.cleared.eq(0), self.busy.eq(1)]
        return m
