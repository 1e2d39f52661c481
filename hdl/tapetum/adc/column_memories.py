# SPDX-License-Identifier: Apache-2.0
"""A block of columns as small memories, for devices whose look-up tables are memories too."""

from dataclasses import dataclass

from amaranth import *
from amaranth.lib import memory

from ..pixel import RampKind
from .column_store import ColumnStore, part_count, reads_in_turns
from .comparator_edges import ComparatorEdges

__all__ = ["ColumnMemories"]


@dataclass(kw_only=True)
class _Kept:
    """One memory of each column: which word a ramp writes and which is read."""

    name: str
    bits: int
    write_word: Value
    read_word: Value
    fills: Value


class ColumnMemories(ColumnStore):
    """`ColumnStore` with a memory for each column, or two: one of signal, one of reset counts.

    ::

        gray ──────────────► data   ┌────────┐
        moved & kind ──────► enable │ column │─ or ─► found
        bank, half ────────► write  │        │
        bank, other half ──► read   └────────┘
        select ────────────► read, top bit

    Ramps fill one half while the other is read: to copy is to change the halves over. What lies
    below the top bit of the address is never written: a column that is not selected reads zero
    there, and needs no gate behind the memory. Where counts leave in turns one memory has both.
    """

    strobe_copies = 4

    def elaborate(self, platform):
        m = Module()
        edges = ComparatorEdges(self.columns)
        m.submodules.edges = DomainRenamer(self.counter_domain)(edges)
        m.d.comb += [edges.comparators.eq(self.comparators), edges.open.eq(self.open)]
        fills = {kind: Signal(name=f"fills_{kind.name.lower()}") for kind in RampKind}
        m.d[self.counter_domain] += [enable.eq(self.kind == kind)
                                     for kind, enable in fills.items()]

        columns: list[list[Value]] = []
        per_copy = -(-self.columns // self.strobe_copies)
        for first in range(0, self.columns, per_copy):
            memories = self._memories(m, first // per_copy, fills)
            for column in range(first, min(first + per_copy, self.columns)):
                columns.append([bit for kept in memories for bit in self._memory(
                    m, kept, column, edges.moved[column] & kept.fills)])
        parts = part_count(self.config)
        for found, bits in zip(self.found, zip(*columns, strict=True), strict=True):
            m.d.comb += found.eq(Cat(Cat(bits[part::parts]).any() for part in range(parts)))
        return m

    def _memories(self, m: Module, copy: int, fills: dict[RampKind, Signal]) -> list[_Kept]:
        """The memories of a column; words of signal and of reset counts."""
        adc, bank = self.config.adc, self.copied_bank[copy]
        signal_half = Signal(name=f"signal_half_{copy}")
        reset_halves = Signal(self.reset_banks, name=f"reset_halves_{copy}")
        # A register of its own: a bank is read until long after another is converted.
        reset_read = Signal(2, name=f"reset_read_{copy}")
        with m.If(self.copy[copy]):
            m.d.sync += signal_half.eq(~signal_half)
            for number, half in enumerate(reset_halves):
                with m.If(bank == number):
                    m.d.sync += [half.eq(~half), reset_read.eq(Cat(half, bank))]
        width = self.reset_banks
        reset_write = Cat(Mux(self.bank, reset_halves[-1], reset_halves[0]), self.bank)[:width]

        def written(name: str, word: Value) -> Signal:
            """Stands still from the start of a ramp on; a register, since many columns have it."""
            register = Signal(len(word), name=f"{name}_word_{copy}", reset_less=True)
            m.d[self.counter_domain] += register.eq(word)
            return register

        if not reads_in_turns(self.config):
            return [_Kept(name="signal", bits=adc.bits + 1,
                          write_word=written("signal", signal_half),
                          read_word=~signal_half, fills=fills[RampKind.SIGNAL]),
                    _Kept(name="reset", bits=adc.reset_bits,
                          write_word=written("reset", reset_write),
                          read_word=reset_read[:width], fills=fills[RampKind.RESET])]
        read_word = Signal(width + 1, name=f"read_word_{copy}")
        m.d.sync += read_word.eq(Mux(self.turn, Cat(reset_read[:width], 1),
                                     Cat(~signal_half, Const(0, width))))
        return [_Kept(name="counts", bits=adc.bits + 1, fills=Const(1), read_word=read_word,
                      write_word=written("counts", Mux(
                          fills[RampKind.RESET], Cat(reset_write, 1),
                          Cat(signal_half, Const(0, width)))))]

    def _memory(self, m: Module, kept: _Kept, column: int, enable: Value) -> Value:
        """What is read of a column if it is selected, else zero."""
        m.submodules[f"{kept.name}_{column}"] = entries = memory.Memory(
            shape=kept.bits, depth=2 << len(kept.write_word), init=[],
            attrs={"ram_style": "distributed"})
        write = entries.write_port(domain=self.counter_domain)
        read = entries.read_port(domain="comb")
        m.d.comb += [
            write.addr.eq(Cat(kept.write_word, 1)), write.data.eq(self.gray[:kept.bits]),
            write.en.eq(enable), read.addr.eq(Cat(kept.read_word, self.select[column])),
        ]
        return read.data
