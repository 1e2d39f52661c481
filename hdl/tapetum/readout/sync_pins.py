# SPDX-License-Identifier: Apache-2.0
"""The pins that tie cameras to each other: a pulse in, a pulse out."""

from amaranth import *
from amaranth.lib import cdc, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["SyncInput", "SyncOutput"]


class SyncInput(wiring.Component):
    """Strobe on the rising edge of an asynchronous pin, ``stages`` cycles later.

    Parameters
    ----------
    stages : int
        Flip-flops of the synchroniser, at least 2.

    Members
    -------
    pin : In(1)
        High and low for longer than a clock period each.
    pulse : Out(1)
    """

    pin: In(1)
    pulse: Out(1)

    def __init__(self, *, stages: int = 2):
        if stages < 2:
            raise ValueError(f"a synchroniser needs at least two stages, not {stages}.")
        self.stages = stages
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        level, previous = Signal(), Signal()
        m.submodules.synchroniser = cdc.FFSynchronizer(self.pin, level, stages=self.stages)
        m.d.sync += previous.eq(level)
        m.d.comb += self.pulse.eq(level & ~previous)
        return m


class SyncOutput(wiring.Component):
    """A pulse of programmable width; begins one cycle after ``trigger``, 0 cycles turn it off."""

    trigger: In(1)
    width_cycles: In(16)
    pulse: Out(1)

    def elaborate(self, platform):
        m = Module()
        left = Signal(16)
        with m.If(self.trigger):
            m.d.sync += [left.eq(self.width_cycles), self.pulse.eq(self.width_cycles != 0)]
        with m.Elif(left != 0):
            m.d.sync += [left.eq(left - 1), self.pulse.eq(left != 1)]
        return m
