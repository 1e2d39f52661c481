# SPDX-License-Identifier: Apache-2.0
"""CRC-32 over the register memory, compared in every frame with what legal writes make of it."""

from typing import Any

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from ..registers.bus import RegisterWatch
from ..registers.layout import RegisterLayout

__all__ = ["POLYNOMIAL", "RegisterMapCheck", "word_factors"]

POLYNOMIAL = 0x04C11DB7
"""CRC-32 of IEEE 802.3, the highest bit first."""
BITS_PER_CYCLE = 4
CYCLES_PER_WORD = 32 // BITS_PER_CYCLE


def _times_x(value: int) -> int:
    return (value << 1 ^ (POLYNOMIAL if value >> 31 else 0)) & 0xFFFFFFFF


def word_factors(words: int) -> list[int]:
    """By what each word's bits are multiplied to get its share of the CRC: x^(32 (words - n))."""
    factors = [1]
    for _ in range(words):
        power = factors[-1]
        for _ in range(32):
            power = _times_x(power)
        factors.append(power)
    return factors[:0:-1]


class RegisterMapCheck(wiring.Component):
    """A walk over all words in every frame, against a reference that follows every legal write.

    A CRC without start value is linear: a write changes it by the share of the bits that change.
    So the reference is never read from the memory, which could be wrong by then, and no upset can
    hide between two writes. It starts from the reset values. A write restarts a walk. One
    multiplier, four bits a cycle, computes both.

    A walk takes ``8 * (words + 1) + 2`` cycles.

    Parameters
    ----------
    layout : RegisterLayout

    Members
    -------
    registers : In(RegisterWatch)
    start : In(1)
        Strobe: walk.
    inject : In(1)
        The lowest bit of the first word is seen inverted. A walk starts as this changes.
    crc : Out(32)
        Of the last whole walk: polynomial 0x04C11DB7, start value 0, bytes in ascending order.
    raised : Out(1)
        Pulse.
    """

    def __init__(self, layout: RegisterLayout):
        self.layout = layout
        super().__init__({
            "registers": In(RegisterWatch(layout)),
            "start": In(1), "inject": In(1),
            "crc": Out(32), "raised": Out(1),
        })

    def reset_crc(self) -> int:
        """CRC of the reset values."""
        crc = 0
        for reset, *_ in self.layout.attributes():
            crc ^= reset << 24
            for _ in range(8):
                crc = _times_x(crc)
        return crc

    def elaborate(self, platform):
        m = Module()
        words, registers = self.layout.words, self.registers
        factors: Any = memory.Memory(shape=32, depth=words, init=word_factors(words))
        m.submodules.factors = factors
        factor = factors.read_port()

        # Of the word that is multiplied, and of the one that is fetched meanwhile.
        place, fetched = (Signal(range(words), name=name) for name in ("place", "fetched"))
        phase = Signal(range(CYCLES_PER_WORD))
        ends = phase == CYCLES_PER_WORD - 1
        operand, product = Signal(32, reset_less=True), Signal(32, reset_less=True)
        total, reference = Signal(32, reset_less=True), Signal(32, init=self.reset_crc())
        again, before, wants = Signal(), Signal(), Signal()
        # The factor passes a register: memories are slow to answer.
        bits, is_first = Signal(BITS_PER_CYCLE, reset_less=True), Signal(reset_less=True)
        kept_factor = Signal(32, reset_less=True)
        walk_ends, write_ends, of_walk, of_write, is_final = (Signal() for _ in range(5))
        totalled, compares = Signal(2), Signal()

        m.d.comb += [
            wants.eq(self.start | (self.inject ^ before)),
            registers.word_address.eq(fetched), factor.addr.eq(place),
        ]
        m.d.sync += [
            before.eq(self.inject), again.eq(again | wants), place.eq(factor.addr),
            phase.eq(phase + 1), operand.eq(operand << BITS_PER_CYCLE),
            bits.eq(operand[-BITS_PER_CYCLE:]), is_first.eq(phase == 0),
            kept_factor.eq(factor.data),
            product.eq(_step(Mux(is_first, 0, product), bits, kept_factor)),
            # A product is complete two clocks behind its slot; whose it is, these tell.
            walk_ends.eq(0), write_ends.eq(0), of_walk.eq(walk_ends), of_write.eq(write_ends),
            totalled.eq(totalled << 1), compares.eq(totalled[-1]),
            self.raised.eq(compares & (total != reference)),
        ]
        with m.If(of_walk):
            m.d.sync += total.eq(total ^ product)
        with m.If(of_write):
            m.d.sync += reference.eq(reference ^ product)
        with m.If(compares):
            m.d.sync += self.crc.eq(total)

        def interrupt() -> None:
            """A write comes before a walk, which begins anew; a reset before everything."""
            with m.If(registers.written):
                m.d.comb += factor.addr.eq(registers.place)
                m.d.sync += [phase.eq(0), operand.eq(registers.changed), walk_ends.eq(0),
                             totalled.eq(0)]
                m.next = "WRITE"
            with m.If(registers.reset):
                m.d.sync += [reference.eq(self.reset_crc()), walk_ends.eq(0), of_walk.eq(0),
                             write_ends.eq(0), of_write.eq(0), totalled.eq(0), compares.eq(0),
                             again.eq(1)]
                m.next = "IDLE"

        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += registers.busy.eq(again | wants)
                with m.If(again & ~totalled.any() & ~compares):
                    # Nothing to multiply yet: the first slot fetches the first word.
                    m.d.sync += [again.eq(wants), phase.eq(0), operand.eq(0), total.eq(0),
                                 fetched.eq(0), is_final.eq(0)]
                    m.next = "WALK"
                interrupt()
            with m.State("WALK"):
                m.d.comb += registers.busy.eq(1)
                with m.If(ends):
                    m.d.comb += factor.addr.eq(fetched)
                    m.d.sync += [
                        walk_ends.eq(1), totalled.eq(is_final), is_final.eq(fetched == words - 1),
                        operand.eq(registers.word ^ (self.inject & (fetched == 0))),
                        fetched.eq(fetched + 1),
                    ]
                    with m.If(is_final):
                        m.next = "IDLE"
                with m.If(wants):
                    m.d.sync += [walk_ends.eq(0), totalled.eq(0)]
                    m.next = "IDLE"
                with m.If(registers.written):
                    m.d.sync += again.eq(1)
                interrupt()
            with m.State("WRITE"):
                m.d.comb += registers.busy.eq(again)
                with m.If(ends):
                    m.d.sync += write_ends.eq(1)
                    m.next = "IDLE"
                interrupt()
        return m


def _step(product: Value, bits: Value, factor: Value) -> Value:
    """Four more bits of the operand, the highest first."""
    for bit in reversed(range(BITS_PER_CYCLE)):
        product = ((product << 1)[:32] ^ Mux(product[31], POLYNOMIAL, 0)
                   ^ Mux(bits[bit], factor, 0))
    return product
