# SPDX-License-Identifier: Apache-2.0
"""When the comparators of a block of columns moved, in the counter's clock."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["ComparatorEdges"]


class ComparatorEdges(wiring.Component):
    """Rising edges of asynchronous comparators; runs in the counter's domain.

    ::

        comparators ─ | ─ [synchroniser 2x] ─ edge ─ [moved]
              not open ┘

    Closing (``open`` falls) looks to a column that never tripped like its edge.
    Latency: 2 clocks to ``edges``, 3 to ``moved``.

    Parameters
    ----------
    columns : int

    Members
    -------
    comparators : In(columns)
        Asynchronous.
    open : In(1)
    edges : Out(columns), moved : Out(columns)
        A clock long; ``moved`` comes from registers, a clock after ``edges``.
    """

    def __init__(self, columns: int):
        if columns < 1:
            raise ValueError(f"a block needs at least one column, not {columns}.")
        self.columns = columns
        super().__init__({
            "comparators": In(columns),
            "open": In(1),
            "edges": Out(columns),
            "moved": Out(columns),
        })

    def elaborate(self, platform):
        m = Module()
        first, second, before, moved = (
            Signal(self.columns, name=name, reset_less=True)
            for name in ("first", "second", "before", "moved"))
        closed = (~self.open).replicate(self.columns)
        was_open = Signal()
        m.d.sync += was_open.eq(self.open)
        # A comparator that is high already shows an edge as well: it counts about 0, not what the
        # ramp before left behind.
        opened = (self.open & ~was_open).replicate(self.columns)
        # `edges` looks only at synchronised levels: a metastable first stage read twice could
        # clock the planes without a column, or a column without its planes.
        m.d.comb += [self.edges.eq(second & ~before), self.moved.eq(moved)]
        m.d.sync += [
            first.eq((self.comparators | closed) & ~opened),
            second.eq(first),
            before.eq(second),
            moved.eq(self.edges),
        ]
        return m
