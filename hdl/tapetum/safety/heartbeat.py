# SPDX-License-Identifier: Apache-2.0
"""Signs of life: a wire that a clock keeps changing, and what misses it."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

__all__ = ["BEAT_CYCLES", "BeatWatch", "Heartbeat"]

BEAT_CYCLES = 8
"""Clocks from one change of a heartbeat to the next."""


class Heartbeat(wiring.Component):
    """Changes ``beat`` every `BEAT_CYCLES` clocks of ``sync``.

    Members
    -------
    stop : In(1)
        Asynchronous: ``beat`` stands still.
    beat : Out(1)
    """

    stop: In(1)
    beat: Out(1)

    def elaborate(self, platform):
        m = Module()
        stopped, clocks = Signal(), Signal(range(2 * BEAT_CYCLES))
        m.submodules.synchroniser = FFSynchronizer(self.stop, stopped)
        with m.If(~stopped):
            m.d.sync += clocks.eq(clocks + 1)
        m.d.comb += self.beat.eq(clocks[-1])
        return m


class BeatWatch(wiring.Component):
    """Tells if a wire of another clock stands still.

    Parameters
    ----------
    limit_bits : int

    Members
    -------
    beat : In(1)
        Asynchronous; every change counts as a sign of life.
    changed : Out(1)
        Strobe, 3 clocks behind a change.
    watch : In(1)
        While low, nothing is missed, and time does not pass.
    tick : In(1), limit : In(limit_bits)
        ``missing`` is high from the clock after ``limit`` ticks without a change on.
    missing : Out(1)
    """

    def __init__(self, limit_bits: int):
        super().__init__({
            "beat": In(1), "changed": Out(1), "watch": In(1), "tick": In(1, init=1),
            "limit": In(limit_bits), "missing": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        level, previous = Signal(), Signal()
        passed = Signal(len(self.limit) + 1)
        m.submodules.synchroniser = FFSynchronizer(self.beat, level)
        m.d.sync += [
            previous.eq(level), self.changed.eq(level ^ previous),
            self.missing.eq(self.watch & ~self.changed & (passed >= self.limit)),
        ]
        with m.If(~self.watch | self.changed):
            m.d.sync += passed.eq(0)
        with m.Elif(self.tick & ~passed[-1]):
            m.d.sync += passed.eq(passed + 1)
        return m
