# SPDX-License-Identifier: Apache-2.0
"""A block of columns as bit planes: latches, and the row buffer that copies them."""

from collections.abc import Sequence
from itertools import zip_longest

from amaranth import *

from ..config import DieConfig
from .column_latches import ColumnLatches
from .column_store import ColumnStore, part_count, reads_in_turns
from .row_buffer import STROBE_COPIES, RowBuffer

__all__ = ["ColumnPlanes", "selected_bits"]


class ColumnPlanes(ColumnStore):
    """`ColumnStore` in registers: a few wide operations for a simulator, latches on silicon.

    ::

        comparators ─► [latches] ─ copy ─► [row buffer] ─ & select ─ or ─► found
    """

    strobe_copies = STROBE_COPIES

    def elaborate(self, platform):
        m = Module()
        adc, shape = self.config.adc, {"columns": self.columns, "reset_banks": self.reset_banks}
        latches, buffer = ColumnLatches(adc, **shape), RowBuffer(adc, **shape)
        m.submodules.latches = DomainRenamer(self.counter_domain)(latches)
        m.submodules.buffer = buffer
        m.d.comb += [
            latches.comparators.eq(self.comparators), latches.open.eq(self.open),
            latches.gray.eq(self.gray), latches.kind.eq(self.kind), latches.bank.eq(self.bank),
            buffer.copy.eq(self.copy), buffer.bank.eq(self.copied_bank),
        ]
        for plane, held in zip(buffer.signal, latches.signal, strict=True):
            m.d.comb += plane.eq(held)
        for bank in range(self.reset_banks):
            for plane, held in zip(buffer.reset[bank], latches.reset[bank], strict=True):
                m.d.comb += plane.eq(held)
        chosen = selected_bits(m, self.config, signal=buffer.held_signal, reset=buffer.held_reset,
                               select=self.select,
                               turn=self.turn if reads_in_turns(self.config) else None)
        for found, bits in zip(self.found, chosen, strict=True):
            m.d.comb += found.eq(bits)
        return m


def selected_bits(m: Module, config: DieConfig, *, signal: Sequence[Value],
                  reset: Sequence[Value], select: Value, turn: Value | None) -> list[Value]:
    """``found`` of a `ColumnStore` whose counts are these planes."""
    columns, parts = len(select), part_count(config)
    places = [Const(sum(1 << column for column in range(part, columns, parts)), columns)
              for part in range(parts)]
    # Nothing below is common to two planes: a simulator would work that out in every clock, of all
    # blocks and not only of the one that gives something.
    if turn is None:
        return [Cat((held & place & select).any() for place in places)
                for held in (*signal, *reset)]
    reset_turn = Signal()
    m.d.sync += reset_turn.eq(turn)
    return [Cat((Mux(reset_turn, low & place, high & place) & select).any() for place in places)
            for high, low in zip_longest(signal, reset, fillvalue=Const(0, columns))]
