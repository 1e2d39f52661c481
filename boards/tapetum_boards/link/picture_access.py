# SPDX-License-Identifier: Apache-2.0
"""The tables of the picture on the board's bus."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..picture.picture import PictureWrite
from .board_bus import BoardBus

__all__ = ["CAPTURE_CURVE", "COMBINED_CURVE", "TEXT", "PictureAccess"]

TEXT, CAPTURE_CURVE, COMBINED_CURVE = 0x0000, 0x1000, 0x2000
"""Where each table begins."""


class PictureAccess(wiring.Component):
    """A byte a clock. Reads are refused, and so are writes beyond the last table.

    Members
    -------
    bus : In(BoardBus)
        Only ``address[:16]`` counts.
    tables : Out(PictureWrite)
    """

    bus: In(BoardBus())
    tables: Out(PictureWrite())

    def elaborate(self, platform):
        m = Module()
        bus, tables = self.bus, self.tables
        table = bus.address[12:16]
        known = Signal()
        m.d.comb += known.eq(bus.write & (table <= COMBINED_CURVE >> 12))
        for name, place in (("text", TEXT), ("capture_curve", CAPTURE_CURVE),
                            ("combined_curve", COMBINED_CURVE)):
            m.d.sync += getattr(tables, name).eq(bus.request & known & (table == place >> 12))
        m.d.sync += [tables.address.eq(bus.address), tables.data.eq(bus.write_data),
                     bus.done.eq(bus.request), bus.refused.eq(~known)]
        return m
