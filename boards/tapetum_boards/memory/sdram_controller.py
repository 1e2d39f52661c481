# SPDX-License-Identifier: Apache-2.0
"""One burst after another, each opening and closing its own row."""

from dataclasses import dataclass

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .memory_port import BURST_WORDS, MemoryPort
from .sdram_chip import SdramChip

__all__ = ["CAS_LATENCY", "MemoryTiming", "SdramController", "SdramPins", "memory_timing"]

CAS_LATENCY = 2
_START_REFRESHES = 8
_COMMANDS = {"nop": 0b111, "activate": 0b011, "read": 0b101, "write": 0b100, "precharge": 0b010,
             "refresh": 0b001, "mode": 0b000}
"""Row strobe, column strobe, write enable, all active low, from the left."""
_ALL_BANKS = 1 << 10
"""Bit 10 of the address: all banks, or close the row behind the burst."""
_COMES_NS, _GOES_NS = 5 + 6 + 2, 5 + 2.5 + 2
"""From a register in a pad to the memory, from its clock to a word or to the end of one, back."""
_SET_UP_NS, _HOLD_NS = 2.5, 2
"""Of the memory, with what the ways of two pads differ by."""
_LAGS = 0.5, 0.75


@dataclass(frozen=True, kw_only=True)
class MemoryTiming:
    """When words go to the chip and when they are taken.

    Parameters
    ----------
    clock_lag : float
        Of a period, by which the chip's clock is behind that of the controller.
    read_delay_cycles : int
        For `SdramController`.
    margin_ns : float
        The least of all set-up and hold times has so much to spare.
    """

    clock_lag: float
    read_delay_cycles: int
    margin_ns: float


def memory_timing(clock_hz: float) -> MemoryTiming:
    """The lag of the chip's clock, and the edge to take words at, with the most to spare.

    A word is there from 6 ns behind the chip's second clock to 2.5 ns behind its third (JEDEC
    21-C, 3.11.5; tAC and tOH of the slowest grade).
    """
    period_ns = 1e9 / clock_hz

    def margin(lag: float, taken: int) -> float:
        return min(taken * period_ns - ((CAS_LATENCY - 1 + lag) * period_ns + _COMES_NS),
                   (CAS_LATENCY + lag) * period_ns + _GOES_NS - taken * period_ns,
                   lag * period_ns - _SET_UP_NS, (1 - lag) * period_ns - _HOLD_NS)

    spare_ns, lag, taken = max((margin(lag, taken), lag, taken)
                               for lag in _LAGS for taken in (1, 2, 3))
    return MemoryTiming(clock_lag=lag, read_delay_cycles=taken - 1, margin_ns=spare_ns)


class SdramPins(wiring.Signature):
    """To the chip, seen from the controller; ``data_in`` is a clock old."""

    def __init__(self, chip: SdramChip):
        super().__init__({
            "row_strobe_n": Out(1, init=1), "column_strobe_n": Out(1, init=1),
            "write_enable_n": Out(1, init=1), "clock_enable": Out(1), "bank": Out(2),
            "address": Out(chip.row_bits), "mask": Out(2),
            "data_out": Out(16), "data_enable": Out(1), "data_in": In(16),
        })


class SdramController(wiring.Component):
    """Bursts of 8 with automatic precharge: no row stays open, so no burst waits for another's.

    A burst takes row-to-column time + 8 + what a write needs to close the row, or a read to come:
    14 clocks at 75 MHz, 85 MB/s. Refreshes come between bursts. JEDEC 21-C, 3.11.5.

    Latency of a read: 8 clocks from ``taken`` to the first word at 75 MHz.

    Parameters
    ----------
    chip : SdramChip
    clock_hz : float
        Of ``sync``, and of the chip, see `memory_timing`.
    read_delay_cycles : int
        By how many clocks registers in pads and the ways to the chip and back delay a word, beyond
        the register at ``data_in``.

    Members
    -------
    port : In(MemoryPort)
    pins : Out(SdramPins)
    ready : Out(1)
        The chip has been set up.
    """

    def __init__(self, chip: SdramChip, clock_hz: float, *, read_delay_cycles: int = 1):
        if clock_hz > 100e6:
            raise ValueError(f"a column latency of {CAS_LATENCY} needs a clock of at most 100 MHz, "
                             f"not {clock_hz / 1e6:.1f}.")
        if chip.column_bits < 8:
            raise ValueError(f"column_bits must be at least 8, not {chip.column_bits}.")
        if not 0 <= read_delay_cycles <= 2:
            raise ValueError(f"read_delay_cycles must lie between 0 and 2, not "
                             f"{read_delay_cycles}.")
        self.chip, self.clock_hz = chip, clock_hz
        self.read_delay_cycles = read_delay_cycles
        super().__init__({
            "port": In(MemoryPort(chip.burst_address_bits)),
            "pins": Out(SdramPins(chip)),
            "ready": Out(1),
        })

    def _cycles(self, name: str) -> int:
        return self.chip.cycles(name, self.clock_hz)

    @property
    def burst_cycles(self) -> int:
        """From one activation to the next: the row is closed, and the last word of a read has come,
        which at slow clocks takes longer."""
        moved = self._cycles("row_to_column") + BURST_WORDS
        closed = moved + self._cycles("write_recovery") + self._cycles("precharge")
        read = moved + CAS_LATENCY + self.read_delay_cycles
        return max(closed, read, self._cycles("row_cycle"))

    def elaborate(self, platform):
        m = Module()
        chip, pins, port = self.chip, self.pins, self.port
        column_bits = chip.column_bits - (BURST_WORDS - 1).bit_length()
        column, bank, row = (port.address[:column_bits],
                             port.address[column_bits:column_bits + 2],
                             port.address[column_bits + 2:])
        to_column, burst = self._cycles("row_to_column"), self.burst_cycles

        def command(name: str):
            code = _COMMANDS[name]
            return [pins.row_strobe_n.eq(code >> 2), pins.column_strobe_n.eq(code >> 1 & 1),
                    pins.write_enable_n.eq(code & 1)]

        interval = self._cycles("refresh_interval") - burst - 2
        since_refresh = Signal(range(interval + 1))
        due = Signal()
        m.d.sync += due.eq(since_refresh == interval)
        with m.If(since_refresh != interval):
            m.d.sync += since_refresh.eq(since_refresh + 1)

        powering = self._cycles("power_up") + 2
        wait = Signal(range(max(powering + 1, 64)), init=powering)
        started = Signal(range(_START_REFRESHES + 3))
        step = Signal(range(burst + 1))
        # The client may change its address once the request is taken.
        kept_column = Signal(column_bits, reset_less=True)
        with m.If(port.taken):
            m.d.sync += kept_column.eq(column)
        writing = Signal()
        # A strobe a clock, marching as far as the first word of a read is away.
        reading = Signal(CAS_LATENCY + self.read_delay_cycles + 1)
        m.d.sync += reading.eq(reading << 1)
        last = Signal(len(reading))
        m.d.sync += last.eq(last << 1)

        m.d.sync += [*command("nop"), pins.data_enable.eq(0), pins.clock_enable.eq(1),
                     pins.mask.eq(~self.ready.replicate(2))]
        with m.If(wait != 0):
            m.d.sync += wait.eq(wait - 1)

        with m.FSM():
            with m.State("set up"):
                with m.If(wait == 0):
                    m.d.sync += started.eq(started + 1)
                    with m.If(started == 0):
                        m.d.sync += [*command("precharge"), pins.address.eq(_ALL_BANKS),
                                     wait.eq(self._cycles("precharge"))]
                    with m.Elif(started <= _START_REFRESHES):
                        m.d.sync += [*command("refresh"),
                                     wait.eq(self._cycles("refresh_cycle"))]
                    with m.Elif(started == _START_REFRESHES + 1):
                        m.d.sync += [*command("mode"), pins.bank.eq(0),
                                     pins.address.eq(CAS_LATENCY << 4 | 0b011), wait.eq(2)]
                    with m.Else():
                        m.d.sync += self.ready.eq(1)
                        m.next = "rest"
            with m.State("rest"):
                m.d.sync += step.eq(1)
                with m.If(wait != 0):
                    pass
                with m.Elif(due):
                    m.d.sync += [*command("refresh"), since_refresh.eq(0),
                                 wait.eq(self._cycles("refresh_cycle") - 1)]
                with m.Elif(port.request):
                    m.d.comb += port.taken.eq(1)
                    m.d.sync += [*command("activate"), pins.bank.eq(bank), pins.address.eq(row),
                                 writing.eq(port.write)]
                    m.next = "burst"
            with m.State("burst"):
                m.d.sync += step.eq(step + 1)
                with m.If(step == to_column):
                    m.d.sync += [
                        pins.column_strobe_n.eq(0), pins.write_enable_n.eq(~writing),
                        pins.address.eq(_ALL_BANKS | Cat(C(0, 3), kept_column)),
                    ]
                moving = Signal()
                m.d.comb += moving.eq((step >= to_column) & (step < to_column + BURST_WORDS))
                final = step == to_column + BURST_WORDS - 1
                with m.If(writing):
                    m.d.comb += [port.moved.eq(moving), port.done.eq(final)]
                    m.d.sync += [pins.data_out.eq(port.word_in), pins.data_enable.eq(moving)]
                with m.Else():
                    m.d.sync += [reading[0].eq(moving), last[0].eq(final)]
                with m.If(step == burst - 1):
                    m.next = "rest"
        with m.If(reading[-1]):
            m.d.comb += [port.moved.eq(1), port.done.eq(last[-1])]
        m.d.comb += port.word_out.eq(pins.data_in)
        return m
