# SPDX-License-Identifier: Apache-2.0
"""The line buffer of one capture."""

from amaranth import *
from amaranth.hdl import ShapeLike
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..memory.code import Parity
from ..memory.health import MemoryHealth
from ..memory.protected_memory import ProtectedMemory

__all__ = ["RowKey", "RowRing"]


class RowKey(data.Struct):
    """Which row of which frame."""

    row: 12
    frame: 2

    def is_before(self, other) -> Value:
        """In order of reading; frames are compared modulo 4, at most two apart."""
        age = (other.frame - self.frame)[:2]
        return Mux(age == 0, self.row < other.row, age != 3)


class RowRing(wiring.Component):
    """Keeps rows, each with its key, until the row's last capture arrives.

    A first-in first-out queue of rows: rows older than ``target`` leave one per clock, unread, and
    a row that finds the ring full pushes out the oldest. Nothing can get out of step: the key
    decides whether a row is the one that is wanted.

    Parameters
    ----------
    shape : ShapeLike
        One beat.
    rows : int
        Rows that are held, at least 2.
    beats : int
        Longest row.

    Members
    -------
    i : In(stream of ``shape``), always ready
        A row to keep.
    i_key : In(RowKey), i_first, i_last : In(1)
        Valid with a beat of ``i``.
    target : In(RowKey)
        The row that is wanted next.
    seek : In(1)
        Rows older than ``target`` may go.
    found : Out(1)
        The oldest row held is the one wanted.
    column : In(range(beats)), read : In(1)
        Beat to read; the beat counts.
    beat : Out(shape)
        That beat of the oldest row, 3 clocks later.
    memory : Out(MemoryHealth)
    release : In(1)
        Strobe: the oldest row is no longer needed.
    overflow : Out(1)
        Pulse: a row was pushed out.

    Raises
    ------
    ValueError
        If ``rows`` is below 2 or ``beats`` below 1.
    """

    def __init__(self, shape: ShapeLike, *, rows: int, beats: int):
        if rows < 2:
            raise ValueError(f"a row ring holds at least 2 rows, not {rows}.")
        if beats < 1:
            raise ValueError(f"a row has at least one beat, not {beats}.")
        self.shape, self.rows, self.beats = shape, rows, beats
        super().__init__({
            "i": In(stream.Signature(shape, always_ready=True)),
            "i_key": In(RowKey), "i_first": In(1), "i_last": In(1),
            "target": In(RowKey), "seek": In(1), "found": Out(1),
            "column": In(range(beats)), "read": In(1), "beat": Out(shape), "release": In(1),
            "overflow": Out(1), "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        rows, beats = self.rows, self.beats
        m.submodules.keys = keys = memory.Memory(shape=RowKey, depth=rows, init=[])
        key_write, key_read = keys.write_port(), keys.read_port(domain="comb")

        # Rows lie a fixed stride apart, whatever the region of interest.
        last_base = (rows - 1) * beats
        level = Signal(range(rows + 1))
        write_row, read_row = Signal(range(rows)), Signal(range(rows))
        write_base, read_base = Signal(range(rows * beats)), Signal(range(rows * beats))

        write_column = Signal(range(beats))
        column = Mux(self.i_first, 0, write_column)
        write_address = Signal(range(rows * beats), reset_less=True)
        write_beat = Signal(self.shape, reset_less=True)
        write_enable, commit = Signal(), Signal()
        m.d.sync += [
            write_enable.eq(self.i.valid),
            write_address.eq(write_base + column),
            write_beat.eq(self.i.payload),
            commit.eq(self.i.valid & self.i_last),
        ]
        with m.If(self.i.valid):
            m.d.sync += write_column.eq(Mux(column == beats - 1, column, column + 1))
        m.d.comb += [
            key_write.addr.eq(write_row), key_write.data.eq(self.i_key),
            key_write.en.eq(self.i.valid & self.i_last),
        ]
        with m.If(self.i.valid & self.i_last):
            with m.If(write_row == rows - 1):
                m.d.sync += [write_row.eq(0), write_base.eq(0)]
            with m.Else():
                m.d.sync += [write_row.eq(write_row + 1), write_base.eq(write_base + beats)]

        full, pop, stale = Signal(), Signal(), Signal()
        head = key_read.data
        m.d.comb += [
            key_read.addr.eq(read_row),
            full.eq(level == rows),
            self.found.eq((level != 0) & (head == self.target)),
            stale.eq(self.seek & (level != 0) & head.is_before(self.target)),
            self.overflow.eq(self.i.valid & self.i_first & full & ~stale),
            pop.eq(stale | self.overflow | (self.release & (level != 0))),
        ]
        m.d.sync += level.eq(level + commit - pop)
        with m.If(pop):
            with m.If(read_base == last_base):
                m.d.sync += [read_row.eq(0), read_base.eq(0)]
            with m.Else():
                m.d.sync += [read_row.eq(read_row + 1), read_base.eq(read_base + beats)]

        # Address, memory and output register: block RAM is slow to answer.
        read_address, reads = Signal(range(rows * beats), reset_less=True), Signal()
        m.submodules.store = store = ProtectedMemory(self.shape, depth=rows * beats, code=Parity)
        connect(m, store.health, flipped(self.memory))
        m.d.sync += [read_address.eq(read_base + self.column), reads.eq(self.read)]
        m.d.comb += [
            store.write_address.eq(write_address), store.write_word.eq(write_beat),
            store.write_enable.eq(write_enable),
            store.address.eq(read_address), store.read.eq(reads), self.beat.eq(store.word),
        ]
        return m
