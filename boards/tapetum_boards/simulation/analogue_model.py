# SPDX-License-Identifier: Apache-2.0
"""Resistors, capacitors and a comparator around `AnalogueColumn`, in fixed point."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from ..analogue.analogue_column import AnaloguePins

__all__ = ["CLAMP_SHARE", "LEVEL_SHIFT", "OFFSET_V", "RAMP_SHIFT", "SUPPLY_V", "AnalogueModel"]

SUPPLY_V = 3.3
RAMP_SHIFT = 11
"""The ramp's time constant is two to this power of clocks: 20.5 µs at 100 MHz."""
CLAMP_SHARE = 1 / 11
"""Of the input that is left while the clamp is driven: 1 kΩ below 10 kΩ."""
LEVEL_SHIFT = 14
"""Of the test voltage: 164 µs."""
OFFSET_V = 0.004
_BITS = 30
"""Of a voltage, as a share of the supply."""
_NOISE_BITS = 9


class AnalogueModel(wiring.Component):
    """Each node moves towards what drives it by a fixed share per clock; simulation only.

    Runs in the counter's clock. The comparator has noise, evenly distributed over a quarter of what
    the ramp rises in its first clock, and an offset of `OFFSET_V`.

    Parameters
    ----------
    ramp_shift, level_shift : int
        Time constants of the ramp and of the test voltage's filter, as powers of two of clocks.

    Members
    -------
    pins : In(AnaloguePins)
    """

    def __init__(self, *, ramp_shift: int = RAMP_SHIFT, level_shift: int = LEVEL_SHIFT):
        self.ramp_shift, self.level_shift = ramp_shift, level_shift
        super().__init__({"pins": In(AnaloguePins())})

    def elaborate(self, platform):
        m = Module()
        pins, full = self.pins, (1 << _BITS) - 1
        ramp, level = Signal(_BITS), Signal(_BITS)
        clamped = Signal(_BITS)
        noise = Signal(31, init=1)
        m.d.sync += [
            ramp.eq(Mux(pins.ramp, ramp + (full - ramp >> self.ramp_shift),
                        ramp - (ramp >> self.ramp_shift))),
            level.eq(Mux(pins.level, level + (full - level >> self.level_shift),
                         level - (level >> self.level_shift))),
            clamped.eq(Mux(pins.clamp, level * round(CLAMP_SHARE * 1024) >> 10, level)),
            noise.eq(Cat(noise[30] ^ noise[27], noise)),
        ]
        offset = round(OFFSET_V / SUPPLY_V * full)
        noise_volts = noise[:_NOISE_BITS] << _BITS - self.ramp_shift - 2 - _NOISE_BITS
        m.d.sync += pins.comparator.eq(ramp > clamped + offset + noise_volts)
        return m
