# SPDX-License-Identifier: Apache-2.0
"""The host's end of the four SPI wires, a transfer at a time."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from tapetum.spi.framing import CHECK_BYTES, HEADER_BYTES, MOST_BYTES

from ..simulator import Mailbox

__all__ = ["HEARD_BYTES", "SPI_TRANSFER", "SpiWires", "transfer_letter"]

SPI_TRANSFER = "spi_transfer"
"""Name of the mailbox into which the host posts its :func:`transfer_letter`."""
_LONGEST = HEADER_BYTES + MOST_BYTES + CHECK_BYTES
HEARD_BYTES = HEADER_BYTES + 2 + 256 + CHECK_BYTES
"""Bytes that are kept of what comes back: of the longest read all."""
_RELEASED_CYCLES = 4


class _Letter(data.StructLayout):
    """The first ``count`` bytes are sent, the lowest first."""

    def __init__(self):
        super().__init__({"count": 16, "bytes": data.ArrayLayout(8, _LONGEST)})


class SpiWires(wiring.Component):
    """Makes a transfer in mode 0, a bit every two clocks of ``domain``. Simulation only.

    Parameters
    ----------
    domain : str
        Asynchronous to the die; may stand still while ``request`` is low.

    Members
    -------
    post : In(1)
        Each change takes a letter.
    done : Out(1)
        Each change ends a transfer.
    request : Out(1)
    heard : Out(8 * HEARD_BYTES)
        What came back: the last byte of the first `HEARD_BYTES` lowest.
    clock, select, data_in : Out(1), data_out : In(1)
        To the die, in its words.
    """

    def __init__(self, domain: str):
        self.domain = domain
        super().__init__({
            "post": In(1), "done": Out(1), "request": Out(1), "heard": Out(8 * HEARD_BYTES),
            "clock": Out(1), "select": Out(1), "data_in": Out(1), "data_out": In(1),
        })

    def elaborate(self, platform):
        m = Module()
        d = m.d[self.domain]
        m.submodules.letter = letter = Mailbox(_Letter(), SPI_TRANSFER, self.domain)
        selected = Signal()
        m.d.comb += self.select.eq(~selected)
        taken, content, left = Signal(), Signal(8 * _LONGEST), Signal(16)
        bits, byte, answer = Signal(3), Signal(8), Signal(8)
        kept, pause = Signal(range(HEARD_BYTES + 1)), Signal(range(_RELEASED_CYCLES))
        m.d.comb += [self.request.eq(self.post ^ self.done), self.data_in.eq(byte[-1])]
        with m.FSM(domain=self.domain):
            with m.State("idle"):
                d += [taken.eq(self.post), kept.eq(0)]
                with m.If(self.post ^ taken):
                    m.d.comb += letter.load.eq(1)
                    m.next = "load"
            with m.State("load"):
                d += [content.eq(letter.data.bytes.as_value() >> 8), left.eq(letter.data.count),
                      byte.eq(letter.data.bytes[0]), selected.eq(1), self.heard.eq(0)]
                m.next = "rise"
            with m.State("rise"):
                d += [self.clock.eq(1), answer.eq(Cat(self.data_out, answer)), bits.eq(bits + 1)]
                m.next = "fall"
            with m.State("fall"):
                d += [self.clock.eq(0), byte.eq(byte << 1)]
                m.next = "rise"
                with m.If(bits == 0):
                    d += [byte.eq(content[:8]), content.eq(content >> 8), left.eq(left - 1)]
                    with m.If(kept != HEARD_BYTES):
                        d += [kept.eq(kept + 1), self.heard.eq(Cat(answer, self.heard))]
                    with m.If(left == 1):
                        m.next = "release"
            with m.State("release"):
                d += [selected.eq(0), pause.eq(pause + 1)]
                with m.If(pause == _RELEASED_CYCLES - 1):
                    d += [self.done.eq(~self.done), pause.eq(0)]
                    m.next = "idle"
        return m


def transfer_letter(message: bytes) -> bytes:
    """A letter that makes one transfer of at least one byte."""
    return len(message).to_bytes(2, "little") + message
