# SPDX-License-Identifier: Apache-2.0
"""Whatever a host does on the two lines: registers get what was meant, and the bus stays free."""

from random import Random

import pytest

from support import simulate
from support.i2c import I2cHost, OpenDrainLines, packet_error_code
from tapetum.cci.cci_target import DEVICE_ADDRESS, SECOND_DEVICE_ADDRESS, CciTarget
from tapetum.registers.bus import ACCESS_INTERVAL_CYCLES, READ_LATENCY_CYCLES

FILTER = 2
PHASE = 2 * FILTER + 12


class Registers:
    """A byte for every address behind the target's bus, and all accesses in order."""

    def __init__(self, dut):
        self.dut, self.memory = dut, dict[int, int]()
        self.writes, self.reads, self.errors = list[tuple[int, int]](), list[int](), 0
        self.since = ACCESS_INTERVAL_CYCLES

    def __getitem__(self, address):
        return self.memory.get(address, address * 37 + 11 & 0xFF)

    async def serve(self, ctx):
        bus, answer = self.dut.bus, []
        async for _, _, write, read, address, data, refused in ctx.tick().sample(
                bus.write, bus.read, bus.address, bus.write_data, self.dut.pec_error):
            self.since += 1
            self.errors += refused
            assert not (write and read)
            if write or read:
                assert self.since >= ACCESS_INTERVAL_CYCLES
                self.since = 0
            if write:
                self.writes.append((address, data))
                self.memory[address] = data
            if read:
                self.reads.append(address)
                answer = [0] * (READ_LATENCY_CYCLES - 1) + [self[address]]
            if answer:
                ctx.set(bus.read_data, answer.pop(0))


def run(testbench, *, cycles=400_000, phase=PHASE, spikes=0, seed=1, **pins):
    dut = CciTarget(filter_cycles=FILTER)
    registers, lines = Registers(dut), OpenDrainLines(dut)

    async def host(ctx):
        for name, value in pins.items():
            ctx.set(getattr(dut, name), value)
        await testbench(I2cHost(ctx, lines, phase, spikes, Random(seed)), registers)
        await ctx.tick().repeat(200)
        assert not ctx.get(dut.pull_sda)

    simulate(lines, host, cycles=cycles, background=(registers.serve,))
    return registers


def test_bytes_are_written_to_ascending_registers():
    async def host(i2c, registers):
        assert await i2c.write(DEVICE_ADDRESS, 0x0202, [0x12, 0x34, 0xFF, 0x00])
        assert await i2c.write(DEVICE_ADDRESS, 0xFFFF, [0x5A])

    assert run(host).writes == [(0x0202, 0x12), (0x0203, 0x34), (0x0204, 0xFF), (0x0205, 0),
                                (0xFFFF, 0x5A)]


def test_bytes_are_read_from_ascending_registers_and_no_more():
    async def host(i2c, registers):
        assert await i2c.read(DEVICE_ADDRESS, 4, index=0x1080) == [
            registers[0x1080 + place] for place in range(4)]
        assert await i2c.read(DEVICE_ADDRESS, 2) == [registers[0x1084], registers[0x1085]]

    assert run(host).reads == list(range(0x1080, 0x1086))


def test_other_devices_are_not_answered():
    async def host(i2c, registers):
        for device in (0, 1, 0x0F, DEVICE_ADDRESS, 0x11, 0x12, 0x18, 0x30, 0x50, 0x7F):
            expected = device == DEVICE_ADDRESS
            assert await i2c.write(device, 0x0100, [device]) == expected, device

    assert run(host).writes == [(0x0100, DEVICE_ADDRESS)]


@pytest.mark.parametrize("second", [0, 1])
def test_a_pin_chooses_the_second_address(second):
    async def host(i2c, registers):
        for device in (DEVICE_ADDRESS, SECOND_DEVICE_ADDRESS):
            expected = (device == SECOND_DEVICE_ADDRESS) == second
            assert await i2c.write(device, 0x0100, [1]) == expected

    assert len(run(host, second_address=second).writes) == 1


def test_a_start_in_the_middle_of_a_byte_begins_anew():
    async def host(i2c, registers):
        for after in range(1, 8):
            await i2c.start()
            await i2c.put(DEVICE_ADDRESS << 1)
            for _ in range(after):
                await i2c.bit(1)
            assert await i2c.write(DEVICE_ADDRESS, 0x0340 + after, [after])

    assert run(host).writes == [(0x0340 + after, after) for after in range(1, 8)]


def test_a_host_that_leaves_while_zeros_are_read_can_take_the_bus_again():
    """Nine clocks with the data line released free it: the answer to the eighth is no."""
    async def host(i2c, registers):
        registers.memory = dict.fromkeys(range(0x10000), 0)
        for after in range(1, 9):
            await i2c.write(DEVICE_ADDRESS, 0x0100, (), stop=False)
            await i2c.start()
            await i2c.put(DEVICE_ADDRESS << 1 | 1)
            for _ in range(after):
                await i2c.bit(1)
            for _ in range(9):
                await i2c.bit(1)
            await i2c.stop()
            assert await i2c.read(DEVICE_ADDRESS, 1, index=0x0100) == [0]

    run(host)


def test_writes_with_a_packet_error_code_apply_together_or_not_at_all(seed):
    generator = Random(seed)
    expected, refused = [], 0

    async def host(i2c, registers):
        nonlocal refused
        for _ in range(24):
            index, count = generator.randrange(0xFFF0), generator.randrange(7)
            data = [generator.randrange(256) for _ in range(count)]
            message = [DEVICE_ADDRESS << 1, index >> 8, index & 0xFF, *data]
            wrong = generator.choice((0, 0, 1 << generator.randrange(8)))
            code = packet_error_code(message) ^ wrong
            assert await i2c.write(DEVICE_ADDRESS, index, [*data, code])
            if wrong or count > 4:
                refused += 1
            else:
                expected.extend((index + place, byte) for place, byte in enumerate(data))

    registers = run(host, seed=seed, pec=1)
    assert registers.writes == expected
    assert registers.errors == refused > 0


def test_the_packet_error_code_of_a_read_covers_all_of_it():
    async def host(i2c, registers):
        data = await i2c.read(DEVICE_ADDRESS, 3, index=0x1004)
        code = packet_error_code([DEVICE_ADDRESS << 1, 0x10, 0x04, DEVICE_ADDRESS << 1 | 1, *data])
        assert i2c.ctx.get(i2c.lines.target.read_code) == code

    run(host, pec=1)


async def random_transfers(i2c, registers, count):
    """Whole ones with known effects among broken ones, spikes on the lines all the while."""
    generator, expected = i2c.random, []
    for _ in range(count):
        kind = generator.choice(("write", "read", "foreign", "broken", "left"))
        index = generator.randrange(0x10000)
        data = [generator.randrange(256) for _ in range(generator.randrange(1, 5))]
        i2c.phase_cycles = generator.choice((PHASE, PHASE + 5, 3 * PHASE))
        if kind == "write":
            assert await i2c.write(DEVICE_ADDRESS, index, data)
            expected += [((index + place) & 0xFFFF, byte) for place, byte in enumerate(data)]
        elif kind == "read":
            assert await i2c.read(DEVICE_ADDRESS, len(data), index=index) == [
                registers[index + place & 0xFFFF] for place in range(len(data))]
        elif kind == "foreign":
            device = generator.choice([each for each in range(0x80) if each != DEVICE_ADDRESS])
            assert not await i2c.write(device, index, data)
        else:
            read = generator.random() < 0.5
            await i2c.start()
            assert await i2c.put(DEVICE_ADDRESS << 1 | read)
            # Never a whole byte of data, nor a stop in an acknowledge bit: the line is held.
            for _ in range(generator.choice([each for each in range(1, 16) if each % 9 != 8])):
                await i2c.bit(1)
            if kind == "left":
                await i2c.leave()
            if read or kind == "left":
                for _ in range(9):
                    await i2c.bit(1)
            await i2c.stop()
    assert registers.writes == expected


def check_random_transfers(count, seed):
    async def host(i2c, registers):
        await random_transfers(i2c, registers, count)

    run(host, cycles=20_000 * count, spikes=FILTER - 1, seed=seed)


def test_random_transfers_with_spikes_pauses_and_broken_ones(seed):
    check_random_transfers(20, seed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_ten_thousand_random_transfers(part, seed):
    check_random_transfers(1000, seed + part)
