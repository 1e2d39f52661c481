# SPDX-License-Identifier: Apache-2.0
"""Which segment of a table holds a value: a binary search, one level after the other."""

from collections.abc import Sequence
from typing import Any

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from ..memory.code import Code, Parity
from ..memory.health import MemoryHealth, gather
from ..memory.word_check import WordCheck
from ..stream.delay import delayed
from .tables import LINEAR_BITS, SEGMENT_CAPACITY, CompandingTable

__all__ = ["LEVELS", "NEVER", "ProgrammedTable", "SegmentRecord", "SegmentSearch", "TableWrite"]

LEVELS = SEGMENT_CAPACITY.bit_length() - 1
LEVEL_CYCLES = 3
"""Memory, output register, comparison."""
NEVER = (1 << LINEAR_BITS) - 1
"""``before_x`` of a segment that is not used: no value lies above it."""


class SegmentRecord(data.Struct):
    """What the arithmetic needs to know of a segment; see `tables.Segment`."""

    start_x: 24
    start_y: 20
    step: 17
    width_log2: 5


class TableWrite(data.Struct):
    """One segment of one table, in any order; ``before_x`` is ``start_x - 1``.

    Segments beyond the table's last are written with ``before_x`` all ones.
    """

    slot: 3
    segment: LEVELS
    before_x: 24
    record: SegmentRecord


class ProgrammedTable(data.Struct):
    """Which table the host has loaded: ``second`` of the programmable slots holds it, or the first.
    """

    is_loaded: 1
    second: 1
    output_bits: 5


class SegmentSearch(wiring.Component):
    """Finds the last segment whose start is not above ``x``.

    Level n of the search tree is a memory of 2**n bounds per slot, so that every clock starts a
    search. Latency `latency_cycles`.

    Parameters
    ----------
    tables : sequence of CompandingTable
        Initial content, by slot.
    lanes : int
        Searches side by side.

    Members
    -------
    x : In(24 per lane), slot : In(3)
    segments : Out(SegmentRecord per lane)
    write : In(TableWrite), write_enable : In(1)
        Takes effect at once: write what no frame under way uses.
    memory : Out(MemoryHealth)
    """

    latency_cycles = LEVELS * LEVEL_CYCLES + 2

    def __init__(self, tables: Sequence[CompandingTable], *, lanes: int):
        self.tables, self.lanes = tuple(tables), lanes
        super().__init__({
            "x": In(data.ArrayLayout(LINEAR_BITS, lanes)), "slot": In(3),
            "segments": Out(data.ArrayLayout(SegmentRecord, lanes)),
            "write": In(TableWrite), "write_enable": In(1),
            "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        slot = self.slot
        xs = [self.x[lane] for lane in range(self.lanes)]
        paths: list[Value] = [Const(0, 0) for _ in range(self.lanes)]
        healths: list[Any] = []
        coded, record_code = Parity(LINEAR_BITS), Parity(Shape.cast(SegmentRecord).width)

        def checked(word: Value, code: Code, name: str) -> None:
            m.submodules[f"check_{name}"] = check = WordCheck(code)
            m.d.comb += [check.word.eq(word), check.read.eq(1)]
            healths.append(check.health)

        for level in range(LEVELS):
            bounds = memory.Memory(shape=coded.word_bits, depth=len(self.tables) << level,
                                   init=[coded.encoded(word) for word in self._bounds(level)])
            m.submodules[f"bounds_{level}"] = bounds
            # The bound of segment s is at the level of the lowest bit set in s.
            lowest = LEVELS - 1 - level
            write = bounds.write_port()
            m.d.comb += [
                write.addr.eq(Cat(self.write.segment[lowest + 1:], self.write.slot)),
                write.data.eq(Cat(self.write.before_x, coded.encode(self.write.before_x))),
                write.en.eq(self.write_enable
                            & (self.write.segment[:lowest + 1] == 1 << lowest)),
            ]
            for lane in range(self.lanes):
                read = bounds.read_port()
                bound = Signal(coded.word_bits, name=f"bound_{level}_{lane}", reset_less=True)
                above = Signal(name=f"above_{level}_{lane}", reset_less=True)
                label = f"{level}_{lane}"
                x = delayed(m, xs[lane], LEVEL_CYCLES - 1, name=f"x_{label}")
                path = delayed(m, paths[lane], LEVEL_CYCLES, name=f"path_{label}")
                m.d.comb += read.addr.eq(Cat(paths[lane], slot))
                m.d.sync += [bound.eq(read.data), above.eq(x > bound[:LINEAR_BITS])]
                checked(bound, coded, f"bound_{label}")
                xs[lane] = delayed(m, x, 1, name=f"x_compared_{label}")
                paths[lane] = Cat(above, path)
            slot = delayed(m, slot, LEVEL_CYCLES, name=f"slot_{level}")

        records = memory.Memory(
            shape=record_code.word_bits, depth=len(self.tables) * SEGMENT_CAPACITY,
            init=[record_code.encoded(SegmentRecord.const(record).as_bits())
                  for record in self._records()])
        m.submodules.records = records
        write, record = records.write_port(), Value.cast(self.write.record)
        m.d.comb += [
            write.addr.eq(Cat(self.write.segment, self.write.slot)),
            write.data.eq(Cat(record, record_code.encode(record))),
            write.en.eq(self.write_enable),
        ]
        for lane in range(self.lanes):
            read = records.read_port()
            m.d.comb += read.addr.eq(Cat(paths[lane], slot))
            found = Signal(record_code.word_bits, name=f"found_{lane}", reset_less=True)
            m.d.sync += found.eq(read.data)
            m.d.comb += Value.cast(self.segments[lane]).eq(found[:record_code.data_bits])
            checked(found, record_code, f"record_{lane}")
        gather(m, self.memory, *healths)
        return m

    def _bounds(self, level: int) -> list[int]:
        bounds = []
        for table in self.tables:
            segments = table.segments
            for node in range(1 << level):
                segment = (2 * node + 1) << (LEVELS - 1 - level)
                used = segment < len(segments)
                bounds.append(segments[segment].start_x - 1 if used else NEVER)
        return bounds

    def _records(self) -> Any:
        unused = {"start_x": 0, "start_y": 0, "step": 0, "width_log2": 0}
        records = []
        for table in self.tables:
            used = [{"start_x": segment.start_x, "start_y": segment.start_y,
                     "step": segment.step, "width_log2": segment.width_log2}
                    for segment in table.segments]
            records += used + [unused] * (SEGMENT_CAPACITY - len(used))
        return records
