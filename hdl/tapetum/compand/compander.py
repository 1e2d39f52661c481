# SPDX-License-Identifier: Apache-2.0
"""From 24 bits linear to what the link carries."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import FRAMES_IN_FLIGHT, DataFormat, adopted_settings
from ..memory.health import MemoryHealth, gather
from ..pixel import LinearPixels, OutputPixels, RowTag
from ..stream.delay import DelayLine, delayed
from .interpolate import Interpolate
from .output_selector import FORMAT_BITS
from .table_memory import ProgrammedTable, SegmentSearch, TableWrite
from .tables import BUILT_IN_TABLES, NO_TABLE, OCTAVES_12, OCTAVES_20, PROGRAMMABLE_SLOTS

__all__ = ["TEST_SLOT", "Compander", "table_slot"]

TEST_SLOT = BUILT_IN_TABLES.index(OCTAVES_20)
"""The widest codes of those that no host can change."""


def table_slot(settings, programmed) -> Value:
    """Slot of the table that a frame's settings ask for; `NO_TABLE` if it is not companded.

    ``companding_table`` 2 means the `ProgrammedTable`, if it has as many bits as the format; else
    it acts as 0.
    """
    data_format, choice = settings.data_format, settings.companding_table
    built_in: Value = choice == 1
    bits: Value = C(12, 5)
    for candidate, slot in {DataFormat.RAW14: 2, DataFormat.RAW16: 3, DataFormat.RAW20: 4}.items():
        built_in = Mux(data_format == candidate, slot, built_in)
        bits = Mux(data_format == candidate, FORMAT_BITS[candidate], bits)
    own = (choice == 2) & programmed.is_loaded & (programmed.output_bits == bits)
    slot = Mux(own, PROGRAMMABLE_SLOTS[0] + programmed.second, built_in)
    return Mux(settings.uncombined | (data_format == DataFormat.RAW24), NO_TABLE, slot)


class Compander(wiring.Component):
    """Compands the combined frame by the table of its settings; RAW24 passes as it is.

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
    settings : In(adopted_settings), programmed : In(ProgrammedTable)
        With what a frame is adopted, at least two clocks before its first beat.
    slots : Out(3 per frame in flight)
        Slot of the table in force; `NO_TABLE` in linear and uncombined frames.
    in_use : Out(one bit per programmable slot)
        A frame in flight needs it; two clocks after its settings are there.
    test : In(1)
        What ``i`` shows has the table `TEST_SLOT`, whatever its frame is.
    write : In(TableWrite), write_enable : In(1)
        Programs the tables, segment by segment; built-in ones are there from the start.
    o : Out(stream of OutputPixels), always ready
        ``tag.capture`` is 0.
    memory : Out(MemoryHealth)
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "i": In(stream.Signature(LinearPixels(config.lanes), always_ready=True)),
            "settings": In(adopted_settings(config)),
            "programmed": In(ProgrammedTable),
            "slots": Out(data.ArrayLayout(3, FRAMES_IN_FLIGHT)),
            "in_use": Out(len(PROGRAMMABLE_SLOTS)),
            "test": In(1),
            "write": In(TableWrite), "write_enable": In(1),
            "o": Out(stream.Signature(OutputPixels(config.lanes), always_ready=True)),
            "memory": Out(MemoryHealth()),
        })

    @property
    def latency_cycles(self) -> int:
        """Clocks from ``i`` to ``o``."""
        return 1 + SegmentSearch.latency_cycles + Interpolate.latency_cycles + 1

    def elaborate(self, platform):
        m = Module()
        lanes = self.config.lanes
        # What the programmable slots hold before they are used does not matter.
        tables = (*BUILT_IN_TABLES, *[OCTAVES_12] * len(PROGRAMMABLE_SLOTS))
        m.submodules.search = search = SegmentSearch(tables, lanes=lanes)
        with m.If(self.settings.adopt):
            m.d.sync += self.slots[self.settings.frame].eq(
                table_slot(self.settings.settings, self.programmed))
        m.d.sync += self.in_use.eq(Cat(
            Cat(self.slots[index] == slot for index in range(FRAMES_IN_FLIGHT)).any()
            for slot in PROGRAMMABLE_SLOTS))

        beat = self.i.payload
        values = delayed(m, beat.values, 1, name="values")
        slot, is_linear = Signal(3, reset_less=True), Signal()
        m.d.sync += slot.eq(Value.cast(self.slots).word_select(beat.tag.frame[:2], 3))
        with m.If(self.test):
            m.d.sync += slot.eq(TEST_SLOT)
        m.d.comb += is_linear.eq(slot == NO_TABLE)
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
        gather(m, self.memory, search.memory, operands.memory, passing.memory)
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
