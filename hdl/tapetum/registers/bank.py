# SPDX-License-Identifier: Apache-2.0
"""The register bank: a byte bus in front of the register memory, made from the table."""

from collections.abc import Sequence

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..memory.health import MemoryHealth
from .bus import HOSTS, RegisterBus, RegisterWatch, WindowBus
from .definition import Access, MemoryWindow, Register, Storage, check_table
from .layout import PAGE_BYTES, RegisterLayout
from .register_memory import RegisterMemory

__all__ = ["RegisterBank", "struct_of"]


def struct_of(registers: Sequence[Register], **criteria) -> data.StructLayout:
    """A field per register whose attributes equal `criteria`, as wide as its highest bit."""
    return data.StructLayout({
        r.name: r.mask.bit_length() for r in registers
        if all(getattr(r, name) is value for name, value in criteria.items())})


class RegisterBank(wiring.Component):
    """Registers behind a byte-wide bus.

    Registers of several bytes are big-endian. A write takes effect with the last byte of a
    register: with it go the bytes that were written directly before, in ascending order; earlier
    bytes alone change nothing, the last byte alone changes only itself. Reading the first byte
    captures the whole register for the reads of its other bytes that follow directly. What another
    host does in between tears neither. Unknown
    addresses read as zero and ignore writes, as do constants.

    Settings live in one memory, so a read-back costs no multiplexer; what must act at once has
    flip-flops of its own beside it. After ``rst`` and on ``reset`` every byte returns to its reset
    value, one per cycle; ``busy`` is high meanwhile, and writes are ignored.

    ::

        bus ─ page ─ attributes ┬ assemble ─ memory ┬ snapshot ─ bus
                      windows                       └ words, to the settings guard

    Parameters
    ----------
    registers : sequence of Register
    windows : sequence of MemoryWindow

    Members
    -------
    bus : In(RegisterBus)
    status : In(struct), by name of each register with `Storage.STATUS`
        A self-clearing register reads as this.
    immediate : Out(struct), by name of each register with `Storage.IMMEDIATE`
    cleared : Out(struct), by name of each write-one-to-clear register
        Bits written as one, for one cycle.
    commanded : Out(struct), by name of each self-clearing register
        Bits written as one, for one cycle.
    changed : Out(1)
        A register with `Storage.FRAME` was written; its new value is already in the memory.
    reset : In(1), busy : Out(1)
    word_address : In, word : Out(32)
        Second read port of the memory; latency 3 cycles. `RegisterLayout` says what lies where.
    watch : Out(RegisterWatch)
    health : Out(MemoryHealth)
    windows : a `WindowBus` by name of each window, if there are any
    """

    def __init__(self, registers: Sequence[Register], windows: Sequence[MemoryWindow] = ()):
        check_table(list(registers), list(windows))
        self.registers, self.memory_windows = tuple(registers), tuple(windows)
        self.layout = RegisterLayout(registers)
        self.memory = RegisterMemory(self.layout)
        super().__init__({
            "bus": In(RegisterBus()),
            "status": In(struct_of(registers, storage=Storage.STATUS)),
            "immediate": Out(struct_of(registers, storage=Storage.IMMEDIATE)),
            "cleared": Out(struct_of(registers, access=Access.WRITE_ONE_TO_CLEAR)),
            "commanded": Out(struct_of(registers, access=Access.SELF_CLEARING)),
            "changed": Out(1),
            "reset": In(1),
            "busy": Out(1),
            "word_address": In(range(self.layout.words)),
            "word": Out(32),
            "watch": Out(RegisterWatch(self.layout)),
            "health": Out(MemoryHealth()),
        } | ({"windows": Out(wiring.Signature(
            {window.name: Out(WindowBus(window)) for window in windows}))} if windows else {}))

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = memory = self.memory
        connect(m, memory.health, flipped(self.health))
        m.d.comb += [memory.reset.eq(self.reset), self.busy.eq(memory.busy),
                     memory.word_address.eq(self.word_address), self.word.eq(memory.word),
                     memory.watch_address.eq(self.watch.word_address),
                     self.watch.word.eq(memory.watch_word), self.watch.reset.eq(memory.busy)]

        # Stages 1 and 2: where does the address lie? -------------------------------------------
        address, write_data = Signal(16), Signal(8)
        taken, decoded, looked_up, ready = (Array(Signal(name=f"{kind}_{stage}")
                                                  for kind in ("write", "read"))
                                            for stage in ("taken", "decoded", "looked_up",
                                                          "ready"))
        host, previous, follows = Signal(range(len(HOSTS))), Signal(16), Signal()
        following = Array(Signal(16, name=f"following_{name}") for name in HOSTS)
        # The access of a host before: a write, a read, or none yet.
        was = Array(Signal(2, name=f"was_{name}") for name in HOSTS)
        m.d.sync += [taken[0].eq(self.bus.write), taken[1].eq(self.bus.read)]
        with m.If(self.bus.write | self.bus.read):
            kind, by = Cat(self.bus.write, self.bus.read), self.bus.host
            m.d.sync += [address.eq(self.bus.address), write_data.eq(self.bus.write_data),
                         host.eq(by), previous.eq(following[by]), follows.eq(was[by] == kind),
                         following[by].eq(self.bus.address + 1), was[by].eq(kind)]

        place, hit = Signal(range(self.layout.bytes)), Signal()
        page = Signal(range(len(self.layout.pages)))
        is_page = Signal()
        with m.Switch(address[PAGE_BYTES.bit_length() - 1:]):
            for index, number in enumerate(self.layout.pages):
                with m.Case(number):
                    m.d.comb += [page.eq(index), is_page.eq(1)]
        continues = Signal()
        m.d.sync += [place.eq(Cat(address[:PAGE_BYTES.bit_length() - 1], page)),
                     hit.eq(is_page), continues.eq(follows & (previous == address))]
        for here, before in zip((*decoded, *looked_up, *ready), (*taken, *decoded, *looked_up),
                                strict=True):
            m.d.sync += here.eq(before)

        # Stages 3 and 4: memory and status are read ---------------------------------------------
        m.d.comb += memory.place.eq(place)
        word_place = place[2:]
        lane = ~place[:2]
        status_word, status_bytes = Signal(32), Signal(4)
        # The memory takes two clocks: status is chosen in the second, from a register of its own.
        status_place = Signal.like(word_place)
        m.d.sync += status_place.eq(word_place)
        self._read_status(m, status_place, status_word, status_bytes)

        self._write(m, memory, strobe=ready[0] & hit & ~memory.busy, host=host,
                    word_place=word_place, lane=lane, write_data=write_data, continues=continues)

        # Stages 5 to 7: the word is put right, captured as a whole, one byte of it leaves ------
        corrected = Signal()
        fresh = Array(Signal(32, name=f"fresh_{name}") for name in HOSTS)
        merged = Signal(32)
        selected = Signal()
        m.d.comb += merged.eq(Cat(
            Mux(status_bytes[i], status_word.word_select(i, 8), memory.host_word.word_select(i, 8))
            for i in range(4)))
        # No register crosses words: what a register leaves in one is not of the next.
        within = continues & ~memory.is_first & place[:2].any()
        with m.If(corrected & ~(within & ~memory.busy)):
            m.d.sync += fresh[host].eq(merged)
        m.d.sync += [corrected.eq(ready[1]), selected.eq(corrected),
                     self.bus.read_valid.eq(selected)]
        window_data = self._connect_windows(m, address, write_data, decoded[0] & ~memory.busy)
        with m.If(selected):
            m.d.sync += self.bus.read_data.eq(
                Mux(hit, fresh[host].word_select(lane, 8), window_data))
        return m

    def _connect_windows(self, m, address, write_data, write) -> Value:
        """Pass the byte on to the window in which it lies; return what that window reads."""
        read_data = Signal(8)
        m.d.sync += read_data.eq(0)
        for window in self.memory_windows:
            port, low = getattr(self.windows, window.name), window.address_bits
            chosen = Signal(name=f"chosen_{window.name}")
            m.d.sync += [
                chosen.eq(address[low:] == window.address >> low),
                port.address.eq(address[:low]), port.write_data.eq(write_data),
                port.write.eq(write & chosen),
            ]
            with m.If(chosen):
                m.d.sync += read_data.eq(port.read_data)
        return read_data

    def _of(self, **criteria) -> list[Register]:
        return [r for r in self.registers
                if all(getattr(r, name) is value for name, value in criteria.items())]

    def _words(self, registers: Sequence[Register]) -> dict[int, list[Register]]:
        words: dict[int, list[Register]] = {}
        for register in registers:
            words.setdefault(self.layout.word_of(register), []).append(register)
        return words

    def _read_status(self, m, word_place, status_word, status_bytes) -> None:
        with m.Switch(word_place):
            for place, members in self._words(self._of(storage=Storage.STATUS)).items():
                with m.Case(place):
                    for register in members:
                        value = self.status[register.name]
                        shift = self.layout.shift_of(register)
                        m.d.sync += status_word[shift:shift + len(value)].eq(value)
                        m.d.sync += status_word[shift + len(value):
                                                shift + 8 * register.width_bytes].eq(0)
                    covered = sum(self.layout.bytes_of(register) for register in members)
                    m.d.sync += status_bytes.eq(covered)
            with m.Default():
                m.d.sync += status_bytes.eq(0)

    def _write(self, m, memory, *, strobe, host, word_place, lane, write_data, continues) -> None:
        """Assemble bytes; pass them on with the last one of a register."""
        waiting, waiting_bytes = (
            Array(Signal(bits, name=f"{name}_{host_name}") for host_name in HOSTS)
            for name, bits in (("waiting", 32), ("waiting_bytes", 4)))
        enabled = Signal(4)
        assembled = Signal(32)
        commit, commit_place = Signal(), Signal.like(word_place)
        commit_bytes, commit_data = Signal(4), Signal(32)
        here = Signal(4)
        masked = write_data & memory.writable
        m.d.comb += [
            here.eq(memory.writable.any() << lane),
            enabled.eq(here | Mux(continues & ~memory.is_first, waiting_bytes[host], 0)),
            assembled.eq(waiting[host]),
            assembled.word_select(lane, 8).eq(masked),
        ]
        m.d.sync += commit.eq(0)
        with m.If(strobe):
            m.d.sync += [waiting[host].eq(assembled), waiting_bytes[host].eq(enabled),
                         commit.eq(memory.is_last & enabled.any()),
                         commit_place.eq(word_place), commit_bytes.eq(enabled),
                         commit_data.eq(assembled)]
        changed = Cat((assembled ^ memory.stored_word).word_select(byte, 8)
                      & enabled[byte].replicate(8) for byte in range(4))
        m.d.sync += [self.watch.written.eq(strobe & memory.is_last & enabled.any()),
                     self.watch.place.eq(word_place), self.watch.changed.eq(changed)]
        m.d.comb += [memory.write.eq(commit), memory.write_place.eq(commit_place),
                     memory.write_bytes.eq(commit_bytes), memory.write_data.eq(commit_data)]

        m.d.sync += [self.cleared.as_value().eq(0), self.commanded.as_value().eq(0),
                     self.changed.eq(0)]
        apart = Signal(4)
        special = [r for r in self.registers if r.is_writable and r.storage is not Storage.FRAME]
        with m.Switch(commit_place):
            for place, members in self._words(special).items():
                with m.Case(place):
                    m.d.comb += apart.eq(sum(self.layout.bytes_of(r) for r in members))
                    with m.If(commit):
                        for register in members:
                            self._act(m, register, commit_bytes, commit_data)
        with m.If(commit & (commit_bytes & ~apart).any()):
            m.d.sync += self.changed.eq(1)
        with m.If(memory.busy):
            for register in self._of(storage=Storage.IMMEDIATE):
                m.d.sync += self.immediate[register.name].eq(register.reset)

    def _act(self, m, register: Register, commit_bytes, commit_data) -> None:
        shift = self.layout.shift_of(register)
        for offset in range(register.width_bytes):
            low = 8 * offset
            high = min(low + 8, register.mask.bit_length())
            if high <= low:
                continue
            byte = commit_data[shift + low:shift + high]
            with m.If(commit_bytes[shift // 8 + offset]):
                if register.storage is Storage.KEPT:
                    continue
                if register.storage is Storage.IMMEDIATE:
                    m.d.sync += self.immediate[register.name][low:high].eq(byte)
                elif register.access is Access.WRITE_ONE_TO_CLEAR:
                    m.d.sync += self.cleared[register.name][low:high].eq(byte)
                else:
                    m.d.sync += self.commanded[register.name][low:high].eq(byte)
