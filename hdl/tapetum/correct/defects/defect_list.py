# SPDX-License-Identifier: Apache-2.0
"""The list of known defects: where they are, and where each row's entries begin."""

from typing import Any

from amaranth import *
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from ...config import DieConfig
from ...memory.block_memory import BlockMemory

__all__ = ["DefectEntry", "DefectList"]

ENTRY_CYCLES = BlockMemory.latency_cycles


class DefectEntry(data.Struct):
    """One defective pixel in array coordinates; in photodiode large (bit 0), small (bit 1)."""

    row: 12
    column: 13
    photodiodes: 2


class _Walk(enum.Enum, shape=3):
    BEGIN = 0
    READ = 1
    WAIT = 2
    COMPARE = 3
    NOTE = 4
    END = 5


class DefectList(wiring.Component):
    """Holds the entries, and the number of the first entry of each row.

    After every write the list is walked once: entries must strictly ascend by (row, column) and
    fit. On its way the walk notes where each row begins, so that nothing needs to be searched
    later. It takes 4 clocks per entry and one per row of the array; meanwhile, and if anything is
    wrong, the list is not ``usable``.

    Then a row's entries are read one per clock, forwards or backwards.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    write_index : In(range(capacity)), write_entry : In(DefectEntry), write_enable : In(1)
    entries : In(13)
        How many of them count.
    usable : Out(1)
    invalid : Out(1)
        Out of order, beyond the array's rows, or more entries than there is room for.
    row : In(range(rows)), backwards : In(1)
        Whose entries are read, in which order; stable from ``seek`` to ``stop``.
    seek : In(1)
        Pulse: find that row.
    read : In(1)
        Pulse, at least 4 clocks later: its entries may come.
    stop : In(1)
        Pulse: no more.
    room : In(1)
        An entry may be asked for; it comes 2 clocks later.
    entry : Out(DefectEntry), entry_valid : Out(1)
    entries_wait : Out(1)
        Entries of the row have not come yet, though there was room or they are under way.
    """

    def __init__(self, config: DieConfig):
        self.capacity, self.rows = config.correct.defect_list_entries, config.array.rows
        super().__init__({
            "write_index": In(range(self.capacity)), "write_entry": In(DefectEntry),
            "write_enable": In(1), "entries": In(13),
            "usable": Out(1), "invalid": Out(1),
            "row": In(range(self.rows)), "backwards": In(1),
            "seek": In(1), "read": In(1), "stop": In(1), "room": In(1),
            "entry": Out(DefectEntry), "entry_valid": Out(1), "entries_wait": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.entries = entries = BlockMemory(DefectEntry, depth=self.capacity)
        m.submodules.firsts = firsts = BlockMemory(range(self.capacity + 1), depth=self.rows + 1)
        number = Signal(range(self.capacity + 1))
        m.d.comb += [
            entries.address.eq(number[:len(entries.address)]),
            entries.write_address.eq(self.write_index),
            entries.write_word.eq(self.write_entry), entries.write_enable.eq(self.write_enable),
            self.entry.eq(entries.word), firsts.write_word.eq(number),
        ]
        restarts, next_entry = self._walk(m, entries.word, firsts, number)
        found, steps = self._read(m, firsts, number)

        # One counter for both: the walk has come to its end before anything is read.
        downwards = self.backwards & self.usable
        step = Cat(Const(1, 1), downwards.replicate(len(number) - 1))
        with m.If(found | steps | next_entry):
            m.d.sync += number.eq(Mux(found, firsts.word, number + step))
        with m.If(restarts):
            m.d.sync += number.eq(0)
        return m

    def _walk(self, m: Module, entry: Any, firsts: BlockMemory, number: Signal
              ) -> tuple[Value, Value]:
        """Check the list; returns whether that begins again, and whether an entry is done."""
        last_row, capacity = self.rows, self.capacity
        row, noted = Signal(range(self.rows + 1)), Signal(12, reset_less=True)
        count, changed, at_end = Signal(13), Signal(), Signal()
        # Rows ascend or are never met: within a row, columns must.
        column = Signal(13, reset_less=True)
        is_first_row, is_first_of_row = Signal(), Signal()
        step, restarts, notes, next_entry = Signal(_Walk), Signal(), Signal(), Signal()
        m.d.comb += [restarts.eq(step == _Walk.BEGIN), firsts.write_address.eq(row),
                     firsts.write_enable.eq(notes)]
        m.d.sync += [
            count.eq(self.entries), at_end.eq(number == count),
            changed.eq(self.write_enable | (self.entries != count)),
        ]
        with m.Switch(step):
            with m.Case(_Walk.BEGIN):
                m.d.sync += [self.usable.eq(0), self.invalid.eq(capacity < count),
                             step.eq(Mux(capacity < count, _Walk.END, _Walk.READ))]
            with m.Case(_Walk.READ):
                m.d.sync += step.eq(_Walk.WAIT)
            with m.Case(_Walk.WAIT):
                m.d.sync += step.eq(_Walk.COMPARE)
            with m.Case(_Walk.COMPARE):
                m.d.sync += step.eq(_Walk.NOTE)
            with m.Case(_Walk.NOTE):
                # Every row up to this entry's begins with this entry at the latest.
                with m.If(at_end | is_first_row | (entry.row != noted)):
                    m.d.comb += notes.eq(1)
                    with m.If(row == last_row):
                        m.d.sync += [step.eq(_Walk.END), self.usable.eq(at_end & ~self.invalid)]
                        with m.If(~at_end):
                            m.d.sync += self.invalid.eq(1)
                with m.Else():
                    m.d.comb += next_entry.eq(1)
                    m.d.sync += step.eq(_Walk.READ)
                    with m.If(~is_first_of_row & (column >= entry.column)):
                        m.d.sync += self.invalid.eq(1)
        with m.If(changed):
            m.d.sync += step.eq(_Walk.BEGIN)

        with m.If(next_entry):
            m.d.sync += [column.eq(entry.column), is_first_of_row.eq(0)]
        with m.If(notes):
            m.d.sync += [row.eq(row + 1), noted.eq(row), is_first_row.eq(0),
                         is_first_of_row.eq(1)]
        with m.If(restarts):
            m.d.sync += [row.eq(0), is_first_row.eq(1)]
        return restarts, next_entry

    def _read(self, m: Module, firsts: BlockMemory, number: Signal) -> tuple[Value, Value]:
        """Read a row; returns when its beginning is known, and when the counter goes on."""
        found = Signal(firsts.latency_cycles + 1)
        reading, asks, steps, was_more = Signal(), Signal(), Signal(), Signal()
        asked = Signal(ENTRY_CYCLES)
        is_more = number != firsts.word
        # First where reading begins, then where it ends: at the next row's first entry, or,
        # backwards, behind this row's. Backwards the counter goes ahead by one entry.
        m.d.comb += [
            firsts.address.eq(self.row + (self.backwards ^ ~self.seek)),
            asks.eq(reading & self.room & Mux(self.backwards, was_more, is_more)),
            steps.eq(asks | (found[-1] & self.backwards)),
            self.entry_valid.eq(asked[-1]), self.entries_wait.eq(asks | asked.any()),
        ]
        m.d.sync += [
            found.eq(Cat(self.seek, found)),
            asked.eq(Cat(asks, asked) & (~self.stop).replicate(ENTRY_CYCLES)),
        ]
        with m.If(steps):
            m.d.sync += was_more.eq(is_more)
        with m.If(self.read):
            m.d.sync += reading.eq(self.usable)
        with m.If(self.stop):
            m.d.sync += reading.eq(0)
        return found[-2], steps
