# SPDX-License-Identifier: Apache-2.0
"""Descriptor and payload in, packets out: header with its code, payload, checksum."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .crc import PACKET_CHECKSUM
from .packets import PacketBytes, PacketHeader, PacketSource

__all__ = ["Packetiser"]


class Packetiser(wiring.Component):
    """Builds packets, ``byte_lanes`` bytes per clock (CSI-2 §9.1 to §9.6).

    A long packet starts once its first payload word waits. From first to last word there is no
    gap as long as the source keeps up; between two packets there is one clock in which nothing
    is offered.

    Latency: four clocks from the descriptor to the first word.

    Parameters
    ----------
    byte_lanes : int
        1, 2 or 4.

    Members
    -------
    source : In(PacketSource(byte_lanes))
    packets : Out(stream of PacketBytes(byte_lanes))
    """

    def __init__(self, byte_lanes: int):
        if byte_lanes not in (1, 2, 4):
            raise ValueError(f"byte_lanes of a packetiser must be 1, 2 or 4, not {byte_lanes}.")
        self.byte_lanes = byte_lanes
        super().__init__({
            "source": In(PacketSource(byte_lanes)),
            "packets": Out(stream.Signature(PacketBytes(byte_lanes))),
        })

    def _word_layout(self) -> data.StructLayout:
        lanes = self.byte_lanes
        return data.StructLayout({
            "bytes": data.ArrayLayout(8, lanes),
            "count": range(lanes + 1),
            "first": 1,
            "last": 1,
            # Bytes that enter the checksum, 0 for none; the start flag comes with the first word.
            "checked": range(lanes + 1),
            "check_start": 1,
            # Where the checksum's low byte belongs, plus one: 0 when only its high byte is left,
            # lanes + 1 when none of it is in this word.
            "checksum_at": range(lanes + 2),
        })

    def elaborate(self, platform):
        m = Module()
        lanes = self.byte_lanes
        layout = self._word_layout()
        advance = Signal()
        m.d.comb += advance.eq(~self.packets.valid | self.packets.ready)

        word, word_valid = Signal(layout), Signal()
        self._choose_words(m, word, word_valid, advance)

        # Three stages, so that the checksum of the last payload byte is known when it is placed.
        gathered, gathered_valid = Signal(layout, reset_less=True), Signal()
        summed, summed_valid = Signal(layout, reset_less=True), Signal()
        placed, placed_valid = Signal(layout, reset_less=True), Signal()
        contribution = Signal(16, reset_less=True)
        checksum = Signal(16, reset_less=True)

        added = Signal(16)
        with m.Switch(gathered.checked):
            for count in range(1, lanes + 1):
                with m.Case(count):
                    m.d.comb += added.eq(PACKET_CHECKSUM.contribute(
                        [gathered.bytes[lane] for lane in range(count)]))
        register, advanced = Signal(16), Signal(16)
        m.d.comb += register.eq(Mux(summed.check_start, PACKET_CHECKSUM.start, checksum))
        with m.Switch(summed.checked):
            for count in range(1, lanes + 1):
                with m.Case(count):
                    m.d.comb += advanced.eq(PACKET_CHECKSUM.advance(register, count))

        with m.If(advance):
            m.d.sync += [
                gathered.eq(word), gathered_valid.eq(word_valid),
                summed.eq(gathered), summed_valid.eq(gathered_valid), contribution.eq(added),
                placed.eq(summed), placed_valid.eq(summed_valid),
                self.packets.valid.eq(placed_valid),
                self.packets.payload.count.eq(placed.count),
                self.packets.payload.first.eq(placed.first),
                self.packets.payload.last.eq(placed.last),
            ]
            with m.If(summed_valid & (summed.checked != 0)):
                m.d.sync += checksum.eq(advanced ^ contribution)
            for lane in range(lanes):
                m.d.sync += self.packets.payload.bytes[lane].eq(placed.bytes[lane])
                with m.If(placed.checksum_at == lane + 1):
                    m.d.sync += self.packets.payload.bytes[lane].eq(checksum[:8])
                with m.If(placed.checksum_at == lane):
                    m.d.sync += self.packets.payload.bytes[lane].eq(checksum[8:])
        return m

    def _choose_words(self, m: Module, word, word_valid, advance) -> None:
        lanes = self.byte_lanes
        descriptors, payload = self.source.descriptors, self.source.payload
        header = Signal(PacketHeader, reset_less=True)
        is_long = Signal(reset_less=True)
        payload_started = Signal(reset_less=True)
        header_words = 4 // lanes
        header_index = Signal(range(header_words))
        left_over = Signal(range(lanes + 1))  # payload bytes in the last word
        m.d.comb += left_over.eq(header.descriptor.word_count[:lanes.bit_length() - 1])
        if lanes == 1:
            m.d.comb += left_over.eq(1)
        else:
            with m.If(header.descriptor.word_count[:lanes.bit_length() - 1] == 0):
                m.d.comb += left_over.eq(lanes)

        m.d.comb += word.checksum_at.eq(lanes + 1)
        with m.FSM():
            with m.State("WAIT"):
                ready = Signal()
                m.d.comb += [
                    ready.eq(~descriptors.payload.is_long | payload.valid),
                    descriptors.ready.eq(ready),
                ]
                m.d.sync += [
                    header.descriptor.eq(descriptors.payload),
                    header.ecc.eq(PacketHeader.parity(descriptors.payload)),
                    is_long.eq(descriptors.payload.is_long),
                    header_index.eq(0),
                    payload_started.eq(0),
                ]
                with m.If(descriptors.valid & ready):
                    m.next = "HEADER"
            with m.State("HEADER"):
                at_end = header_index == header_words - 1
                m.d.comb += [
                    word_valid.eq(1),
                    Value.cast(word.bytes).eq(
                        header.as_value().word_select(header_index, 8 * lanes)),
                    word.count.eq(lanes),
                    word.first.eq(header_index == 0),
                    word.last.eq(at_end & ~is_long),
                ]
                with m.If(advance):
                    m.d.sync += header_index.eq(header_index + 1)
                    with m.If(at_end & is_long):
                        m.next = "PAYLOAD"
                    with m.Elif(at_end):
                        m.next = "WAIT"
            with m.State("PAYLOAD"):
                m.d.comb += [
                    payload.ready.eq(advance),
                    word_valid.eq(payload.valid),
                    word.bytes.eq(payload.payload.bytes),
                    word.count.eq(lanes),
                    word.checked.eq(lanes),
                    word.check_start.eq(~payload_started),
                ]
                with m.If(payload.payload.last):
                    m.d.comb += word.checked.eq(left_over)
                    with m.If(left_over != lanes):
                        m.d.comb += word.checksum_at.eq(left_over + 1)
                    with m.If(left_over + 2 <= lanes):
                        m.d.comb += [word.last.eq(1), word.count.eq(left_over + 2)]
                with m.If(advance & payload.valid):
                    m.d.sync += payload_started.eq(1)
                    with m.If(word.last):
                        m.next = "WAIT"
                    with m.Elif(payload.payload.last):
                        m.next = "CHECKSUM"
            with m.State("CHECKSUM"):
                # Bytes of the checksum that did not fit beside the payload's last ones.
                low_was_sent = left_over != lanes
                m.d.comb += [
                    word_valid.eq(1),
                    word.checksum_at.eq(~low_was_sent),
                    word.count.eq(Mux(low_was_sent, 1, min(lanes, 2))),
                    word.last.eq(1 if lanes > 1 else 0),
                ]
                with m.If(advance):
                    m.next = "WAIT" if lanes > 1 else "CHECKSUM HIGH"
            if lanes == 1:
                with m.State("CHECKSUM HIGH"):
                    m.d.comb += [word_valid.eq(1), word.checksum_at.eq(0), word.count.eq(1),
                                 word.last.eq(1)]
                    with m.If(advance):
                        m.next = "WAIT"
