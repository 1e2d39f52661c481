# SPDX-License-Identifier: Apache-2.0
"""One ramp: the code that the pixel die compares with, and the count that the columns latch."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import AdcConfig
from ..pixel import RampKind
from .gray import GrayCounter

__all__ = ["COMPARATOR_LATENCY_CYCLES", "RAMP_TAIL_CYCLES", "RampSequencer"]

COMPARATOR_LATENCY_CYCLES = 2
"""Counter clocks from a ramp code to the comparator's edge that the count allows for. A longer
latency shifts the reset and the signal count alike and cancels in their difference. As long after
the ramp the comparators must stay up: the columns listen until then."""

_COUNT_DELAY_CYCLES = COMPARATOR_LATENCY_CYCLES
"""Then the count of a code arrives in the columns together with the edge: two synchroniser
stages and the edge register on one way, Gray encoding and the two of the broadcast on the other."""

RAMP_TAIL_CYCLES = COMPARATOR_LATENCY_CYCLES + 4
"""Counter clocks from the clock after the last code until the columns hold still."""


class RampSequencer(wiring.Component):
    """Plays one ramp per ``start``; runs in the counter's domain.

    ::

        start   ─┐__________________________________________
        active  _____┌──────────────────┐___________________   N clocks
        code         0  1  2 ...    N-1
        open    __┌─────────────────────┐___________________   to the broadcast
        gray               0  1  2 ...    N-1  N                to the broadcast
        done    ___________________________________┌┐_______   6 clocks after the last code

    N is ``reset_counts`` or ``signal_counts``. The count goes on to N: what never tripped is
    closed there, and the top bit of the binary count says so.

    Members
    -------
    start : In(1)
        Only while no ramp is played.
    kind : In(RampKind)
        Stable from ``start`` to ``done``.
    code : Out(bits), active : Out(1)
    gray : Out(bits + 1), open : Out(1)
    done : Out(1)
        The column latches hold still from the next clock on.
    """

    def __init__(self, config: AdcConfig):
        self.config = config
        super().__init__({
            "start": In(1),
            "kind": In(RampKind),
            "code": Out(config.bits),
            "active": Out(1),
            "gray": Out(config.bits + 1),
            "open": Out(1),
            "done": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.counter = counter = GrayCounter(self.config.bits + 1)

        opening, last = Signal(), Signal()
        is_signal = self.kind == RampKind.SIGNAL
        reset_last, signal_last = self.config.reset_counts - 2, self.config.signal_counts - 2
        # The columns open while the ramp begins: the way to them is a clock longer.
        m.d.sync += opening.eq(self.start)
        with m.If(opening):
            m.d.sync += [self.active.eq(1), self.code.eq(0), last.eq(0)]
        with m.Elif(self.active):
            m.d.sync += [
                self.code.eq(self.code + 1),
                last.eq(Mux(is_signal, self.code == signal_last, self.code == reset_last)),
            ]
            with m.If(last):
                m.d.sync += [self.active.eq(0), self.code.eq(0), last.eq(0)]

        delayed = Signal(RAMP_TAIL_CYCLES)
        m.d.sync += delayed.eq(Cat(self.active, delayed))
        m.d.comb += [
            self.open.eq(opening | self.active),
            counter.clear.eq(self.start),
            counter.enable.eq(delayed[_COUNT_DELAY_CYCLES - 1]),
            self.gray.eq(counter.gray),
            self.done.eq(delayed[-1] & ~delayed[-2]),
        ]
        return m
