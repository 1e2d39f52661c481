# SPDX-License-Identifier: Apache-2.0
"""Fetches what is known of the row after the next one."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..memory.block_memory import BlockMemory
from .npu_config import NpuConfig
from .program import LAYER_LAYOUT, LAYER_WORDS, TABLE_WORD_BITS, TENSOR_LAYOUT

__all__ = ["FetchedRow", "OutputProgress", "Place", "Progress", "RecordFetch", "SavedProgress"]

_LAYER_READS = 5
_PROGRESS, _OUTPUT_PROGRESS = 5, 6
"""Words of a layer's record that the array writes itself."""
_READS = _LAYER_READS + 5
_READ_CYCLES = BlockMemory.latency_cycles
_TENSORS = 1 << 9


class Place(data.Struct):
    """A row in a ring: its slot, and the first word of all slots of the same rank."""

    slot: 8
    base: 13


class Progress(data.Struct):
    """What a layer has come to; kept between its rows."""

    begun: 1
    row: signed(13)
    source: Place
    output: Place


class OutputProgress(data.Struct):
    """The second word of it."""

    residual: Place
    out_row: 12


class FetchedRow(data.Struct):
    """Records of one entry of the schedule.

    ``same_layer`` as the entry before: what that one has come to is not in the records yet.
    """

    number: 6
    is_last: 1
    same_layer: 1
    layer: LAYER_LAYOUT
    progress: Progress
    later: OutputProgress
    source: TENSOR_LAYOUT
    target: TENSOR_LAYOUT
    residual: TENSOR_LAYOUT


class SavedProgress(data.Struct):
    """A word that goes back into the records of a layer."""

    number: 6
    is_output: 1
    word: TABLE_WORD_BITS


class RecordFetch(wiring.Component):
    """Reads the schedule and the records, an entry ahead: `fetch_cycles` from one to the next.

    Members
    -------
    run : In(1)
        Rises at the start of an inference, falls after it.
    last_entry : In
        Number of schedule entries minus one.
    write_records, write_schedule : In(1), write_index : In(16), write_data : In(64)
        Records: layers from word 0, tensors from word 512.
    clear : In(1), cleared : In(6)
        This layer begins anew.
    save : In(1), saved : In(SavedProgress)
        Of an entry that has been taken, at least 4 clocks before the next one is.
    valid : Out(1), take : In(1), row : Out(FetchedRow)
        Stays until it is taken.
    """

    fetch_cycles = _READ_CYCLES + _READS + 1

    def __init__(self, config: NpuConfig):
        self.config = config
        super().__init__({
            "run": In(1), "last_entry": In(range(config.schedule_entries)),
            "write_records": In(1), "write_schedule": In(1),
            "write_index": In(16), "write_data": In(TABLE_WORD_BITS),
            "clear": In(1), "cleared": In(6), "save": In(1), "saved": In(SavedProgress),
            "valid": Out(1), "take": In(1), "row": Out(FetchedRow),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.schedule = schedule = BlockMemory(6, depth=self.config.schedule_entries)
        m.submodules.records = records = BlockMemory(TABLE_WORD_BITS, depth=1024)
        entry = Signal(range(self.config.schedule_entries))
        # A register of its own: the memory may stand far from the state that asks it.
        address = Signal(10, reset_less=True)
        row = Signal(FetchedRow, name="fetched", reset_less=True)
        m.d.comb += [
            self.row.eq(row),
            schedule.write_address.eq(self.write_index),
            schedule.write_word.eq(self.write_data),
            schedule.write_enable.eq(self.write_schedule), schedule.address.eq(entry),
            records.address.eq(address),
        ]
        self._writes(m, records)

        # Words of the records come, one a clock; a bit for each clock of it.
        arriving = Signal(_READ_CYCLES + _READS)
        m.d.sync += arriving.eq(arriving << 1)
        layer = Value.cast(row.layer)
        parts = [layer[low:low + TABLE_WORD_BITS] for low in range(0, len(layer), TABLE_WORD_BITS)]
        for index, part in enumerate([*parts, row.progress, row.later, row.source, row.target,
                                      row.residual]):
            with m.If(arriving[_READ_CYCLES + index]):
                m.d.sync += Value.cast(part).eq(records.word)

        # The first words of the layer, then those of its maps, whose numbers have come.
        count = Signal(3, reset_less=True)
        m.d.sync += [count.eq(count + 1), address.eq(Cat(count, row.number, C(0, 1)))]
        numbers = (row.layer.in_tensor, row.layer.out_tensor, row.layer.residual_tensor)
        for index, number in enumerate(numbers):
            with m.If(arriving[_READS - len(numbers) - 1 + index]):
                m.d.sync += address.eq(Cat(number, C(_TENSORS >> 6, 4)))
        begins = Signal()
        with m.If(begins):
            m.d.sync += [
                arriving.eq(1), count.eq(1), address.eq(Cat(C(0, 3), schedule.word, C(0, 1))),
                row.number.eq(schedule.word), entry.eq(entry + 1),
                row.is_last.eq(entry == self.last_entry),
            ]
        assert 1 << len(count) == LAYER_WORDS

        waited = Signal(range(1 + BlockMemory.latency_cycles))
        with m.FSM():
            with m.State("idle"):
                m.d.sync += [entry.eq(0), waited.eq(0), self.valid.eq(0)]
                with m.If(self.run):
                    m.next = "schedule"
            with m.State("schedule"):
                m.d.sync += [waited.eq(waited + 1), row.same_layer.eq(0)]
                with m.If(waited == BlockMemory.latency_cycles):
                    m.d.comb += begins.eq(1)
                    m.next = "fetch"
            with m.State("fetch"):
                with m.If(arriving[-1]):
                    m.d.sync += self.valid.eq(1)
                    m.next = "full"
            with m.State("full"):
                with m.If(self.take):
                    m.d.sync += self.valid.eq(0)
                    with m.If(row.is_last):
                        m.next = "end"
                    with m.Else():
                        m.d.comb += begins.eq(1)
                        m.d.sync += row.same_layer.eq(schedule.word == row.number)
                        m.next = "fetch"
            with m.State("end"):
                with m.If(~self.run):
                    m.next = "idle"
        return m

    def _writes(self, m: Module, records: BlockMemory) -> None:
        """What is written stands in registers as well."""
        m.d.sync += records.write_enable.eq(self.write_records | self.clear | self.save)
        with m.If(self.write_records):
            m.d.sync += [records.write_address.eq(self.write_index),
                         records.write_word.eq(self.write_data)]
        with m.Elif(self.save):
            word = Mux(self.saved.is_output, _OUTPUT_PROGRESS, _PROGRESS)
            m.d.sync += [records.write_address.eq(Cat(word[:3], self.saved.number, C(0, 1))),
                         records.write_word.eq(self.saved.word)]
        with m.Else():
            m.d.sync += [records.write_address.eq(Cat(C(_PROGRESS, 3), self.cleared, C(0, 1))),
                         records.write_word.eq(0)]
