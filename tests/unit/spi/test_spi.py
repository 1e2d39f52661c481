# SPDX-License-Identifier: Apache-2.0
"""Blocks over SPI: each is written whole or not at all, and nothing on the line blocks the port."""

import zlib
from random import Random

import pytest

from support import simulate
from support.reject import expect_rejected
from support.spi import SpiLine
from tapetum.registers.bus import ACCESS_INTERVAL_CYCLES, READ_LATENCY_CYCLES
from tapetum.spi.framing import MARK, MOST_BYTES, Refusal
from tapetum.spi.spi import Spi
from tapetum_sim.host_spi import SpiError, SpiHost, SpiReply, block, read_request, runs

SYNC_HZ = 75e6
HELD_NS = 8 * 1e9 / SYNC_HZ


class Registers:
    """A byte for every address behind the port's bus, and all accesses in order."""

    def __init__(self, port, waits=lambda: 0):
        self.port, self.waits = port, waits
        self.memory, self.reads = dict[int, int](), list[int]()
        self.writes = list[tuple[int, int]]()
        self.since, self.least = ACCESS_INTERVAL_CYCLES, 1000

    def __getitem__(self, address):
        return self.memory.get(address, address * 37 + 11 & 0xFF)

    async def serve(self, ctx):
        """Answers `waits()` clocks later than the bus alone would."""
        bus, due, held = self.port.bus, {}, 0
        clock = 0
        async for *_, write, read, address, data, host_waits in ctx.tick().sample(
                bus.write, bus.read, bus.address, bus.write_data, self.port.waits):
            clock += 1
            self.since += 1
            assert not (write and read)
            if write or read:
                assert not host_waits, "an access begins while one waits"
                assert self.since >= ACCESS_INTERVAL_CYCLES
                self.least = min(self.least, self.since)
                self.since, held = 0, self.waits()
            if write:
                self.writes.append((address, data))
                self.memory[address] = data
            if read:
                self.reads.append(address)
                due[clock + READ_LATENCY_CYCLES - 1 + held] = self[address]
            ctx.set(self.port.waits, held > 0)
            held = max(held - 1, 0)
            ctx.set(bus.read_valid, clock in due)
            if clock in due:
                ctx.set(bus.read_data, due.pop(clock))


def run(testbench, *, cycles=400_000, half_ns=20.0, waits=lambda: 0):
    port = Spi()
    registers = Registers(port, waits)

    async def host(ctx):
        await ctx.delay(300e-9)
        line = SpiLine(ctx, port, half_ns)
        await testbench(line, SpiHost(line.exchange, attempts=8), registers)

    simulate(port, host, cycles=cycles, domains={"sync": SYNC_HZ}, background=(registers.serve,))
    return registers


async def status(line) -> SpiReply:
    await line.pause(HELD_NS)
    return SpiReply.of(await line.exchange(bytes(3)))


async def written(line) -> SpiReply:
    while (reply := await status(line)).writing:
        pass
    return reply


def test_a_block_is_written_to_ascending_addresses():
    async def host(line, spi, registers):
        answer = await line.exchange(block(0, 0x0202, b"\x12\x34\xff\x00"))
        assert answer == bytes([MARK]) + bytes(11)
        assert await written(line) == SpiReply(refusal=Refusal.NONE, writing=False, number=1)
        await line.exchange(block(1, 0xFFFF, b"\x5a\x5b"))
        assert (await written(line)).number == 2

    assert run(host).writes == [(0x0202, 0x12), (0x0203, 0x34), (0x0204, 0xFF), (0x0205, 0),
                                (0xFFFF, 0x5A), (0x0000, 0x5B)]


def test_nothing_is_written_before_the_block_has_been_checked():
    async def host(line, spi, registers):
        message = block(0, 0x4C00, bytes(range(40)))
        line.damage = lambda bits: bits[:-1]
        await line.exchange(message)
        await line.pause(1000)
        assert registers.writes == []
        line.damage = list
        await line.exchange(message)
        await written(line)
        assert registers.writes == [(0x4C00 + place, place) for place in range(40)]

    run(host)


def test_what_is_read_comes_with_its_check():
    async def host(line, spi, registers):
        for address, count in ((0x1080, 1), (0xFFFE, 5), (0x4400, 256)):
            answer = await line.exchange(read_request(address, count))
            expected = bytes(registers[address + place & 0xFFFF] for place in range(count))
            header = read_request(address, count)[:4]
            assert answer[6:] == expected + zlib.crc32(header + expected).to_bytes(4, "little")
        assert len(registers.reads) == 262

    assert not run(host).writes


def test_a_read_waits_for_what_was_written_before():
    async def host(line, spi, registers):
        await line.exchange(block(0, 0x0300, bytes(range(200))))
        await line.pause(100)
        answer = await line.exchange(read_request(0x0300, 2))
        assert SpiReply.of(answer).writing
        assert not registers.reads
        assert await spi.read(range(0x0300, 0x03C8)) == list(range(200))

    run(host)


def test_an_answer_that_comes_late_has_a_wrong_check():
    async def host(line, spi, registers):
        request = read_request(0x0100, 3)
        answer = await line.exchange(request)
        assert answer[9:] != zlib.crc32(request[:4] + answer[6:9]).to_bytes(4, "little")
        with pytest.raises(SpiError, match="their check is wrong"):
            await spi.read([0x0100])
        line.half_ns = 40.0
        assert await spi.read([0x0100]) == [registers[0x0100]]

    run(host, waits=lambda: 20)


@pytest.mark.parametrize(("damage", "refusal"), [
    pytest.param(lambda bits: [bit ^ (place == 16) for place, bit in enumerate(bits)],
                 Refusal.CHECK, id="address"),
    pytest.param(lambda bits: [bit ^ (place == 40) for place, bit in enumerate(bits)],
                 Refusal.CHECK, id="data"),
    pytest.param(lambda bits: [bit ^ (place == len(bits) - 1) for place, bit in enumerate(bits)],
                 Refusal.CHECK, id="check"),
    pytest.param(lambda bits: [bit ^ (place == 3) for place, bit in enumerate(bits)],
                 Refusal.COMMAND, id="command"),
    pytest.param(lambda bits: bits[:-8], Refusal.CHECK, id="torn"),
    pytest.param(lambda bits: bits[:-3], Refusal.LENGTH, id="torn within a byte"),
    pytest.param(lambda bits: bits[:40], Refusal.LENGTH, id="torn in the check"),
    pytest.param(lambda bits: [*bits, 1], Refusal.LENGTH, id="a bit too many"),
    pytest.param(lambda bits: bits + bits[:8], Refusal.CHECK, id="a byte too many"),
    pytest.param(lambda bits: bits[:20] + bits[21:], Refusal.LENGTH, id="a clock was missed"),
])
def test_a_damaged_block_is_dropped_whole_and_may_come_again(damage, refusal):
    async def host(line, spi, registers):
        message = block(0, 0x0340, bytes(range(30)))
        line.damage = damage
        await line.exchange(message)
        line.damage = list
        assert await status(line) == SpiReply(refusal=refusal, writing=False, number=0)
        await line.pause(2000)
        assert registers.writes == []
        assert line.ctx.get(line.port.status.refused) == 1
        await line.exchange(message)
        assert (await written(line)).number == 1
        assert len(registers.writes) == 30

    run(host)


def test_no_flipped_bit_or_pair_of_them_passes(seed):
    generator, content = Random(seed), bytes(range(5))

    async def host(line, spi, registers):
        message = block(0, 0x0340, content)
        every = range(8 * len(message))
        places = [(place,) for place in generator.sample(every, 20)]
        places += [tuple(generator.sample(every, 2)) for _ in range(20)]
        for flipped in places:
            line.damage = lambda bits, flipped=flipped: [
                bit ^ (place in flipped) for place, bit in enumerate(bits)]
            await line.exchange(message)
        line.damage = list
        assert (await status(line)).number == 0
        assert registers.writes == []
        assert line.ctx.get(line.port.status.refused) == len(places)

    run(host)


def test_a_block_that_is_not_next_is_refused():
    async def host(line, spi, registers):
        await line.exchange(block(1, 0x0100, b"\x01"))
        assert (await status(line)).refusal is Refusal.NUMBER
        for _ in range(2):
            await line.exchange(block(0, 0x0100, b"\x02"))
        assert await written(line) == SpiReply(refusal=Refusal.NUMBER, writing=False, number=1)
        assert registers.writes == [(0x0100, 2)]

    run(host)


def test_a_block_without_data_tests_the_line():
    async def host(line, spi, registers):
        await line.exchange(block(0, 0x0100, b""))
        assert await written(line) == SpiReply(refusal=Refusal.NONE, writing=False, number=1)
        await line.exchange(block(1, 0x0200, b"\x07"))
        await written(line)

    assert run(host).writes == [(0x0200, 7)]


@pytest.mark.slow
def test_the_longest_block_is_taken_and_a_longer_one_is_not():
    async def host(line, spi, registers):
        content = bytes(place * 7 & 0xFF for place in range(MOST_BYTES))
        message = bytes([0xA5, 0, 0, 0]) + content + b"\x00"
        await line.exchange(message + zlib.crc32(message).to_bytes(4, "little"))
        assert (await status(line)).refusal is Refusal.LENGTH
        await line.exchange(block(0, 0, content))
        await written(line)
        assert registers.writes == list(enumerate(content))

    run(host)


@pytest.mark.slow
def test_without_room_a_block_is_refused_and_the_host_sends_it_again():
    async def host(line, spi, registers):
        ctx, port = line.ctx, line.port
        ctx.set(port.hold, 1)
        await line.exchange(block(0, 0, bytes(MOST_BYTES)))
        await line.exchange(block(1, 0, bytes(1000)))
        await line.exchange(block(2, 0, bytes(50)))
        assert await status(line) == SpiReply(refusal=Refusal.ROOM, writing=True, number=2)
        assert registers.writes == []
        ctx.set(port.hold, 0)
        await spi.write([(0x0200 + place, place) for place in range(50)])
        await spi.settled()
        assert registers.writes[-50:] == [(0x0200 + place, place) for place in range(50)]
        assert len(registers.writes) == MOST_BYTES + 1000 + 50

    run(host)


def test_blocks_of_any_size_come_without_pause_beside_a_busy_bus(seed):
    """Three clocks of the die for one of the host, and every other turn on the bus taken."""
    generator = Random(seed)
    sizes = [300, 1, 2, 40, 1, 1, 250, 1]
    accesses = [(address, generator.randrange(256))
                for start, size in enumerate(sizes) for address in range(start << 11,
                                                                         (start << 11) + size)]

    async def host(line, spi, registers):
        await spi.write(accesses)
        assert line.ctx.get(line.port.status.refused) == 0
        await spi.settled()
        assert registers.writes == accesses

    registers = run(host, waits=lambda: generator.randrange(8))
    assert registers.least >= 2 * ACCESS_INTERVAL_CYCLES


def test_a_clock_for_another_device_is_not_heard(seed):
    generator = Random(seed)

    async def host(line, spi, registers):
        for number in range(12):
            await line.foreign([generator.randrange(2) for _ in range(generator.randrange(1, 20))])
            await line.exchange(block(number, number, bytes([number])))
        assert (await written(line)).number == 12
        assert line.ctx.get(line.port.status.refused) == 0
        assert registers.writes == [(number, number) for number in range(12)]

    run(host)


def test_a_transfer_that_pauses_and_one_that_is_slow_are_as_good():
    async def host(line, spi, registers):
        message = block(0, 0x0100, b"\x01\x02\x03")
        bits = [byte >> place & 1 for byte in message for place in range(7, -1, -1)]

        class Slow(SpiLine):
            async def _wait(self):
                await self.pause(self.half_ns * (1 + 9 * (next(steps) % 5 == 0)))

        steps = iter(range(10_000))
        await Slow(line.ctx, line.port, 35.0).bits(bits)
        assert (await written(line)).number == 1
        assert len(registers.writes) == 3

    run(host)


def test_a_port_that_is_off_hears_nothing_and_drives_nothing():
    async def host(line, spi, registers):
        ctx, port = line.ctx, line.port
        ctx.set(port.enable, 0)
        ctx.set(port.select, 0)
        await line.pause(50)
        assert not ctx.get(port.drive)
        ctx.set(port.select, 1)
        await line.pause(500)
        ctx.set(port.enable, 1)
        await line.exchange(block(0, 0x0100, b"\x01"))
        assert (await written(line)).number == 1

    run(host)


def test_the_host_sends_again_what_a_bad_line_damages(seed):
    """One bit in 1000 flips, both ways; what arrives is what was sent, once."""
    generator = Random(seed)
    accesses = [(0x4000 + place, generator.randrange(256)) for place in range(160)]

    def flip(bits):
        return [bit ^ (generator.random() < 1 / 1000) for bit in bits]

    async def host(line, spi, registers):
        line.damage = flip

        async def exchange(message):
            heard = await line.exchange(message)
            bits = flip([byte >> place & 1 for byte in heard for place in range(8)])
            return bytes(sum(bit << place for place, bit in enumerate(bits[start:start + 8]))
                         for start in range(0, len(bits), 8))

        spi = SpiHost(exchange)
        for start in range(0, len(accesses), 40):
            await spi.write(accesses[start:start + 40])
        await spi.settled()
        assert registers.writes == accesses
        assert await spi.read(range(0x4000, 0x4010)) == [
            registers[address] for address in range(0x4000, 0x4010)]

    run(host, cycles=4_000_000)


async def random_transfers(line, registers, generator, count):
    """Good blocks and reads among all that a line and a host can do wrong."""
    expected, number, refused = [], 0, 0
    for _ in range(count):
        kind = generator.choice(("good", "good", "read", "noise", "flip", "torn", "longer",
                                 "stale", "foreign", "nothing", "reads on"))
        size, address = generator.choice((0, 1, 2, 5, 30)), generator.randrange(0x10000)
        content = generator.randbytes(size)
        message = block(number, address, content)
        bits = [byte >> place & 1 for byte in message for place in range(7, -1, -1)]
        line.half_ns = generator.choice((20.0, 20.0, 23.7, 51.0))
        await line.pause(generator.choice((0, 0, 30, 400)))
        if kind == "good":
            await line.bits(bits)
            expected += [(address + place & 0xFFFF, byte) for place, byte in enumerate(content)]
            number = number + 1 & 0xFF
        elif kind == "read":
            await written(line)
            count_read = generator.randrange(1, 6)
            request = read_request(address, count_read)
            answer = (await line.exchange(request))[6:]
            given = bytes(registers[address + place & 0xFFFF] for place in range(count_read))
            assert answer == given + zlib.crc32(request[:4] + given).to_bytes(4, "little")
        elif kind == "noise":
            noise = [generator.randrange(2) for _ in range(generator.randrange(1, 200))]
            noise[:1] = [1]  # no status request
            refused += len(noise) >= 8 and noise[:8] != [0, 1, 0, 1, 1, 0, 1, 0]
            await line.bits(noise)
        elif kind == "flip":
            for place in generator.sample(range(8, len(bits)), generator.randrange(1, 4)):
                bits[place] ^= 1
            refused += 1
            await line.bits(bits)
        elif kind == "torn":
            await line.bits(bits[:generator.randrange(8, len(bits))])
            refused += 1
        elif kind == "longer":
            await line.bits(bits + [generator.randrange(2)
                                    for _ in range(generator.randrange(1, 20))])
            refused += 1
        elif kind == "stale":
            await line.exchange(block(number - generator.randrange(1, 200), address, content))
            refused += 1
        elif kind == "foreign":
            await line.foreign([generator.randrange(2) for _ in range(30)])
        elif kind == "reads on":
            request = read_request(address, generator.randrange(1, 256))
            await line.exchange(request[:generator.randrange(1, len(request))])
        else:
            await line.bits([])
        assert line.ctx.get(line.port.status.refused) <= refused
    reply = await written(line)
    assert registers.writes == expected
    assert reply.number == number
    assert line.ctx.get(line.port.status.refused) == refused & 0xFFFF


def check_random_transfers(count, seed):
    generator = Random(seed)

    async def host(line, spi, registers):
        await random_transfers(line, registers, generator, count)

    run(host, cycles=4_000 * count, waits=lambda: generator.choice((0, 0, 0, 3, 7)))


def test_random_transfers(seed):
    check_random_transfers(60, seed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(5))
def test_thousands_of_random_transfers(part, seed):
    check_random_transfers(1000, seed + part)


def test_accesses_become_blocks_of_ascending_addresses():
    accesses = [(5, 1), (6, 2), (8, 3), (8, 4), *((0x4C00 + place, 5) for place in range(1030))]
    assert [(start, len(content)) for start, content in runs(accesses)] == [
        (5, 2), (8, 1), (8, 1), (0x4C00, 1024), (0x5000, 6)]


def test_rejects_what_no_transfer_can_hold():
    with expect_rejected("at most 1024 bytes"):
        block(0, 0, bytes(1025))
    for count in (0, 257):
        with expect_rejected("1 to 256 bytes"):
            read_request(0, count)


def test_the_host_says_that_nobody_answers():
    async def exchange(message):
        return b"\xff" * len(message)

    async def host(line, spi, registers):
        with pytest.raises(SpiError, match="no die answers"):
            await SpiHost(exchange).write([(0, 0)])

    run(host)
