# SPDX-License-Identifier: Apache-2.0
"""A counter that knows one clock ahead that it ends."""

from amaranth import *

__all__ = ["Loop"]


class Loop:
    """Repeats from 1 to 2**bits - 1 times, over and over; ``last`` is a register."""

    def __init__(self, bits: int, name: str):
        self.last = Signal(name=f"{name}_last")
        self._length = Signal(bits, name=f"{name}_length", reset_less=True)
        self._single = Signal(name=f"{name}_single", reset_less=True)
        # Number of the next round: counting up needs no multiplexer to begin anew.
        self._next = Signal(bits, name=f"{name}_next", reset_less=True)

    @property
    def following(self) -> Value:
        """What ``last`` is after a `step`."""
        return Mux(self.last, self._single, self._next == self._length)

    def load(self, m: Module, length: Value) -> Value:
        """Begin anew, `length` rounds from now on. Returns what ``last`` is then."""
        single = length == 1
        m.d.sync += [self._length.eq(length), self._next.eq(2), self._single.eq(single),
                     self.last.eq(single)]
        return single

    def step(self, m: Module) -> None:
        """Count a round; after the last one begin again."""
        m.d.sync += [self._next.eq(self._next + 1), self.last.eq(self._next == self._length)]
        with m.If(self.last):
            m.d.sync += [self._next.eq(2), self.last.eq(self._single)]
