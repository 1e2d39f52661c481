# SPDX-License-Identifier: Apache-2.0
"""Verdicts reach the link whole, in their frame, and hold no frame end for ever."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from amaranth import *
from amaranth.lib.wiring import connect

from support import FULL_RATE, TrafficPattern, simulate
from support.upsets import Upsettable
from tapetum.csi2.formats import DataType
from tapetum.csi2.transmitter import Csi2Transmitter
from tapetum.csi2.verdict_packets import VerdictPackets
from tapetum.npu.verdict import VERDICT_BYTES
from tapetum_sim.csi2.decoder import decode
from tapetum_sim.csi2.verdict import decode_verdict
from tapetum_sim.frame.boundaries import compare_packets
from tapetum_sim.models.csi2 import transmit
from tapetum_sim.models.verdict import verdict_bytes, verdict_packets
from unit.csi2.link_bench import plan_frame, random_frame, settings_with, small_die

REGION = (4, 2, 60, 40)
SUMMARY = {"flags": 1, "class_number": 3, "score": -7}
LATER = 300
"""Clocks from a frame's last row to its verdict."""


class TransmitterWithVerdicts(Elaboratable):
    """Verdicts as the transmitter's further source."""

    def __init__(self, config):
        self.transmitter = Csi2Transmitter(config, result_sources=1)
        self.verdicts = VerdictPackets(config)

    def elaborate(self, platform):
        m = Module()
        m.submodules.transmitter, m.submodules.verdicts = self.transmitter, self.verdicts
        connect(m, self.verdicts.packets, self.transmitter.results[0])
        m.d.comb += self.transmitter.verdict_sent.eq(self.verdicts.sent)
        return m


def content(frame: int, **changes) -> bytes:
    scores = np.random.default_rng(frame).integers(-128, 128, 11).tolist()
    return verdict_bytes(**({"frame": frame, "flags": ("valid",), "model_id": 0x12345678,
                             "cycles": 70_000 + frame, "region": REGION, "scores": scores}
                            | changes))


@dataclass
class Bench:
    """Frames of two rows, each with its verdict, and what came out."""

    byte_lanes: int = 2
    byte_clock_hz: float = 93.75e6
    phy: TrafficPattern = FULL_RATE
    packets: bytearray = field(default_factory=bytearray)
    lost: int = 0

    def run(self, frames, given, *, pause: int = 120, clocks: int = 300) -> None:
        """``given`` says which frames get a verdict, of those that all wait for one."""
        config = small_die(byte_lanes=self.byte_lanes)
        top = TransmitterWithVerdicts(config)
        dut, permits = top.transmitter, iter(self.phy)
        self.config = config
        generator = np.random.default_rng(1)
        self.rows = [row for frame in frames
                     for row in random_frame(generator, frame, rows=2, columns=32)]
        self.settings = {frame: settings_with(config) for frame in frames}

        async def sensor(ctx):
            ctx.set(dut.verdict_wanted, ~0)
            for row in self.rows:
                if row.row == 0:
                    await plan_frame(ctx, dut, row.frame, self.settings[row.frame])
                for place, value in enumerate(row.values.tolist()):
                    ctx.set(dut.pixels.payload, {
                        "values": [value], "line_last": place == 31,
                        "frame_last": place == 31 and row.last,
                        "tag": {"frame": row.frame, "row": row.row}})
                    ctx.set(dut.pixels.valid, 1)
                    await ctx.tick()
                ctx.set(dut.pixels.valid, 0)
                await ctx.tick().repeat(pause)
                if row.last and row.frame in given:
                    await ctx.tick().repeat(LATER)
                    ctx.set(top.verdicts.verdict.as_value(),
                            int.from_bytes(content(row.frame), "little"))
                    ctx.set(dut.verdict, SUMMARY | {"frame": row.frame})
                    ctx.set(top.verdicts.given, 1)
                    ctx.set(dut.verdict_given, 1)
                    await ctx.tick()
                    ctx.set(top.verdicts.given, 0)
                    ctx.set(dut.verdict_given, 0)
                    await ctx.tick().repeat(clocks)
            await ctx.tick().repeat(clocks)

        async def phy(ctx):
            while True:
                ctx.set(dut.phy.ready, next(permits))
                _, _, strobe, word = await ctx.tick("byte").sample(
                    dut.packet_strobe, dut.packet_bytes)
                if strobe:
                    self.packets.extend(word.bytes[lane] for lane in range(word.count))

        async def count(ctx):
            async for *_, lost in ctx.tick().sample(top.verdicts.lost):
                self.lost += lost

        simulate(top, sensor, background=(phy, count), cycles=100_000,
                 domains={"sync": 100e6, "byte": self.byte_clock_hz})


def order(packets: bytes) -> list[tuple[int, int]]:
    """Channel and data type of what is a frame's end or a verdict."""
    return [(packet.virtual_channel, packet.data_type) for packet in decode(packets).packets
            if packet.data_type in (0x01, 0x32)]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("byte_lanes, byte_clock_hz", [
    (1, 93.75e6), (2, 257e6), (4, 31e6)])
def test_every_verdict_comes_whole_and_before_the_end_of_its_frame(byte_lanes, byte_clock_hz):
    bench = Bench(byte_lanes=byte_lanes, byte_clock_hz=byte_clock_hz)
    frames = (0, 1, 2)
    bench.run(frames, frames)
    told = {"verdict_flags": 1, "verdict_class": 3, "verdict_score": 0xF9}
    expected = transmit(bench.config, bench.rows, bench.settings,
                        dict.fromkeys(frames, told)) + b"".join(
        verdict_packets(frame, content(frame)) for frame in frames)
    boundary = compare_packets("csi2", expected, bytes(bench.packets))
    assert boundary.mismatches == 0, boundary.first
    assert order(bytes(bench.packets)) == [(2, 0x32), (2, 0x01), (0, 0x01)] * 3
    read = [decode_verdict(packet.payload or b"") for packet in decode(bytes(bench.packets)).packets
            if packet.data_type == 0x32]
    assert [verdict.frame for verdict in read] == [0, 1, 2]
    assert {verdict.region for verdict in read} == {REGION}
    assert all(verdict.is_valid and len(verdict.scores) == 11 for verdict in read)
    assert [v.class_number for v in read] == [int(np.argmax(v.scores)) for v in read]


def test_a_later_verdict_frees_a_frame_end_whose_own_never_came():
    bench = Bench()
    bench.run((65534, 65535, 0), (65535, 0))
    ends = [packet.word_count for packet in decode(bytes(bench.packets)).packets
            if (packet.virtual_channel, packet.data_type) == (0, 0x01)]
    assert ends == [32767, 32768, 1]
    assert decode(bytes(bench.packets)).sequence_errors == []


def test_a_link_that_stands_still_loses_verdicts_and_says_so():
    bench = Bench(phy=TrafficPattern("1" * 300 + "0" * 4000 + "1" * 90_000))
    bench.run((0, 1, 2, 3, 4), (0, 1, 2, 3, 4), clocks=700)
    decoded = decode(bytes(bench.packets))
    assert (decoded.sequence_errors, decoded.crc_errors) == ([], 0)
    kept = [decode_verdict(packet.payload or b"").frame for packet in decoded.packets
            if packet.data_type == 0x32]
    assert bench.lost == 5 - len(kept) > 0
    assert kept == sorted(kept)
    assert decoded.packets[-1].data_type == 0x01


@pytest.mark.parametrize("stall", ["all", "frame ends", "all, then frame ends", "now and then"])
@pytest.mark.parametrize("byte_lanes", [1, 4])
def test_no_verdict_ever_leaves_in_another_ones_frame(byte_lanes, stall, seed):
    """Stalls of up to a dozen frames, some of them while a verdict's frame end waits for rows."""
    config, random = small_die(byte_lanes=byte_lanes), np.random.default_rng(seed)
    dut = VerdictPackets(config)
    permits = {"packets": True, "frame ends": True}
    started, sent, lost = [], [], []

    async def link(ctx):
        descriptors, payload, content = dut.packets.descriptors, dut.packets.payload, bytearray()
        while True:
            descriptor = ctx.get(descriptors.payload)
            is_end = descriptor.data_type == DataType.FRAME_END
            goes = permits["frame ends" if is_end else "packets"]
            ctx.set(descriptors.ready, goes and ctx.get(descriptors.valid) and not content)
            ctx.set(payload.ready, bool(content))
            if ctx.get(descriptors.ready):
                if descriptor.data_type == DataType.FRAME_START:
                    started.append(descriptor.word_count - 1)
                if descriptor.data_type == DataType.VERDICT:
                    content = bytearray(b"?")
            elif content and ctx.get(payload.valid):
                word = ctx.get(payload.payload)
                content.extend(word.bytes[lane] for lane in range(byte_lanes))
                if word.last:
                    sent.append(decode_verdict(bytes(content[1:])).frame)
                    content = bytearray()
            await ctx.tick("byte")

    async def give(ctx):
        for frame in range(60):
            if stall != "now and then":
                # The queue of announcements is full when a slot becomes free again.
                free_from = {"all": 12, "frame ends": 0, "all, then frame ends": 9}[stall]
                permits["packets"] = frame % 20 >= free_from
                permits["frame ends"] = frame % 20 >= 12
            else:
                permits.update({name: bool(random.integers(2)) for name in permits})
            ctx.set(dut.verdict.as_value(), int.from_bytes(content(frame), "little"))
            ctx.set(dut.given, 1)
            await ctx.tick()
            ctx.set(dut.given, 0)
            if ctx.get(dut.lost):
                lost.append(frame)
            await ctx.tick().repeat(int(random.integers(64, 400)))
        permits.update(dict.fromkeys(permits, True))
        await ctx.tick().repeat(3000)
        assert ctx.get(dut.sent.frame) == 59, "nobody waits for a verdict that is lost"

    simulate(dut, give, background=(link,), cycles=60 * 400 + 6000, stream_domains={},
             domains={"sync": 75e6, "byte": 31e6})
    assert started == sent
    assert sorted(sent + lost) == list(range(60))
    assert sent == sorted(sent)
    assert len(lost) > 0 or stall == "now and then"


@pytest.mark.parametrize("place", [None, 1, 7, VERDICT_BYTES - 1])
def test_a_bit_that_flips_in_a_verdict_that_waits_is_told_as_it_leaves(place, seed):
    design = VerdictPackets(small_die(byte_lanes=1))
    dut, told = Upsettable(design), []
    slots, = (path for path in dut.memories if path.endswith("slots.words"))

    async def give(ctx):
        ctx.set(design.verdict.as_value(), int.from_bytes(content(seed & 0xFFFF), "little"))
        ctx.set(design.given, 1)
        await ctx.tick()
        ctx.set(design.given, 0)
        await ctx.tick().repeat(100)
        if place is not None:
            # The first byte waits beside the memory already.
            dut.flip(ctx, slots, place, seed % 9)
        assert not told
        ctx.set(design.packets.descriptors.ready, 1)
        ctx.set(design.packets.payload.ready, 1)
        await ctx.tick().repeat(200)
        assert ctx.get(design.sent.any)

    async def watch(ctx):
        async for *_, wrong in ctx.tick().sample(design.memory.uncorrectable):
            if wrong:
                told.append(wrong)

    simulate(dut, give, background=(watch,), cycles=400, stream_domains={},
             domains={"sync": 75e6, "byte": 93.75e6})
    assert len(told) == (place is not None)


def test_a_verdict_without_a_class_has_no_scores():
    read = decode_verdict(content(3, flags=("late",)))
    assert (read.class_number, read.scores, read.flags) == (None, (), ("late",))


@pytest.mark.parametrize("damage, sentence", [
    (lambda payload: payload[:-1], "40 bytes"), (lambda payload: b"\2" + payload[1:], "layout")])
def test_what_is_no_verdict_is_refused(damage, sentence):
    with pytest.raises(ValueError, match=sentence):
        decode_verdict(damage(content(1)))
