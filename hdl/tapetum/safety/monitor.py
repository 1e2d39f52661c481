# SPDX-License-Identifier: Apache-2.0
"""Collects what the mechanisms find, and tests the mechanisms themselves."""

from collections.abc import Sequence

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["LONGEST_DETECTION_CYCLES", "RECOVERY_CYCLES", "SafetyMonitor"]

LONGEST_DETECTION_CYCLES = 1 << 14
"""The self-test gives a mechanism so long to find what was injected."""
RECOVERY_CYCLES = 1 << 6
"""A mechanism is quiet so long after an injection has ended."""


class SafetyMonitor(wiring.Component):
    """Sticky bits of all mechanisms, injection, and the self-test.

    The self-test takes one mechanism after the other: injects its fault, waits until it is found,
    takes the fault away, waits until all is quiet. A mechanism passes if it found the fault, no
    other mechanism did, and it is quiet in the end; otherwise its own bit is set in ``found``.
    Meanwhile nothing else sets one. A test that was asked for begins in ``standby``.

    Latency: 1 cycle from ``raised`` to ``found``, 2 to ``alarm``.

    Parameters
    ----------
    tested : sequence of bool
        Of each mechanism, whether the self-test takes it.

    Members
    -------
    raised : In(1 per mechanism)
        Pulses or levels.
    request : In, inject : Out(1 per mechanism)
        Injections that the host asks for; that a mechanism shall make, from a register.
    clear : In, mask : In(1 per mechanism)
        Clears a bit, unless it is raised again in the same cycle; bits that raise ``alarm``.
    found : Out(1 per mechanism), alarm : Out(1)
    start : In(1), standby : In(1)
    running, done : Out(1), passed : Out(1 per mechanism)
        Of the last self-test.

    Raises
    ------
    ValueError
        There is nothing to test.
    """

    def __init__(self, tested: Sequence[bool]):
        if not any(tested):
            raise ValueError("a self-test needs at least one mechanism that it can test.")
        self.tested = tuple(tested)
        count = len(self.tested)
        super().__init__({
            "raised": In(count), "request": In(count), "inject": Out(count),
            "clear": In(count), "mask": In(count, init=(1 << count) - 1),
            "found": Out(count), "alarm": Out(1),
            "start": In(1), "standby": In(1),
            "running": Out(1), "done": Out(1), "passed": Out(count),
        })

    def elaborate(self, platform):
        m = Module()
        count = len(self.tested)
        turn = Signal(sum(self.tested))
        in_turn, failed = Signal(count), Signal(count)
        places = [place for place, tested in enumerate(self.tested) if tested]
        for number, place in enumerate(places):
            m.d.comb += in_turn[place].eq(turn[number])

        wanted, injecting = Signal(), Signal()
        answered, confused, quiet = Signal(), Signal(), Signal()
        cycle = Signal(range(LONGEST_DETECTION_CYCLES))
        own = (self.raised & in_turn).any()
        m.d.sync += [
            answered.eq(answered | own), confused.eq(confused | (self.raised & ~in_turn).any()),
            quiet.eq(~own), cycle.eq(cycle + 1),
            self.inject.eq(self.request | Mux(injecting, in_turn, 0)),
            self.found.eq((self.found & ~self.clear) | failed
                          | Mux(self.running, 0, self.raised)),
            self.alarm.eq((self.found & self.mask).any()),
        ]
        with m.If(self.start):
            m.d.sync += wanted.eq(1)

        def next_turn() -> None:
            m.d.sync += [turn.eq(turn << 1), cycle.eq(0), answered.eq(0), confused.eq(0)]

        with m.FSM():
            with m.State("IDLE"):
                with m.If(wanted & self.standby):
                    m.d.sync += [wanted.eq(0), self.running.eq(1), self.done.eq(0),
                                 self.passed.eq(0)]
                    next_turn()
                    m.d.sync += turn.eq(1)
                    m.next = "INJECT"
            with m.State("INJECT"):
                m.d.comb += injecting.eq(1)
                with m.If(answered | cycle.all()):
                    m.d.sync += cycle.eq(0)
                    m.next = "RECOVER"
            with m.State("RECOVER"):
                with m.If(cycle == RECOVERY_CYCLES):
                    with m.If(answered & ~confused & quiet):
                        m.d.sync += self.passed.eq(self.passed | in_turn)
                    with m.Else():
                        m.d.comb += failed.eq(in_turn)
                    next_turn()
                    m.next = "INJECT"
                    with m.If(turn[-1]):
                        m.d.sync += [self.running.eq(0), self.done.eq(1)]
                        m.next = "IDLE"
        return m
