# SPDX-License-Identifier: Apache-2.0
"""One word to many places, each with a register of its own nearby."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["BROADCAST_LATENCY_CYCLES", "Broadcast"]

BROADCAST_LATENCY_CYCLES = 2
_BRANCH_COPIES = 6
"""Copies fed by one branch: both levels of the tree stay narrow for some 40 copies."""


class Broadcast(wiring.Component):
    """Registered copies of a word, so that no net spans all columns.

    Each register has a flag that says whether it listens, and is zero while it does not: nothing
    toggles between ramps. The flags hold themselves; that is also why synthesis, which merges
    registers with equal inputs, leaves the copies apart.

    ::

        i ──┬─ & ─ [branch 0] ─┬─ & ─ [copy 0] ─ o[0]
            │                  ├─ & ─ [copy 1] ─ o[1]        latency 2 clocks
            │                  ╰─ ...                        start/stop act on the word
            ╰─ & ─ [branch 1] ─── ...                        of the next clock

    Parameters
    ----------
    width, copies : int
        At least 1 each.

    Members
    -------
    start, stop : In(1)
        Begin and end to listen; ``start`` wins.
    i : In(width)
    o : Out(width).array(copies)
    """

    def __init__(self, width: int, copies: int):
        if width < 1 or copies < 1:
            raise ValueError(f"a broadcast needs a width and copies of at least 1, "
                             f"not {width} and {copies}.")
        self.width, self.copies = width, copies
        super().__init__({
            "start": In(1),
            "stop": In(1),
            "i": In(width),
            "o": Out(width).array(copies),
        })

    def elaborate(self, platform):
        m = Module()
        for first in range(0, self.copies, _BRANCH_COPIES):
            name = f"branch_{first // _BRANCH_COPIES}"
            listens, branch = self._listener(m, name, self.start, self.stop, self.i)
            begins, ends = Signal(name=f"{name}_begins"), Signal(name=f"{name}_ends")
            # With the branch's own flag, or synthesis would merge them with those of the others.
            m.d.sync += [begins.eq(self.start & ~listens),
                         ends.eq(self.stop & ~self.start & listens)]
            for index in range(first, min(first + _BRANCH_COPIES, self.copies)):
                _, copy = self._listener(m, f"copy_{index}", begins, ends, branch)
                m.d.comb += self.o[index].eq(copy)
        return m

    def _listener(self, m: Module, name: str, start: Value, stop: Value, word: Value
                  ) -> tuple[Signal, Signal]:
        """A flag and the word that it lets in."""
        listens = Signal(name=f"{name}_listens")
        heard = Signal(self.width, name=name, reset_less=True)
        m.d.sync += [
            listens.eq(start | (listens & ~stop)),
            heard.eq(Mux(listens, word, 0)),
        ]
        return listens, heard
