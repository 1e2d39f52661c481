# SPDX-License-Identifier: Apache-2.0
"""Sources share the link packet by packet, and the first goes first."""

import pytest

from support import Traffic, expect_rejected, simulate, stream_get, stream_put
from tapetum.csi2.arbiter import PacketArbiter
from tapetum.csi2.formats import DataType


def share(traffic: Traffic, counts: tuple[int, ...]) -> list[tuple[int, list[int]]]:
    """Packets of each source, payload words numbered; returns them as merged."""
    dut = PacketArbiter(2, len(counts))
    merged = []

    def describe(number):
        async def descriptors(ctx):
            await stream_put(ctx, dut.sources[number].descriptors, [
                {"virtual_channel": number, "word_count": index,
                 "data_type": DataType.RAW12 if index % 2 else DataType.FRAME_START}
                for index in range(counts[number])], traffic.put)
        return descriptors

    def fill(number):
        async def payload(ctx):
            await stream_put(ctx, dut.sources[number].payload, [
                {"bytes": [number, word], "last": word == 2}
                for index in range(counts[number]) if index % 2 for word in range(3)])
        return payload

    async def sink(ctx):
        for _ in range(sum(counts)):
            [header] = await stream_get(ctx, dut.merged.descriptors, 1, traffic.get)
            words = []
            if header.word_count % 2:
                words = await stream_get(ctx, dut.merged.payload, pattern=traffic.get,
                                         until=lambda word: word.last)
            assert all(word.bytes[0] == header.virtual_channel for word in words)
            merged.append((header.virtual_channel, [word.bytes[1] for word in words]))

    numbers = range(len(counts))
    simulate(dut, sink, *(describe(n) for n in numbers), *(fill(n) for n in numbers), cycles=3000)
    return merged


def test_no_packet_is_torn_lost_or_moved_within_its_source(traffic):
    merged = share(traffic, (6, 5, 4))
    for number, count in enumerate((6, 5, 4)):
        assert [words for source, words in merged if source == number] == [
            [0, 1, 2] if index % 2 else [] for index in range(count)]


def test_the_first_source_goes_first():
    merged = share(Traffic.of("full", 0), (4, 4))
    assert [source for source, _ in merged] == [0] * 4 + [1] * 4


@pytest.mark.parametrize("sources", [0, -1])
def test_rejects_an_arbiter_without_a_source(sources):
    with expect_rejected("at least one source", str(sources)):
        PacketArbiter(2, sources)
