# SPDX-License-Identifier: Apache-2.0
"""Digital correlated double sampling: signal count minus reset count."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import AdcConfig
from .gray import gray_decode

__all__ = ["SAMPLER_LATENCY_CYCLES", "CorrelatedSampler"]

SAMPLER_LATENCY_CYCLES = 4


class CorrelatedSampler(wiring.Component):
    """Code of one lane: ``signal - reset + pedestal``, within 0 and ``maximum_code``.

    A signal that never tripped (count 2**bits) is saturated: all ones. A reset level that never
    tripped counts ``reset_counts``. Latency: 4 clocks. Throughput: a code per clock.

    Members
    -------
    signal : In(bits + 1), reset : In(reset_bits)
        Gray codes.
    code : Out(bits)
    """

    def __init__(self, config: AdcConfig):
        self.config = config
        super().__init__({
            "signal": In(config.bits + 1),
            "reset": In(config.reset_bits),
            "code": Out(config.bits),
        })

    def elaborate(self, platform):
        m = Module()
        bits, pedestal = self.config.bits, self.config.pedestal_codes
        signal = Signal(bits + 1, reset_less=True)
        reset = Signal(self.config.reset_bits, reset_less=True)
        difference = Signal(signed(bits + 2), reset_less=True)
        lifted = Signal(signed(bits + 2), reset_less=True)
        saturated = Signal(2, reset_less=True)
        m.d.sync += [
            signal.eq(gray_decode(self.signal)),
            reset.eq(gray_decode(self.reset)),
            difference.eq(signal - reset),
            lifted.eq(difference + pedestal),
            saturated.eq(Cat(signal[-1], saturated)),
            self.code.eq(Mux(saturated[1] | (~lifted[-1] & lifted[bits]), (1 << bits) - 1,
                             Mux(lifted[-1], 0, lifted[:bits]))),
        ]
        return m
