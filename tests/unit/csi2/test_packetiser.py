# SPDX-License-Identifier: Apache-2.0
"""Headers and checksums are those of the standard's own examples."""

import pytest

from support import Traffic, expect_rejected, simulate, stream_get, stream_put
from tapetum.csi2.formats import DataType
from tapetum.csi2.packetiser import Packetiser
from tapetum_sim.models.csi2 import header, long_packet

VECTORS = (
    ("FF 00 00 02 B9 DC F3 72 BB D4 B8 5A C8 75 C2 7C 81 F8 05 DF FF 00 00 01", 0x00F0),
    ("FF 00 00 00 1E F0 1E C7 4F 82 78 C5 82 E0 8C 70 D2 3C 78 E9 FF 00 00 01", 0xE569),
)


def packetise(byte_lanes: int, packets, traffic: Traffic | None = None) -> list[bytes]:
    """Send ``(channel, type, word count, payload)`` and return the packets."""
    dut = Packetiser(byte_lanes)
    traffic = traffic or Traffic.of("full", 0)
    received: list[bytes] = []

    async def descriptors(ctx):
        await stream_put(ctx, dut.source.descriptors, [
            {"virtual_channel": channel, "data_type": data_type, "word_count": count}
            for channel, data_type, count, _ in packets], traffic.put)

    async def payloads(ctx):
        words = []
        for *_, payload in packets:
            for start in range(0, len(payload), byte_lanes):
                part = list(payload[start:start + byte_lanes])
                words.append({"bytes": part + [0xEE] * (byte_lanes - len(part)),
                              "last": start + byte_lanes >= len(payload)})
        await stream_put(ctx, dut.source.payload, words)

    async def collect(ctx):
        for _ in packets:
            words = await stream_get(ctx, dut.packets, pattern=traffic.get,
                                     until=lambda word: word.last)
            assert [word.first for word in words] == [True] + [False] * (len(words) - 1)
            assert all(word.count == byte_lanes for word in words[:-1])
            received.append(bytes(word.bytes[i] for word in words for i in range(word.count)))

    simulate(dut, descriptors, payloads, collect, cycles=5000)
    return received


@pytest.mark.parametrize("byte_lanes", [1, 2, 4])
def test_checksums_are_those_of_the_standard(byte_lanes, traffic):
    sent = [(0, DataType.RAW8, 24, bytes.fromhex(text)) for text, _ in VECTORS]
    packets = packetise(byte_lanes, sent, traffic)
    assert [int.from_bytes(packet[-2:], "little") for packet in packets] == [
        expected for _, expected in VECTORS]
    assert [packet[4:-2] for packet in packets] == [payload for *_, payload in sent]


def test_codes_of_the_standards_examples():
    sent = [(0, DataType.FRAME_START, 1, b""), (0, DataType.FRAME_END, 1, b"")]
    assert [packet[3] for packet in packetise(4, sent)] == [0x1A, 0x1D]
    assert header(0, 0x37, 0x01F0)[3] == 0x3F


def test_every_header_bit_enters_the_code():
    # Type bits that would make the packet long are reached through the type of a real packet.
    sent = [(0, DataType.FRAME_START, 1 << bit, b"") for bit in range(16)]
    sent += [(channel, DataType.FRAME_START, 0, b"") for channel in (0, 1, 2, 3)]
    sent += [(0, data_type, 4, b"abcd") for data_type in
             (DataType.EMBEDDED, DataType.RAW24, DataType.RAW8, DataType.RAW12, DataType.VERDICT)]
    sent += [(0, data_type, 7, b"") for data_type in (DataType.FRAME_END, DataType.LINE_START)]
    packets = packetise(2, sent)
    for packet, (channel, data_type, count, _) in zip(packets, sent, strict=True):
        assert packet[:4] == header(channel, data_type.value, count)


@pytest.mark.parametrize("byte_lanes", [1, 2, 4])
def test_payloads_of_any_length_get_their_checksum_right_behind_them(byte_lanes):
    sent = [(3, DataType.FLICKER_MAP, length, bytes(range(1, length + 1)))
            for length in range(1, 14)]
    assert packetise(byte_lanes, sent) == [
        long_packet(channel, data_type.value, payload) for channel, data_type, _, payload in sent]


def test_rejects_a_word_that_no_header_fits():
    with expect_rejected("1, 2 or 4", "8"):
        Packetiser(8)
