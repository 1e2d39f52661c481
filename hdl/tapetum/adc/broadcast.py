# SPDX-License-Identifier: Apache-2.0
"""One word to many places, each with a register of its own nearby."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Broadcast"]


class Broadcast(wiring.Component):
    """Registered copies of a word, so that no net spans all columns.

    Each copy has a flag that says whether it listens, and is zero while it does not: nothing
    toggles between ramps. The flags hold themselves; that is also why synthesis, which merges
    registers with equal inputs, leaves the copies apart.

    ::

        i ──┬─ & ─ [copy 0] ─ o[0]        latency 1 clock
            ├─ & ─ [copy 1] ─ o[1]        start/stop act on the word of the next clock
            └─ & ─ [copy 2] ─ o[2]

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
        for index, copy in enumerate(self.o):
            listens = Signal(name=f"listens_{index}")
            word = Signal(self.width, name=f"copy_{index}", reset_less=True)
            m.d.sync += [
                listens.eq(self.start | (listens & ~self.stop)),
                word.eq(Mux(listens, self.i, 0)),
            ]
            m.d.comb += copy.eq(word)
        return m
