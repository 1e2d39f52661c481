# SPDX-License-Identifier: Apache-2.0
"""A level of a slow line, in the die's clock and without spikes."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

__all__ = ["LineFilter"]


class LineFilter(wiring.Component):
    """Follows a line once it has kept a new level for ``cycles`` clocks.

    Latency `cycles` + 2 clocks, of which two belong to the synchroniser. High after ``rst``: an
    open-drain line rests there.

    Parameters
    ----------
    cycles : int
        At least 1. Shorter spikes vanish; I2C asks for 50 ns.

    Members
    -------
    i : In(1)
        Asynchronous.
    o : Out(1)
    """

    i: In(1, init=1)
    o: Out(1, init=1)

    def __init__(self, cycles: int):
        if cycles < 1:
            raise ValueError(f"a line must keep its level for at least 1 clock, not {cycles}.")
        self.cycles = cycles
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        level = Signal(init=1)
        m.submodules.synchroniser = FFSynchronizer(self.i, level, init=1)
        kept = Signal(range(self.cycles))
        m.d.sync += kept.eq(0)
        with m.If(level != self.o):
            with m.If(kept == self.cycles - 1):
                m.d.sync += self.o.eq(level)
            with m.Else():
                m.d.sync += kept.eq(kept + 1)
        return m
