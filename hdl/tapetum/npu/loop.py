# SPDX-License-Identifier: Apache-2.0
"""A counter that knows one clock ahead that it ends."""

from amaranth import *

__all__ = ["Loop"]


class Loop:
    """Repeats from 1 to 2**bits times, over and over; ``last`` is a register."""

    def __init__(self, bits: int, name: str):
        self.last = Signal(name=f"{name}_last")
        self._top = Signal(bits, name=f"{name}_top", reset_less=True)
        self._count = Signal(bits, name=f"{name}_count", reset_less=True)

    def load(self, m: Module, length: Value) -> None:
        """Begin anew, `length` rounds from now on."""
        m.d.sync += [self._top.eq(length - 1), self._count.eq(length - 1),
                     self.last.eq(length == 1)]

    def step(self, m: Module) -> None:
        """Count a round; after the last one begin again."""
        with m.If(self.last):
            m.d.sync += [self._count.eq(self._top), self.last.eq(self._top == 0)]
        with m.Else():
            m.d.sync += [self._count.eq(self._count - 1), self.last.eq(self._count == 1)]
