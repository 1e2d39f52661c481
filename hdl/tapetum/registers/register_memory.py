# SPDX-License-Identifier: Apache-2.0
"""The memory that holds the registers, beside the one that says what each byte is."""

from typing import Any

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from ..memory.code import Secded
from ..memory.health import MemoryHealth, gather
from ..memory.word_check import WordCheck
from .layout import RegisterLayout

__all__ = ["RegisterMemory"]


class RegisterMemory(wiring.Component):
    """Values of all registers, their attributes, and the walk that resets them.

    The reset values come out of a read-only memory, so that nothing relies on memories that
    wake up initialised.

    Members
    -------
    place : In
        Byte that the host points at. Two cycles later ``stored_word`` is its word as it lies in
        the memory, and ``writable``, ``is_first``, ``is_last`` are its attributes; another one
        later ``host_word`` is the word, corrected.
    write : In(1), write_place : In, write_bytes : In(4), write_data : In(32)
        Ignored while ``busy``.
    word_address, watch_address : In, word, watch_word : Out(32)
        A second and a third read port. The second corrects one wrong bit of a byte, latency 3
        cycles; the third shows what the memory holds, latency 2 cycles.
    reset : In(1), busy : Out(1)
        Strobe, and high until every byte has its reset value: a cycle per byte, and 3.
    health : Out(MemoryHealth)
    """

    def __init__(self, layout: RegisterLayout):
        self.layout = layout
        self.values: Any = memory.Memory(shape=32, depth=layout.words, init=[])
        words = range(layout.words)
        super().__init__({
            "place": In(range(layout.bytes)),
            "host_word": Out(32), "stored_word": Out(32),
            "writable": Out(8), "is_first": Out(1), "is_last": Out(1),
            "write": In(1), "write_place": In(words), "write_bytes": In(4), "write_data": In(32),
            "word_address": In(words), "word": Out(32),
            "watch_address": In(words), "watch_word": Out(32),
            "reset": In(1), "busy": Out(1, init=1),
            "health": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        layout = data.StructLayout({"reset": 8, "writable": 8, "is_first": 1, "is_last": 1})
        m.submodules.attributes = attributes = memory.Memory(
            shape=layout, depth=self.layout.bytes, init=[
                dict(zip(layout.members, row, strict=True)) for row in self.layout.attributes()])
        m.submodules.values = values = self.values
        attribute, host, guard = attributes.read_port(), values.read_port(), values.read_port()
        watch = values.read_port()
        write = values.write_port(granularity=8)

        # Bytes are written one by one, so each has check bits of its own.
        code, byte_places = Secded(8), range(4)
        m.submodules.checks = checks = memory.Memory(
            shape=4 * code.check_bits, depth=self.layout.words, init=[])
        check_write = checks.write_port(granularity=code.check_bits)
        m.d.comb += [
            check_write.addr.eq(write.addr), check_write.en.eq(write.en),
            check_write.data.eq(Cat(code.encode(write.data.word_select(byte, 8))
                                    for byte in byte_places)),
        ]
        healths = []

        def checked(name: str, read) -> tuple[Value, Value]:
            """What ``read`` finds, a clock behind it, and the same put right, one more behind."""
            found = checks.read_port()
            m.d.comb += found.addr.eq(read.addr)
            stored, corrected = [], []
            for byte in byte_places:
                m.submodules[f"check_{name}_{byte}"] = check = WordCheck(code)
                healths.append(check.health)
                m.d.comb += check.read.eq(~self.busy)
                m.d.sync += check.word.eq(Cat(
                    read.data.word_select(byte, 8),
                    found.data.word_select(byte, code.check_bits)))
                stored.append(check.word[:8])
                corrected.append(check.data)
            return Cat(stored), Cat(corrected)

        # The walk: a place leaves, its reset value returns two cycles later.
        walk = Signal(range(self.layout.bytes))
        walking = Signal(init=1)
        last_place = Array(Signal.like(walk, name=f"walk_{age}") for age in range(2))
        in_flight = Signal(2)
        found = Signal(layout, reset_less=True)
        m.d.sync += [in_flight.eq(Cat(walking, in_flight)),
                     last_place[0].eq(walk), last_place[1].eq(last_place[0]),
                     found.eq(attribute.data),
                     self.busy.eq(walking | in_flight.any())]
        with m.If(walking):
            m.d.sync += walk.eq(walk + 1)
            with m.If(walk == self.layout.bytes - 1):
                m.d.sync += [walking.eq(0), walk.eq(0)]
        with m.If(self.reset):
            m.d.sync += [walking.eq(1), walk.eq(0), self.busy.eq(1)]

        m.d.comb += [
            attribute.addr.eq(Mux(walking, walk, self.place)),
            self.writable.eq(found.writable), self.is_first.eq(found.is_first),
            self.is_last.eq(found.is_last),
            host.addr.eq(self.place[2:]), guard.addr.eq(self.word_address),
            watch.addr.eq(self.watch_address),
        ]
        m.d.sync += self.watch_word.eq(watch.data)
        host_stored, host_corrected = checked("host", host)
        m.d.comb += [self.stored_word.eq(host_stored), self.host_word.eq(host_corrected),
                     self.word.eq(checked("guard", guard)[1])]
        gather(m, self.health, *healths)
        with m.If(self.busy):
            m.d.comb += [write.addr.eq(last_place[1][2:]), write.data.eq(found.reset.replicate(4)),
                         write.en.eq(in_flight[1] << ~last_place[1][:2])]
        with m.Else():
            m.d.comb += [write.addr.eq(self.write_place), write.data.eq(self.write_data),
                         write.en.eq(self.write_bytes & self.write.replicate(4))]
        return m
