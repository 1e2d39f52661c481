# SPDX-License-Identifier: Apache-2.0
"""Several captures of a pixel become one value on the linear scale."""

from typing import Any

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import adopted_settings
from ..memory.health import MemoryHealth, gather
from ..pixel import AlignedPixels, KnownPixels, LinearPixels, RowTag, corrected_bits
from ..stream.delay import DelayLine, delayed
from .hand_over import HandOver, RankedCode
from .merge import Composite, Merge, OwnPixel
from .normalise import Normalise
from .pixel_count import PixelCount
from .ranking import Ranking
from .step_settings import StepPlanner, StepSettings

__all__ = ["Combine"]

RANK_CYCLES = 4
"""Until the codes of a pixel stand in order of sensitivity, black subtracted."""
OWN_CYCLES = RANK_CYCLES + Normalise.latency_cycles
"""Until each capture of a pixel is a linear value."""


class Combine(wiring.Component):
    """Normalises each capture, merges from the least sensitive up, adds the pedestal.

    ::

        codes ─► by rank ─► Normalise, ──┬─► Merge ─► Merge ─► Merge ─► + pedestal ─► o
                            HandOver     └──── ^ ─────── ^ ─────── ^
                 settings ─► StepPlanner ───── ^ ─────── ^ ─────── ^

    Absent captures do not count. Latency `latency_cycles`, one beat per clock. Settings of a frame
    are looked up as its beats arrive and travel with them from step to step: rows of different
    frames must be 12 clocks apart.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of AlignedPixels), always ready
    settings : In(adopted_settings)
    test : In(KnownPixels), test_valid : In(1)
        A beat that is combined with `fixed_settings` where there is none of ``i``; from 12 clocks
        behind a row on.
    testing : Out(1)
        It is at ``o`` now, whose ``valid`` is low.
    o : Out(stream of LinearPixels), always ready
    flicker_count, clipped_count : Out(24)
        Marked pixels of the last whole frame; they saturate.
    memory : Out(MemoryHealth)
    """

    def __init__(self, config: DieConfig):
        self.config = config
        captures = len(config.captures)
        super().__init__({
            "i": In(stream.Signature(AlignedPixels(captures, config.lanes,
                                                   corrected_bits(config)), always_ready=True)),
            "settings": In(adopted_settings(config)),
            "test": In(KnownPixels(captures, config.lanes, corrected_bits(config))),
            "test_valid": In(1), "testing": Out(1),
            "o": Out(stream.Signature(LinearPixels(config.lanes), always_ready=True)),
            "flicker_count": Out(24),
            "clipped_count": Out(24),
            "memory": Out(MemoryHealth()),
        })

    @property
    def latency_cycles(self) -> int:
        """Clocks from ``i`` to ``o``."""
        return OWN_CYCLES + (len(self.config.captures) - 1) * Merge.latency_cycles + 1

    def elaborate(self, platform):
        m = Module()
        config = self.config
        m.submodules.ranking = ranking = Ranking(config)
        m.d.comb += [
            ranking.settings.eq(self.settings),
            ranking.frame.eq(self.i.payload.tag.frame[:2]),
            ranking.enable.eq(self.i.valid | self.test_valid),
            ranking.fixed.eq(~self.i.valid),
        ]
        beat = self.i.payload
        # Beats of a test have a bit of their own: what is cut short never looks like a pixel.
        testing = Signal(self.latency_cycles)
        m.d.comb += self.testing.eq(testing[-1])
        m.d.sync += testing.eq(Cat(self.test_valid & ~self.i.valid, testing))
        entering = Signal(self.test.shape())
        m.d.comb += [entering.codes.eq(beat.codes), entering.present.eq(beat.present)]
        with m.If(~self.i.valid):
            m.d.comb += entering.eq(self.test)
        valid, line_last, frame_last = (Signal(self.latency_cycles, name=name)
                                        for name in ("valid", "line_last", "frame_last"))
        m.d.sync += [
            valid.eq(Cat(self.i.valid, valid)),
            line_last.eq(Cat(beat.line_last, line_last)),
            frame_last.eq(Cat(beat.frame_last, frame_last)),
        ]
        constants = self._row_constants(m, ranking, valid | testing)
        # The order of this beat's frame is known 3 clocks later, with its settings a fourth.
        codes = delayed(m, entering.codes, RANK_CYCLES - 1, name="codes")
        present = delayed(m, entering.present, RANK_CYCLES - 1, name="present")
        healths: list[Any] = []
        pixels = [self._combine_lane(m, lane, codes, present, ranking, constants, healths)
                  for lane in range(config.lanes)]
        gather(m, self.memory, *healths)

        values = Signal(self.o.payload.values.shape(), reset_less=True)
        marks = {name: Signal(config.lanes, name=name, reset_less=True)
                 for name in ("flicker", "clipped")}
        for lane, pixel in enumerate(pixels):
            total = Signal(signed(26), name=f"total_{lane}")
            m.d.comb += total.eq(pixel.value + constants[-2].pedestal_lsb)
            with m.If(total < 0):
                m.d.sync += values[lane].eq(0)
            with m.Elif(total[24]):
                m.d.sync += values[lane].eq(~0)
            with m.Else():
                m.d.sync += values[lane].eq(total[:24])
            m.d.sync += [
                marks["flicker"][lane].eq(pixel.flicker),
                marks["clipped"][lane].eq(pixel.present & ~pixel.usable),
            ]
        out = self.o.payload
        m.d.comb += [
            self.o.valid.eq(valid[-1]),
            out.values.eq(values), out.flicker.eq(marks["flicker"]),
            out.clipped.eq(marks["clipped"]), out.tag.eq(constants[-1].tag),
            out.line_last.eq(line_last[-1]), out.frame_last.eq(frame_last[-1]),
        ]
        for name, lanes in marks.items():
            m.submodules[f"{name}_counter"] = counter = PixelCount(config.lanes)
            m.d.comb += [
                counter.marks.eq(lanes), counter.valid.eq(valid[-1]),
                counter.last.eq(line_last[-1] & frame_last[-1]),
                getattr(self, f"{name}_count").eq(counter.count),
            ]
        return m

    def _row_constants(self, m, ranking, passes) -> list[data.View]:
        """What is the same for a whole row, as it is for the beat at each merge, and at ``o``.

        Each place keeps what its predecessor had as the beat passed, and nothing changes within 12
        clocks of a beat: so it follows the row's last beat, however long the pipeline.
        """
        config, captures = self.config, len(self.config.captures)
        m.submodules.planner = planner = StepPlanner(config)
        m.d.comb += [
            planner.ranks.eq(ranking.ranks),
            planner.tolerance_log2.eq(ranking.tolerance_log2),
            planner.flicker_enable.eq(ranking.flicker_enable),
        ]
        shape = data.StructLayout({
            "tag": RowTag, "pedestal_lsb": 8,
            **{f"step_{rank}": StepSettings(rank) for rank in range(1, captures)}})
        entered, tag = Signal(shape), Signal(RowTag, reset_less=True)
        with m.If(self.i.valid):
            m.d.sync += tag.eq(self.i.payload.tag)
        m.d.comb += [entered.tag.eq(tag), entered.pedestal_lsb.eq(ranking.pedestal_lsb)]
        for rank in range(1, captures):
            m.d.comb += entered[f"step_{rank}"].eq(getattr(planner, f"step_{rank}"))
        places = [entered]
        for index in range(captures):
            held = Signal(shape, name=f"held_{index}", reset_less=True)
            with m.If(passes[OWN_CYCLES + index * Merge.latency_cycles - 1]):
                m.d.sync += held.eq(places[-1])
            places.append(held)
        return places

    def _combine_lane(self, m, lane, codes, present, ranking, constants, healths) -> Any:
        config, captures = self.config, len(self.config.captures)
        bits = corrected_bits(config)
        pedestal = config.adc.pedestal_codes << config.hdr.fraction_bits

        composite = Signal(Composite, name=f"composite_{lane}")
        for rank in range(captures):
            code = Signal(bits, name=f"code_{lane}_{rank}")
            here = Signal(name=f"here_{lane}_{rank}")
            for capture in range(captures):
                with m.If(ranking.select[rank][capture]):
                    m.d.comb += [code.eq(codes[capture][lane]), here.eq(present[capture])]
            ranked = Signal(RankedCode(config), name=f"ranked_{lane}_{rank}", reset_less=True)
            m.d.sync += [
                ranked.above_black.eq(code - pedestal),
                ranked.full_scale.eq(code.all()),
                ranked.present.eq(here),
            ]
            m.submodules[f"normalise_{lane}_{rank}"] = normalise = Normalise(config)
            m.submodules[f"hand_over_{lane}_{rank}"] = hand_over = HandOver(config)
            own = Signal(OwnPixel, name=f"own_{lane}_{rank}")
            settle = Normalise.latency_cycles - HandOver.latency_cycles
            m.d.comb += [
                normalise.above_black.eq(ranked.above_black),
                normalise.settings.eq(ranking.ranks[rank]),
                hand_over.code.eq(ranked), hand_over.settings.eq(ranking.ranks[rank]),
                own.value.eq(normalise.value),
                Cat(own.hand_over, own.usable, own.present).eq(delayed(
                    m, Cat(hand_over.weight, hand_over.usable, hand_over.present), settle,
                    name=f"judged_{lane}_{rank}")),
            ]
            if rank == 0:
                m.d.comb += [composite.value.eq(own.value), composite.usable.eq(own.usable),
                             composite.present.eq(own.present)]
                continue
            m.submodules[f"merge_{lane}_{rank}"] = merge = Merge(config, rank)
            if rank > 1:
                waiting = DelayLine(OwnPixel, (rank - 1) * Merge.latency_cycles)
                m.submodules[f"own_{lane}_{rank}"] = waiting
                m.d.comb += waiting.i.payload.eq(own)
                healths.append(waiting.memory)
                own = waiting.o.payload
            m.d.comb += [merge.own.eq(own), merge.composite.eq(composite),
                         merge.settings.eq(constants[rank][f"step_{rank}"])]
            composite = merge.merged
        return composite
