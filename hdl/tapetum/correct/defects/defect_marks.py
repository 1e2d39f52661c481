# SPDX-License-Identifier: Apache-2.0
"""Which pixels of a row are on the list."""

from typing import Any

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from ...config import DieConfig, Photodiode
from ...control.frame_settings import Skip
from ...pixel import RowTag
from .defect_list import DefectList

__all__ = ["DefectMarks", "RowRegion"]

QUEUE_DEPTH = 16
"""Half of it is room for entries that have been asked for."""
WALK_CYCLES = 7
"""From the start of a row until its walk begins: by then the row before it has left."""


class RowRegion(data.Struct):
    """Which columns a frame reads out, in which order: as in its settings."""

    column_start: 13
    column_end: 13
    column_skip: Skip
    flip_columns: 1


class DefectMarks(wiring.Component):
    """Walks through the entries of a row in order of output and marks their pixels.

    Entries become places in the row that is read out, so that region, skipping and flip are dealt
    with once per entry and not per pixel. Places wait in a queue per lane for their beats.

    One entry is walked per clock; the first is known 13 clocks after the start of the row. Each
    clock by which the first beat comes later is an entry more that may stand in front without
    being used, outside the region or of the other photodiode. Beats must come less than 20 clocks
    after they did at the start: then the row has left when the next one's walk begins. A row must
    be as many clocks longer than 12 as it has entries.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    write_index, write_entry, write_enable, entries, invalid
        Of `DefectList`.
    start : In(1), tag : In(RowTag)
        A row begins; the tag stays until the next.
    enable : In(1), region : In(RowRegion)
        Of the row's frame, at most 1 clock after ``start``.
    beat, last : In(1)
        A beat of that row, its last.
    restart : In(1)
        The row under way has ended early.
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
            "beat": In(1), "last": In(1), "restart": In(1),
            "marked": Out(config.lanes), "missed": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.list = known = self.list
        m.d.comb += [
            known.write_index.eq(self.write_index), known.write_entry.eq(self.write_entry),
            known.write_enable.eq(self.write_enable), known.entries.eq(self.entries),
            self.invalid.eq(known.invalid),
        ]
        began = Signal(WALK_CYCLES)
        m.d.sync += began.eq(Cat(self.start, began))
        region, enable = Signal(RowRegion, reset_less=True), Signal(reset_less=True)
        m.d.sync += [region.eq(self.region), enable.eq(self.enable & known.usable)]

        # From the first entry of the row to the last before the next row, or the other way round.
        remaining, number = Signal(range(known.capacity + 1)), Signal(range(known.capacity))
        first = Signal.like(known.first, reset_less=True)
        with m.If(began[1]):
            m.d.sync += first.eq(known.first)
        m.d.comb += [known.row.eq(self.tag.array_row + ~self.start), known.index.eq(number)]
        room, asks = Signal(), Signal()
        m.d.comb += asks.eq(remaining.any() & room)
        with m.If(asks):
            m.d.sync += [remaining.eq(remaining - 1),
                         number.eq(Mux(region.flip_columns, number - 1, number + 1))]
        with m.If(began[-1] & enable):
            m.d.sync += [remaining.eq(known.first - first),
                         number.eq(Mux(region.flip_columns, known.first - 1, first))]
        with m.If(self.start):
            m.d.sync += remaining.eq(0)
        asked = Signal(4)
        m.d.sync += asked.eq(Cat(asks, asked) & (~self.start).replicate(len(asked)))

        queued, place = self._place(m, known.entry, region)
        # A walk that the next row ends may leave something out.
        rooms, missed = [], [self.start & (asks | asked.any())]
        for lane in range(self.config.lanes):
            fits = (place[:self._lane_bits] == lane) if self._lane_bits else Const(1)
            lane_room, late = self._queue(m, lane, asked[-1] & queued & fits,
                                          place[self._lane_bits:], began[-1])
            rooms.append(lane_room)
            missed.append(late)
        m.d.sync += [room.eq(Cat(rooms).all()), self.missed.eq(Cat(missed).any())]
        return m

    @property
    def _lane_bits(self) -> int:
        return self.config.lanes.bit_length() - 1

    def _place(self, m: Module, entry: Any,
               region: Any) -> tuple[Value, Value]:
        """Whether the entry counts, and its place in the row; 2 clocks."""
        flip, width = region.flip_columns, (self.config.array.columns - 1).bit_length()
        # Where the row begins: under flip with the last pair that is read.
        first_pair, last_pair = region.column_start[1:width], region.column_end[1:width]
        span, begin = (Signal(width - 1, name=name, reset_less=True) for name in ("span", "begin"))
        ahead = Signal(width - 1, reset_less=True)
        steps, skipped = Value.cast(region.column_skip), Signal(2)
        m.d.comb += skipped.eq(Cat(steps.any(), steps[1]))
        read = (last_pair - first_pair)[:width - 1] & ~Cat(skipped, Const(0, width - 3))
        m.d.sync += [span.eq(read), ahead.eq(read), begin.eq(first_pair + ahead)]
        with m.If(~flip):
            m.d.sync += ahead.eq(0)
        distance = Signal(signed(width + 1), reset_less=True)
        matches = Signal(reset_less=True)
        small = [capture.photodiode is Photodiode.SMALL for capture in self.config.captures]
        is_small = Array(Const(value, 1) for value in small)[self.tag.capture]
        # Column less origin; under flip less one more: the complement is origin less column.
        difference = Cat(Const(0, 1), entry.column[:width]) - Cat(flip, flip, begin)
        m.d.sync += [
            matches.eq(Mux(is_small, entry.photodiodes[1], entry.photodiodes[0])
                       & ~entry.column[width:].any()),
            distance.eq(difference[1:]),
        ]
        forward = Signal(width + 1)
        m.d.comb += forward.eq(distance ^ flip.replicate(width + 1))
        pair, second = forward[1:width], forward[0]
        counts, place = Signal(reset_less=True), Signal(width, reset_less=True)
        m.d.sync += [
            # A sign makes it larger than any span.
            counts.eq(matches & ~(span < forward[1:]) & ~(pair[:2] & skipped).any()),
            place.eq(Cat(second, pair >> steps)),
        ]
        return counts, place

    def _queue(self, m: Module, lane: int, push: Value, place: Value,
               clear: Value) -> tuple[Value, Value]:
        """Marks the lane's pixels; returns whether there is room, and whether one is late."""
        beats = range(self.config.array.columns // self.config.lanes)
        position = Signal(beats, name=f"position_{lane}")
        m.submodules[f"queue_{lane}"] = queue = memory.Memory(
            shape=len(place), depth=QUEUE_DEPTH, init=[])
        write, read = queue.write_port(), queue.read_port(domain="comb")
        into, out = (Signal(range(QUEUE_DEPTH), name=f"{name}_{lane}") for name in ("into", "out"))
        head, waits = Signal(len(place), name=f"head_{lane}"), Signal(name=f"waits_{lane}")
        meets, late = Signal(name=f"meets_{lane}"), Signal(name=f"late_{lane}")
        m.d.comb += [
            write.addr.eq(into), write.data.eq(place), write.en.eq(push),
            read.addr.eq(out), head.eq(read.data), waits.eq(into != out),
            meets.eq(waits & self.beat & (head == position)),
            late.eq(waits & (clear | (self.beat & (head < position)))),
        ]
        with m.If(push):
            m.d.sync += into.eq(into + 1)
        with m.If(meets | late):
            m.d.sync += out.eq(out + 1)
        with m.If(clear):
            m.d.sync += [into.eq(0), out.eq(0)]
        with m.If(self.beat):
            m.d.sync += position.eq(Mux(self.last, 0, position + 1))
        with m.If(self.restart):
            m.d.sync += position.eq(0)
        level = (into - out)[:len(into)]
        m.d.sync += self.marked[lane].eq(meets)
        return level < QUEUE_DEPTH // 2, late
