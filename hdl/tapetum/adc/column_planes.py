# SPDX-License-Identifier: Apache-2.0
"""A block of columns as bit planes: latches, and the row buffer that copies them."""

from itertools import zip_longest

from amaranth import *

from .column_latches import ColumnLatches
from .column_store import ColumnStore, part_count, reads_in_turns
from .row_buffer import STROBE_COPIES, RowBuffer

__all__ = ["ColumnPlanes"]


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
        parts = part_count(self.config)
        places = [Const(sum(1 << column for column in range(part, self.columns, parts)),
                        self.columns) for part in range(parts)]
        # Nothing below is common to two planes: a simulator would work that out in every clock, of
        # all blocks and not only of the one that gives something.
        if not reads_in_turns(self.config):
            for found, held in zip(self.found, [*buffer.held_signal, *buffer.held_reset],
                                   strict=True):
                m.d.comb += found.eq(Cat((held & place & self.select).any() for place in places))
            return m
        reset_turn = Signal()
        m.d.sync += reset_turn.eq(self.turn)
        for found, signal, reset in zip_longest(self.found, buffer.held_signal, buffer.held_reset,
                                                fillvalue=Const(0, self.columns)):
            m.d.comb += found.eq(Cat(
                (Mux(reset_turn, reset & place, signal & place) & self.select).any()
                for place in places))
        return m
