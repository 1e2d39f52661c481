# SPDX-License-Identifier: Apache-2.0
"""Walks the rows of a frame: test rows, optical-black rows, then the region of interest."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import Skip
from ..pixel import RowKind
from .frame_plan import RowWindow

__all__ = ["RowStepper"]


class RowStepper(wiring.Component):
    """Address of one pointer.

    Rows are skipped in pairs, so that both colours of a mosaic's column survive; under flip the
    same rows come in reverse.

    Members
    -------
    step : In(1)
        To the next row, at most every fourth cycle; behind the last one ``active`` falls.
    begin : In(1), window : In(RowWindow)
        With ``step``: to the frame's first row; ``window`` is kept.
    active : Out(1)
    physical_row, array_row, row : Out(12), row_kind : Out(RowKind)
        As in `RowControl` and `RowTag`.
    first, last : Out(1)
        On the first and on the last active row.
    """

    step: In(1)
    begin: In(1)
    window: In(RowWindow)
    active: Out(1)
    physical_row: Out(12)
    array_row: Out(12)
    row: Out(12)
    row_kind: Out(RowKind)
    first: Out(1)
    last: Out(1)

    def __init__(self, config: DieConfig):
        self.array = config.array
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        array = self.array
        kept = Signal(RowWindow, reset_less=True)
        physical_row, row = (Signal(12, reset_less=True, name=name)
                             for name in ("physical_row", "row"))
        row_kind = Signal(RowKind, reset_less=True)
        is_active_row = row_kind == RowKind.ACTIVE

        jumps = Signal()  # leaves a pair
        distance = Signal(3)
        following = Signal(12, reset_less=True)  # settled long before the next step
        backwards = is_active_row & kept.flip
        m.d.comb += [
            self.physical_row.eq(physical_row),
            self.row.eq(row),
            self.row_kind.eq(row_kind),
            self.first.eq(is_active_row & (row == 0)),
            self.last.eq(is_active_row & (row == kept.last_row)),
            # All kinds have an even number of rows: the lowest bit is that of the array row.
            jumps.eq(is_active_row & (physical_row[0] ^ kept.flip)),
            distance.eq(1),
        ]
        with m.If(jumps):
            with m.Switch(kept.skip):
                with m.Case(Skip.TWO_OF_FOUR):
                    m.d.comb += distance.eq(3)
                with m.Case(Skip.TWO_OF_EIGHT):
                    m.d.comb += distance.eq(7)
        with m.Switch(row_kind):
            with m.Case(RowKind.TEST):
                m.d.comb += self.array_row.eq(physical_row)
            with m.Case(RowKind.OPTICAL_BLACK):
                m.d.comb += self.array_row.eq(physical_row - array.test_rows)
            with m.Default():
                m.d.comb += self.array_row.eq(physical_row - array.dark_rows)

        m.d.sync += following.eq(
            Mux(backwards, physical_row - distance, physical_row + distance))
        with m.If(self.step & self.begin):
            first_kind = RowKind.TEST if array.test_rows else RowKind.OPTICAL_BLACK
            m.d.sync += [
                self.active.eq(1),
                kept.eq(self.window),
                physical_row.eq(0),
                row.eq(0),
                row_kind.eq(first_kind),
            ]
        with m.Elif(self.step & self.active):
            m.d.sync += [row.eq(row + 1), physical_row.eq(following)]
            with m.If(self.last):
                m.d.sync += self.active.eq(0)
            if array.test_rows:
                with m.If((row_kind == RowKind.TEST) & (row == array.test_rows - 1)):
                    m.d.sync += [row.eq(0), row_kind.eq(RowKind.OPTICAL_BLACK)]
            with m.If((row_kind == RowKind.OPTICAL_BLACK)
                      & (row == array.optical_black_rows - 1)):
                m.d.sync += [
                    row.eq(0),
                    row_kind.eq(RowKind.ACTIVE),
                    physical_row.eq(array.dark_rows + kept.first),
                ]
        return m
