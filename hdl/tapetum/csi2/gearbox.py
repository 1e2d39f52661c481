# SPDX-License-Identifier: Apache-2.0
"""Groups of 4 to 12 bytes into words of 1, 2 or 4."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .formats import GROUP_BYTES_LARGEST
from .packer import PackedGroup
from .packets import PayloadWord

__all__ = ["Gearbox"]


class Gearbox(wiring.Component):
    """Cuts groups of bytes into words; the last word of a row is filled up with leftovers.

    One word per clock without a gap inside a row; latency one clock. Between two rows there is
    one clock in which no group is taken.

    Parameters
    ----------
    byte_lanes : int
        Bytes of a word: 1, 2 or 4.

    Members
    -------
    i : In(stream of PackedGroup)
        At least ``byte_lanes`` bytes in each.
    o : Out(stream of PayloadWord(byte_lanes))
    """

    def __init__(self, byte_lanes: int):
        self.byte_lanes = byte_lanes
        super().__init__({
            "i": In(stream.Signature(PackedGroup)),
            "o": Out(stream.Signature(PayloadWord(byte_lanes))),
        })

    def elaborate(self, platform):
        m = Module()
        lanes = self.byte_lanes
        room = GROUP_BYTES_LARGEST + lanes - 1
        held = Signal(data.ArrayLayout(8, room), reset_less=True)
        level, kept = Signal(range(room + 1)), Signal(range(room + 1))
        ending = Signal()
        taken = Signal()
        m.d.comb += [
            self.o.valid.eq((level >= lanes) | (ending & (level != 0))),
            self.o.payload.last.eq(ending & (level <= lanes)),
            taken.eq(self.o.valid & self.o.ready),
            kept.eq(level),
        ]
        for lane in range(lanes):
            m.d.comb += self.o.payload.bytes[lane].eq(held[lane])
        with m.If(taken):
            m.d.comb += kept.eq(Mux(level <= lanes, 0, level - lanes))
            m.d.sync += Value.cast(held).eq(Value.cast(held) >> 8 * lanes)
            with m.If(self.o.payload.last):
                m.d.sync += ending.eq(0)
        m.d.sync += level.eq(kept)

        # A group fits as soon as less than a word is kept: no more than three places to put it.
        m.d.comb += self.i.ready.eq(~ending & ((level < lanes) | (taken & (level < 2 * lanes))))
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [
                level.eq(kept + self.i.payload.count),
                ending.eq(self.i.payload.last),
            ]
            for start in range(lanes):
                with m.If(kept == start):
                    m.d.sync += [held[start + index].eq(self.i.payload.bytes[index])
                                 for index in range(GROUP_BYTES_LARGEST)]
        return m
