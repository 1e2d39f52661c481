# SPDX-License-Identifier: Apache-2.0
"""Every register of the board's table, by what its row says."""

from random import Random

import pytest

from support import simulate
from tapetum.presets import preset
from tapetum.registers.definition import Access, Storage
from tapetum_boards.registers.board_registers import BoardRegisters
from tapetum_boards.registers.table import board_registers

REGISTERS = board_registers(preset("qvga"))


async def access(ctx, dut, address, byte=None):
    """The byte read, or None if the access was refused."""
    bus = dut.bus
    ctx.set(bus.address, address | 0x1_0000)
    ctx.set(bus.write, byte is not None)
    ctx.set(bus.write_data, byte or 0)
    ctx.set(bus.request, 1)
    await ctx.tick()
    ctx.set(bus.request, 0)
    while not ctx.get(bus.done):
        await ctx.tick()
    return None if ctx.get(bus.refused) else ctx.get(bus.read_data)


async def read(ctx, dut, register):
    value = 0
    for address in register.addresses:
        byte = await access(ctx, dut, address)
        assert byte is not None, hex(address)
        value = value << 8 | byte
    return value


@pytest.mark.parametrize("register", REGISTERS, ids=lambda register: register.name)
def test_a_register_does_what_its_row_says(register, seed):
    dut, generator = BoardRegisters(REGISTERS), Random(seed)
    value = generator.randrange(1 << 8 * register.width_bytes)

    async def host(ctx):
        if register.storage is Storage.STATUS:
            shown = value & register.mask
            ctx.set(getattr(dut, register.name), shown)
            assert await read(ctx, dut, register) == shown
        else:
            assert await read(ctx, dut, register) == register.reset
        for place, address in enumerate(register.addresses):
            byte = value >> 8 * (register.width_bytes - 1 - place) & 0xFF
            answer = await access(ctx, dut, address, byte)
            assert (answer is None) == (register.access is Access.READ_ONLY)
            if register.access is Access.READ_WRITE and place < register.width_bytes - 1:
                assert ctx.get(getattr(dut, register.name)) == register.reset, "not by halves"
        if register.access is Access.READ_WRITE:
            assert ctx.get(getattr(dut, register.name)) == value & register.mask
            assert await read(ctx, dut, register) == value & register.mask
        if register.access is Access.SELF_CLEARING:
            strobe = getattr(dut, f"{register.name}_strobe")
            assert ctx.get(strobe) == value & register.mask
            await ctx.tick()
            assert ctx.get(strobe) == 0

    simulate(dut, host, cycles=200)


def test_a_value_is_read_as_it_was_with_its_first_byte_and_gaps_are_refused():
    dut = BoardRegisters(REGISTERS)
    taken = {address for register in REGISTERS for address in register.addresses}

    async def host(ctx):
        ctx.set(dut.capture_bytes, 0x0001FFFF)
        bytes_read = []
        for offset in range(4):
            bytes_read.append(await access(ctx, dut, 0x48 + offset))
            ctx.set(dut.capture_bytes, 0x00020000 + offset)
        assert bytes(bytes_read) == bytes([0, 1, 0xFF, 0xFF])
        for address in (*set(range(0x80)) - taken, 0x110, 0x8000):
            assert await access(ctx, dut, address) is None, hex(address)

    simulate(dut, host, cycles=2000)
