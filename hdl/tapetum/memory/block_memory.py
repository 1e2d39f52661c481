# SPDX-License-Identifier: Apache-2.0
"""A memory in block RAM and nothing around it."""

from collections.abc import Sequence
from typing import Any

from amaranth import *
from amaranth.hdl import ShapeLike
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["BlockMemory"]

BLOCK_BITS = 18 << 10
"""Usual size of a block RAM, with the ninth bit of each byte."""


class BlockMemory(wiring.Component):
    """One read port with an output register, one write port.

    A word that is read in the clock in which it is written reads as anything: block RAMs do not
    agree on it, and what would make them agree costs a multiplexer as wide as the word. Cut across
    its width, so that no multiplexer stands behind it.

    Parameters
    ----------
    shape : ShapeLike
    depth : int
    init : sequence
        Initial content; missing words are zero.

    Members
    -------
    address : In(range(depth)), word : Out(shape)
        Latency 2 clocks.
    write_address : In(range(depth)), write_word : In(shape), write_enable : In(1)
    """

    latency_cycles = 2

    def __init__(self, shape: ShapeLike, *, depth: int, init: Sequence[int] = ()):
        self.depth, self.init = depth, list(init)
        super().__init__({
            "address": In(range(depth)), "word": Out(shape),
            "write_address": In(range(depth)), "write_word": In(shape), "write_enable": In(1),
        })

    def elaborate(self, platform):
        m = Module()
        written: Any = Value.cast(self.write_word)
        width = len(written)
        found, word = (Signal(width, name=name, reset_less=True) for name in ("found", "word"))
        m.d.comb += Value.cast(self.word).eq(word)
        slice_bits = max(1, BLOCK_BITS >> (self.depth - 1).bit_length())
        for start in range(0, width, slice_bits):
            part = slice(start, min(start + slice_bits, width))
            bits = part.stop - part.start
            # A memory that answers at once, and a register: synthesis makes them one block RAM,
            # and the attribute frees it from defining a collision.
            m.submodules[f"block_{start}"] = block = memory.Memory(
                shape=bits, depth=self.depth, attrs={"ram_style": "block", "no_rw_check": 1},
                init=[value >> start & ((1 << bits) - 1) for value in self.init])
            read, write = block.read_port(domain="comb"), block.write_port()
            m.d.comb += [
                read.addr.eq(self.address), write.addr.eq(self.write_address),
                write.data.eq(written[part]), write.en.eq(self.write_enable),
            ]
            m.d.sync += [found[part].eq(read.data), word[part].eq(found[part])]
        return m
