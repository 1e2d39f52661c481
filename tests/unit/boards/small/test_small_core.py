# SPDX-License-Identifier: Apache-2.0
"""Packets of the row camera hold the codes of its model; its registers do what they say."""

from dataclasses import replace

import numpy as np
import pytest

from support import OnMemories, simulate
from tapetum.pixel import RowKind
from tapetum_boards.host.serial_link import BITS_PER_SECOND, decode_packets
from tapetum_boards.link.packet_format import CODE_BYTES
from tapetum_boards.link.uart import bit_cycles
from tapetum_boards.models.small import small_frame
from tapetum_boards.small.configuration import larger_configuration, small_configuration
from tapetum_boards.small.row_sender import ROW_HEADER_BYTES
from tapetum_boards.small.small_core import SmallCore
from tapetum_boards.small.small_pixel_die import SmallPixelDie
from tapetum_boards.small.small_registers import (
    COARSE_INTEGRATION,
    MODE_SELECT,
    MODEL,
    MODEL_ID,
    SmallRegisters,
)

BIT_CYCLES = 4
CONFIGURATIONS = small_configuration(), larger_configuration()


def short_frame():
    """As few columns, rows and lines as show every kind of row."""
    config = small_configuration()
    return replace(
        config, array=replace(config.array, columns=28, rows=2),
        timing=replace(config.timing, frame_length_lines=12, line_length_cycles=1920),
        captures=(replace(config.captures[0], coarse_integration_lines=4),))


@pytest.mark.parametrize("whole_converters", [False, True])
def test_rows_of_a_frame_leave_with_the_codes_of_the_model(whole_converters):
    config = short_frame()
    core = SmallCore(config, whole_converters=whole_converters)
    received = bytearray()

    async def listen(ctx):
        packets = []
        while len(packets) < config.array.total_rows:
            await ctx.negedge(core.transmit)
            await ctx.tick().repeat(BIT_CYCLES + BIT_CYCLES // 2 - 1)
            byte = 0
            for bit in range(8):
                byte |= ctx.get(core.transmit) << bit
                await ctx.tick().repeat(BIT_CYCLES)
            assert ctx.get(core.transmit) == 1, "a stop bit"
            received.append(byte)
            packets = decode_packets(bytes(received))[0]

    dut = OnMemories(core) if whole_converters else core
    simulate(dut, listen, cycles=40_000, domains={"sync": 12e6, "adc": 25.1e6})
    packets, _ = decode_packets(bytes(received))
    assert received.count(0xC0) == len(packets), "no packet was torn"
    array = config.array
    kinds = {RowKind.TEST: 0, RowKind.OPTICAL_BLACK: array.test_rows,
             RowKind.ACTIVE: array.dark_rows}
    expected = small_frame(config, 4)
    for packet in packets:
        frame, kind, row = packet[:ROW_HEADER_BYTES]
        assert frame == packets[0][0]
        codes = np.frombuffer(packet[ROW_HEADER_BYTES:], np.uint8)
        np.testing.assert_array_equal(codes, expected[kinds[RowKind(kind)] + row])
    assert len({expected[-1].tobytes(), expected[0].tobytes(), expected[2].tobytes()}) == 3


@pytest.mark.parametrize("config", CONFIGURATIONS, ids=lambda config: config.name)
def test_a_row_is_on_the_line_before_the_next_one_comes(config):
    content = ROW_HEADER_BYTES + config.array.total_columns + CODE_BYTES
    cycles = bit_cycles(config.sync_clock_hz, BITS_PER_SECOND)
    assert (2 * content + 1) * 10 * cycles < config.timing.line_length_cycles


@pytest.mark.parametrize("config", CONFIGURATIONS, ids=lambda config: config.name)
def test_columns_settle_in_the_time_that_the_configuration_gives_them(config):
    settle_ns = SmallPixelDie(config).settle_cycles / config.sync_clock_hz * 1e9
    assert settle_ns < config.timing.reset_settle_ns
    assert settle_ns < config.timing.transfer_settle_ns // 2 * 2


@pytest.mark.parametrize("written, read", [(7, 7), (255, 63)])
def test_exposures_longer_than_a_frame_are_cut(written, read):
    registers = SmallRegisters(small_configuration())

    async def host(ctx):
        bus = registers.bus

        async def access(address, value=None):
            ctx.set(bus.address, address)
            ctx.set(bus.write if value is not None else bus.read, 1)
            ctx.set(bus.write_data, value or 0)
            await ctx.tick()
            ctx.set(bus.write, 0)
            ctx.set(bus.read, 0)
            assert ctx.get(bus.read_valid) == (value is None)
            return ctx.get(bus.read_data)

        assert await access(MODEL_ID) << 8 | await access(MODEL_ID + 1) == MODEL
        await access(COARSE_INTEGRATION + 1, written)
        assert await access(COARSE_INTEGRATION + 1) == read
        assert ctx.get(registers.coarse_integration_lines) == read
        await access(MODE_SELECT, 0)
        assert ctx.get(registers.streaming) == 0
        assert await access(0x3000) == 0

    simulate(registers, host, cycles=100)
