# SPDX-License-Identifier: Apache-2.0
"""How much each capture of a pixel counts."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..pixel import corrected_bits
from .ranking import RankSettings

__all__ = ["FULL_WEIGHT", "HandOverWeights", "RankedCode", "saturation_codes"]

FULL_WEIGHT = 256
"""The less sensitive side has all the weight; weights are Q1.8."""


def saturation_codes(config: DieConfig) -> int:
    """ADC codes above the pedestal from which the full well, not the light, decides."""
    return config.adc.full_well_codes * 63 // 64


class RankedCode(data.StructLayout):
    """One pixel in the capture at one rank; ``above_black`` in corrected units, signed."""

    def __init__(self, config: DieConfig):
        super().__init__({
            "above_black": signed(corrected_bits(config) + 1),
            "full_scale": 1,
            "present": 1,
        })


class HandOverWeights(wiring.Component):
    """Weights from a ramp on the code of the more sensitive capture.

    Going up from the least sensitive capture, each more sensitive one takes over below its ramp
    and shares on it. A capture that is not there or is saturated leaves the pixel to the others;
    if all are saturated the least sensitive one decides. Latency 4 clocks, one pixel per clock.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    codes : In(RankedCode per rank)
    ranks : In(RankSettings per rank)
    weights : Out(Q1.8 per rank)
        ``weights[rank]`` is the share, of 256, of what the ranks below it made together; that of
        rank 0 is unused.
    clipped : Out(1)
        Every capture that is present is saturated.
    """

    latency_cycles = 4

    def __init__(self, config: DieConfig):
        self.config = config
        captures = len(config.captures)
        super().__init__({
            "codes": In(data.ArrayLayout(RankedCode(config), captures)),
            "ranks": In(data.ArrayLayout(RankSettings, captures)),
            "weights": Out(data.ArrayLayout(9, captures)),
            "clipped": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        config, captures = self.config, len(self.config.captures)
        bits, fraction_bits = corrected_bits(config), config.hdr.fraction_bits
        saturation = saturation_codes(config) << fraction_bits

        ramps, usable, present = [], [], []
        for rank in range(captures):
            code, settings = self.codes[rank], self.ranks[rank]
            # Clock 1: where on the ramp, and whether saturated.
            excess = Signal(signed(max(bits, 14 + fraction_bits) + 2), name=f"excess_{rank}",
                            reset_less=True)
            clear = Signal(name=f"clear_{rank}", reset_less=True)
            there = Signal(name=f"there_{rank}", reset_less=True)
            m.d.sync += [
                excess.eq(code.above_black - (settings.hand_over_start << fraction_bits)),
                clear.eq(code.present & ~code.full_scale & (code.above_black < saturation)),
                there.eq(code.present),
            ]
            # Clocks 2 and 3: onto 0..256 over the ramp's width, in two halves of the shift.
            width = settings.hand_over_width_log2 + fraction_bits
            scaled = Signal(len(excess) + 8, name=f"scaled_{rank}", reset_less=True)
            remaining = Signal(2, name=f"remaining_{rank}", reset_less=True)
            position = Signal(len(scaled), name=f"position_{rank}", reset_less=True)
            below = Signal(2, name=f"below_{rank}", reset_less=True)
            m.d.sync += [
                scaled.eq((excess.as_unsigned() << 8) >> (width[2:] << 2)),
                remaining.eq(width[:2]),
                position.eq(scaled >> remaining),
                below.eq(Cat(excess < 0, below[0])),
            ]
            ramps.append(Mux(below[1], 0, Mux(position >= FULL_WEIGHT, FULL_WEIGHT, position)))
            usable.append([clear])
            present.append([there])
        for stages in (*usable, *present):
            for _ in range(2):
                later = Signal(reset_less=True)
                m.d.sync += later.eq(stages[-1])
                stages.append(later)

        # Clock 4: flags decide where the ramp does not.
        any_present, any_usable = present[0][-1], usable[0][-1]
        for rank in range(1, captures):
            with m.If(~present[rank][-1] | (any_present & ~usable[rank][-1])):
                m.d.sync += self.weights[rank].eq(FULL_WEIGHT)
            with m.Elif(~any_usable):
                m.d.sync += self.weights[rank].eq(0)
            with m.Else():
                m.d.sync += self.weights[rank].eq(ramps[rank])
            any_present = any_present | present[rank][-1]
            any_usable = any_usable | usable[rank][-1]
        m.d.sync += self.clipped.eq(any_present & ~any_usable)
        return m
