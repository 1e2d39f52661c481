# SPDX-License-Identifier: Apache-2.0
"""The register bank: every register of a die, then the rules on a small table."""

from random import Random

from support import simulate
from support.registers import RegisterHost
from tapetum.presets import preset
from tapetum.registers.bank import RegisterBank
from tapetum.registers.bus import HOSTS
from tapetum.registers.definition import Access, Field, MemoryWindow, Register, Storage
from tapetum.registers.table import memory_windows, register_table

CONFIG = preset("tiny")


def small_bank() -> RegisterBank:
    flags = (Field(name="one", lsb=0, sentence="One."), Field(name="two", lsb=9, sentence="Two."))
    return RegisterBank([
        Register(name="constant", address=0x0000, width_bytes=2, access=Access.READ_ONLY,
                 storage=Storage.CONSTANT, reset=0x1234, sentence="Constant."),
        Register(name="low", address=0x0004, reset=7, sentence="Low."),
        Register(name="wide", address=0x0340, width_bytes=4, reset=0x01020304, sentence="Wide."),
        Register(name="narrow", address=0x0344, bits=5, reset=3, sentence="Narrow."),
        Register(name="mode", address=0x0345, storage=Storage.IMMEDIATE, bits=3, reset=5,
                 sentence="Mode."),
        Register(name="told", address=0x0348, bits=4, storage=Storage.KEPT, reset=2,
                 sentence="Told."),
        Register(name="level", address=0x0346, width_bytes=2, access=Access.READ_ONLY,
                 storage=Storage.STATUS, sentence="Level."),
        Register(name="flags", address=0x3000, width_bytes=2, fields=flags,
                 access=Access.WRITE_ONE_TO_CLEAR, storage=Storage.STATUS, sentence="Flags."),
        Register(name="go", address=0x3002, access=Access.SELF_CLEARING, bits=1,
                 storage=Storage.STATUS, sentence="Go."),
    ], [MemoryWindow(name="table", address=0x4000, entries=6, entry_bytes=2, sentence="Table.")])


def run(bank: RegisterBank, *testbenches, cycles: int = 40_000) -> None:
    async def when_ready(ctx):
        await ctx.tick().until(~bank.busy)
        for testbench in testbenches:
            await testbench(ctx, RegisterHost(ctx, bank.bus))
    simulate(bank, when_ready, cycles=cycles)


async def pulses(ctx, signal, accesses: list[tuple[int, int]], host: RegisterHost) -> list[int]:
    """Nonzero values that `signal` takes while the accesses are made."""
    seen = []
    for access in accesses:
        ctx.set(host.bus.address, access[0])
        ctx.set(host.bus.write_data, access[1])
        ctx.set(host.bus.write, 1)
        for _ in range(8):
            await ctx.tick()
            ctx.set(host.bus.write, 0)
            if value := ctx.get(signal):
                seen.append(value)
    return seen


def test_every_register_has_its_reset_value_and_keeps_what_may_be_written(seed):
    table = register_table(CONFIG)
    bank = RegisterBank(table, memory_windows(CONFIG))
    random = Random(seed)

    async def testbench(ctx, host):
        status = {r.name: random.getrandbits(32) & r.mask for r in table
                  if r.storage is Storage.STATUS}
        for name, value in status.items():
            ctx.set(bank.status[name], value)
        expected = {r.name: status.get(r.name, r.reset) for r in table}
        for register in table:
            value = await host.read_value(register.address, register.width_bytes)
            assert value == expected[register.name], f"{register.name} after reset"

        shuffled = random.sample(table, len(table))
        for register in shuffled:
            value = random.getrandbits(8 * register.width_bytes)
            if register.access is Access.READ_WRITE:
                expected[register.name] = value & register.mask
            await host.write(zip(register.addresses,
                                 value.to_bytes(register.width_bytes, "big"), strict=True))
        for register in table:
            value = await host.read_value(register.address, register.width_bytes)
            assert value == expected[register.name], f"{register.name} after random writes"
            if register.storage is Storage.IMMEDIATE:
                assert ctx.get(bank.immediate[register.name]) == expected[register.name]

        ctx.set(bank.reset, 1)
        await ctx.tick()
        ctx.set(bank.reset, 0)
        assert ctx.get(bank.busy)
        await ctx.tick().until(~bank.busy)
        for register in table:
            value = await host.read_value(register.address, register.width_bytes)
            assert value == status.get(register.name, register.reset), \
                f"{register.name} after a software reset"

    run(bank, testbench)


def test_addresses_between_the_registers_read_zero_and_ignore_writes(seed):
    table = register_table(CONFIG)
    bank = RegisterBank(table, memory_windows(CONFIG))
    known = {address for register in table for address in register.addresses}
    near = sorted({address + step for address in known for step in (-1, 1)} - known - {-1})
    far = Random(seed).sample([a for a in range(0x4000) if a not in known], 60)

    async def testbench(ctx, host):
        await host.write((address, 0xFF) for address in (*near, *far))
        assert await host.read((*near, *far)) == [0] * (len(near) + len(far))
        for register in table:
            if register.storage in (Storage.FRAME, Storage.CONSTANT):
                value = await host.read_value(register.address, register.width_bytes)
                assert value == register.reset, f"{register.name} was hit by a stray write"

    run(bank, testbench)


def test_half_a_write_changes_nothing_and_is_forgotten():
    async def testbench(ctx, host):
        await host.write([(0x340, 0xAA), (0x341, 0xBB), (0x342, 0xCC)])
        assert await host.read_value(0x340, 4) == 0x01020304
        await host.write([(0x344, 9), (0x343, 0xDD)])
        assert await host.read_value(0x340, 4) == 0x010203DD
        await host.write([(0x342, 0x77)])
        await host.read([0x342])
        await host.write([(0x343, 0x88)])
        assert await host.read_value(0x340, 4) == 0x01020388

    run(small_bank(), testbench)


def test_no_other_address_reaches_the_first_page():
    async def testbench(ctx, host):
        for page in (1, 2, 0x0E, 0x40, 0xC1, 0x100, 0x101, 0x3FF):
            assert await host.read([page * 64 + 4]) == [0], f"page {page:#x}"
            await host.write([(page * 64 + 4, 0xFF)])
        assert await host.read([0x0004]) == [7]

    run(small_bank(), testbench)


def test_a_write_goes_through_with_its_last_byte():
    async def testbench(ctx, host):
        await host.write([(0x340, 0xAA), (0x341, 0xBB), (0x342, 0xCC), (0x343, 0xDD)])
        assert await host.read_value(0x340, 4) == 0xAABBCCDD
        await host.write([(0x342, 0x11), (0x343, 0x22), (0x344, 0xFF), (0x345, 2)])
        assert await host.read_value(0x340, 4) == 0xAABB1122
        assert await host.read([0x344, 0x345]) == [0x1F, 2]
        await host.write([(0x348, 0xF5)])
        assert await host.read([0x348]) == [5]
        await host.write([(0x000, 9), (0x001, 9), (0x346, 9), (0x347, 9)])
        assert await host.read([0x000, 0x001, 0x346, 0x347]) == [0x12, 0x34, 0, 0]

    run(small_bank(), testbench)


def test_only_settings_of_frames_announce_a_change():
    bank = small_bank()

    async def testbench(ctx, host):
        for accesses, announced in (([(0x340, 1), (0x341, 1), (0x342, 1)], 0), ([(0x343, 1)], 1),
                                    ([(0x344, 1)], 1), ([(0x345, 1)], 0), ([(0x347, 1)], 0),
                                    ([(0x348, 1)], 0), ([(0x001, 1)], 0),
                                    ([(0x3001, 1), (0x3002, 1)], 0)):
            assert len(await pulses(ctx, bank.changed, accesses, host)) == announced, accesses

    run(bank, testbench)


def test_flags_are_cleared_and_commands_given_for_one_cycle():
    bank = small_bank()

    async def testbench(ctx, host):
        flags, go = bank.cleared.flags, bank.commanded.go
        assert await pulses(ctx, flags, [(0x3000, 0xFF)], host) == []
        assert await pulses(ctx, flags, [(0x3001, 0xFF)], host) == [0x201]
        assert await pulses(ctx, flags, [(0x3001, 0x00)], host) == []
        assert await pulses(ctx, go, [(0x3002, 0xFE)], host) == []
        assert await pulses(ctx, go, [(0x3002, 0x01)], host) == [1]
        ctx.set(bank.status.go, 1)
        assert await host.read([0x3002]) == [1]

    run(bank, testbench)


def test_a_wide_status_is_read_as_it_was_at_its_first_byte():
    bank = small_bank()

    async def testbench(ctx, host):
        ctx.set(bank.status.level, 0x12FF)
        assert await host.read([0x346]) == [0x12]
        ctx.set(bank.status.level, 0x1300)
        assert await host.read([0x347]) == [0xFF]
        assert await host.read([0x347]) == [0x00], "a byte on its own is read afresh"
        assert await host.read([0x346, 0x347]) == [0x13, 0x00]
        await host.read([0x346])
        ctx.set(bank.status.level, 0x1455)
        await host.write([(0x3010, 0)])
        assert await host.read([0x347]) == [0x55], "another access ends the snapshot"

    run(bank, testbench)


def test_an_address_behind_a_register_is_not_part_of_it():
    bank = small_bank()

    async def testbench(ctx, host):
        ctx.set(bank.status.flags, 0x201)
        assert await host.read(range(0x3000, 0x3008)) == [2, 1, 0, 0, 0, 0, 0, 0]
        assert await host.read(range(0x0340, 0x034C)) == [1, 2, 3, 4, 3, 5, 0, 0, 2, 0, 0, 0]

    run(bank, testbench)


def test_the_first_read_after_a_reset_is_fresh():
    async def testbench(ctx, host):
        assert await host.read([0x001]) == [0x34]

    run(small_bank(), testbench)


def test_the_reset_ignores_writes_and_takes_a_cycle_per_byte():
    bank = small_bank()

    async def testbench(ctx):
        host = RegisterHost(ctx, bank.bus)
        await host.write([(0x344, 9), (0x345, 1)])
        cycles = 16
        while ctx.get(bank.busy):
            await ctx.tick()
            cycles += 1
        assert cycles <= bank.layout.bytes + 4
        assert await host.read([0x344, 0x345]) == [3, 5]

    simulate(bank, testbench, cycles=1000)


def test_windows_pass_bytes_on_and_read_back():
    bank = small_bank()
    content = {}

    async def memory(ctx):
        port = bank.windows.table
        data = 0
        async for _, _, address, write, byte in ctx.tick().sample(port.address, port.write,
                                                                  port.write_data):
            ctx.set(port.read_data, data)  # two cycles of latency
            data = content.get(address, 0)
            if write:
                content[address] = byte

    async def testbench(ctx):
        await ctx.tick().until(~bank.busy)
        host = RegisterHost(ctx, bank.bus)
        await host.write([(0x4000, 7), (0x400B, 8), (0x3FFF, 9), (0x4010, 9), (0x344, 9)])
        assert content == {0: 7, 11: 8}
        assert await host.read([0x4000, 0x400B, 0x4001, 0x344]) == [7, 8, 0, 9]

    simulate(bank, testbench, cycles=2000, background=(memory,))


def test_bytes_of_one_host_are_not_torn_by_those_of_others(seed):
    """Three hosts write and read the same registers, a byte of each in turn or not."""
    bank, generator = small_bank(), Random(seed)

    async def testbench(ctx, host):
        ctx.set(bank.status.level, 0x1234)
        for _ in range(40):
            values = [generator.getrandbits(32) for _ in HOSTS]
            turns = [number for number in range(len(HOSTS)) for _ in range(4)]
            generator.shuffle(turns)
            done, last = [0] * len(HOSTS), None
            for number in turns:
                place = done[number]
                ctx.set(bank.bus.host, number)
                await host.write([(0x340 + place, values[number] >> 8 * (3 - place) & 0xFF)])
                done[number] += 1
                last = values[number] if place == 3 else last
            ctx.set(bank.bus.host, generator.randrange(len(HOSTS)))
            assert await host.read_value(0x340, 4) == last
            number, level = generator.randrange(len(HOSTS)), generator.getrandbits(16)
            ctx.set(bank.bus.host, number)
            ctx.set(bank.status.level, level)
            high = await host.read([0x346])
            for other in range(len(HOSTS)):
                if other != number:
                    ctx.set(bank.bus.host, other)
                    ctx.set(bank.status.level, generator.getrandbits(16))
                    await host.read([0x346])
            ctx.set(bank.bus.host, number)
            assert [*high, *await host.read([0x347])] == [level >> 8, level & 0xFF]

    run(bank, testbench, cycles=40_000)
