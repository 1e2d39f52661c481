# SPDX-License-Identifier: Apache-2.0
"""From four pins to bytes in the die's clock, and back."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from .framing import MARK

__all__ = ["SpiPins"]

_SELECT_STAGES = 4
"""Two more than a byte needs: the last byte of a transfer is seen before its end."""


class SpiPins(wiring.Component):
    """SPI mode 0, highest bit first: takes bits as the clock rises, gives them as it falls.

    Beside ``sync`` there are two clocks, both of them the pin ``clock``, at its rising and at its
    falling edge. The host stops it at will: whatever is to happen has happened with the last edge
    of a byte. ``select`` resets what counts bits, asynchronously; clocks that are meant for another
    device on the same wires do nothing.

    What crosses, and why it may:

    =========  ==========================================================================
    turn       changes with each byte; the only signal that is synchronised, but for ``select``
    heard      the byte: written in the clock edge of ``turn``, read after that has crossed, and
               the same for 8 clocks
    torn       not written from the end of a transfer until the next one's first byte is complete
    answer     of ``sync``: read in the clock edge of ``turn``, changed only after that has
               crossed or, for the first time, when the selection has
    =========  ==========================================================================

    So ``sync`` must have at least 3 clocks for each of ``clock``, and the selection must be
    released for at least 2.

    Members
    -------
    clock, select, data_in : In(1)
        Asynchronous; ``select`` is active low.
    data_out : Out(1), drive : Out(1)
        To a pad that drives the line while ``drive`` is high.
    enable : In(1)
        Without it nothing is selected.
    selected : Out(1)
        Level; falls after the last ``byte_valid`` of a transfer.
    byte_valid : Out(1), byte : Out(8)
        Pulse: the next byte of the transfer. It stays for 7 clocks of the host.
    torn : Out(1)
        Valid behind the end of a transfer: it ended within a byte.
    answer : In(8)
        What is sent in the next byte but one, if changed within 4 clocks of ``byte_valid``; in the
        second byte, if within 8 of ``selected``. The first byte is `MARK`.
    """

    clock: In(1)
    select: In(1, init=1)
    data_in: In(1)
    data_out: Out(1)
    drive: Out(1)
    enable: In(1, init=1)
    selected: Out(1)
    byte_valid: Out(1)
    byte: Out(8)
    torn: Out(1)
    answer: In(8)

    def elaborate(self, platform):
        m = Module()
        # What the end of a transfer resets, and what must outlive it.
        m.domains.spi = spi = ClockDomain(reset_less=True, local=True)
        m.domains.spi_rising = rising = ClockDomain(async_reset=True, local=True)
        m.domains.spi_falling = falling = ClockDomain(clk_edge="neg", async_reset=True, local=True)
        m.d.comb += [domain.clk.eq(self.clock) for domain in (spi, rising, falling)]
        m.d.comb += [rising.rst.eq(self.select), falling.rst.eq(self.select)]

        bits, shown, sent = Signal(3), Signal(8, init=MARK), Signal(init=MARK >> 7)
        taken, heard, turn, torn, begun = Signal(7), Signal(8), Signal(), Signal(), Signal()
        byte = Cat(self.data_in, taken)
        m.d.spi_rising += [bits.eq(bits + 1), shown.eq(Mux(bits.all(), self.answer, shown << 1))]
        m.d.spi_falling += sent.eq(shown[-1])
        m.d.spi += taken.eq(byte)
        with m.If(bits.all() | begun):
            m.d.spi += torn.eq(~bits.all())
        with m.If(bits.all()):
            m.d.spi_rising += begun.eq(1)
            m.d.spi += [heard.eq(byte), turn.eq(~turn)]

        is_released, turned = Signal(init=1), Signal()
        turned_before = Signal(reset_less=True)
        m.submodules.select = FFSynchronizer(self.select, is_released, init=1,
                                             stages=_SELECT_STAGES)
        m.submodules.turn = FFSynchronizer(turn, turned)
        m.d.sync += turned_before.eq(turned)
        m.d.comb += [
            self.data_out.eq(sent), self.drive.eq(~self.select & self.enable),
            self.selected.eq(~is_released & self.enable),
            self.byte_valid.eq(turned ^ turned_before), self.byte.eq(heard), self.torn.eq(torn),
        ]
        return m
