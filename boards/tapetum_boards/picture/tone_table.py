# SPDX-License-Identifier: Apache-2.0
"""How codes become levels of a monitor."""

import numpy as np
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from tapetum.compand.tables import LINEAR_BITS, OCTAVES_12

__all__ = ["CAPTURE_INDEX_BITS", "COMBINED_INDEX_BITS", "ToneTable", "capture_curve",
           "combined_curve"]

CAPTURE_INDEX_BITS = 10
"""Upper bits of a corrected code, which is linear: dark levels need more than eight."""
COMBINED_INDEX_BITS = 12
"""A pixel of RAW12; of other formats the upper eight bits, left-justified."""
_GAMMA = 2.2
_TOE_LSB = 6
"""Light in linear LSB up to which levels rise evenly; beyond it each doubling adds as much."""


def capture_curve(black: int = 0) -> np.ndarray:
    """Levels of a linear code of `CAPTURE_INDEX_BITS`, encoded for a monitor."""
    codes = np.arange(1 << CAPTURE_INDEX_BITS)
    light = np.clip((codes - black) / (codes[-1] - black), 0, 1)
    return np.rint(255 * light ** (1 / _GAMMA)).astype(np.uint8)


def combined_curve(pedestal_lsb: int = 64) -> np.ndarray:
    """Levels of a 12-bit code of the octaves: 140 dB on a monitor, the logarithm of light."""
    light, codes = np.array(OCTAVES_12.knots).T
    linear = np.interp(np.arange(1 << COMBINED_INDEX_BITS), codes, light) - pedestal_lsb
    share = np.log1p(np.maximum(linear, 0) / _TOE_LSB) / np.log1p((1 << LINEAR_BITS) / _TOE_LSB)
    return np.rint(255 * np.clip(share, 0, 1)).astype(np.uint8)


class ToneTable(wiring.Component):
    """A table that can be replaced while pictures pass. Latency: a clock.

    Parameters
    ----------
    curve : array of uint8
        After power-up; a power of two entries.

    Members
    -------
    index : In, level : Out(8)
    write : In(1), write_address : In, write_data : In(8)
    """

    def __init__(self, curve: np.ndarray):
        self.curve = curve
        bits = (len(curve) - 1).bit_length()
        super().__init__({"index": In(bits), "level": Out(8), "write": In(1),
                          "write_address": In(bits), "write_data": In(8)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.levels = levels = Memory(
            shape=8, depth=len(self.curve), init=[int(level) for level in self.curve])
        read, write = levels.read_port(), levels.write_port()
        m.d.comb += [read.addr.eq(self.index), self.level.eq(read.data),
                     write.addr.eq(self.write_address), write.data.eq(self.write_data),
                     write.en.eq(self.write)]
        return m
