# SPDX-License-Identifier: Apache-2.0
"""The whole link, from the bits of the serial line to accesses, with noise on the way."""

from random import Random

import pytest

from support import expect_rejected, simulate
from support.serial_line import SerialHost, pack
from tapetum_boards.link.host_link import HostLink
from tapetum_boards.link.packet_format import MAXIMUM_BYTES, Command, Status

CLOCK_HZ, RATE = 75e6, 12.5e6
CYCLES = 6


def request(number, command, address, count, data=b""):
    return bytes([number, command]) + address.to_bytes(4, "big") + count.to_bytes(2, "big") + data


def run(dialogue, *, refuse=(), cycles=200_000, latency=3):
    """`dialogue(ctx, host)` speaks; what reaches the bus is a dictionary, and a list of writes."""
    dut = HostLink(CLOCK_HZ, RATE)
    host, memory, writes = SerialHost(dut, CYCLES), {}, []

    async def serve(ctx):
        bus = dut.bus
        while True:
            await ctx.tick().until(bus.request)
            await ctx.tick().repeat(latency)
            address = ctx.get(bus.address)
            if ctx.get(bus.write):
                memory[address] = ctx.get(bus.write_data)
                writes.append((address, memory[address]))
            ctx.set(bus.read_data, memory.get(address, 0))
            ctx.set(bus.refused, address in refuse)
            ctx.set(bus.done, 1)
            await ctx.tick()
            ctx.set(bus.done, 0)
            ctx.set(bus.read_data, 0x77)

    async def speak(ctx):
        await dialogue(ctx, host)

    simulate(dut, speak, cycles=cycles, background=(serve, host.listen))
    return memory, writes


def test_what_was_written_is_read_back(seed):
    data = Random(seed).randbytes(40) + b"\xc0\xdb\xc0\xc0\xdc\xdd"

    async def dialogue(ctx, host):
        await host.send(ctx, pack(request(7, Command.WRITE, 0x8000_1230, len(data), data)))
        await host.answers(ctx, 1)
        await host.send(ctx, pack(request(8, Command.READ, 0x8000_1230, len(data))))
        first, second = await host.answers(ctx, 2)
        assert first == bytes([7, Status.DONE])
        assert second == bytes([8]) + data + bytes([Status.DONE])

    _, writes = run(dialogue)
    assert writes == list(enumerate(data, 0x8000_1230))


def test_the_longest_packet_passes_and_a_longer_one_is_dropped(seed):
    data = Random(seed).randbytes(MAXIMUM_BYTES + 1)

    async def dialogue(ctx, host):
        await host.send(ctx, pack(request(1, Command.WRITE, 0, len(data), data)))
        await host.send(ctx, pack(request(2, Command.WRITE, 0, len(data) - 1, data[:-1])))
        assert await host.answers(ctx, 1) == [bytes([2, Status.DONE])]

    memory, _ = run(dialogue)
    assert bytes(memory[address] for address in range(MAXIMUM_BYTES)) == data[:-1]
    assert len(memory) == MAXIMUM_BYTES


@pytest.mark.parametrize("packet, status", [
    (request(3, 9, 0, 1), Status.UNKNOWN_COMMAND),
    (request(3, Command.READ, 0, 0), Status.WRONG_COUNT),
    (request(3, Command.READ, 0, MAXIMUM_BYTES + 1), Status.WRONG_COUNT),
    (request(3, Command.WRITE, 0, 2, b"\x01"), Status.WRONG_COUNT),
    (request(3, Command.READ, 0, 1, b"\x01"), Status.WRONG_COUNT),
])
def test_nonsense_is_answered_and_does_nothing(packet, status):
    async def dialogue(ctx, host):
        await host.send(ctx, pack(packet))
        assert await host.answers(ctx, 1) == [bytes([3, status])]
    memory, _ = run(dialogue)
    assert not memory


def test_a_refused_byte_shows_in_the_status_of_its_packet():
    async def dialogue(ctx, host):
        await host.send(ctx, pack(request(4, Command.READ, 16, 4)))
        assert await host.answers(ctx, 1) == [bytes([4, 0, 0, 0, 0, Status.REFUSED])]
        await host.send(ctx, pack(request(5, Command.READ, 32, 1)))
        assert (await host.answers(ctx, 2))[1] == bytes([5, 0, Status.DONE])
    run(dialogue, refuse=(17,))


def test_noise_costs_the_packets_that_it_hits_and_no_others(seed):
    generator = Random(seed)
    kept = {}

    async def dialogue(ctx, host):
        answered = 0
        for number in range(20):
            data = generator.randbytes(5)
            packet = bytearray(pack(request(number, Command.WRITE, 16 * number, 5, data)))
            harm = generator.choice(("none", "flip", "torn", "garbage", "first mark gone"))
            if harm == "flip":
                packet[generator.randrange(1, len(packet) - 1)] ^= 1 << generator.randrange(8)
            elif harm == "torn":
                packet = packet[:generator.randrange(2, len(packet) - 1)]
            elif harm == "garbage":
                packet = bytearray(generator.randbytes(12)) + packet
            elif harm == "first mark gone":
                packet = packet[1:]
            if harm == "torn":
                packet += b"\xc0"
            await host.send(ctx, bytes(packet))
            # A host waits for its answer, and asks again if none comes.
            await ctx.tick().repeat(CYCLES * 120)
            found = await host.answers(ctx, answered)
            if harm in ("none", "garbage", "first mark gone"):
                kept[number] = data
                answered += 1
                assert (await host.answers(ctx, answered))[-1] == bytes([number, Status.DONE])
            else:
                assert len(found) == answered, harm
        assert answered >= 5

    memory, _ = run(dialogue, cycles=400_000)
    for number, data in kept.items():
        assert bytes(memory[16 * number + place] for place in range(5)) == data
    assert len(memory) == 5 * len(kept)


@pytest.mark.parametrize("cycles", [5.9, 6.1])
def test_a_host_whose_clock_is_off_is_understood(cycles):
    line = pack(request(1, Command.WRITE, 0x55, 3, b"\x00\xff\xaa"))

    async def dialogue(ctx, host):
        clock = 0.0
        for byte in line:
            for bit in (0, *(byte >> place & 1 for place in range(8)), 1):
                ctx.set(host.link.receive, bit)
                before, clock = int(clock), clock + cycles
                await ctx.tick().repeat(int(clock) - before)
        assert await host.answers(ctx, 1) == [bytes([1, Status.DONE])]
    run(dialogue)


def test_rejects_a_rate_that_the_clock_does_not_give():
    with expect_rejected("bits per second", "choose a rate"):
        HostLink(25e6, 9.4e6)
