# SPDX-License-Identifier: Apache-2.0
"""Registers through the two lines, while a host on the byte bus is busy with others."""

from random import Random

from amaranth import *
from amaranth.lib.wiring import connect

from support import simulate
from support.i2c import I2cHost, OpenDrainLines, packet_error_code
from support.registers import RegisterHost
from tapetum.cci.cci import Cci, filter_cycles
from tapetum.cci.cci_target import DEVICE_ADDRESS
from tapetum.control.control import Control
from tapetum.control.faults import Fault
from tapetum.presets import preset
from tapetum.registers.bus import ACCESS_INTERVAL_CYCLES
from tapetum.registers.ccs import MANUFACTURER_ID
from tapetum_sim.host import RegisterMap

CONFIG = preset("tiny")
MAP = RegisterMap(CONFIG)
FASTEST = int(CONFIG.sync_clock_hz * 0.26e-6)
"""Clocks of the shortest high phase that I2C allows at 1 MHz."""


class Hosted(Elaboratable):
    """The registers behind their two ports."""

    def __init__(self):
        self.cci, self.control = Cci(CONFIG), Control(CONFIG)
        self.scl, self.sda, self.pull_sda = self.cci.scl, self.cci.sda, self.cci.pull_sda

    def elaborate(self, platform):
        m = Module()
        m.submodules.cci, m.submodules.control = cci, control = self.cci, self.control
        connect(m, cci.bus, control.bus)
        m.d.comb += [control.planned.eq(control.settings), cci.pec.eq(control.cci_error_check),
                     control.cci_read_code.eq(cci.read_code),
                     control.raised[Fault.CCI_CODE_WRONG].eq(cci.pec_error)]
        return m


def run(testbench, *, cycles=400_000, busy=False, seed=1):
    dut = Hosted()
    lines = OpenDrainLines(dut)
    generator = Random(seed)

    async def host(ctx):
        await ctx.tick().repeat(8000)  # registers wake up
        await testbench(I2cHost(ctx, lines, FASTEST, random=generator), dut)

    async def other(ctx):
        local = dut.cci.local
        while True:
            ctx.set(local.address, 0x0340 + generator.randrange(4))
            ctx.set(local.read, 1)
            await ctx.tick()
            ctx.set(local.read, 0)
            await ctx.tick().repeat(ACCESS_INTERVAL_CYCLES - 1)
            while ctx.get(dut.cci.local_waits):
                await ctx.tick()

    simulate(lines, host, cycles=cycles, background=(other,) if busy else ())


def value_of(data):
    return int.from_bytes(bytes(data), "big")


def test_registers_are_read_and_written_as_a_whole_beside_a_busy_host():
    async def host(i2c, dut):
        assert value_of(await i2c.read(DEVICE_ADDRESS, 2, index=0x000E)) == MANUFACTURER_ID
        for lines in (0x0123, 0x01FE):
            assert await i2c.write(DEVICE_ADDRESS, 0x0340, lines.to_bytes(2, "big"))
            assert value_of(await i2c.read(DEVICE_ADDRESS, 2, index=0x0340)) == lines
        await i2c.ctx.tick().repeat(2 * dut.control.latency_cycles)
        assert i2c.ctx.get(dut.control.settings.frame_length_lines) == lines

    run(host, busy=True)


def test_addresses_without_a_register_are_acknowledged_and_read_as_zero():
    async def host(i2c, dut):
        for address in (0x0004, 0x0FFF, 0x1FFE, 0x2ABC):
            assert await i2c.write(DEVICE_ADDRESS, address, [0xFF])
            assert await i2c.read(DEVICE_ADDRESS, 1, index=address) == [0]

    run(host)


def test_a_wrong_packet_error_code_is_a_fault_and_changes_nothing():
    async def host(i2c, dut):
        check = next(iter(MAP.read("cci_error_check")))
        assert await i2c.write(DEVICE_ADDRESS, check, [1])
        message = [DEVICE_ADDRESS << 1, 0x03, 0x40, 0x02, 0x22]
        code = packet_error_code(message)
        assert await i2c.write(DEVICE_ADDRESS, 0x0340, [0x02, 0x22, code ^ 4])
        local = RegisterHost(i2c.ctx, dut.cci.local)
        assert await local.read_value(0x0340, 2) != 0x0222
        assert i2c.ctx.get(dut.control.faults) == 1 << Fault.CCI_CODE_WRONG
        assert i2c.ctx.get(dut.control.error)
        assert await i2c.write(DEVICE_ADDRESS, 0x0340, [0x02, 0x22, code])
        await i2c.ctx.tick().repeat(40)
        assert await local.read_value(0x0340, 2) == 0x0222

    run(host)


def test_lines_are_filtered_for_fifty_nanoseconds():
    for name in ("tiny", "vga"):
        config = preset(name)
        assert 50e-9 < filter_cycles(config) / config.sync_clock_hz < 70e-9
