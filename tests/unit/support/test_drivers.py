# SPDX-License-Identifier: Apache-2.0
"""The stream drivers lose nothing, invent nothing, and move only when their pattern permits."""

import pytest
from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from support import (
    FULL_RATE,
    Traffic,
    TrafficPattern,
    simulate,
    stream_get,
    stream_put,
    stream_through,
)


class Beat(data.Struct):
    """A payload with its flag inside."""

    value: unsigned(7)
    last: unsigned(1)


class Queue(wiring.Component):
    """Four beats deep."""

    def __init__(self, shape, *, always_ready: bool = False):
        super().__init__({
            "i": In(stream.Signature(shape, always_ready=always_ready)),
            "o": Out(stream.Signature(shape)),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.fifo = fifo = SyncFIFOBuffered(width=8, depth=4)
        m.d.comb += [
            fifo.w_data.eq(self.i.payload),
            fifo.w_en.eq(self.i.valid),
            self.o.payload.eq(fifo.r_data),
            self.o.valid.eq(fifo.r_rdy),
            fifo.r_en.eq(self.o.ready),
        ]
        if not self.i.signature.always_ready:
            m.d.comb += self.i.ready.eq(fifo.w_rdy)
        return m


def test_every_beat_arrives_once_and_in_order(traffic, seed):
    sent = [(seed + 37 * index) % 256 for index in range(200)]
    assert stream_through(Queue(8), sent, count=200, cycles=2000, traffic=traffic) == sent


def test_structs_go_in_and_come_out():
    sent = [{"value": value, "last": value == 9} for value in range(10)]
    received = stream_through(Queue(Beat), sent, until=lambda beat: beat.last, cycles=100)
    assert [(beat.value, beat.last) for beat in received] == [(v, v == 9) for v in range(10)]


def test_full_rate_is_a_beat_per_clock():
    dut = Queue(8)

    async def source(ctx):
        await stream_put(ctx, dut.i, range(100))

    async def sink(ctx):
        await stream_get(ctx, dut.o, 100)

    assert simulate(dut, source, sink, cycles=200) == 100 + 2, "two clocks through the queue"


def test_the_source_moves_only_when_permitted():
    dut = Queue(8)
    offered = []

    async def source(ctx):
        await stream_put(ctx, dut.i, range(8), TrafficPattern("1100"))

    async def sink(ctx):
        ctx.set(dut.o.ready, 1)
        async for _, _, valid in ctx.tick().sample(dut.i.valid):
            offered.append(valid)

    simulate(dut, source, cycles=100, background=(sink,))
    assert "".join(map(str, offered)) == "11001100110011"


def test_the_payload_is_wrong_while_nothing_is_offered():
    dut = Queue(8)
    idle = []

    async def source(ctx):
        await stream_put(ctx, dut.i, [0x0F, 0x0F, 0x0F], TrafficPattern("10"))

    async def monitor(ctx):
        async for _, _, valid, payload in ctx.tick().sample(dut.i.valid, dut.i.payload):
            if not valid:
                idle.append(payload)

    simulate(dut, source, cycles=100, background=(monitor,))
    assert idle == [0xF0, 0xF0]


def test_a_source_that_cannot_stall_needs_no_ready():
    assert stream_through(Queue(8, always_ready=True), range(50), count=50, cycles=100) == list(
        range(50))


def test_an_always_ready_stream_cannot_be_stalled():
    dut = Queue(8, always_ready=True)

    async def sink(ctx):
        await stream_get(ctx, dut.i, 1, TrafficPattern("10"))

    with pytest.raises(ValueError, match="cannot be stalled"):
        simulate(dut, sink, cycles=10)


def test_a_sink_must_know_its_end():
    dut = Queue(8)

    async def sink(ctx):
        await stream_get(ctx, dut.o)

    with pytest.raises(ValueError, match="give it `count` or `until`"):
        simulate(dut, sink, cycles=10)


def test_patterns_are_readable_and_repeatable():
    pattern = TrafficPattern("110")
    assert [bit for bit, _ in zip(pattern, range(6), strict=False)] == [1, 1, 0, 1, 1, 0]
    assert TrafficPattern.random(5) == TrafficPattern.random(5) != TrafficPattern.random(6)
    assert "1" in TrafficPattern.random(5, density=0.0).bits
    sparse = TrafficPattern.random(5, density=0.1, length=1000).bits
    assert 50 < sparse.count("1") < 150


@pytest.mark.parametrize("bits, reason", [("12", "'0' and '1'"), ("000", "never moves"),
                                          ("", "never moves")])
def test_rejects_a_pattern_that_is_none(bits, reason):
    with pytest.raises(ValueError, match=reason):
        TrafficPattern(bits)


def test_four_kinds_of_traffic_differ_in_who_waits():
    waits = {kind: (Traffic.of(kind, 1).put != FULL_RATE, Traffic.of(kind, 1).get != FULL_RATE)
             for kind in ("full", "bubbles", "stalls", "both")}
    assert waits == {"full": (False, False), "bubbles": (True, False), "stalls": (False, True),
                     "both": (True, True)}
    with pytest.raises(ValueError, match="choose from full, bubbles, stalls, both"):
        Traffic.of("slow", 1)
