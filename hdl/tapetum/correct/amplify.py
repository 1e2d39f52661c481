# SPDX-License-Identifier: Apache-2.0
"""A gain about black."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..pixel import corrected_bits
from ..stream.delay import delayed

__all__ = ["GAIN_BITS", "UNITY_GAIN", "Amplify"]

GAIN_BITS = 17
"""With a sign it fills the 18 bits of an FPGA's multiplier."""
UNITY_GAIN = 1 << 8
"""1.0 as unsigned 8.8, the format of the CCS digital gain registers."""


class Amplify(wiring.Component):
    """``pedestal + (code - pedestal) * gain``, rounded half up, saturated.

    Below zero becomes zero; above full scale becomes all ones, as does a saturated conversion, all
    ones already, whatever the gain. Latency 4 clocks, one pixel per clock.

    Parameters
    ----------
    config : DieConfig
    fraction_bits : int
        Of the gain, at least 1.

    Members
    -------
    code : In
        Corrected code.
    gain : In(17)
        Unsigned, of the code of the clock before.
    o : Out
        Corrected code.
    """

    latency_cycles = 4

    def __init__(self, config: DieConfig, *, fraction_bits: int):
        self.config, self.fraction_bits = config, fraction_bits
        bits = corrected_bits(config)
        super().__init__({"code": In(bits), "gain": In(GAIN_BITS), "o": Out(bits)})

    def elaborate(self, platform):
        m = Module()
        bits = corrected_bits(self.config)
        pedestal = self.config.adc.pedestal_codes << self.config.hdr.fraction_bits
        above = Signal(signed(bits + 1), reset_less=True)
        product = Signal(signed(bits + 1 + GAIN_BITS), reset_less=True)
        # Half of the last place is left in: adding it rounds, and the lowest bit then goes.
        halves = product[self.fraction_bits - 1:].as_signed()
        total = Signal(signed(len(halves) + 1), reset_less=True)
        m.d.sync += [
            above.eq(self.code - pedestal),
            product.eq(above * self.gain),
            total.eq(halves + (2 * pedestal + 1)),
        ]
        full_scale = delayed(m, self.code.all(), 3, name="full_scale")
        value = total[1:].as_signed()
        negative, too_large = value[-1], ~value[-1] & value[bits:-1].any()
        with m.If(full_scale | too_large):
            m.d.sync += self.o.eq(~0)
        with m.Elif(negative):
            m.d.sync += self.o.eq(0)
        with m.Else():
            m.d.sync += self.o.eq(value[:bits])
        return m
