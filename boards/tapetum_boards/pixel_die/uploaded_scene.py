# SPDX-License-Identifier: Apache-2.0
"""A scene in the board's memory, a few rows of it at hand."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from tapetum.config import DieConfig

from ..memory.memory_port import BURST_WORDS, WORD_BITS, MemoryPort
from .constant_product import times
from .noise import LANES
from .radiance import Radiance

__all__ = ["SCENE_PLACE", "UPLOADED_LATENCY_CYCLES", "UploadedScene"]

SCENE_PLACE = 0x10_0000
"""Byte of the memory at which the scene begins: rows of `Radiance` words, from the top."""
UPLOADED_LATENCY_CYCLES = 2


class UploadedScene(wiring.Component):
    """Radiance at four neighbouring columns, as `DrawnScene` gives it; latency 2 clocks.

    Rows are fetched one ahead of the row that is read, each once: those behind it stay until the
    late captures have read them too. Every row must be read, from the top: a row that was not
    fetched in time gives what was there before it.

    At 320 columns a row takes 40 bursts in a line of 2,916 clocks.

    Parameters
    ----------
    config : DieConfig
    address_bits : int
        Of the memory.

    Members
    -------
    enable : In(1)
        Whether rows are fetched at all.
    physical_row : In, select : In(1)
        Of the row that is read.
    column : In
        First of the active columns, a multiple of four.
    radiance : Out(Radiance).array(4)
    memory : Out(MemoryPort)
    """

    def __init__(self, config: DieConfig, address_bits: int):
        array = config.array
        if array.columns % BURST_WORDS:
            raise ValueError(f"a row of an uploaded scene must be a multiple of {BURST_WORDS} "
                             f"pixels, not {array.columns}.")
        self.config, self.address_bits = config, address_bits
        self.kept_rows = config.largest_lag_lines + 2
        super().__init__({
            "enable": In(1), "physical_row": In(range(array.total_rows)), "select": In(1),
            "column": In(range(array.columns)), "radiance": Out(Radiance).array(LANES),
            "memory": Out(MemoryPort(address_bits)),
        })

    def elaborate(self, platform):
        m = Module()
        array, memory = self.config.array, self.memory
        groups, bursts = array.columns // LANES, array.columns // BURST_WORDS
        depth = 1 << (self.kept_rows * groups - 1).bit_length()
        m.submodules.rows = rows = Memory(shape=LANES * WORD_BITS, depth=depth, init=[])
        write, read = rows.write_port(), rows.read_port()
        # Rows follow each other in the memory of the FPGA, around its end.
        row = Signal(range(array.rows))
        m.d.comb += row.eq(self.physical_row - array.dark_rows)
        start = Signal(range(depth))
        m.d.sync += start.eq(times(row, groups))
        m.d.comb += read.addr.eq(start + (self.column >> (LANES - 1).bit_length()))
        m.d.sync += Cat(self.radiance).eq(read.data)

        newest, kept = Signal(range(array.rows)), Signal(range(self.kept_rows + 1))
        wanted, is_there = Signal(range(array.rows)), Signal()
        wanted_start = Signal(range(array.rows * bursts))
        ahead = self.physical_row - (array.dark_rows - 1)
        m.d.comb += [wanted.eq(ahead), is_there.eq((newest - wanted)[:len(newest)] < kept),
                     wanted_start.eq(times(wanted, bursts))]
        asks = (self.enable & self.select & (self.physical_row >= array.dark_rows - 1)
                & (self.physical_row != array.total_rows - 1) & ~is_there)

        burst = Signal(range(bursts))
        burst_start = Signal(range(array.rows * bursts))
        group = Signal(range(depth))
        words = Signal((LANES - 1) * WORD_BITS, reset_less=True)
        lane = Signal(range(LANES))
        m.d.comb += [
            memory.address.eq(SCENE_PLACE // (2 * BURST_WORDS) + burst_start + burst),
            write.addr.eq(group), write.data.eq(Cat(words, memory.word_out)),
            write.en.eq(memory.moved & (lane == LANES - 1)),
        ]
        with m.If(memory.moved):
            m.d.sync += [lane.eq(lane + 1), words.eq(Cat(words[WORD_BITS:], memory.word_out)),
                         group.eq(group + (lane == LANES - 1))]
        with m.FSM():
            with m.State("rest"):
                with m.If(asks):
                    m.d.sync += [
                        burst.eq(0), burst_start.eq(wanted_start),
                        group.eq(wanted_start * (BURST_WORDS // LANES)),
                        newest.eq(wanted),
                        # A row that does not follow the last one begins anew.
                        kept.eq(Mux(wanted == newest + 1, Mux(
                            kept == self.kept_rows, kept, kept + 1), 1)),
                    ]
                    m.next = "ask"
            with m.State("ask"):
                m.d.comb += memory.request.eq(1)
                with m.If(memory.taken):
                    m.next = "move"
            with m.State("move"):
                with m.If(memory.done):
                    m.d.sync += burst.eq(burst + 1)
                    m.next = "ask"
                    with m.If(burst == bursts - 1):
                        m.next = "rest"
        with m.If(~self.enable):
            # What was uploaded meanwhile is fetched anew.
            m.d.sync += kept.eq(0)
        return m
