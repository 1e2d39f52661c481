# SPDX-License-Identifier: Apache-2.0
"""The memory of row events, with a byte window for the host."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..memory.code import Parity
from ..memory.health import MemoryHealth
from ..memory.word_check import WordCheck
from .row_event import ROW_EVENT_BYTES, RowEventWord

__all__ = ["RowEventTable"]


class RowEventTable(wiring.Component):
    """Holds what happens in a line: after a reset what ``config.row_timing`` says.

    The words are copied from a ROM in the `fill_cycles` clocks behind a reset; until then nothing
    may stream and the host's writes are lost. (The registers take longer to wake.)

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    address : In, write_data : In(8), write : In(1)
        Byte window, most significant byte of a word first. A word changes as a whole, with the
        write of its last byte.
    read_data : Out(8)
        The byte at ``address``, one cycle later.
    locked : In(1)
        Words do not change while a frame is under way: a line must not change under its pointers.
    play_address : In, event : Out(RowEventWord)
        For the sequencer; one cycle of latency.
    health : Out(MemoryHealth)
        Of the words that are played while ``locked``; 2 clocks behind ``play_address``.
    transfer_cycles : Out(16 bit per exposure group)
        Time of the event with ``transfer`` that was last written for the group: where its
        integration ends.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        self.depth = config.timing.row_event_capacity
        super().__init__({
            "address": In(range(self.depth * ROW_EVENT_BYTES)),
            "write_data": In(8),
            "write": In(1),
            "read_data": Out(8),
            "locked": In(1),
            "play_address": In(range(self.depth)),
            "event": Out(RowEventWord),
            "health": Out(MemoryHealth()),
            "transfer_cycles": Out(data.ArrayLayout(16, len(config.exposure_groups))),
        })

    @property
    def fill_cycles(self) -> int:
        """Clocks behind a reset after which the table is complete."""
        return self.depth + 2

    def elaborate(self, platform):
        m = Module()
        timing = self.config.row_timing
        words = [RowEventWord.encode(event) for event in timing.events]
        words += [RowEventWord.end()] * (self.depth - len(words))
        # Simulators and FPGAs wake with the words in place; silicon, and every reset, needs the
        # copy.
        m.submodules.check = check = WordCheck(Parity(32))
        m.submodules.words = words_memory = memory.Memory(
            shape=check.code.word_bits, depth=self.depth,
            init=[check.code.encoded(word) for word in words], attrs={"ram_style": "distributed"})
        connect(m, check.health, flipped(self.health))
        m.submodules.rom = rom = memory.Memory(shape=32, depth=self.depth, init=words)
        original = rom.read_port()
        filling, fill_word, fill_write = (
            Signal(range(self.depth + 1)), Signal(range(self.depth)), Signal())
        m.d.comb += original.addr.eq(filling)
        m.d.sync += [fill_word.eq(filling), fill_write.eq(filling != self.depth)]
        with m.If(filling != self.depth):
            m.d.sync += filling.eq(filling + 1)
        host_write = words_memory.write_port()
        host_read = words_memory.read_port()
        play = words_memory.read_port()

        byte, word = self.address[:2], self.address[2:]
        earlier_bytes = Signal(24, reset_less=True)
        written = Signal(RowEventWord)
        committed, stored = Signal(), Signal(32)
        m.d.comb += committed.eq(
            self.write & (byte == ROW_EVENT_BYTES - 1) & ~self.locked & ~fill_write)
        m.d.comb += [
            play.addr.eq(self.play_address),
            Value.cast(self.event).eq(play.data[:32]),
            check.word.eq(play.data), check.read.eq(self.locked),
            Value.cast(written).eq(Cat(self.write_data, earlier_bytes)),
            host_write.addr.eq(Mux(fill_write, fill_word, word)),
            host_write.data.eq(Cat(stored, check.code.encode(stored))),
            stored.eq(Mux(fill_write, original.data, written)),
            host_write.en.eq(fill_write | committed),
            host_read.addr.eq(word),
        ]
        with m.If(self.write):
            m.d.sync += earlier_bytes.eq(Cat(self.write_data, earlier_bytes[:16]))

        read_byte = Signal(2, reset_less=True)
        m.d.sync += read_byte.eq(byte)
        m.d.comb += self.read_data.eq(host_read.data[:32].word_select(~read_byte, 8))

        transfers = [Signal(16, init=cycles, name=f"transfer_cycles_{group}")
                     for group, cycles in enumerate(timing.transfer_cycles)]
        for group, transfer in enumerate(transfers):
            m.d.comb += self.transfer_cycles[group].eq(transfer)
            with m.If(committed & written.transfer & (written.group == group)):
                m.d.sync += transfer.eq(written.time_cycles)
        return m
