# SPDX-License-Identifier: Apache-2.0
"""Several captures of a pixel become one value on the linear scale."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import settings_ring
from ..pixel import AlignedPixels, LinearPixels, RowTag, corrected_bits
from ..stream.delay import DelayLine, delayed
from .blend import Blend
from .normalise import Normalise
from .ranking import Ranking
from .weights import HandOverWeights, RankedCode

__all__ = ["Combine"]

RANK_CYCLES = 4
"""Until the codes of a pixel stand in order of sensitivity, black subtracted."""


class Combine(wiring.Component):
    """Normalises each capture, blends from the least sensitive up, adds the pedestal.

    ::

        codes ─► by rank ─┬─► Normalise (per rank) ──► Blend ─► Blend ─► Blend ─► + pedestal ─► o
                          └─► HandOverWeights ────────── ^ ─────── ^ ─────── ^

    Absent captures do not count. Latency `latency_cycles`, one beat per clock. Settings of a frame
    are looked up as its beats arrive: rows of different frames must be 12 clocks apart.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of AlignedPixels), always ready
    settings : In(settings_ring)
    o : Out(stream of LinearPixels), always ready
    """

    def __init__(self, config: DieConfig):
        self.config = config
        captures = len(config.captures)
        super().__init__({
            "i": In(stream.Signature(AlignedPixels(captures, config.lanes,
                                                   corrected_bits(config)), always_ready=True)),
            "settings": In(settings_ring(config)),
            "o": Out(stream.Signature(LinearPixels(config.lanes), always_ready=True)),
        })

    @property
    def latency_cycles(self) -> int:
        """Clocks from ``i`` to ``o``."""
        blends = len(self.config.captures) - 1
        return RANK_CYCLES + Normalise.latency_cycles + blends * Blend.latency_cycles + 1

    def elaborate(self, platform):
        m = Module()
        config = self.config
        m.submodules.ranking = ranking = Ranking(config)
        m.d.comb += [
            ranking.settings.eq(self.settings),
            ranking.frame.eq(self.i.payload.tag.frame[:2]),
            ranking.enable.eq(self.i.valid),
        ]
        beat = self.i.payload
        # The order of this beat's frame is known 3 clocks later, with its settings a fourth.
        codes = delayed(m, beat.codes, RANK_CYCLES - 1, name="codes")
        present = delayed(m, beat.present, RANK_CYCLES - 1, name="present")
        values, clipped = [], []
        for lane in range(config.lanes):
            value, all_saturated = self._combine_lane(m, lane, codes, present, ranking)
            values.append(value)
            clipped.append(all_saturated)

        out = Signal.like(self.o.payload, reset_less=True)
        flags = data.StructLayout({"line_last": 1, "frame_last": 1, "tag": RowTag})
        m.submodules.flags = waiting = DelayLine(flags, self.latency_cycles - 1)
        out_valid = Signal()
        m.d.comb += [
            waiting.i.valid.eq(self.i.valid),
            waiting.i.payload.eq(Cat(beat.line_last, beat.frame_last, beat.tag)),
        ]
        m.d.sync += [
            out_valid.eq(waiting.o.valid),
            Cat(out.line_last, out.frame_last, out.tag).eq(waiting.o.payload),
        ]
        pedestal = delayed(m, ranking.pedestal_lsb, self.latency_cycles - 2, name="pedestal")
        for lane in range(config.lanes):
            total = Signal(signed(26), name=f"total_{lane}")
            m.d.comb += total.eq(values[lane] + pedestal)
            with m.If(total < 0):
                m.d.sync += out.values[lane].eq(0)
            with m.Elif(total[24]):
                m.d.sync += out.values[lane].eq(~0)
            with m.Else():
                m.d.sync += out.values[lane].eq(total[:24])
            m.d.sync += out.clipped[lane].eq(clipped[lane])
        m.d.comb += [
            self.o.valid.eq(out_valid),
            self.o.payload.eq(out),
        ]
        return m

    def _combine_lane(self, m, lane, codes, present, ranking) -> tuple[Value, Value]:
        config, captures = self.config, len(self.config.captures)
        bits = corrected_bits(config)
        pedestal = config.adc.pedestal_codes << config.hdr.fraction_bits

        ranked = Signal(data.ArrayLayout(RankedCode(config), captures), name=f"ranked_{lane}",
                        reset_less=True)
        for rank in range(captures):
            code = Signal(bits, name=f"code_{lane}_{rank}")
            here = Signal(name=f"here_{lane}_{rank}")
            for capture in range(captures):
                with m.If(ranking.select[rank][capture]):
                    m.d.comb += [code.eq(codes[capture][lane]), here.eq(present[capture])]
            m.d.sync += [
                ranked[rank].above_black.eq(code - pedestal),
                ranked[rank].full_scale.eq(code.all()),
                ranked[rank].present.eq(here),
            ]

        weights = HandOverWeights(config)
        m.submodules[f"weights_{lane}"] = weights
        m.d.comb += [weights.codes.eq(ranked), weights.ranks.eq(ranking.ranks)]
        normalised = []
        for rank in range(captures):
            normalise = Normalise(config)
            m.submodules[f"normalise_{lane}_{rank}"] = normalise
            m.d.comb += [normalise.above_black.eq(ranked[rank].above_black),
                         normalise.settings.eq(ranking.ranks[rank])]
            normalised.append(normalise.value)

        value = normalised[0]
        for rank in range(1, captures):
            waited = (rank - 1) * Blend.latency_cycles
            settle = Normalise.latency_cycles - HandOverWeights.latency_cycles
            blend = Blend()
            m.submodules[f"blend_{lane}_{rank}"] = blend
            m.d.comb += [
                blend.lower.eq(value),
                blend.upper.eq(delayed(m, normalised[rank], waited, name=f"upper_{lane}_{rank}")),
                blend.weight.eq(delayed(m, weights.weights[rank], settle + waited,
                                        name=f"weight_{lane}_{rank}")),
            ]
            value = blend.value
        clipped = delayed(m, weights.clipped,
                          self.latency_cycles - 1 - RANK_CYCLES - HandOverWeights.latency_cycles,
                          name=f"clipped_{lane}")
        return value, clipped
