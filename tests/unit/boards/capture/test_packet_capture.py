# SPDX-License-Identifier: Apache-2.0
"""Packets of one frame reach the memory whole, whatever the memory does meanwhile."""

from random import Random

import pytest

from support import expect_rejected, simulate
from tapetum_boards.capture.packet_capture import PacketCapture

PLACE = 0x40


def short(kind, number=1):
    return bytes([kind, number, 0, 0x55])


def long(generator, bytes_of_payload):
    header = bytes([0x2C, bytes_of_payload & 0xFF, bytes_of_payload >> 8, 0x33])
    return header + generator.randbytes(bytes_of_payload + 2)


def frame(generator, rows=4):
    return [short(0x00), *(long(generator, generator.choice((12, 13, 31))) for _ in range(rows)),
            short(0x00 | 1 << 6), short(0x01 | 1 << 6), short(0x01)]


def padded(packets):
    return b"".join(packet + b"?" * (len(packet) % 2) for packet in packets)


@pytest.mark.parametrize("lanes", [1, 2])
@pytest.mark.parametrize("slow", [0, 40])
@pytest.mark.parametrize("again_after", [0, 25, 700, 1500])
def test_a_frame_is_kept_from_its_start_to_the_next(lanes, slow, again_after, seed):
    """Whether the host asks for it once, or once more while it is being kept."""
    generator = Random(seed)
    frames = [frame(generator) for _ in range(4)]
    dut = PacketCapture(21, lanes, "byte")
    memory, bursts = {}, []

    async def send(ctx):
        await ctx.tick("byte").repeat(20)
        for packets in frames:
            for packet in packets:
                for first in range(0, len(packet), lanes):
                    chunk = packet[first:first + lanes]
                    word = dut.packets
                    for lane, byte in enumerate(chunk):
                        ctx.set(word.bytes[lane], byte)
                    ctx.set(word.count, len(chunk))
                    ctx.set(word.first, first == 0)
                    ctx.set(word.last, first + lanes >= len(packet))
                    ctx.set(dut.strobe, 1)
                    await ctx.tick("byte")
                    ctx.set(dut.strobe, 0)
                await ctx.tick("byte").repeat(5)
            await ctx.tick("byte").repeat(30)

    async def host(ctx):
        await ctx.tick().repeat(60)
        ctx.set(dut.place, PLACE)
        ctx.set(dut.start, 1)
        await ctx.tick()
        ctx.set(dut.start, 0)
        await ctx.tick()
        clocks = 0
        while ctx.get(dut.busy):
            clocks += 1
            ctx.set(dut.start, clocks == again_after)
            await ctx.tick()
        ctx.set(dut.start, 0)

    async def serve(ctx):
        port = dut.memory
        while True:
            await ctx.tick().until(port.request)
            await ctx.tick().repeat(2 + generator.randrange(slow + 1))
            ctx.set(port.taken, 1)
            address = ctx.get(port.address)
            await ctx.tick()
            ctx.set(port.taken, 0)
            await ctx.tick()
            words = []
            for place in range(8):
                ctx.set(port.moved, 1)
                ctx.set(port.done, place == 7)
                words.append(ctx.get(port.word_in))
                await ctx.tick()
            ctx.set(port.moved, 0)
            ctx.set(port.done, 0)
            memory[address] = b"".join(word.to_bytes(2, "big") for word in words)
            bursts.append(address)

    counts = []

    async def look(ctx):
        await host(ctx)
        counts.append((ctx.get(dut.count), ctx.get(dut.lost)))

    simulate(dut, send, look, cycles=40_000, domains={"sync": 75e6, "byte": 12.5e6 * 2 / lanes},
             background=(serve,), stream_domains={})
    count, lost = counts[0]
    kept = b"".join(memory[burst] for burst in sorted(memory))[:count]
    assert bursts == list(range(PLACE, PLACE + len(bursts))), "in order, and no more than needed"
    assert not lost
    candidates = [padded(packets) for packets in frames]
    match = [number for number, whole in enumerate(candidates) if len(whole) == len(kept) and all(
        mine in (theirs, ord("?")) for theirs, mine in zip(kept, whole, strict=True))]
    assert match in ([0], [1], [2])


def test_rejects_more_lanes_than_a_word_has_bytes():
    with expect_rejected("1 or 2 lanes", "4"):
        PacketCapture(21, 4)
