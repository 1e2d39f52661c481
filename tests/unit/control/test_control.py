# SPDX-License-Identifier: Apache-2.0
"""The die as a host sees it: through the bus, from reset to frames in flight."""

from typing import Any

from amaranth import Signal

from support import simulate
from support.registers import RegisterHost
from tapetum.control.control import Control
from tapetum.control.faults import HARMFUL_FAULTS, Fault
from tapetum.presets import preset
from tapetum_sim.host import RegisterMap

CONFIG = preset("tiny")
MAP = RegisterMap(CONFIG)


class ControlHost(RegisterHost):
    """Speaks in names."""

    async def set(self, **values: int) -> None:
        await self.write(MAP.write(values))

    async def get(self, name: str) -> int:
        return MAP.decode(name, await self.read(MAP.read(name)))


class ManualExposure(Control):
    """Frames are planned with what the host wants, or has wanted before ``keep``."""

    def __init__(self, config):
        super().__init__(config)
        self.keep = Signal()

    def elaborate(self, platform):
        m = super().elaborate(platform)
        wanted = Signal.like(self.settings)
        with m.If(self.whole & ~self.keep):
            m.d.sync += wanted.eq(self.settings)
        m.d.comb += self.planned.eq(wanted)
        return m


def run(testbench, *, cycles: int = 8000) -> None:
    control = ManualExposure(CONFIG)

    async def when_ready(ctx):
        host = ControlHost(ctx, control.bus)
        while await host.get("software_reset"):
            pass
        await ctx.tick().repeat(control.latency_cycles)
        await testbench(ctx, control, host)

    simulate(control, when_ready, cycles=cycles)


async def adopt(ctx, control, frame: int) -> Any:
    """What rooms hear of it."""
    ctx.set(control.adopt, 1)
    ctx.set(control.adopt_frame, frame)
    _, _, told = await ctx.tick().sample(control.adopted)
    ctx.set(control.adopt, 0)
    return told


async def pulse(ctx, signal, value: int) -> None:
    ctx.set(signal, value)
    await ctx.tick()
    ctx.set(signal, 0)
    await ctx.tick().repeat(3)


def test_settings_reach_the_next_frame_within_the_stated_latency():
    async def testbench(ctx, control, host):
        await host.set(frame_length_lines=99, exposure_2_fine_integration_time=33)
        await ctx.tick().repeat(control.latency_cycles - 8)  # 8 of the last access
        assert ctx.get(control.settings.frame_length_lines) == 99
        assert ctx.get(control.settings.captures[3].fine_integration_cycles) == 33
        told = await adopt(ctx, control, 6)
        assert (told.adopt, told.frame, told.settings.frame_length_lines) == (1, 2, 99)
        await host.set(frame_length_lines=120)
        await ctx.tick().repeat(control.latency_cycles)
        assert not ctx.get(control.adopted.adopt)
        told = await adopt(ctx, control, 7)
        assert (told.adopt, told.frame, told.settings.frame_length_lines) == (1, 3, 120)

    run(testbench)


def test_a_held_group_applies_as_a_whole():
    async def testbench(ctx, control, host):
        *held, release = MAP.held({"y_addr_start": 8, "y_addr_end": 23, "frame_length_lines": 90})
        await host.write(held)
        await ctx.tick().repeat(2 * control.latency_cycles)
        assert ctx.get(control.settings.row_end) == CONFIG.array.rows - 1
        assert await host.get("frame_length_lines") == 90, "reads give what was written"
        assert ctx.get(control.whole)
        await host.write([release])
        seen = set()
        for _ in range(control.latency_cycles):
            if ctx.get(control.whole):
                seen.add((ctx.get(control.settings.row_start), ctx.get(control.settings.row_end),
                          ctx.get(control.settings.frame_length_lines)))
            await ctx.tick()
        before = (0, CONFIG.array.rows - 1, CONFIG.timing.frame_length_lines)
        assert {(8, 23, 90)} <= seen <= {before, (8, 23, 90)}
        rows = await host.get("frame_format_descriptor_2")
        assert MAP.fields("frame_format_descriptor_2", rows) == {"count": 16, "code": 5}

    run(testbench)


def test_clamped_settings_are_told_with_the_frame_that_has_them():
    async def testbench(ctx, control, host):
        await host.set(coarse_integration_time=1000)
        await ctx.tick().repeat(control.latency_cycles)
        limit = CONFIG.longest_integration_lines
        assert ctx.get(control.settings.captures[0].coarse_integration_lines) == limit
        assert MAP.fields("settings_status", await host.get("settings_status")) == {
            "clamped": 1, "pending": 0}
        assert await host.get("coarse_integration_time") == 1000
        assert not ctx.get(control.error), "no frame has them yet"
        await adopt(ctx, control, 0)
        await ctx.tick().repeat(3)
        assert ctx.get(control.error)
        assert await host.get("fault_status") == 1 << Fault.SETTINGS_CLAMPED
        await host.set(coarse_integration_time=10)
        await host.set(fault_status=1 << Fault.SETTINGS_CLAMPED)
        await ctx.tick().repeat(control.latency_cycles)
        await adopt(ctx, control, 1)
        await ctx.tick().repeat(3)
        assert await host.get("fault_status") == 0

    run(testbench)


def test_a_frame_taken_with_settings_of_before_is_not_told_of_clamped_ones():
    async def testbench(ctx, control, host):
        ctx.set(control.keep, 1)  # as automatic exposure does until it has worked them over
        await host.set(coarse_integration_time=1000)
        await ctx.tick().repeat(control.latency_cycles)
        await adopt(ctx, control, 0)
        await ctx.tick().repeat(3)
        assert await host.get("fault_status") == 0
        ctx.set(control.keep, 0)
        await ctx.tick().repeat(2)
        await adopt(ctx, control, 1)
        await ctx.tick().repeat(3)
        assert await host.get("fault_status") == 1 << Fault.SETTINGS_CLAMPED

    run(testbench)


def test_faults_stick_until_cleared_and_the_mask_guards_the_pin():
    async def testbench(ctx, control, host):
        assert await host.get("fault_mask") == HARMFUL_FAULTS
        await pulse(ctx, control.raised, 1 << Fault.BOND_REPAIRED)
        assert not ctx.get(control.error)
        await pulse(ctx, control.raised, 1 << Fault.ROW_MISMATCH)
        assert ctx.get(control.error)
        both = 1 << Fault.BOND_REPAIRED | 1 << Fault.ROW_MISMATCH
        assert await host.get("fault_status") == both
        await host.set(fault_mask=0)
        assert not ctx.get(control.error)
        await host.set(fault_status=1 << Fault.ROW_MISMATCH)
        assert await host.get("fault_status") == 1 << Fault.BOND_REPAIRED

    run(testbench)


def test_a_software_reset_stops_the_stream_and_restores_everything():
    async def testbench(ctx, control, host):
        defaults = ctx.get(control.settings.as_value())
        await host.set(mode_select=1, frame_length_lines=200, grouped_parameter_hold=1,
                       capture_mask=1, fault_mask=0, trigger_mode=1)
        await pulse(ctx, control.raised, 1 << Fault.READ_OVERRUN)
        assert ctx.get(control.streaming)
        await host.set(software_reset=1)
        assert await host.get("software_reset") == 1
        assert not ctx.get(control.streaming)
        while await host.get("software_reset"):
            pass
        for register in MAP.registers.values():
            if register.name not in ("settings_status", "bond_status"):
                assert await host.get(register.name) == register.reset, register.name
        await ctx.tick().repeat(control.latency_cycles)
        assert ctx.get(control.settings.as_value()) == defaults
        assert not ctx.get(control.error)

    run(testbench, cycles=40_000)


def test_frames_are_counted_as_the_standard_says():
    async def testbench(ctx, control, host):
        assert await host.get("frame_count") == 255
        await host.set(mode_select=1)
        for frame in range(258):
            await adopt(ctx, control, frame)
            if frame in (0, 254, 255, 257):
                assert await host.get("frame_count") == frame % 255
                assert await host.get("frame_number") == frame
        await host.set(mode_select=0)
        await ctx.tick().repeat(3)
        assert await host.get("frame_count") == 255

    run(testbench)


def test_status_of_the_die_is_readable():
    async def testbench(ctx, control, host):
        for index, level in enumerate((0x123, 0xFFF, 0, 0xABC)):
            ctx.set(control.black_levels[index][index], level)
            assert await host.get(f"capture_{index}_black_level_{index}") == level
            ctx.set(control.corrected[index], 7 * level)
            assert await host.get(f"capture_{index}_corrected_defects") == 7 * level
        for name in ("flicker_count", "clipped_count", "histogram_frame", "companding_slot"):
            ctx.set(getattr(control, name), 5)
            assert await host.get(name) == 5
        ctx.set(control.bond_repaired, 1)
        await ctx.tick()
        ctx.set(control.bond_repaired, 0)
        assert MAP.fields("bond_status", await host.get("bond_status")) == {
            "repaired": 1, "unrepairable": 0}
        assert await host.get("pixel_order") == 1
        await host.set(image_orientation=1)
        await ctx.tick().repeat(control.latency_cycles)
        assert await host.get("pixel_order") == 0
        await host.set(image_orientation=3)
        await ctx.tick().repeat(control.latency_cycles)
        assert await host.get("pixel_order") == 2

    run(testbench)


def test_the_bond_test_starts_once_and_reports_when_it_is_busy():
    async def testbench(ctx, control, host):
        starts = 0
        ctx.set(control.bus.address, MAP["bond_test"].address)
        ctx.set(control.bus.write_data, 1)
        ctx.set(control.bus.write, 1)
        for _ in range(20):
            await ctx.tick()
            ctx.set(control.bus.write, 0)
            starts += ctx.get(control.bond_test_start)
        assert starts == 1
        ctx.set(control.bond_test_busy, 1)
        assert await host.get("bond_test") == 1

    run(testbench)


def test_the_bonds_are_tested_when_the_registers_have_been_reset():
    async def testbench(ctx, control, host):
        ctx.set(control.reading, 1)
        await host.set(software_reset=1)
        for _ in range(4000):
            await ctx.tick()
            assert not ctx.get(control.bond_test_start), "a frame is under way"
        assert not ctx.get(control.waking)
        assert await host.get("bond_test") == 1
        ctx.set(control.reading, 0)
        await ctx.delay(0)
        assert ctx.get(control.bond_test_start)

    run(testbench)


def test_row_events_leave_by_their_window():
    written = []

    async def testbench(ctx, control, host):
        port = control.windows.row_events
        for address, byte in MAP.write_window("row_events", [0x12345678], first=3):
            ctx.set(control.bus.address, address)
            ctx.set(control.bus.write_data, byte)
            ctx.set(control.bus.write, 1)
            for _ in range(8):
                await ctx.tick()
                ctx.set(control.bus.write, 0)
                if ctx.get(port.write):
                    written.append((ctx.get(port.address), ctx.get(port.write_data)))
        assert written == [(12, 0x12), (13, 0x34), (14, 0x56), (15, 0x78)]

    run(testbench)
