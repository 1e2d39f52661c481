# SPDX-License-Identifier: Apache-2.0
"""What a host would show of the packets on the link: pixels, flicker map, verdict."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from tapetum.csi2.formats import DataType
from tapetum.csi2.packets import PacketBytes
from tapetum.csi2.verdict_packets import VERDICT_CHANNEL
from tapetum.npu.verdict import SCORES, Verdict

from .plane_words import PlaneStep, PlaneWord

__all__ = ["PacketViewer", "SeenVerdict", "SeenWord"]

_CELLS = {
    DataType.RAW8: (1, (0,)), DataType.RAW10: (5, (0, 1, 2, 3)), DataType.RAW12: (3, (0, 1)),
    DataType.RAW14: (7, (0, 1, 2, 3)), DataType.RAW16: (2, (0,)), DataType.RAW20: (5, (0, 2)),
    DataType.RAW24: (3, (0,)), DataType.FLICKER_MAP: (1, (0,)),
}
"""Bytes that repeat, and where among them the upper eight bits of each pixel stand."""
_LANES = 2
_MAP_CHANNEL = 1


def _byte_of(field: str) -> int:
    return data.Layout.cast(Verdict)[field].offset // 8


class SeenVerdict(data.Struct):
    """Of the last verdict; ``toggle`` changes with each."""

    class_number: 8
    score: 8
    valid: 1
    toggle: 1


class SeenWord(data.Struct):
    """A word of the combined frame, or of its marks.

    ``low`` has the low four bits of the two pixels in RAW12, the first one lowest; else zeros.
    """

    content: PlaneWord
    low: 8
    of_marks: 1


class PacketViewer(wiring.Component):
    """Takes the packets of virtual channels 0 to 2 apart, in the clock of the lanes.

    Checksums are not looked at. Of each pixel the upper eight bits count, in RAW12 all twelve.
    Throughput: two bytes a clock. Latency: 2 clocks.

    Members
    -------
    packets : In(PacketBytes(2)), strobe : In(1)
        What the lanes take.
    words : Out(stream of SeenWord), always ready
    verdict : Out(SeenVerdict)
    """

    packets: In(PacketBytes(_LANES))
    strobe: In(1)
    words: Out(stream.Signature(SeenWord, always_ready=True))
    verdict: Out(SeenVerdict)

    def elaborate(self, platform):
        m = Module()
        packets = self.packets
        # The second word of a packet ends its header.
        kind, channel = Signal(6, reset_less=True), Signal(2, reset_less=True)
        low = Signal(8, reset_less=True)
        second = Signal()
        left = Signal(16)
        place = Signal(6, reset_less=True)
        in_payload = left != 0
        with m.If(self.strobe):
            m.d.sync += second.eq(packets.first)
            with m.If(packets.first):
                m.d.sync += [Cat(kind, channel).eq(packets.bytes[0]), low.eq(packets.bytes[1]),
                             left.eq(0)]
            with m.Elif(second):
                m.d.sync += [left.eq(Mux(kind[4:].any(), Cat(low, packets.bytes[0]), 0)),
                             place.eq(0)]
            with m.Elif(in_payload):
                m.d.sync += [left.eq(Mux(left < _LANES, 0, left - _LANES)), place.eq(place + 1)]

        self._pixels(m, kind, channel, second, in_payload)
        self._verdict(m, kind, channel, place, in_payload)
        return m

    def _pixels(self, m: Module, kind: Signal, channel: Signal, second: Signal,
                in_payload: Value) -> None:
        packets, words = self.packets, self.words
        length, taken = Signal(3), Signal(7)
        with m.Switch(kind):
            for data_type, (cell, places) in _CELLS.items():
                with m.Case(data_type.value):
                    m.d.comb += [length.eq(cell), taken.eq(sum(1 << place for place in places))]
        of_marks = (kind == DataType.FLICKER_MAP.value) & (channel == _MAP_CHANNEL)
        of_pixels = (kind != DataType.FLICKER_MAP.value) & (channel == 0) & (length != 0)
        wanted = of_marks | of_pixels

        place = Signal(3, reset_less=True)
        behind, following = Signal(3), Signal(3)
        m.d.comb += [behind.eq(Mux(place + 1 == length, 0, place + 1)),
                     following.eq(Mux(behind + 1 == length, 0, behind + 1))]
        takes = Signal(2)
        m.d.comb += [takes[0].eq(taken.bit_select(place, 1)),
                     takes[1].eq(taken.bit_select(behind, 1))]
        kept, has_kept = Signal(8, reset_less=True), Signal()
        one, two = packets.bytes[0], packets.bytes[1]
        m.d.sync += words.valid.eq(0)
        with m.If(self.strobe & packets.first):
            m.d.sync += [place.eq(0), has_kept.eq(0)]
        with m.If(self.strobe & in_payload & ~packets.first & ~second & wanted):
            m.d.sync += [place.eq(following), words.payload.content.step.eq(PlaneStep.WORD),
                         words.payload.of_marks.eq(of_marks), words.payload.low.eq(0)]
            with m.If(kind == DataType.RAW12.value):
                self._twelve_bits(m, place)
            with m.Elif(has_kept):
                m.d.sync += [
                    words.valid.eq(takes.any()),
                    words.payload.content.word.eq(Cat(Mux(takes[0], one, two), kept)),
                    kept.eq(two), has_kept.eq(~takes.any() | takes.all()),
                ]
            with m.Else():
                m.d.sync += [
                    words.valid.eq(takes.all()), words.payload.content.word.eq(Cat(two, one)),
                    kept.eq(Mux(takes[0], one, two)), has_kept.eq(takes.xor()),
                ]
        with m.If(self.strobe & packets.last):
            row_ends = wanted & ~second
            frame_ends = (kind == DataType.FRAME_END.value) & (channel <= _MAP_CHANNEL) & second
            with m.If(row_ends | frame_ends):
                m.d.sync += [
                    words.valid.eq(1), words.payload.of_marks.eq(channel == _MAP_CHANNEL),
                    words.payload.content.step.eq(
                        Mux(frame_ends, PlaneStep.FRAME_END, PlaneStep.ROW_END)),
                ]

    def _twelve_bits(self, m: Module, place: Signal) -> None:
        """Two pixels' upper bytes, then a byte with the low bits of both."""
        one, two = self.packets.bytes[0], self.packets.bytes[1]
        words, first, second = self.words, Signal(8), Signal(8)
        with m.Switch(place):
            with m.Case(0):
                m.d.sync += [first.eq(one), second.eq(two)]
            with m.Case(1):
                m.d.sync += [words.valid.eq(1), words.payload.low.eq(two),
                             words.payload.content.word.eq(Cat(one, first))]
            with m.Case(2):
                m.d.sync += [words.valid.eq(1), words.payload.low.eq(one), first.eq(two),
                             words.payload.content.word.eq(Cat(second, first))]

    def _verdict(self, m: Module, kind: Signal, channel: Signal, place: Signal,
                 in_payload: Value) -> None:
        packets, verdict = self.packets, self.verdict
        pair = packets.bytes
        bytes_of = {name: divmod(_byte_of(name), _LANES) for name in (
            "flags", "class_number", "scores")}
        first_score = bytes_of["scores"][0]
        is_verdict = ((kind == DataType.VERDICT.value) & (channel == VERDICT_CHANNEL) & in_payload
                      & self.strobe & ~packets.first)
        with m.If(is_verdict):
            with m.If(place == bytes_of["flags"][0]):
                m.d.sync += verdict.valid.eq(pair[bytes_of["flags"][1]][0])
            with m.If(place == bytes_of["class_number"][0]):
                m.d.sync += verdict.class_number.eq(pair[bytes_of["class_number"][1]])
            with m.If(place == first_score + (verdict.class_number[:SCORES.bit_length() - 1] >> 1)):
                m.d.sync += verdict.score.eq(Mux(verdict.class_number[0], pair[1], pair[0]))
            with m.If(place == first_score + SCORES // _LANES - 1):
                m.d.sync += verdict.toggle.eq(~verdict.toggle)
