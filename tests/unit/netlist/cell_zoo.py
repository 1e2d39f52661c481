# SPDX-License-Identifier: Apache-2.0
"""A design with every kind of cell, and a top that runs its RTL and its netlist side by side."""

import random
from typing import Any

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from tapetum_sim.netlist.ecp5_netlist import Ecp5Netlist

__all__ = ["DOMAINS", "PARTS", "SideBySide"]

DOMAINS = ("sync", "other")
_STIMULUS_BITS = 64
_RESULT_BITS = 36
_CYCLES = 6_000

_MEMORIES = {
    # Name: bits, words, bits per write enable, domain of the reader, register behind it
    "width_36": (36, 512, 9, "sync", False),
    "width_36_other_clock": (36, 512, 36, "other", True),
    "width_18": (18, 1024, 9, "other", False),
    "width_9": (9, 2048, 9, "sync", True),
    "width_4": (4, 4096, 4, "sync", False),
    "width_2": (2, 8192, 2, "other", False),
    "width_1": (1, 16384, 1, "sync", False),
}
_SHARED = {"shared_18": (18, 1024), "shared_9": (9, 2048)}
_PRODUCTS = {
    # Signed factors, register before, register behind
    "product": (False, False, False), "signed_product": (True, False, False),
    "kept_product": (False, True, True), "signed_kept_product": (True, True, True),
    "product_kept_behind": (False, False, True),
}
_OTHERS = ("small_memory", "sum", "choice", "set_and_enabled")
PARTS = (*_MEMORIES, *_SHARED, *_PRODUCTS, *_OTHERS)


class CellZoo(wiring.Component):
    """Each part makes a result from the stimulus of its domain.

    Members
    -------
    stimulus, other_stimulus : In(64)
        In ``sync`` and in ``other``.
    results : Out(36).array(len(PARTS))
    """

    def __init__(self, seed: int):
        self._random = random.Random(seed)
        super().__init__({"stimulus": In(_STIMULUS_BITS), "other_stimulus": In(_STIMULUS_BITS),
                          "results": Out(_RESULT_BITS).array(len(PARTS))})

    def elaborate(self, platform):
        m = Module()
        results = dict(zip(PARTS, self.results, strict=True))
        for name, (bits, words, granularity, reads_in, keeps) in _MEMORIES.items():
            read = self._memory(m, name, bits, words, granularity, reads_in)
            found = read.data
            if keeps:
                found = Signal.like(read.data, name=f"{name}_kept", reset_less=True)
                m.d[reads_in] += found.eq(read.data)
            m.d.comb += results[name].eq(found)
        for name, (bits, words) in _SHARED.items():
            self._shared_port(m, name, bits, words, results[name])
        for name, options in _PRODUCTS.items():
            self._product(m, name, *options, result=results[name])
        self._others(m, results)
        return m

    def _content(self, bits: int, words: int) -> list[int]:
        return [self._random.getrandbits(bits) for _ in range(words)]

    def _given(self, domain: str) -> Value:
        return self.stimulus if domain == "sync" else self.other_stimulus

    def _address(self, domain: str, words: int, turn: int) -> Value:
        """Few of the words, so that what is written is read again; every upper bit in turn."""
        width = (words - 1).bit_length()
        given = self._given(domain).rotate_left(turn)
        return Cat(given[:4], given[4].replicate(width - 6), given[5:7])[:width]

    def _memory(self, m: Module, name: str, bits: int, words: int, granularity: int,
                reads_in: str):
        m.submodules[name] = kept = memory.Memory(
            shape=bits, depth=words, init=self._content(bits, words),
            attrs={"ram_style": "block"})
        write = kept.write_port(granularity=granularity)
        read = kept.read_port(domain=reads_in)
        m.d.comb += [
            write.addr.eq(self._address("sync", words, 0)), write.en.eq(self.stimulus[20:]),
            write.data.eq(self.stimulus[24:]),
            read.addr.eq(self._address(reads_in, words, 9)),
            read.en.eq(self._given(reads_in)[18:20].any()),
        ]
        return read

    def _shared_port(self, m: Module, name: str, bits: int, words: int, result: Value) -> None:
        """One port reads or writes, the other one reads in another clock."""
        attributes: Any = {"ram_style": "block", "no_rw_check": 1}
        m.submodules[name] = kept = memory.Memory(
            shape=bits, depth=words, init=self._content(bits, words), attrs=attributes)
        write, own = kept.write_port(), kept.read_port()
        other = kept.read_port(domain="other")
        address = self._address("sync", words, 3)
        m.d.comb += [
            write.addr.eq(address), write.data.eq(self.stimulus[8:]),
            write.en.eq(self.stimulus[40]), own.addr.eq(address), own.en.eq(~self.stimulus[40]),
            other.addr.eq(self._address("other", words, 3)), other.en.eq(self.other_stimulus[40]),
            result.eq(own.data ^ other.data.rotate_left(5)),
        ]

    def _product(self, m: Module, name: str, is_signed: bool, before: bool, behind: bool, *,
                 result: Value) -> None:
        factors = []
        for place, bits in enumerate((18, 17)):
            given = self.stimulus[place * 20:place * 20 + bits]
            factor = given
            if before:
                factor = Signal(bits, name=f"{name}_factor_{place}", reset_less=True)
                m.d.sync += factor.eq(given)
            factors.append(factor.as_signed() if is_signed else factor)
        target = Signal(35, name=f"{name}_result", reset_less=True)
        m.d["sync" if behind else "comb"] += target.eq(factors[0] * factors[1])
        m.d.comb += result.eq(target)

    def _others(self, m: Module, results: dict[str, Value]) -> None:
        given = self.stimulus
        m.submodules.small_memory = small = memory.Memory(
            shape=6, depth=16, init=self._content(6, 16), attrs={"ram_style": "distributed"})
        write, read = small.write_port(), small.read_port(domain="comb")
        m.d.comb += [
            write.addr.eq(given[:4]), write.data.eq(given[4:]), write.en.eq(given[11]),
            read.addr.eq(given[12:16]), results["small_memory"].eq(read.data),
            results["sum"].eq(given[:20] - given[20:37] + given[40:]),
            results["choice"].eq(given.word_select(given[:3], 8) ^ given[30:38].any()),
        ]
        marks = Signal(8, init=0xA5)
        with m.If(given[1]):
            m.d.sync += marks.eq(given[8:])
        with m.If(given[2:6] == 0):
            m.d.sync += marks.eq(0x3C)
        m.d.comb += results["set_and_enabled"].eq(marks)


class SideBySide(wiring.Component):
    """The same stimulus for both.

    Members
    -------
    different, moved : Out(len(PARTS))
        Parts whose results were ever not the same, and those whose results ever changed.
    finished : Out(1)
    """

    def __init__(self, seed: int):
        self.rtl = CellZoo(seed)
        self.netlist = Ecp5Netlist(CellZoo(seed), "zoo_netlist", domains=DOMAINS)
        super().__init__({"different": Out(len(PARTS)), "moved": Out(len(PARTS)),
                          "finished": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.rtl, m.submodules.netlist = self.rtl, self.netlist
        theirs = self.netlist.component
        for number, domain in enumerate(DOMAINS):
            state = Signal(_STIMULUS_BITS, name=f"{domain}_state", init=0x1D872B41F6A93C05 + number)
            # Xorshift: Marsaglia, "Xorshift RNGs", 2003.
            first = state ^ (state << 13)[:_STIMULUS_BITS]
            second = first ^ first >> 7
            m.d[domain] += state.eq(second ^ (second << 17)[:_STIMULUS_BITS])
            name = "stimulus" if domain == "sync" else "other_stimulus"
            m.d.comb += [getattr(zoo, name).eq(state) for zoo in (self.rtl, theirs)]
        cycle = Signal(range(_CYCLES + 1))
        with m.If(cycle != _CYCLES):
            m.d.sync += cycle.eq(cycle + 1)
        m.d.comb += self.finished.eq(cycle == _CYCLES)
        for place, (ours, netlists) in enumerate(zip(self.rtl.results, theirs.results,
                                                     strict=True)):
            before = Signal.like(ours, name=f"before_{place}")
            m.d.sync += before.eq(ours)
            m.d.sync += [
                self.different[place].eq(self.different[place] | (ours != netlists)),
                self.moved[place].eq(self.moved[place] | (before != ours)),
            ]
        return m
