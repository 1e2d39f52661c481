# SPDX-License-Identifier: Apache-2.0
"""A block of columns as small memories, for devices whose look-up tables are memories too."""

from amaranth import *
from amaranth.lib import memory

from ..pixel import RampKind
from .column_store import ColumnStore, part_count
from .comparator_edges import ComparatorEdges

__all__ = ["ColumnMemories"]


class ColumnMemories(ColumnStore):
    """`ColumnStore` with two memories for each column: one of signal, one of reset counts.

    ::

        gray ──────────────► data   ┌────────┐
        moved & kind ──────► enable │ column │─ or ─► found
        bank, half ────────► write  │        │
        bank, other half ──► read   └────────┘
        select ────────────► read, top bit

    Ramps fill one half while the other is read: to copy is to change the halves over. What lies
    below the top bit of the address is never written: a column that is not selected reads zero
    there, and needs no gate behind the memory.
    """

    strobe_copies = 2

    def elaborate(self, platform):
        m = Module()
        adc, counting = self.config.adc, m.d[self.counter_domain]
        edges = ComparatorEdges(self.columns)
        m.submodules.edges = DomainRenamer(self.counter_domain)(edges)
        fills_signal, fills_reset = Signal(), Signal()
        m.d.comb += [edges.comparators.eq(self.comparators), edges.open.eq(self.open)]
        counting += [fills_signal.eq(self.kind == RampKind.SIGNAL),
                     fills_reset.eq(self.kind == RampKind.RESET)]

        kept: list[list[Value]] = []
        per_copy = -(-self.columns // self.strobe_copies)
        for copy in range(self.strobe_copies):
            signal, reset = self._halves(m, copy)
            for column in range(copy * per_copy, min((copy + 1) * per_copy, self.columns)):
                moved, select = edges.moved[column], self.select[column]
                kept.append([
                    *self._memory(m, f"signal_{column}", adc.bits + 1, signal, select,
                                  moved & fills_signal),
                    *self._memory(m, f"reset_{column}", adc.reset_bits, reset, select,
                                  moved & fills_reset)])
        parts = part_count(self.config)
        for found, bits in zip(self.found, zip(*kept, strict=True), strict=True):
            m.d.comb += found.eq(Cat(Cat(bits[part::parts]).any() for part in range(parts)))
        return m

    def _halves(self, m: Module, copy: int) -> tuple[tuple[Value, Value], tuple[Value, Value]]:
        """Words to write and to read, of signal and of reset counts."""
        signal_half = Signal(name=f"signal_half_{copy}")
        reset_halves = Signal(self.reset_banks, name=f"reset_halves_{copy}")
        # Registers of their own: a copied bank is read until long after another is converted.
        reset_read = Signal(2, name=f"reset_read_{copy}")
        bank = self.copied_bank[copy]
        with m.If(self.copy[copy]):
            m.d.sync += signal_half.eq(~signal_half)
            for number, half in enumerate(reset_halves):
                with m.If(bank == number):
                    m.d.sync += [half.eq(~half), reset_read.eq(Cat(half, bank))]
        reset_write = Cat(Mux(self.bank, reset_halves[-1], reset_halves[0]), self.bank)
        words = self.reset_banks
        return (signal_half, ~signal_half), (reset_write[:words], reset_read[:words])

    def _memory(self, m: Module, name: str, bits: int, words: tuple[Value, Value], select: Value,
                enable: Value) -> Value:
        """A column's counts of one kind: what is read of the selected one, else zero."""
        write_word, read_word = words
        m.submodules[name] = entries = memory.Memory(
            shape=bits, depth=2 << len(write_word), init=[],
            attrs={"ram_style": "distributed"})
        write = entries.write_port(domain=self.counter_domain)
        read = entries.read_port(domain="comb")
        m.d.comb += [
            write.addr.eq(Cat(write_word, 1)), write.data.eq(self.gray[:bits]),
            write.en.eq(enable), read.addr.eq(Cat(read_word, select)),
        ]
        return read.data
