# SPDX-License-Identifier: Apache-2.0
"""When the link's high-speed clock has to run."""

from math import ceil

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig

__all__ = ["ClockSettings", "PhyClock"]

_LOW_POWER_S = 50e-9
_PREPARE_ZERO_S = 300e-9
_PRE_UI = 8
_POST_S = 60e-9
_POST_UI = 52
"""Least times of a D-PHY clock lane: T-LPX, T-CLK-PREPARE + T-CLK-ZERO, T-CLK-PRE, T-CLK-POST
(D-PHY 1.2 table 14); the PHY itself adds T-CLK-TRAIL, which ends the clock."""


class ClockSettings(data.Struct):
    """Of `PhyClock`; ``lead`` and ``trail`` are byte clocks.

    ``streaming``: frames are under way. ``gated``: the clock is requested around packets only, not
    from the first frame to the last.
    """

    streaming: 1
    gated: 1
    lead: 8
    trail: 8

    @staticmethod
    def defaults(config: DieConfig) -> dict[str, int]:
        """The least times that a D-PHY allows, which depend on the rate of its lanes."""
        clock_hz = config.csi2.byte_clock_hz
        return {"lead": min(ceil((_LOW_POWER_S + _PREPARE_ZERO_S) * clock_hz + _PRE_UI / 8), 255),
                "trail": min(ceil(_POST_S * clock_hz + _POST_UI / 8), 255)}


class PhyClock(wiring.Component):
    """Requests the clock ahead of bursts and lets it go behind them.

    ::

        wanted  ______/‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾\\__________________/
        request __________/‾‾‾‾‾‾‾‾‾‾‾‾‾‾\\__________________
        clock   _____/‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾\\__________
                      lead                 trail

    Members
    -------
    settings : In(ClockSettings)
    wanted : In(1)
        A burst waits or is under way.
    clock : Out(1)
        High from ``lead`` clocks before a burst may begin to ``trail`` clocks after its end, or
        all the time while frames are streamed.
    ready : Out(1)
        The clock has run for long enough.
    """

    settings: In(ClockSettings)
    wanted: In(1)
    clock: Out(1)
    ready: Out(1)

    def elaborate(self, platform):
        m = Module()
        count = Signal(8)
        held = self.wanted | (self.settings.streaming & ~self.settings.gated)
        with m.FSM():
            with m.State("OFF"):
                m.d.sync += count.eq(self.settings.lead)
                with m.If(held):
                    m.d.sync += self.clock.eq(1)
                    m.next = "LEAD"
            with m.State("LEAD"):
                m.d.sync += count.eq(count - 1)
                with m.If(count <= 1):
                    m.d.sync += self.ready.eq(1)
                    m.next = "ON"
            with m.State("ON"):
                m.d.sync += count.eq(count - 1)
                with m.If(held):
                    m.d.sync += count.eq(self.settings.trail)
                with m.Elif(count <= 1):
                    m.d.sync += [self.clock.eq(0), self.ready.eq(0)]
                    m.next = "OFF"
        return m
