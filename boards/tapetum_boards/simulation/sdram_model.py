# SPDX-License-Identifier: Apache-2.0
"""An SDRAM that stores, and notices when it is misused."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from ..memory.sdram_chip import SdramChip
from ..memory.sdram_controller import CAS_LATENCY, SdramPins

__all__ = ["SdramModel"]


class SdramModel(wiring.Component):
    """Bursts of eight with automatic precharge, as `SdramController` makes them; simulation only.

    Words appear at ``data_in`` as late as a chip on a board makes them.

    Parameters
    ----------
    words : int, optional
        Size of what is stored; addresses repeat beyond. Default: the whole chip.

    Members
    -------
    pins : In(SdramPins)
    misused : Out(1)
        Sticky: a command came too early or where it makes no sense, or a refresh too late.
    """

    def __init__(self, chip: SdramChip, clock_hz: float, *, read_delay_cycles: int = 1,
                 words: int | None = None):
        self.chip, self.clock_hz, self.read_delay_cycles = chip, clock_hz, read_delay_cycles
        self.words = words or 1 << chip.address_bits
        self.content = memory.MemoryData(shape=16, depth=self.words, init=[])
        super().__init__({"pins": In(SdramPins(chip)), "misused": Out(1)})

    def elaborate(self, platform):
        m = Module()
        chip, pins = self.chip, self.pins
        m.submodules.content = content = memory.Memory(self.content)
        write, read = content.write_port(), content.read_port(domain="comb")

        def cycles(name: str) -> int:
            return chip.cycles(name, self.clock_hz)

        code = Cat(pins.write_enable_n, pins.column_strobe_n, pins.row_strobe_n)
        activate, reads, writes = code == 0b011, code == 0b101, code == 0b100
        precharge, refresh, mode = code == 0b010, code == 0b001, code == 0b000

        row, bank, is_open = Signal(chip.row_bits), Signal(2), Signal()
        column, left, writing = Signal(chip.column_bits), Signal(4), Signal()
        since = {name: Signal(24, init=(1 << 24) - 1, name=f"since_{name}")
                 for name in ("activate", "refresh", "refresh_cycle")}
        closing = Signal(range(64))
        with m.If(closing != 0):
            m.d.sync += closing.eq(closing - 1)
        programmed = Signal()
        wrong = Signal()
        for count in since.values():
            with m.If(count != (1 << 24) - 1):
                m.d.sync += count.eq(count + 1)
        powered = Signal(range(cycles("power_up") + 1))
        with m.If(pins.clock_enable & (powered != cycles("power_up"))):
            m.d.sync += powered.eq(powered + 1)

        idle = ~is_open & (closing == 0) & (
            since["refresh_cycle"] >= cycles("refresh_cycle"))
        with m.If(activate):
            m.d.comb += wrong.eq(~idle | ~programmed | (since["activate"] < cycles("row_cycle")))
            m.d.sync += [row.eq(pins.address), bank.eq(pins.bank), is_open.eq(1),
                         since["activate"].eq(1)]
        with m.If(reads | writes):
            m.d.comb += wrong.eq(
                ~is_open | (left != 0) | ~pins.address[10] | (pins.bank != bank)
                | (since["activate"] < cycles("row_to_column")) | pins.address[:3].any()
                | (writes != pins.data_enable) | pins.mask.any())
            m.d.sync += [column.eq(pins.address[:chip.column_bits] + 1), left.eq(7),
                         writing.eq(writes)]
        with m.If(precharge | refresh | mode):
            m.d.comb += wrong.eq(~idle | (powered != cycles("power_up")))
        with m.If(refresh):
            m.d.sync += [since["refresh_cycle"].eq(1), since["refresh"].eq(1)]
        with m.If(precharge):
            m.d.sync += closing.eq(cycles("precharge") - 1)
        with m.If(mode):
            m.d.comb += wrong.eq(pins.address != (CAS_LATENCY << 4 | 0b011))
            m.d.sync += [programmed.eq(1), closing.eq(1)]
        with m.If(left != 0):
            m.d.sync += [left.eq(left - 1), column.eq(column + 1)]
            with m.If(writing & ~pins.data_enable):
                m.d.comb += wrong.eq(1)
            with m.If(left == 1):
                # The row closes behind the last word, and behind what it takes to write that.
                recovery = Mux(writing, cycles("write_recovery"), 0)
                m.d.sync += [is_open.eq(0), closing.eq(recovery + cycles("precharge") - 1)]
        with m.If(programmed & (since["refresh"] > cycles("refresh_interval"))):
            m.d.comb += wrong.eq(1)
        with m.If(wrong):
            m.d.sync += self.misused.eq(1)

        moving = reads | writes | (left != 0)
        place = Cat(Mux(left != 0, column, pins.address[:chip.column_bits]), bank, row)
        m.d.comb += [
            write.addr.eq(place), write.data.eq(pins.data_out),
            write.en.eq(moving & pins.data_enable), read.addr.eq(place),
        ]
        word = read.data
        for stage in range(CAS_LATENCY + self.read_delay_cycles - 1):
            later = Signal(16, name=f"word_{stage}", reset_less=True)
            m.d.sync += later.eq(word)
            word = later
        m.d.sync += self.pins.data_in.eq(word)
        return m
