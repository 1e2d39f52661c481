# SPDX-License-Identifier: Apache-2.0
"""Two contexts that frames are taken with in turns."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from .frame_settings import FrameSettings

__all__ = ["ContextSequence", "context_bits", "context_fields"]


def context_fields(config: DieConfig, settings) -> list[Value]:
    """What the contexts have each of its own, of a view of `FrameSettings`.

    The frame length is that of both; but a region may need a longer one.
    """
    fields = [settings.frame_length_lines, settings.capture_mask, settings.row_start,
              settings.row_end, settings.column_start, settings.column_end]
    for index in range(len(config.captures)):
        capture = settings.captures[index]
        fields += [capture.coarse_integration_lines, capture.fine_integration_cycles,
                   capture.normalisation_mantissa, capture.normalisation_shift,
                   capture.digital_gain]
    return [Value.cast(field) for field in fields]


def context_bits(config: DieConfig) -> int:
    """Bits of all `context_fields`."""
    return sum(map(len, context_fields(config, Signal(FrameSettings(config)))))


class ContextSequence(wiring.Component):
    """Chooses what the next frame is taken with: first, second, first and so on.

    The choice changes in the clock after a frame has been planned, so no write of the host can
    come in between.

    Members
    -------
    first : In(FrameSettings)
        Of the first context, and all that the contexts share.
    second : In(context_bits)
        `context_fields` of the second.
    alternate : In(1)
        Without it, and in standby, the next frame is one of the first context.
    streaming : In(1), adopt : In(1)
        Strobe: a frame is planned with ``settings``.
    settings : Out(FrameSettings), turned : Out(1)
        Since this clock they are those of the other context; or they will be in the next one.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "first": In(FrameSettings(config)), "second": In(context_bits(config)),
            "alternate": In(1), "streaming": In(1), "adopt": In(1),
            "settings": Out(FrameSettings(config)), "turned": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        chosen, was_chosen = Signal(), Signal()
        m.d.sync += was_chosen.eq(chosen)
        # The second one is out of force in the clock in which it is no longer asked for.
        m.d.comb += self.turned.eq((chosen ^ was_chosen) | (chosen & ~self.alternate))
        with m.If(~self.alternate | ~self.streaming):
            m.d.sync += chosen.eq(0)
        with m.Elif(self.adopt):
            m.d.sync += chosen.eq(~chosen)
        m.d.comb += [self.settings.eq(self.first), self.settings.context.eq(chosen)]
        start = 0
        for field, own in zip(context_fields(self.config, self.settings),
                              context_fields(self.config, self.first), strict=True):
            other = self.second[start:start + len(field)]
            m.d.comb += field.eq(Mux(chosen, other, own))
            start += len(field)
        return m
