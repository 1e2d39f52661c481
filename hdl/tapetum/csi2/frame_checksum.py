# SPDX-License-Identifier: Apache-2.0
"""The checksum over all pixels of a frame, for each virtual channel."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from .crc import FRAME_CHECKSUM
from .packets import PayloadWord

__all__ = ["CHANNELS", "FrameChecksum"]

CHANNELS = 4
"""Virtual channels whose frames may overlap."""


class FrameChecksum(wiring.Component):
    """CRC-32 of the payload of a frame's pixel packets, row after row, as `zlib.crc32` has it.

    Whole words enter at once, what is left of a row byte by byte: ``busy`` tells how long. The
    frames of several channels may alternate row by row; each keeps what it has so far.

    Throughput: a word per clock within a row. ``busy`` falls at most ``byte_lanes`` + 3 clocks
    after a row's last word; a row's first word comes at least 4 clocks after its ``start``.

    Parameters
    ----------
    byte_lanes : int

    Members
    -------
    start : In(1), channel : In(2), first : In(1)
        Strobe: words of this channel follow, or a report; ``first``: its frame begins.
    word : In(PayloadWord(byte_lanes)), count : In, strobe : In(1)
        A word of a row of pixels, of which ``count`` bytes count.
    busy : Out(1)
    value : Out(32)
        Of the channel that was started last, unless ``busy``.
    """

    def __init__(self, byte_lanes: int):
        self.byte_lanes = byte_lanes
        super().__init__({
            "start": In(1), "channel": In(range(CHANNELS)), "first": In(1),
            "word": In(PayloadWord(byte_lanes)), "count": In(range(byte_lanes + 1)),
            "strobe": In(1),
            "busy": Out(1), "value": Out(FRAME_CHECKSUM.width),
        })

    def elaborate(self, platform):
        m = Module()
        lanes, width = self.byte_lanes, FRAME_CHECKSUM.width
        register = Signal(width, init=FRAME_CHECKSUM.start, reset_less=True)
        m.submodules.kept = kept = Memory(shape=width, depth=CHANNELS, init=[])
        write, read = kept.write_port(), kept.read_port(domain="comb")
        channel, first = Signal.like(self.channel), Signal()

        # Bytes that wait: a whole word for one clock, the rest of a row for one clock each.
        held = Signal(8 * lanes, reset_less=True)
        whole, left = Signal(), Signal(range(lanes))
        adds = Signal()
        contribution = Signal(width, reset_less=True)
        m.d.sync += [adds.eq(whole), contribution.eq(FRAME_CHECKSUM.contribute(
            [held[low:low + 8] for low in range(0, 8 * lanes, 8)]))]
        m.d.sync += whole.eq(self.strobe & (self.count == lanes))
        with m.If(self.strobe):
            m.d.sync += [held.eq(self.word.bytes), left.eq(Mux(self.count == lanes, 0, self.count))]
        with m.Elif(left.any() & ~adds):
            m.d.sync += [held.eq(held >> 8), left.eq(left - 1)]

        starting = Signal(2)
        m.d.sync += starting.eq(Cat(self.start, starting))
        with m.If(self.start):
            m.d.sync += [channel.eq(self.channel), first.eq(self.first)]
        with m.If(starting[-1]):
            m.d.sync += register.eq(Mux(first, FRAME_CHECKSUM.start, read.data))
        with m.Elif(adds):
            m.d.sync += register.eq(FRAME_CHECKSUM.advance(register, lanes) ^ contribution)
        with m.Elif(left.any()):
            m.d.sync += register.eq(FRAME_CHECKSUM.advance(register, 1)
                                    ^ FRAME_CHECKSUM.contribute([held[:8]]))
        m.d.comb += [
            read.addr.eq(channel), write.addr.eq(channel), write.data.eq(register),
            # Again and again, so that the last state is kept before another channel starts.
            write.en.eq(~self.start & ~starting.any()),
            self.busy.eq(self.start | starting.any() | whole | adds | left.any()),
            self.value.eq(register ^ FRAME_CHECKSUM.output_mask),
        ]
        return m
