# SPDX-License-Identifier: Apache-2.0
"""How the cells of a line are shared out among fewer outputs, without rounding."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["SHARE_BITS", "Shares"]

SHARE_BITS = 8
_CELL_BITS = 13


class Shares(wiring.Component):
    """Shares of each cell in the output under way and in the next one, in units of 1/``outputs``.

    ::

        cells    |     |     |     |     |     |        5 cells, each of 3 units
        outputs  |         |         |         |        3 outputs, each of 5 units
        now        3     2     3     1     3
        next       .     1     .     2     .
        completes        x           x     x

    ``now + next`` is ``outputs`` for each cell, and each output receives ``cells`` in all: the
    mean over an area of any ratio of 1 or more is exact.

    Members
    -------
    cells : In(13), outputs : In(8)
        Of a line; ``outputs`` at most ``cells``; steady from a clock before ``restart`` on.
    restart : In(1), step : In(1)
        Before the first cell of a line; behind each cell.
    now, next : Out(8), completes : Out(1)
        Of the present cell, a clock after ``restart`` or the ``step`` before.
    """

    def __init__(self):
        super().__init__({
            "cells": In(_CELL_BITS), "outputs": In(SHARE_BITS),
            "restart": In(1), "step": In(1),
            "now": Out(SHARE_BITS), "next": Out(SHARE_BITS), "completes": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        surplus = Signal(signed(_CELL_BITS + 1), reset_less=True)
        # Units that are missing behind this cell, less one: negative where it completes.
        missing = Signal(signed(_CELL_BITS + 1))
        m.d.sync += surplus.eq(self.cells - self.outputs)
        with m.If(self.restart):
            m.d.sync += missing.eq(surplus - 1)
        with m.Elif(self.step):
            m.d.sync += missing.eq(missing + Mux(self.completes, surplus, -self.outputs))
        m.d.comb += [
            self.completes.eq(missing[-1]),
            self.next.eq(Mux(self.completes, ~missing[:SHARE_BITS], 0)),
            self.now.eq(self.outputs - self.next),
        ]
        return m
