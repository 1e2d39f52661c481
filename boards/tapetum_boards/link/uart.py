# SPDX-License-Identifier: Apache-2.0
"""Bytes on a serial line: eight bits, no parity, one stop bit."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

__all__ = ["LARGEST_RATE_ERROR", "SHORTEST_BIT_CYCLES", "UartReceiver", "UartTransmitter",
           "bit_cycles"]

LARGEST_RATE_ERROR = 0.02
"""Of each side: with both at the limit the last bit is still sampled in its middle third."""
SHORTEST_BIT_CYCLES = 4
"""Of a bit: fewer leave no middle to be sampled."""


def bit_cycles(clock_hz: float, bits_per_second: float) -> int:
    """Clocks of a bit.

    Raises
    ------
    ValueError
        If no whole number of clocks is near enough.
    """
    cycles = round(clock_hz / bits_per_second)
    error = abs(cycles * bits_per_second / clock_hz - 1)
    if cycles < SHORTEST_BIT_CYCLES or error > LARGEST_RATE_ERROR:
        raise ValueError(f"{bits_per_second:.0f} bits per second are no whole number of clocks of "
                         f"{clock_hz / 1e6:.3f} MHz; choose a rate that divides it.")
    return cycles


class UartReceiver(wiring.Component):
    """Samples every bit in its middle; a byte without its stop bit is dropped.

    Throughput: bytes that follow each other without pause, from a sender up to 2 % faster.

    Parameters
    ----------
    cycles : int
        See `bit_cycles`.

    Members
    -------
    line : In(1)
        Asynchronous; rests high.
    bytes : Out(stream of 8)
        Always ready.
    broken : Out(1)
        Strobe: a byte was dropped.
    """

    def __init__(self, cycles: int):
        self.cycles = cycles
        super().__init__({
            "line": In(1, init=1), "broken": Out(1),
            "bytes": Out(stream.Signature(8, always_ready=True)),
        })

    def elaborate(self, platform):
        m = Module()
        line = Signal(init=1)
        m.submodules.line = FFSynchronizer(self.line, line, init=1)
        wait = Signal(range(self.cycles + self.cycles // 2 + 1))
        left = Signal(range(10))
        bits = Signal(8, reset_less=True)
        m.d.sync += self.bytes.valid.eq(0)
        m.d.sync += self.broken.eq(0)
        with m.If(wait != 0):
            m.d.sync += wait.eq(wait - 1)
        with m.FSM():
            with m.State("rest"):
                with m.If(~line):
                    m.d.sync += [wait.eq(self.cycles + self.cycles // 2 - 2), left.eq(8)]
                    m.next = "bits"
            with m.State("bits"):
                with m.If(wait == 0):
                    m.d.sync += [wait.eq(self.cycles - 1), left.eq(left - 1)]
                    with m.If(left != 0):
                        m.d.sync += bits.eq(Cat(bits[1:], line))
                    with m.Else():
                        m.d.sync += [self.bytes.payload.eq(bits), self.bytes.valid.eq(line),
                                     self.broken.eq(~line)]
                        m.next = "stop"
            with m.State("stop"):
                # After a byte that was torn the line may be low for long.
                with m.If(line):
                    m.next = "rest"
        return m


class UartTransmitter(wiring.Component):
    """Sends as long as there are bytes, without pause between them.

    Members
    -------
    bytes : In(stream of 8)
    line : Out(1)
    """

    def __init__(self, cycles: int):
        self.cycles = cycles
        super().__init__({"bytes": In(stream.Signature(8)), "line": Out(1, init=1)})

    def elaborate(self, platform):
        m = Module()
        wait = Signal(range(self.cycles))
        left = Signal(range(11))
        bits = Signal(9, init=0x1FF)
        m.d.comb += self.bytes.ready.eq((left == 0) & (wait == 0))
        with m.If(wait != 0):
            m.d.sync += wait.eq(wait - 1)
        with m.Elif(left != 0):
            m.d.sync += [self.line.eq(bits[0]), bits.eq(Cat(bits[1:], C(1, 1))),
                         left.eq(left - 1), wait.eq(self.cycles - 1)]
        with m.Elif(self.bytes.valid):
            m.d.sync += [self.line.eq(0), bits.eq(Cat(self.bytes.payload, C(1, 1))), left.eq(9),
                         wait.eq(self.cycles - 1)]
        return m
