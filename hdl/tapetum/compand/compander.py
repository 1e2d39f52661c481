# SPDX-License-Identifier: Apache-2.0
"""From 24 bits linear to what the link carries."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import DataFormat, settings_of, settings_ring
from ..pixel import LinearPixels, OutputPixels, RowTag
from ..stream.delay import DelayLine, delayed
from .interpolate import Interpolate
from .table_memory import SegmentSearch, TableWrite
from .tables import BUILT_IN_TABLES

__all__ = ["Compander", "table_slot"]


def table_slot(settings) -> Value:
    """Slot of the table that a frame's format asks for."""
    slot_of_format = {DataFormat.RAW14: 2, DataFormat.RAW16: 3, DataFormat.RAW20: 4}
    slot = settings.companding_table
    for data_format, number in slot_of_format.items():
        slot = Mux(settings.data_format == data_format, number, slot)
    return slot


class Compander(wiring.Component):
    """Compands the combined frame by the table of its format; RAW24 passes as it is.

    ::

        i ─► SegmentSearch ─► Interpolate ─► o
          └────────── values, flags ─────────┘

    The pixel side cannot be stalled, so neither can this block. Latency `latency_cycles`, one
    beat per clock.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of LinearPixels), always ready
    settings : In(settings_ring)
    write : In(TableWrite), write_enable : In(1)
        Programs the tables, segment by segment; built-in ones are there from the start.
    o : Out(stream of OutputPixels), always ready
        ``tag.capture`` is 0.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "i": In(stream.Signature(LinearPixels(config.lanes), always_ready=True)),
            "settings": In(settings_ring(config)),
            "write": In(TableWrite), "write_enable": In(1),
            "o": Out(stream.Signature(OutputPixels(config.lanes), always_ready=True)),
        })

    @property
    def latency_cycles(self) -> int:
        """Clocks from ``i`` to ``o``."""
        return 1 + SegmentSearch.latency_cycles + Interpolate.latency_cycles + 1

    def elaborate(self, platform):
        m = Module()
        lanes = self.config.lanes
        m.submodules.search = search = SegmentSearch(BUILT_IN_TABLES, lanes=lanes)
        beat = self.i.payload
        frame = settings_of(self.settings, beat.tag.frame)
        values = delayed(m, beat.values, 1, name="values")
        slot, is_linear = Signal(3, reset_less=True), Signal(reset_less=True)
        m.d.sync += [
            slot.eq(table_slot(frame)),
            is_linear.eq(frame.data_format == DataFormat.RAW24),
        ]
        m.d.comb += [
            search.x.eq(values), search.slot.eq(slot),
            search.write.eq(self.write), search.write_enable.eq(self.write_enable),
        ]

        # What the arithmetic needs later, and what only passes by.
        m.submodules.operands = operands = DelayLine(beat.values.shape(), search.latency_cycles)
        beside = data.StructLayout({
            "values": beat.values.shape(), "is_linear": 1,
            "line_last": 1, "frame_last": 1, "tag": RowTag})
        m.submodules.beside = passing = DelayLine(beside, self.latency_cycles - 2)
        flags = delayed(m, Cat(beat.line_last, beat.frame_last, beat.tag), 1, name="flags")
        m.d.comb += [
            operands.i.payload.eq(values),
            passing.i.valid.eq(delayed(m, self.i.valid, 1, name="valid", reset_less=False)),
            passing.i.payload.eq(Cat(values, is_linear, flags)),
        ]

        out = Signal.like(self.o.payload, reset_less=True)
        out_valid = Signal()
        passed = passing.o.payload
        m.d.sync += [
            out_valid.eq(passing.o.valid),
            out.line_last.eq(passed.line_last),
            out.frame_last.eq(passed.frame_last),
            out.tag.eq(passed.tag),
            out.tag.capture.eq(0),
        ]
        for lane in range(lanes):
            m.submodules[f"interpolate_{lane}"] = interpolate = Interpolate()
            m.d.comb += [
                interpolate.x.eq(operands.o.payload[lane]),
                interpolate.segment.eq(search.segments[lane]),
            ]
            m.d.sync += out.values[lane].eq(
                Mux(passed.is_linear, passed.values[lane], interpolate.y))
        m.d.comb += [self.o.valid.eq(out_valid), self.o.payload.eq(out)]
        return m
