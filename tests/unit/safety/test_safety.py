# SPDX-License-Identifier: Apache-2.0
"""The safety room as a host sees it: registers, self-test, error pin."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from support import simulate
from support.registers import RegisterHost
from tapetum.control.control import Control
from tapetum.control.faults import Fault
from tapetum.presets import preset
from tapetum.registers.bus import RegisterBus
from tapetum.safety.mechanism import MECHANISMS, Mechanism, self_tested
from tapetum.safety.safety import Safety
from tapetum.safety.temperature import CELSIUS
from tapetum_sim.host import RegisterMap

CONFIG = preset("tiny")
MAP = RegisterMap(CONFIG)
TESTED = sum(1 << mechanism for mechanism, facts in MECHANISMS.items() if facts.tested_in_standby)
ELSEWHERE = sum(1 << mechanism for mechanism in (
    Mechanism.WATCHDOG, Mechanism.SEQUENCER, Mechanism.MEMORY, Mechanism.MEMORY_CORRECTED,
    Mechanism.GOLDEN_INFERENCE, Mechanism.DIGITAL_TEST_FRAME))
"""They live in other rooms: here each of them finds what is injected a clock later."""
PIN_CYCLES = 6
"""From a mechanism to the pin."""


class Watched(wiring.Component):
    """Control and safety, wired as in the die."""

    def __init__(self):
        self.control, self.safety = Control(CONFIG), Safety(CONFIG)
        super().__init__({"bus": In(RegisterBus()), "temperature": In(signed(16)),
                          "raised": In(len(Mechanism)), "busy": In(1), "error": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.control, m.submodules.safety = control, safety = self.control, self.safety
        connect(m, flipped(self.bus), control.bus)
        connect(m, control.register_watch, safety.registers)
        elsewhere = Signal(len(Mechanism))
        m.d.sync += elsewhere.eq(safety.inject & ELSEWHERE)
        m.d.comb += [
            control.planned.eq(control.settings),
            safety.control.eq(control.safety), control.safety_status.eq(safety.status),
            safety.standby.eq(~control.streaming & ~self.busy),
            safety.raised.eq(self.raised | elsewhere),
            safety.temperature.eq(self.temperature),
            control.raised[Fault.SAFETY].eq(safety.alarm), self.error.eq(control.error),
        ]
        return m


class Host(RegisterHost):
    """Speaks in names."""

    async def set(self, **values: int) -> None:
        await self.write(MAP.write(values))

    async def get(self, name: str) -> int:
        return MAP.decode(name, await self.read(MAP.read(name)))

    async def tested(self) -> None:
        while not await self.get("safety_self_test") & 2:
            pass


def run(testbench, *, cycles: int = 40_000) -> None:
    die = Watched()

    async def when_ready(ctx):
        ctx.set(die.temperature, 25 * CELSIUS)
        host = Host(ctx, die.bus)
        while await host.get("software_reset"):
            pass
        await testbench(ctx, die, host)

    simulate(die, when_ready, cycles=cycles)


def test_the_self_test_runs_after_a_reset_and_everything_passes():
    async def testbench(ctx, die, host):
        await host.tested()
        assert await host.get("safety_self_test_passed") == TESTED
        assert await host.get("safety_status") == 0
        assert await host.get("temperature") == 25 * CELSIUS
        assert not ctx.get(die.error)
        await host.set(software_reset=1)
        while await host.get("software_reset"):
            pass
        assert not await host.get("safety_self_test") & 2, "once more"
        await host.tested()
        assert await host.get("safety_self_test_passed") == TESTED

    run(testbench)


def test_the_stream_waits_for_the_self_test():
    async def testbench(ctx, die, host):
        await host.set(mode_select=1)
        while ctx.get(die.safety.status.running):
            assert not ctx.get(die.control.streaming)
            await ctx.tick()
        await ctx.tick()
        assert ctx.get(die.control.streaming)

    run(testbench)


def test_a_test_on_command_waits_for_standby():
    async def testbench(ctx, die, host):
        await host.tested()
        await host.set(mode_select=1)
        await host.set(safety_self_test=1)
        await ctx.tick().repeat(20)
        assert not ctx.get(die.safety.status.running)
        assert ctx.get(die.control.streaming), "a request does not hold the stream"
        ctx.set(die.busy, 1)
        await host.set(mode_select=0)
        await ctx.tick().repeat(20)
        assert not ctx.get(die.safety.status.running), "rows are still being read"
        ctx.set(die.busy, 0)
        await ctx.tick().repeat(4)
        assert await host.get("safety_self_test") == 1
        await host.tested()
        assert await host.get("safety_self_test_passed") == TESTED

    run(testbench)


def test_every_finding_reaches_the_error_pin_in_time_and_stays_until_it_is_cleared():
    async def testbench(ctx, die, host):
        await host.tested()
        for mechanism in Mechanism:
            ctx.set(die.raised, 1 << mechanism)
            await ctx.tick()
            ctx.set(die.raised, 0)
            await ctx.tick().repeat(PIN_CYCLES - 1)
            assert ctx.get(die.error)
            assert await host.get("safety_status") == 1 << mechanism
            await host.set(fault_status=1 << Fault.SAFETY)
            assert await host.get("fault_status") == 1 << Fault.SAFETY, "its cause is still there"
            await host.set(safety_status=1 << mechanism)
            await host.set(fault_status=1 << Fault.SAFETY)
            assert await host.get("fault_status") == 0
            await ctx.tick().repeat(2)
            assert not ctx.get(die.error)

    run(testbench)


def test_a_masked_finding_is_told_but_raises_nothing():
    async def testbench(ctx, die, host):
        await host.tested()
        await host.set(safety_mask=0)
        await host.set(safety_inject=1 << Mechanism.TEMPERATURE)
        await ctx.tick().repeat(20)
        assert await host.get("safety_status") == 1 << Mechanism.TEMPERATURE
        assert await host.get("fault_status") == 0

    run(testbench)


def test_limits_of_the_temperature_are_those_of_the_registers():
    async def testbench(ctx, die, host):
        await host.tested()
        await host.set(temperature_maximum=24 * CELSIUS)
        await ctx.tick().repeat(10)
        assert await host.get("safety_status") == 1 << Mechanism.TEMPERATURE
        await host.set(temperature_maximum=26 * CELSIUS)
        await host.set(temperature_minimum=-5 * CELSIUS & 0xFFFF)
        await host.set(safety_status=1 << Mechanism.TEMPERATURE)
        assert await host.get("safety_status") == 0
        ctx.set(die.temperature, -6 * CELSIUS)
        await ctx.tick().repeat(10)
        assert await host.get("safety_status") == 1 << Mechanism.TEMPERATURE
        assert await host.get("temperature") == -6 * CELSIUS & 0xFFFF

    run(testbench)


def test_a_die_without_an_array_does_not_test_it():
    without = self_tested(CONFIG.with_(npu=None))
    changed = [Mechanism(place) for place, (with_array, alone) in enumerate(
        zip(self_tested(CONFIG), without, strict=True)) if with_array != alone]
    assert changed == [Mechanism.GOLDEN_INFERENCE]
