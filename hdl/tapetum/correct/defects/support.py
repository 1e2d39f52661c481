# SPDX-License-Identifier: Apache-2.0
"""Whether a pixel's neighbours of other colours show a picture around it."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ...config import DieConfig
from ...pixel import corrected_bits
from ...stream.delay import delayed
from .beat_window import BeatWindow, beats_around
from .column_sort import ColumnSort, SortedColumn
from .levels import ThresholdWrite
from .line_store import ROWS
from .threshold_table import ThresholdTable

__all__ = ["Support"]

SIGHT_COLUMNS = 3
"""How far to the left and to the right neighbours are compared."""
COMPARE_CYCLES = 4
"""From a sorted column to its flag."""
STEP_CYCLES = 7
"""From a column to what its difference from another gives."""


class Support(wiring.Component):
    """A highlight of two or more touching pixels shows in the colours beside a bright one.

    ::

        H . H   columns -1 and 1, rows -2, 0, 2:     "spread": largest - smallest
        . V .   rows -1 and 1, columns -3 to 3:      "step": each less the one two to its left
        H x H
        . V .
        H . H

    Whatever exceeds the noise at its own level supports the pixel. A difference is measured
    once, when a column comes, and travels as one bit. So does whether the rows -1 and 1 are
    saturated: in the columns -1 to 1 that leaves nothing to see.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    capture : In(2), has_above, has_below : In(1)
        The rows -1 and 1 exist; stable as long as a row is under way.
    columns : In(lanes of ROWS codes), last, valid : In(1)
    sorted : In(SortedColumn per lane)
        The same columns, `ColumnSort.latency_cycles` later.
    supported, blind : Out(lanes)
        Of the beat in the centre of a `BeatWindow` of the sorted columns, 5 clocks later.
    drop : In(1)
    write : In(ThresholdWrite), write_enable : In(1)
    """

    latency_cycles = 5

    def __init__(self, config: DieConfig):
        self.config = config
        columns = data.ArrayLayout(data.ArrayLayout(corrected_bits(config), ROWS), config.lanes)
        super().__init__({
            "capture": In(2), "has_above": In(1), "has_below": In(1),
            "columns": In(columns), "last": In(1), "valid": In(1),
            "sorted": In(data.ArrayLayout(SortedColumn(config), config.lanes)),
            "supported": Out(config.lanes), "blind": Out(config.lanes), "drop": In(1),
            "write": In(ThresholdWrite(config)), "write_enable": In(1),
        })

    def elaborate(self, platform):
        m = Module()
        config, lanes = self.config, self.config.lanes
        bits = corrected_bits(config)
        around = beats_around(SIGHT_COLUMNS, lanes)

        # Rows -1 and 1 of this beat and of the one in which the column two to the left lies.
        behind = beats_around(2, lanes)
        rows = data.StructLayout({"above": bits, "below": bits})
        m.submodules.row_window = row_window = BeatWindow(
            data.ArrayLayout(rows, lanes), behind=behind, ahead=0)
        m.d.comb += [row_window.valid.eq(self.valid), row_window.last.eq(self.last),
                     row_window.drop.eq(self.drop)]
        for lane in range(lanes):
            m.d.comb += [row_window.i[lane].above.eq(self.columns[lane][1]),
                         row_window.i[lane].below.eq(self.columns[lane][3])]

        flags = data.StructLayout({"spread": lanes, "step": lanes, "saturated": lanes})
        m.submodules.flag_window = flag_window = BeatWindow(flags, behind=around, ahead=around)
        for lane in range(lanes):
            here = row_window.beats[behind][lane]
            beat, other = divmod(behind * lanes + lane - 2, lanes)
            there = row_window.beats[beat][other]
            exists = row_window.present[beat]
            table = self._table(m, f"step_table_{lane}")
            # The larger of both rows: noise seldom makes it too small.
            above_is_larger = Signal(name=f"above_is_larger_{lane}", reset_less=True)
            larger = Signal(bits, name=f"larger_{lane}", reset_less=True)
            held = delayed(m, here, 1, name=f"here_{lane}")
            m.d.sync += [
                above_is_larger.eq(self.has_above
                                   & ((here.below < here.above) | ~self.has_below)),
                larger.eq(Mux(above_is_larger, held.above, held.below)),
            ]
            m.d.comb += table.code.eq(larger)
            saturated = Signal(name=f"saturated_{lane}", reset_less=True)
            m.d.sync += saturated.eq(larger.all())
            saturated = delayed(m, saturated, STEP_CYCLES - 3, name=f"saturated_{lane}")
            steps = [self._step(m, f"{name}_{lane}", here[name], there[name], exists & present,
                                table.threshold)
                     for name, present in (("above", self.has_above), ("below", self.has_below))]

            column = self.sorted[lane]
            table = self._table(m, f"spread_table_{lane}")
            spread = Signal(bits, name=f"spread_{lane}", reset_less=True)
            m.d.sync += spread.eq(column.high - column.low)
            m.d.comb += table.code.eq(column.second)
            wide = Signal(name=f"wide_{lane}", reset_less=True)
            m.d.sync += wide.eq(table.threshold < delayed(m, spread, table.latency_cycles - 1,
                                                          name=f"wait_{lane}"))
            m.d.comb += [flag_window.i.spread[lane].eq(wide),
                         flag_window.i.step[lane].eq(steps[0] | steps[1]),
                         flag_window.i.saturated[lane].eq(saturated)]

        late = ColumnSort.latency_cycles + COMPARE_CYCLES
        valid = Signal(late)
        m.d.sync += valid.eq(Cat(self.valid, valid) & (~self.drop).replicate(late))
        m.d.comb += [
            flag_window.valid.eq(valid[-1]), flag_window.drop.eq(self.drop),
            flag_window.last.eq(delayed(m, self.last, late, name="last")),
        ]
        spreads, steps, saturated = [], [], []
        for index in range(2 * around + 1):
            held, present = flag_window.beats[index], flag_window.present[index]
            spreads += [held.spread[lane] & present for lane in range(lanes)]
            steps += [held.step[lane] & present for lane in range(lanes)]
            saturated += [held.saturated[lane] & present for lane in range(lanes)]
        for lane in range(lanes):
            place = around * lanes + lane
            seen = [spreads[place - 1], spreads[place + 1], *steps[place - 1:place + 4]]
            m.d.sync += [self.supported[lane].eq(Cat(seen).any()),
                         self.blind[lane].eq(Cat(saturated[place - 1:place + 2]).any())]
        return m

    def _table(self, m: Module, name: str) -> ThresholdTable:
        m.submodules[name] = table = ThresholdTable(self.config, "support")
        m.d.comb += [table.capture.eq(self.capture), table.write.eq(self.write),
                     table.write_enable.eq(self.write_enable)]
        return table

    def _step(self, m: Module, name: str, here: Value, there: Value, exists: Value,
              threshold: Value) -> Value:
        """Whether two codes differ by more than the threshold; `STEP_CYCLES`."""
        bits = len(threshold)
        difference = Signal(signed(bits + 1), name=f"difference_{name}", reset_less=True)
        both = Signal(name=f"both_{name}", reset_less=True)
        falls = Signal(name=f"falls_{name}", reset_less=True)
        size = Signal(bits, name=f"size_{name}", reset_less=True)
        exceeds = Signal(name=f"exceeds_{name}", reset_less=True)
        m.d.sync += [difference.eq(here - there), both.eq(exists)]
        # One less than the size where it falls: the comparison adds the one back.
        m.d.sync += [
            falls.eq(difference[-1] & both),
            size.eq((difference[:-1] ^ difference[-1].replicate(bits)) & both.replicate(bits)),
        ]
        falls, size = (delayed(m, falls, 3, name=f"falls_{name}"),
                       delayed(m, size, 3, name=f"size_{name}"))
        m.d.sync += exceeds.eq(Cat(Const(0, 1), threshold) < Cat(falls, size))
        return delayed(m, exceeds, 1, name=f"exceeds_{name}")
