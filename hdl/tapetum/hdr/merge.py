# SPDX-License-Identifier: Apache-2.0
"""One step of the combination: the next more sensitive capture joins the composite."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..stream.delay import delayed
from .agreement import Agreement
from .blend import Blend
from .hand_over import FULL_WEIGHT
from .step_settings import StepSettings

__all__ = ["Composite", "Merge", "OwnPixel"]


class OwnPixel(data.Struct):
    """One pixel of one capture: linear value, and what `HandOver` says of it."""

    value: signed(25)
    hand_over: 9
    usable: 1
    present: 1


class Composite(data.Struct):
    """What the captures up to a rank made of a pixel; ``source`` is the rank that dominates it.

    ``usable``: at least one of them is not saturated. ``flicker``: some of them disagreed.
    """

    value: signed(25)
    source: 2
    usable: 1
    present: 1
    flicker: 1


class Merge(wiring.Component):
    """Blends the capture of one rank with the composite of the less sensitive ones.

    ========================  ==========================================================
    they agree                the composite has the share of the ramp, or a minor one if
                              that is larger and they are close
    own is saturated          composite
    composite is saturated    own
    they differ               marked; composite if it stems from the flicker capture and
                              has light enough for shot noise to rule, else own
    ========================  ==========================================================

    A saturated value is a lower bound: it differs from a good one below it only. Where both
    saturate the composite stays. Latency 13 clocks, one pixel per clock.

    Parameters
    ----------
    config : DieConfig
    rank : int
        Of the capture that joins, from 1.

    Members
    -------
    own : In(OwnPixel), composite : In(Composite)
    settings : In(StepSettings)
        Constant from the clock after a pixel enters until 9 clocks after it.
    merged : Out(Composite)
    """

    latency_cycles = Agreement.latency_cycles + Blend.latency_cycles

    def __init__(self, config: DieConfig, rank: int):
        self.config, self.rank = config, rank
        super().__init__({
            "own": In(OwnPixel), "composite": In(Composite),
            "settings": In(StepSettings(rank)),
            "merged": Out(Composite),
        })

    def elaborate(self, platform):
        m = Module()
        settings, rank = self.settings, self.rank
        m.submodules.agreement = agreement = Agreement(
            level_bits=self.config.adc.bits + 4, sources=rank)
        m.d.comb += [
            agreement.own.eq(self.own.value), agreement.other.eq(self.composite.value),
            agreement.source.eq(self.composite.source),
            agreement.tolerance_log2.eq(settings.tolerance_log2),
            *(agreement.bounds[index].eq(settings.sources[index].noise)
              for index in range(rank)),
        ]

        # The pixel itself waits until one clock before the verdict.
        pair = data.StructLayout({"own": OwnPixel, "composite": Composite})
        entering = Signal(pair)
        m.d.comb += [entering.own.eq(self.own), entering.composite.eq(self.composite)]
        waiting = delayed(m, entering, Agreement.latency_cycles - 1, name="waiting")
        own, composite = waiting.own, waiting.composite

        # Clock 9: all that does not depend on the verdict.
        dark = Signal(8)
        bright = Signal(8)
        preferred = Signal()
        for index in range(rank):
            source = settings.sources[index]
            with m.If(composite.source == index):
                m.d.comb += [dark.eq(source.dark_share), bright.eq(source.bright_share),
                             preferred.eq(source.preferred)]
        share = Mux(agreement.is_bright, bright, dark)
        both = own.present & composite.present
        both_usable = both & own.usable & composite.usable
        later = Signal(pair, reset_less=True)
        lone_weight = Signal(9, reset_less=True)
        minor = Signal(8, reset_less=True)
        minor_is_larger = Signal(reset_less=True)
        differing_weight = Signal(9, reset_less=True)
        own_is_good, composite_is_good = Signal(reset_less=True), Signal(reset_less=True)
        m.d.sync += [
            later.eq(waiting),
            minor.eq(share),
            minor_is_larger.eq(both_usable & (share > own.hand_over)),
            differing_weight.eq(Mux(preferred & agreement.is_bright, FULL_WEIGHT, 0)),
            own_is_good.eq(settings.flicker_enable & both & own.usable),
            composite_is_good.eq(settings.flicker_enable & both & composite.usable),
        ]
        with m.If(both_usable):
            m.d.sync += lone_weight.eq(own.hand_over)
        with m.Elif(~own.present | (composite.present & ~own.usable)):
            m.d.sync += lone_weight.eq(FULL_WEIGHT)
        with m.Else():
            m.d.sync += lone_weight.eq(0)

        # Clock 10: the verdict, as the blend begins.
        other_is_less = agreement.other_is_less
        contradicts = ((own_is_good & composite_is_good) | (own_is_good & ~other_is_less)
                       | (composite_is_good & other_is_less))
        differs, weight = Signal(), Signal(9)
        m.d.comb += [
            differs.eq(agreement.differs & contradicts),
            weight.eq(Mux(differs, differing_weight,
                          Mux(minor_is_larger & agreement.is_close, minor, lone_weight))),
        ]
        m.submodules.blend = blend = Blend()
        m.d.comb += [
            blend.lower.eq(later.composite.value), blend.upper.eq(later.own.value),
            blend.weight.eq(weight),
        ]
        flags = Signal(Composite)
        m.d.comb += [
            flags.source.eq(Mux(weight[7:].any(), later.composite.source, rank)),
            flags.usable.eq(later.own.usable | later.composite.usable),
            flags.present.eq(later.own.present | later.composite.present),
            flags.flicker.eq(later.composite.flicker | differs),
        ]
        merged = delayed(m, flags, Blend.latency_cycles, name="flags")
        m.d.comb += [self.merged.eq(merged), self.merged.value.eq(blend.value)]
        return m
