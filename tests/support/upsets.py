# SPDX-License-Identifier: Apache-2.0
"""Flipping the bits of a design under simulation: its registers, and the words of its memories."""

from random import Random
from typing import Any

from amaranth import *
from amaranth.hdl import Fragment

__all__ = ["Upsettable"]


class Upsettable(Elaboratable):
    """A design, elaborated once, whose state can be reached.

    Parameters
    ----------
    design : Elaboratable

    Attributes
    ----------
    memories : dict
        By the names of submodules that lead to it, joined by dots: the content of each memory,
        whose words ``ctx.get`` and ``ctx.set`` take.
    registers : dict
        In the same way, a list of signals for each submodule.
    """

    def __init__(self, design: Any):
        m = Module()
        m.submodules.top = design
        self._fragment: Any = Fragment.get(m, None)
        self.memories: dict[str, Any] = {}
        self.registers: dict[str, list[Any]] = {}
        self._collect(self._fragment, "")

    def _collect(self, fragment: Any, path: str) -> None:
        content = getattr(fragment, "_data", None)
        if content is not None:
            self.memories[path] = content
        driven: dict[int, Any] = {}
        for domain, statements in fragment.statements.items():
            if domain != "comb":
                for statement in statements:
                    driven |= {id(signal): signal for signal in statement._lhs_signals()}
        if driven:
            self.registers[path] = list(driven.values())
        for part, name, *_ in fragment.subfragments:
            inner = ".".join(each for each in (path, name) if each)
            self._collect(part, inner.removeprefix("top."))

    def flip(self, ctx: Any, path: str, place: int, bit: int) -> None:
        """A bit of a memory."""
        word = self.memories[path][place]
        ctx.set(word, ctx.get(Value.cast(word)) ^ 1 << bit)

    def scramble(self, ctx: Any, random: Random, prefix: str) -> None:
        """Memories whose names begin so hold anything, as those of silicon do."""
        for path, content in self.memories.items():
            if path.startswith(prefix):
                for place in range(content.depth):
                    ctx.set(content[place], random.getrandbits(Shape.cast(content.shape).width))

    def elaborate(self, platform):
        return self._fragment
