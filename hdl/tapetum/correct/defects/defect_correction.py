# SPDX-License-Identifier: Apache-2.0
"""The stage of correction that replaces defective pixels."""

from typing import Any

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ...config import DieConfig
from ...memory.block_memory import BlockMemory
from ...memory.health import MemoryHealth
from ...pixel import CodePixels, corrected_bits
from ...stream.delay import delayed
from .beat_window import BeatWindow, beats_around
from .column_sort import ColumnSort, SortedColumn
from .defect_list import DefectEntry
from .defect_marks import DefectMarks, RowRegion
from .levels import ThresholdWrite
from .line_store import LineStore
from .neighbour_rank import NeighbourRank
from .pixel_judge import PixelJudge
from .row_sequencer import LeavingRow, RowSequencer
from .support import SIGHT_COLUMNS, Support

__all__ = ["DefectCorrection"]

COUNT_CYCLES = 1 + BlockMemory.latency_cycles
"""From a row's first beat in the centre until its capture's count is known."""


class DefectCorrection(wiring.Component):
    """Replaces pixels that are on the list, or differ from their neighbours more than noise does.

    ::

        i ► RowSequencer ─► LineStore ─┬► ColumnSort ► BeatWindow ► NeighbourRank ► PixelJudge ► o
                 │                     └► Support ───────── a picture around? ──────────┤
                 └► DefectMarks ─────────────────────────── on the list? ───────────────┘

    A row leaves while the row two below it comes, `latency_cycles` behind it; the last two of a
    frame leave one and two lines after the last came, in their capture's own slots. Rows are one
    beat per clock and stay as far apart as they came.

    Both kinds of defect are replaced by the mean of the second largest and the second smallest of
    the neighbours of the same colour: saturated among saturated neighbours. In a region of two
    rows, where neighbours exist to the side alone, nothing is replaced.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of CodePixels), always ready
        Active rows and columns, of all captures; the rows of one capture are contiguous and 12
        clocks apart.
    o : Out(stream of CodePixels), always ready
        The same.
    frame : Out(16)
        Whose settings the following ports must show, at most 1 clock later.
    line_length_cycles : In(16), region : In(RowRegion)
    defects_dynamic, defects_listed : In(1)
        Replace what deviates; replace what is on the list.
    threshold_write : In(ThresholdWrite), threshold_write_enable : In(1)
    list_index : In, list_entry : In(DefectEntry), list_write_enable : In(1)
        One entry of the list; write while ``list_entries`` is 0.
    list_entries : In(13)
        How many entries count.
    corrected : Out(16 per capture)
        Pixels replaced in the last whole frame of each capture; stops in the last ``lanes``
        numbers of its range.
    list_invalid : Out(1)
        The list is out of order or too long, and not used.
    list_missed : Out(1)
        Pulse: too many entries in one place, some were not used.
    collision : Out(1)
        Pulse: a row came before its predecessors had left; rows were lost.
    memory : Out(MemoryHealth)
    """

    def __init__(self, config: DieConfig):
        self.config = config
        shape = CodePixels(config.lanes, corrected_bits(config))
        super().__init__({
            "i": In(stream.Signature(shape, always_ready=True)),
            "o": Out(stream.Signature(shape, always_ready=True)),
            "frame": Out(16),
            "line_length_cycles": In(16), "region": In(RowRegion),
            "defects_dynamic": In(1), "defects_listed": In(1),
            "threshold_write": In(ThresholdWrite(config)), "threshold_write_enable": In(1),
            "list_index": In(range(config.correct.defect_list_entries)),
            "list_entry": In(DefectEntry), "list_write_enable": In(1), "list_entries": In(13),
            "corrected": Out(data.ArrayLayout(16, len(config.captures))),
            "list_invalid": Out(1), "list_missed": Out(1), "collision": Out(1),
            "memory": Out(MemoryHealth()),
        })

    @property
    def latency_cycles(self) -> int:
        """Clocks from a beat at ``i`` to the beat two rows above it at ``o``, at full rate."""
        return (2 + LineStore.latency_cycles + ColumnSort.latency_cycles + 1 + self._around
                + self._judge_cycles + 1)

    @property
    def _around(self) -> int:
        return beats_around(SIGHT_COLUMNS, self.config.lanes)

    @property
    def _judge_cycles(self) -> int:
        return NeighbourRank.latency_cycles + PixelJudge.latency_cycles

    def elaborate(self, platform):
        m = Module()
        config, lanes, around = self.config, self.config.lanes, self._around
        m.submodules.sequencer = sequencer = RowSequencer(config)
        m.submodules.store = store = LineStore(config)
        m.submodules.window = window = BeatWindow(
            data.ArrayLayout(SortedColumn(config), lanes), behind=around, ahead=around)
        m.submodules.support = support = Support(config)
        m.submodules.marks = marks = DefectMarks(config)
        row, drop = sequencer.row, sequencer.cut
        m.d.comb += [
            sequencer.i.valid.eq(self.i.valid), sequencer.i.payload.eq(self.i.payload),
            sequencer.line_length_cycles.eq(self.line_length_cycles),
            self.frame.eq(sequencer.frame), self.collision.eq(sequencer.collision),
            store.beat.eq(sequencer.beat), store.valid.eq(sequencer.valid),
            store.capture.eq(row.tag.capture), store.drop.eq(drop),
            window.drop.eq(drop), support.drop.eq(drop),
            store.above.eq(row.above[1]),
        ]
        connect(m, store.memory, flipped(self.memory))

        # Columns, sorted and in their neighbourhood; rows that make none leave end here.
        leaves = Signal()
        m.d.comb += leaves.eq(store.columns_valid & row.leaves)
        m.d.comb += [
            support.capture.eq(row.tag.capture),
            support.has_above.eq(row.above[0]), support.has_below.eq(row.below[0]),
            support.columns.eq(store.columns),
            support.last.eq(store.last), support.valid.eq(leaves),
            support.write.eq(self.threshold_write),
            support.write_enable.eq(self.threshold_write_enable),
        ]
        for lane in range(lanes):
            m.submodules[f"sort_{lane}"] = sort = ColumnSort(config)
            m.d.comb += [
                sort.rows.eq(store.columns[lane]),
                sort.above.eq(row.above[1]), sort.below.eq(row.below[1]),
                window.i[lane].eq(sort.o), support.sorted[lane].eq(sort.o),
            ]
        arrived = Signal(ColumnSort.latency_cycles)
        m.d.sync += arrived.eq(Cat(leaves, arrived) & (~drop).replicate(len(arrived)))
        m.d.comb += [window.valid.eq(arrived[-1]),
                     window.last.eq(delayed(m, store.last, len(arrived), name="arrived_last"))]

        # The row moves on with its first beat: the next one may be under way above.
        judged = Signal(LeavingRow, reset_less=True)
        dynamic, whole_pair = Signal(reset_less=True), Signal(reset_less=True)
        between_rows, centre = Signal(init=1), Signal()
        m.d.comb += centre.eq(window.centre_valid & ~drop)
        with m.If(window.centre_valid):
            m.d.sync += between_rows.eq(window.centre_last)
            with m.If(between_rows):
                m.d.sync += [
                    judged.eq(row),
                    whole_pair.eq(row.above[1] & row.below[1]),
                    dynamic.eq(self.defects_dynamic & (row.above[1] | row.below[1])),
                ]
        with m.If(drop):
            m.d.sync += between_rows.eq(1)
        drop_judged = drop & judged.flushed
        stages = self._judge_cycles
        valid, lasts = Signal(stages), Signal(stages)
        m.d.sync += [valid.eq(Cat(centre, valid) & (~drop_judged).replicate(stages)),
                     lasts.eq(Cat(window.centre_last, lasts))]

        m.d.comb += [
            marks.start.eq(sequencer.first), marks.tag.eq(row.tag),
            marks.enable.eq(self.defects_listed & row.leaves & (row.above[1] | row.below[1])),
            marks.region.eq(self.region),
            marks.beat.eq(valid[-2]),
            marks.write_index.eq(self.list_index), marks.write_entry.eq(self.list_entry),
            marks.write_enable.eq(self.list_write_enable),
            marks.entries.eq(self.list_entries),
            self.list_invalid.eq(marks.invalid), self.list_missed.eq(marks.missed),
        ]

        out = Signal.like(self.o.payload, reset_less=True)
        out_valid = Signal()
        supported, blind = (
            delayed(m, flags, NeighbourRank.latency_cycles - Support.latency_cycles, name=name)
            for flags, name in ((support.supported, "supported"), (support.blind, "blind")))
        replaced = Signal(lanes)
        for lane in range(lanes):
            m.submodules[f"rank_{lane}"] = rank = NeighbourRank(config)
            m.submodules[f"judge_{lane}"] = judge = PixelJudge(config)
            places = [divmod(around * lanes + lane + offset, lanes) for offset in (-2, 0, 2)]
            left, middle, right = (window.beats[beat][other] for beat, other in places)
            m.d.comb += [
                rank.left.eq(left), rank.centre.eq(middle), rank.right.eq(right),
                rank.has_left.eq(window.present[places[0][0]]),
                rank.has_right.eq(window.present[places[2][0]]),
                rank.has_both_rows.eq(whole_pair),
                judge.capture.eq(judged.tag.capture), judge.enable.eq(dynamic),
                judge.supported.eq(supported[lane]), judge.blind.eq(blind[lane]),
                judge.high.eq(rank.high), judge.low.eq(rank.low), judge.pixel.eq(rank.pixel),
                judge.write.eq(self.threshold_write),
                judge.write_enable.eq(self.threshold_write_enable),
                replaced[lane].eq(marks.marked[lane] | judge.deviates),
            ]
            m.d.sync += out.codes[lane].eq(Mux(replaced[lane], judge.estimate, judge.kept))
        # A flushed row that is cut ends with the beat that is about to leave.
        last = lasts[-1] | drop_judged
        m.d.sync += [
            out_valid.eq(valid[-1]),
            out.line_last.eq(last),
            out.frame_last.eq(last & (judged.frame_last | drop_judged)),
            out.tag.eq(judged.tag), out.optical_black.eq(0),
        ]
        m.d.comb += [self.o.valid.eq(out_valid), self.o.payload.eq(out)]
        self._count(m, judged, centre & between_rows, valid[-1], last, replaced)
        return m

    def _count(self, m: Module, row: Any, begins: Value, valid: Value, last: Value,
               replaced: Value) -> None:
        """Pixels replaced, carried on from row to row of the same capture."""
        captures, lanes = len(self.config.captures), self.config.lanes
        m.submodules.counts = counts = BlockMemory(16, depth=captures)
        total, found = Signal(16, reset_less=True), Signal(range(lanes + 1), reset_less=True)
        # What the capture has so far is known when its row's first beat has been judged.
        starts = delayed(m, begins, COUNT_CYCLES, name="count_begins", reset_less=False)
        beat, ended, is_full = Signal(), Signal(), Signal()
        m.d.sync += [
            beat.eq(valid), ended.eq(last),
            found.eq(sum(replaced[lane] for lane in range(lanes))),
        ]
        m.d.comb += [
            counts.address.eq(row.tag.capture), counts.write_address.eq(row.tag.capture),
            is_full.eq(total[lanes.bit_length() - 1:].all()),
            counts.write_word.eq(total),
        ]
        with m.If(starts | (beat & ~is_full)):
            m.d.sync += total.eq(Mux(starts, counts.word, total + found))
        with m.If(starts & ~row.above[0]):
            m.d.sync += total.eq(0)
        complete = delayed(m, beat & ended, 1, name="count_complete", reset_less=False)
        m.d.comb += counts.write_enable.eq(complete)
        for capture in range(captures):
            with m.If(complete & row.frame_last & (row.tag.capture == capture)):
                m.d.sync += self.corrected[capture].eq(total)
