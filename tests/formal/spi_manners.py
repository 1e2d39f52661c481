# SPDX-License-Identifier: Apache-2.0
"""What is proved about the SPI port, as a design for the model checker."""

from functools import partial

from amaranth import *
from amaranth.hdl import Assert, Cover

from tapetum.spi.block_buffer import BUFFER_ENTRIES, BlockBuffer
from tapetum.spi.block_check import BlockCheck
from tapetum.spi.block_port import BlockPort
from tapetum.spi.block_writer import WRITE_INTERVAL_CYCLES
from tapetum.spi.framing import CHECK_BYTES, HEADER_BYTES, MOST_BYTES, Command

__all__ = ["SpiManners"]

_holds = partial(Assert, message="")

_POLYNOMIAL, _RESIDUE = 0x04C11DB7, 0xC704DD7B
_SHORTEST = HEADER_BYTES + CHECK_BYTES
_ROOM = MOST_BYTES + CHECK_BYTES
_BYTE_CYCLES = 10


class CarelessCheck(BlockCheck):
    """Plants a bug: every block is right."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        m.d.sync += self.right.eq(1)
        return m


class HastyBuffer(BlockBuffer):
    """Plants another: what has come may be taken before it is accepted."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        m.d.sync += self.available.eq(self.place != self.read)
        return m


class SpiManners(Elaboratable):
    """Everything behind the pins, and a witness that judges blocks and counts their bytes itself.

    The host does anything: bytes, selections, torn ends, in any order; bytes alone are 10 clocks
    apart, a fraction of what `SpiPins` promises. The witness's CRC-32 is that of the text books,
    highest power first.

    Parameters
    ----------
    careless, hasty : bool
        Plant bugs.
    """

    def __init__(self, *, careless: bool = False, hasty: bool = False):
        self.domain = ClockDomain("sync", reset_less=True)
        self.selected, self.comes, self.torn, self.byte = Signal(), Signal(), Signal(), Signal(8)
        self.hold, self.waits, self.read_data = Signal(), Signal(), Signal(8)
        self.read_valid = Signal()
        self.port = BlockPort()
        if careless:
            self.port.check = CarelessCheck()
        if hasty:
            self.port.buffer = HastyBuffer()

    @property
    def inputs(self) -> list[Signal]:
        return [self.domain.clk, self.selected, self.comes, self.torn, self.byte, self.hold,
                self.waits, self.read_data, self.read_valid]

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = self.domain
        m.submodules.port = port = self.port
        transfers, buffer, writer = port.transfers, port.buffer, port.writer
        gap = Signal(range(_BYTE_CYCLES))
        valid = self.comes & (gap == 0)
        m.d.sync += gap.eq(Mux(valid, _BYTE_CYCLES - 1, Mux(gap == 0, 0, gap - 1)))
        m.d.comb += [
            port.selected.eq(self.selected), port.byte_valid.eq(valid), port.byte.eq(self.byte),
            port.torn.eq(self.torn), port.hold.eq(self.hold), port.waits.eq(self.waits),
            port.bus.read_data.eq(self.read_data), port.bus.read_valid.eq(self.read_valid),
        ]

        # The witness: what this transfer is, and how many entries blocks have earned.
        heard, command, number = Signal(range(_SHORTEST + 1)), Signal(8), Signal(8)
        fresh, credit, took = Signal(12), Signal(12), Signal()
        crc, bits, waiting = Signal(32, init=0xFFFFFFFF), Signal(8), Signal(range(9))
        with m.If(transfers.restart):
            m.d.sync += [crc.eq(0xFFFFFFFF), waiting.eq(0)]
        with m.Elif(transfers.feed):
            m.d.sync += [bits.eq(transfers.fed), waiting.eq(8)]
        with m.Elif(waiting != 0):
            odd = (crc[-1] ^ bits[0]).replicate(32)
            m.d.sync += [bits.eq(bits >> 1), waiting.eq(waiting - 1),
                         crc.eq((crc << 1) ^ (odd & _POLYNOMIAL))]
        stored = buffer.write & ~buffer.full
        with m.If(transfers.restart):
            m.d.sync += heard.eq(0)
        with m.Elif(transfers.goes_on & valid):
            m.d.sync += heard.eq(Mux(heard == _SHORTEST, heard, heard + 1))
            with m.If(heard == 0):
                m.d.sync += command.eq(self.byte)
            with m.If(heard == 1):
                m.d.sync += number.eq(self.byte)
        earned = Mux(buffer.accept, fresh - CHECK_BYTES, 0)
        m.d.sync += [
            fresh.eq(Mux(buffer.accept | buffer.refuse, 0, fresh + stored)),
            credit.eq(credit + earned - writer.take), took.eq(writer.take),
        ]
        m.d.comb += [
            Assert(~buffer.accept | ((crc == _RESIDUE) & (waiting == 0) & (heard == _SHORTEST)
                                     & (command == Command.WRITE) & ~self.torn
                                     & (number == port.status.number)),
                   "a block is accepted that is whole, right and next"),
            Assert(~writer.take | (credit != 0), "what is taken has been accepted"),
            Assert(~port.bus.write | took, "what is written has been taken"),
            Assert(~transfers.feed | (transfers.fed == self.byte) | transfers.reads,
                   "the check is over what has come"),
            Cover(transfers.writes & (heard == _SHORTEST) & ~self.selected, "a block ends"),
        ]
        m.d.comb += [
            Assert(port.check.register == crc[::-1], "both checks agree"),
            _holds(port.check.busy == (waiting != 0)), _holds(waiting <= 8),
            *(_holds((waiting != count) | (port.check.left[:count + 1] == Cat(bits[:count], 1)))
              for count in range(1, 9)),
            *(_holds((waiting != count) | (port.check.left[count + 1:] == 0))
              for count in range(1, 8)),
            _holds((waiting != 0) | (port.check.left <= 1)),
            # A byte has gone before the next one comes.
            _holds(gap >= waiting),
        ]
        self._induction(m, heard, command, number, fresh, credit, gap)
        return m

    def _induction(self, m, heard, command, number, fresh, credit, gap) -> None:
        """What the induction needs: both count alike."""
        port = self.port
        transfers, check, buffer, writer = port.transfers, port.check, port.buffer, port.writer
        size, used = BUFFER_ENTRIES, fresh + credit
        busy = transfers.goes_on | transfers.decides | transfers.judges
        writes, index, room = transfers.writes, transfers.index, transfers.left
        sound = busy & writes & ~transfers.no_room
        m.d.comb += [
            Assert(~transfers.decides | (~check.busy & (check.right == (
                check.register == Const(_RESIDUE, 32)[::-1]))), "the verdict is of all bytes"),
            Assert(~busy | ((heard == index) & (index <= _SHORTEST)), "and count the same bytes"),
            Assert(~busy | (index == 0) | (writes == (command == Command.WRITE)),
                   "of the same command"),
            Assert(~busy | (index < 2) | (transfers.in_turn == (number == port.status.number)),
                   "and number"),
            _holds(~(busy & (index == 0)) | (~(writes | transfers.reads) & (room == _ROOM))),
            _holds(~(busy & writes & transfers.reads)),
            _holds(credit == (buffer.accepted - buffer.read)[:11]),
            _holds(fresh == (buffer.place - buffer.accepted)[:11]),
            _holds(used < size),
            _holds((gap == _BYTE_CYCLES - 1) | buffer.full | (used < size - 1)),
            _holds((busy & writes) | (fresh == 0)),
            _holds(~sound | (index >= HEADER_BYTES) | ((room == _ROOM) & (
                fresh == Mux(index < 2, 0, index - 2)))),
            _holds(~sound | (index < HEADER_BYTES) | (fresh + room == _ROOM + 2)),
            _holds(~sound | (index < HEADER_BYTES) | (index == _SHORTEST)
                   | (room + index == _ROOM + HEADER_BYTES)),
            _holds(~sound | (index != _SHORTEST) | (room <= _ROOM - CHECK_BYTES)),
            _holds(~(busy & writes) | (room <= _ROOM)),
            _holds(~writer.available | (credit != 0)
                   | (writer.pause == WRITE_INTERVAL_CYCLES - 1)),
        ]
