# SPDX-License-Identifier: Apache-2.0
"""Reads a row, or the embedded row of a frame, and packs it."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import DataFormat
from .embedded_encoder import EmbeddedGroup
from .embedded_format import EMBEDDED_PADDING, EmbeddedTag
from .formats import GROUP_PIXELS, group_bytes
from .packer import PackedGroup, pack_group
from .row_collector import row_buffer_words
from .row_descriptor import RowGroup

__all__ = ["GroupReader"]


class GroupReader(wiring.Component):
    """Packed groups of one row after ``start``, one per clock.

    Latency: four clocks from ``start`` to the first group; a memory with an output register.

    Members
    -------
    start : In(1)
        Strobe; ``embedded``, ``groups`` and ``data_format`` are held from then to the last group.
    embedded : In(1)
        Read ``embedded_groups``, then end tags, instead of the row memory.
    read_enable, read_address : Out, read_group : In
        Read port of the row memory: data one clock after the address.
    next_slot : In(1)
        Strobe: the row has been sent; the next one is in the next slot.
    embedded_groups : In(stream of EmbeddedGroup)
        Holds the whole embedded row before ``start``.
    o : Out(stream of PackedGroup)
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "start": In(1), "embedded": In(1), "groups": In(12), "data_format": In(DataFormat),
            "read_enable": Out(1), "read_address": Out(range(row_buffer_words(config))),
            "read_group": In(RowGroup),
            "next_slot": In(1),
            "embedded_groups": In(stream.Signature(EmbeddedGroup)),
            "o": Out(stream.Signature(PackedGroup)),
        })

    def elaborate(self, platform):
        m = Module()
        slot_groups = self.config.array.columns // GROUP_PIXELS
        words = row_buffer_words(self.config)
        advance = Signal()
        m.d.comb += advance.eq(~self.o.valid | self.o.ready)

        # Address. One bit per stage says that it holds a group; all stages move together.
        base, address = Signal(range(words)), Signal(range(words), reset_less=True)
        remaining, running = Signal(12), Signal()
        at_end = remaining == 1
        with m.If(self.next_slot):
            m.d.sync += base.eq(Mux(base == words - slot_groups, 0, base + slot_groups))
        with m.If(self.start):
            m.d.sync += [running.eq(1), address.eq(base), remaining.eq(self.groups)]
        with m.Elif(advance & running):
            m.d.sync += [address.eq(address + 1), remaining.eq(remaining - 1),
                         running.eq(~at_end)]
        m.d.comb += [self.read_enable.eq(advance), self.read_address.eq(address)]

        fetched_valid, fetched_last = Signal(), Signal(reset_less=True)
        pixels_valid, pixels_last = Signal(), Signal(reset_less=True)
        pixels = Signal(RowGroup, reset_less=True)
        past_end = Signal()
        told = Signal(data.ArrayLayout(8, GROUP_PIXELS))
        m.d.comb += [
            self.embedded_groups.ready.eq(advance & fetched_valid & self.embedded & ~past_end),
            told.eq(self.embedded_groups.payload.bytes),
        ]
        with m.If(past_end):
            m.d.comb += [byte.eq(EmbeddedTag.END) for byte in told]
        with m.If(self.start):
            m.d.sync += past_end.eq(0)
        with m.Elif(self.embedded_groups.ready & self.embedded_groups.payload.last):
            m.d.sync += past_end.eq(1)

        with m.If(advance):
            m.d.sync += [
                fetched_valid.eq(running), fetched_last.eq(at_end),
                pixels_valid.eq(fetched_valid), pixels_last.eq(fetched_last),
                pixels.eq(self.read_group),
            ]
            with m.If(self.embedded):
                m.d.sync += [pixels.values[index].eq(Cat(C(EMBEDDED_PADDING, 16), told[index]))
                             for index in range(GROUP_PIXELS)]
            m.d.sync += [self.o.valid.eq(pixels_valid), self.o.payload.last.eq(pixels_last)]
            values = [pixels.values[index] for index in range(GROUP_PIXELS)]
            with m.Switch(self.data_format):
                for data_format in DataFormat:
                    with m.Case(data_format):
                        m.d.sync += [self.o.payload.bytes[index].eq(byte) for index, byte
                                     in enumerate(pack_group(values, data_format))]
                        m.d.sync += self.o.payload.count.eq(group_bytes(data_format))
        return m
