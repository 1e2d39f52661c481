# SPDX-License-Identifier: Apache-2.0
"""The list of known defects: where they are, and where each row's entries begin."""

from amaranth import *
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from ...config import DieConfig
from .block_memory import BlockMemory

__all__ = ["DefectEntry", "DefectList"]


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
    row : In(range(rows + 1)), first : Out
        Number of the first entry at or behind that row; 2 clocks later.
    index : In(range(capacity)), entry : Out(DefectEntry)
        Any entry, 2 clocks later.
    """

    def __init__(self, config: DieConfig):
        self.capacity, self.rows = config.correct.defect_list_entries, config.array.rows
        super().__init__({
            "write_index": In(range(self.capacity)), "write_entry": In(DefectEntry),
            "write_enable": In(1), "entries": In(13),
            "usable": Out(1), "invalid": Out(1),
            "row": In(range(self.rows + 1)), "first": Out(range(self.capacity + 1)),
            "index": In(range(self.capacity)), "entry": Out(DefectEntry),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.entries = entries = BlockMemory(DefectEntry, depth=self.capacity)
        m.submodules.firsts = firsts = BlockMemory(range(self.capacity + 1), depth=self.rows + 1)
        entry, number = entries.word, Signal(range(self.capacity + 1))
        m.d.comb += [
            entries.address.eq(Mux(self.usable, self.index, number[:len(self.index)])),
            entries.write_address.eq(self.write_index),
            entries.write_word.eq(self.write_entry), entries.write_enable.eq(self.write_enable),
            self.entry.eq(entry),
            firsts.address.eq(self.row), self.first.eq(firsts.word),
        ]

        row, last_row = Signal(range(self.rows + 1)), self.rows
        count, changed = Signal(13), Signal()
        place, previous = Cat(entry.column, entry.row), Signal(25, reset_less=True)
        at_end, ascends = Signal(), Signal()
        step = Signal(_Walk)
        m.d.comb += [firsts.write_address.eq(row), firsts.write_word.eq(number)]
        m.d.sync += [
            count.eq(self.entries),
            changed.eq(self.write_enable | (self.entries != count)),
            at_end.eq(number == count),
            ascends.eq((previous < place) | (number == 0)),
        ]
        with m.Switch(step):
            with m.Case(_Walk.BEGIN):
                m.d.sync += [self.usable.eq(0), self.invalid.eq(self.capacity < count),
                             number.eq(0), row.eq(0),
                             step.eq(Mux(self.capacity < count, _Walk.END, _Walk.READ))]
            with m.Case(_Walk.READ):
                m.d.sync += step.eq(_Walk.WAIT)
            with m.Case(_Walk.WAIT):
                m.d.sync += step.eq(_Walk.COMPARE)
            with m.Case(_Walk.COMPARE):
                m.d.sync += step.eq(_Walk.NOTE)
            with m.Case(_Walk.NOTE):
                # Every row up to this entry's begins with this entry at the latest.
                with m.If(at_end | (entry.row >= row)):
                    m.d.comb += firsts.write_enable.eq(1)
                    m.d.sync += row.eq(row + 1)
                    with m.If(row == last_row):
                        m.d.sync += [step.eq(_Walk.END), self.usable.eq(at_end & ~self.invalid)]
                        with m.If(~at_end):
                            m.d.sync += self.invalid.eq(1)
                with m.Else():
                    m.d.sync += [number.eq(number + 1), previous.eq(place), step.eq(_Walk.READ)]
                    with m.If(~ascends):
                        m.d.sync += self.invalid.eq(1)
        with m.If(changed):
            m.d.sync += step.eq(_Walk.BEGIN)
        return m
