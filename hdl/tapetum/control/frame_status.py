# SPDX-License-Identifier: Apache-2.0
"""What the host reads about the frames that it gets."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import ColourFilter, DieConfig
from ..registers.ccs_codes import CCS_PIXEL_ORDER

__all__ = ["STANDBY_FRAME_COUNT", "FrameStatus"]

STANDBY_FRAME_COUNT = 0xFF
"""CCS `frame_count` while nothing streams."""


class FrameStatus(wiring.Component):
    """Counts frames as CCS does, and reports the order of colours that flips leave.

    Members
    -------
    streaming : In(1)
    adopt : In(1), adopt_frame : In(16)
        Strobe: this frame is planned.
    flip_columns, flip_rows, context : In(1)
    frame_count : Out(8)
        0 to 254 in turn, 255 in standby.
    frame_number : Out(16)
    frame_context : Out(1)
    pixel_order : Out(2)
    """

    streaming: In(1)
    adopt: In(1)
    adopt_frame: In(16)
    flip_columns: In(1)
    flip_rows: In(1)
    context: In(1)
    frame_count: Out(8, init=STANDBY_FRAME_COUNT)
    frame_number: Out(16)
    frame_context: Out(1)
    pixel_order: Out(2)

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        with m.If(self.adopt):
            m.d.sync += [self.frame_number.eq(self.adopt_frame),
                         self.frame_context.eq(self.context)]
        with m.If(~self.streaming):
            m.d.sync += self.frame_count.eq(STANDBY_FRAME_COUNT)
        with m.Elif(self.adopt):
            m.d.sync += self.frame_count.eq(
                Mux(self.frame_count >= STANDBY_FRAME_COUNT - 1, 0, self.frame_count + 1))

        colours = self.config.array.colour_filter
        unflipped = CCS_PIXEL_ORDER[colours]
        if colours is ColourFilter.MONO:
            m.d.comb += self.pixel_order.eq(unflipped)
        else:
            m.d.sync += self.pixel_order.eq(unflipped ^ Cat(self.flip_columns, self.flip_rows))
        return m
