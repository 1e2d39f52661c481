# SPDX-License-Identifier: Apache-2.0
"""Counters in block RAM: one bank counts while the other is read."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from ..stream.delay import delayed

__all__ = ["COUNT_BITS", "CounterBanks"]

COUNT_BITS = 20


class CounterBanks(wiring.Component):
    """Adds one to a counter in every clock; ``swap`` shows what was counted and starts anew.

    ::

        count ──► read ─► register ─► + 1 ─► write     bank that counts
                              ▲        │ │ │
                              └────────┴─┴─┴─ the same counter again, up to three clocks later
        read_address ──► read ─► register ─► read_count        the other bank

    After ``swap``, and after reset, the bank that counts is cleared in ``depth`` clocks, in which
    nothing is counted. Counters saturate.

    Parameters
    ----------
    depth, count_bits : int
        Counters, and their width.

    Members
    -------
    address : In, count : In(1)
        One more of this counter; a count that comes with ``swap`` belongs to the old bank.
    swap : In(1)
        Strobe.
    is_clearing : Out(1)
        Nothing is counted now.
    read_address : In, read_count : Out(count_bits)
        Of the bank that was counted last, 3 clocks later; complete 4 clocks after ``swap``.
    """

    def __init__(self, depth: int, *, count_bits: int = COUNT_BITS):
        self.depth, self.count_bits = depth, count_bits
        super().__init__({
            "address": In(range(depth)), "count": In(1), "swap": In(1),
            "is_clearing": Out(1),
            "read_address": In(range(depth)), "read_count": Out(count_bits),
        })

    def elaborate(self, platform):
        m, bits = Module(), self.count_bits
        bank = Signal()
        cleared, to_clear = Signal(range(self.depth)), Signal(2, init=0b11)
        m.d.comb += self.is_clearing.eq(to_clear.any())
        with m.If(self.swap):
            # A bank that has not been cleared yet shows nothing rather than old counts.
            m.d.sync += [bank.eq(~bank), cleared.eq(0), to_clear.eq(to_clear | Cat(bank, ~bank))]
        with m.Elif(self.is_clearing):
            m.d.sync += cleared.eq(cleared + 1)
            with m.If(cleared == self.depth - 1):
                m.d.sync += [cleared.eq(0), to_clear.eq(0)]

        # Stages 1 and 2: what the memory holds; stages 3 to 5: sums, the first being written.
        places = [Cat(self.address, bank)]
        counts = [self.count & ~self.is_clearing]
        for stage in range(1, 6):
            places.append(delayed(m, places[-1], 1, name=f"place_{stage}"))
            counts.append(delayed(m, counts[-1], 1, name=f"count_{stage}", reset_less=False))
        held, total, sums = [], Signal(bits + 1), [Signal(bits, name="sum_0", reset_less=True)]
        for index in range(2):
            m.submodules[f"bank_{index}"] = store = memory.Memory(
                shape=bits, depth=self.depth, init=[])
            write, read = store.write_port(), store.read_port()
            word = Signal(bits, name=f"held_{index}", reset_less=True)
            held.append(word)
            clears = to_clear[index]
            m.d.comb += [
                read.addr.eq(Mux(bank == index, self.address, self.read_address)),
                write.addr.eq(Mux(clears, cleared, places[3])),
                write.data.eq(Mux(clears, 0, sums[0])),
                write.en.eq(clears | (counts[3] & (places[3][-1] == index))),
            ]
            m.d.sync += word.eq(read.data)

        same = Signal(3, reset_less=True)
        m.d.sync += same.eq(Cat(counts[ahead] & (places[ahead] == places[1])
                                for ahead in (2, 3, 4)))
        sums += [delayed(m, sums[0], ahead, name=f"sum_{ahead}") for ahead in (1, 2)]
        before = Signal(bits)
        m.d.comb += [
            before.eq(Mux(places[2][-1], held[1], held[0])),
            total.eq(before + 1),
        ]
        for ahead in reversed(range(3)):
            with m.If(same[ahead]):
                m.d.comb += before.eq(sums[ahead])
        m.d.sync += [
            sums[0].eq(Mux(total[-1], ~0, total)),
            self.read_count.eq(Mux(bank, held[0], held[1])),
        ]
        return m
