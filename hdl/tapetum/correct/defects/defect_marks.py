# SPDX-License-Identifier: Apache-2.0
"""Which pixels of a row are on the list."""

from typing import Any

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from ...config import DieConfig, Photodiode
from ...control.frame_settings import Skip
from ...pixel import RowTag
from ...stream.delay import delayed
from .defect_list import DefectList

__all__ = ["DefectMarks", "RowRegion"]

QUEUE_DEPTH = 16
"""Half of it is room for entries that have been asked for."""
READ_CYCLES = 7
"""From the start of a row until its entries are read: by then the row before it has left."""
PLACE_CYCLES = 2
"""From an entry to its place."""


class RowRegion(data.Struct):
    """Which columns a frame reads out, in which order: as in its settings."""

    column_start: 13
    column_end: 13
    column_skip: Skip
    flip_columns: 1


class DefectMarks(wiring.Component):
    """Reads the entries of a row in order of output and marks their pixels.

    Places wait in a queue per lane for their beats: they are compared with where in the region
    the beat lies, so that region, skipping and flip are dealt with once per entry and not per
    pixel.

    One entry is read per clock; the first is known 13 clocks after the start of the row. Each
    clock by which the first beat comes later is an entry more that may stand in front without
    being used, outside the region or of the other photodiode. Beats must come less than 20 clocks
    after they did at the start: then the row has left when the next one's entries are read. A row
    must be as many clocks longer than 12 as it has entries.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    write_index, write_entry, write_enable, entries, invalid
        Of `DefectList`.
    start : In(1), tag : In(RowTag)
        A row begins, or one that is none; the tag stays until the next.
    enable : In(1), region : In(RowRegion)
        Of the row's frame, at most 1 clock after ``start``. Without ``enable`` nothing is marked.
    beat : In(1)
        A beat of that row.
    marked : Out(lanes)
        A clock after ``beat``.
    missed : Out(1)
        Pulse: an entry came too late for its pixel, or the row was too short for its entries.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        self.list = DefectList(config)
        members = self.list.signature.members
        super().__init__({
            **{name: members[name] for name in ("write_index", "write_entry", "write_enable",
                                                "entries", "invalid")},
            "start": In(1), "tag": In(RowTag), "enable": In(1), "region": In(RowRegion),
            "beat": In(1), "marked": Out(config.lanes), "missed": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.list = known = self.list
        began = Signal(READ_CYCLES)
        region, enable, room = (Signal(RowRegion, reset_less=True), Signal(reset_less=True),
                                Signal())
        m.d.sync += [began.eq(Cat(self.start, began)), region.eq(self.region),
                     enable.eq(self.enable)]
        m.d.comb += [
            known.write_index.eq(self.write_index), known.write_entry.eq(self.write_entry),
            known.write_enable.eq(self.write_enable), known.entries.eq(self.entries),
            self.invalid.eq(known.invalid),
            known.row.eq(self.tag.array_row), known.backwards.eq(region.flip_columns),
            known.seek.eq(began[1]), known.read.eq(began[-1] & enable),
            known.stop.eq(self.start), known.room.eq(room),
        ]
        span = self._span(m, region)
        # The row under way keeps its flip and skip while the next one's become known.
        flip, steps = Signal(reset_less=True), Signal(Skip, reset_less=True)
        with m.If(began[-1]):
            m.d.sync += [flip.eq(region.flip_columns), steps.eq(region.column_skip)]
        here = self._position(m, region, span, flip, steps, begins=began[-1])
        counts, pair, second = self._place(m, known.entry, region, span)
        entry_valid = delayed(m, known.entry_valid & ~self.start, PLACE_CYCLES,
                              name="entry_valid", reset_less=False)
        # A row that begins while entries of the one before come may leave something out.
        rooms, missed = [], [self.start & (known.entries_wait | entry_valid)]
        for lane in range(self.config.lanes):
            place, fits = self._of_lane(pair, second, region, lane)
            lane_room, late = self._queue(
                m, lane, entry_valid & counts & fits, place, here[lane], flip, began[-1])
            rooms.append(lane_room)
            missed.append(late)
        m.d.sync += [room.eq(Cat(rooms).all()), self.missed.eq(Cat(missed).any())]
        return m

    @property
    def _pair_bits(self) -> int:
        return (self.config.array.columns - 1).bit_length() - 1

    def _span(self, m: Module, region: Any) -> Value:
        """Pairs from the first that is read to the last, skipped ones included."""
        span = Signal(self._pair_bits, reset_less=True)
        pairs = region.column_end[1:] - region.column_start[1:]
        m.d.sync += span.eq(pairs & ~Cat(_skipped(region), Const(0, self._pair_bits - 2)))
        return span

    def _position(self, m: Module, region: Any, span: Value, flip: Value, steps: Any, *,
                  begins: Value) -> list[Value]:
        """Where the beat lies in the region, by lane; one lane tells the pixels of a pair apart."""
        lanes = self.config.lanes
        pair, second, leaves_pair = Signal.like(span, name="pair"), Signal(), Signal()
        step = Signal(3)
        m.d.comb += [step.eq(1 << Value.cast(steps)),
                     leaves_pair.eq((second ^ flip) if lanes == 1 else 1)]
        stride = (step << 1) if lanes == 4 else step
        backwards = flip.replicate(self._pair_bits)
        with m.If(self.beat):
            m.d.sync += second.eq(~second)
            with m.If(leaves_pair):
                # Subtraction as addition of the complement, and one.
                m.d.sync += pair.eq(pair + (stride ^ backwards) + flip)
        with m.If(begins):
            m.d.sync += [pair.eq(span & region.flip_columns.replicate(self._pair_bits)),
                         second.eq(region.flip_columns)]
        if lanes == 1:
            return [Cat(second, pair)]
        return [pair ^ Mux(lane < 2, 0, step) for lane in range(lanes)]

    def _place(self, m: Module, entry: Any, region: Any, span: Value
               ) -> tuple[Value, Value, Value]:
        """Whether the entry counts, its pair in the region, which pixel of it; 2 clocks."""
        width = self._pair_bits + 1
        small = [capture.photodiode is Photodiode.SMALL for capture in self.config.captures]
        is_small = Array(Const(value, 1) for value in small)[self.tag.capture]
        distance = Signal(signed(width), reset_less=True)
        matches, second = Signal(reset_less=True), Signal(reset_less=True)
        m.d.sync += [
            matches.eq(Mux(is_small, entry.photodiodes[1], entry.photodiodes[0])
                       & ~entry.column[width:].any()),
            distance.eq(entry.column[1:width] - region.column_start[1:width]),
            second.eq(entry.column[0]),
        ]
        counts, pair = Signal(reset_less=True), Signal(width - 1, reset_less=True)
        m.d.sync += [
            # A sign makes it larger than any span.
            counts.eq(matches & (span >= distance.as_unsigned())
                      & ~(distance[:2] & _skipped(region)).any()),
            pair.eq(distance[:width - 1]),
        ]
        return counts, pair, delayed(m, second, 1, name="second_placed")

    def _of_lane(self, pair: Value, second: Value, region: Any, lane: int
                 ) -> tuple[Value, Value]:
        """What a lane's queue holds of a place, and whether it is that lane's."""
        lanes, flip = self.config.lanes, region.flip_columns
        if lanes == 1:
            return Cat(second, pair), Const(1)
        fits = (second ^ flip) == lane % 2
        if lanes == 4:
            is_upper = pair.bit_select(Value.cast(region.column_skip), 1) ^ flip
            fits &= is_upper == lane // 2
        return pair, fits

    def _queue(self, m: Module, lane: int, push: Value, place: Value, here: Value,
               flip: Value, clear: Value) -> tuple[Value, Value]:
        """Marks the lane's pixels; returns whether there is room, and whether one is late."""
        m.submodules[f"queue_{lane}"] = queue = memory.Memory(
            shape=len(place), depth=QUEUE_DEPTH, init=[])
        write, read = queue.write_port(), queue.read_port(domain="comb")
        into, out = (Signal(range(QUEUE_DEPTH), name=f"{name}_{lane}") for name in ("into", "out"))
        head, waits = Signal(len(place), name=f"head_{lane}"), Signal(name=f"waits_{lane}")
        is_here, meets = Signal(name=f"is_here_{lane}"), Signal(name=f"meets_{lane}")
        late = Signal(name=f"late_{lane}")
        m.d.comb += [
            write.addr.eq(into), write.data.eq(place), write.en.eq(push),
            read.addr.eq(out), head.eq(read.data), waits.eq(into != out),
            is_here.eq(head == here), meets.eq(waits & self.beat & is_here),
            late.eq(waits & (clear | (self.beat & ~is_here & ((here >= head) ^ flip)))),
        ]
        with m.If(push):
            m.d.sync += into.eq(into + 1)
        with m.If(meets | late):
            m.d.sync += out.eq(out + 1)
        with m.If(clear):
            m.d.sync += [into.eq(0), out.eq(0)]
        m.d.sync += self.marked[lane].eq(meets)
        # In quarters of the queue: one look-up table, and no more than half of it in use.
        quarters = into[-2:] - out[-2:]
        return ~quarters[1], late


def _skipped(region: Any) -> Value:
    """Bits of a pair's number that are 0 in pairs that are read."""
    steps = Value.cast(region.column_skip)
    return Cat(steps.any(), steps[1])
