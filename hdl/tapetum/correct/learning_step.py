# SPDX-License-Identifier: Apache-2.0
"""One step of a running mean."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .column_schedule import MOST_AVERAGED

__all__ = ["LearningStep"]


class LearningStep(wiring.Component):
    """``estimate + error / 2**share``, exact: estimates have `MOST_AVERAGED` more fraction bits.

    Saturates. Latency 3 clocks, one step per clock.

    Parameters
    ----------
    bits : int
        Of an estimate, signed.
    error_bits : int

    Members
    -------
    estimate : In(signed(bits)), error : In(signed(error_bits)), share : In(3)
    updated : Out(signed(bits))
    at_limit : Out(1)
        ``updated`` is saturated.
    """

    latency_cycles = 3

    def __init__(self, bits: int, error_bits: int):
        self.bits, self.error_bits = bits, error_bits
        super().__init__({
            "estimate": In(signed(bits)),
            "error": In(signed(error_bits)),
            "share": In(3),
            "updated": Out(signed(bits)),
            "at_limit": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        shifted = Signal(signed(self.error_bits + MOST_AVERAGED), reset_less=True)
        estimate = Signal.like(self.estimate, reset_less=True)
        total = Signal(signed(max(self.bits, len(shifted)) + 1), reset_less=True)
        exceeds = Signal()
        high = total[self.bits - 1:-1]
        m.d.comb += exceeds.eq(Mux(total[-1], ~high.all(), high.any()))
        m.d.sync += [
            # Shifted left by what `share` leaves of the most.
            shifted.eq(self.error << ~self.share),
            estimate.eq(self.estimate),
            total.eq(estimate + shifted),
            self.updated.eq(Mux(exceeds, Cat(~total[-1].replicate(self.bits - 1), total[-1]),
                                total[:self.bits])),
            self.at_limit.eq(exceeds),
        ]
        return m
