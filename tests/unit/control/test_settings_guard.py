# SPDX-License-Identifier: Apache-2.0
"""Whatever the registers hold, the settings are valid, and equal the model's."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from amaranth.hdl import Const, Signal
from amaranth.lib import data

from support import simulate
from tapetum.config import CaptureConfig, ConversionGain, DieConfig, HdrConfig, Photodiode
from tapetum.control.contexts import context_fields
from tapetum.control.frame_settings import FrameSettings
from tapetum.control.settings_guard import SettingsGuard
from tapetum.presets import PRESETS, preset
from tapetum.registers.definition import Access, Register, Storage
from tapetum.registers.layout import RegisterLayout
from tapetum.registers.table import register_table
from tapetum_sim.models.settings import frame_settings

TINY = preset("tiny")


def _capture(name: str, coarse_integration_lines: int = 1, **options) -> CaptureConfig:
    return CaptureConfig(name=name, coarse_integration_lines=coarse_integration_lines, **options)


CONFIGS = {
    "tiny": TINY,
    "vga": preset("vga"),
    "one_capture": replace(TINY, captures=(_capture("L"),)),
    "interleaved": replace(
        TINY, hdr=HdrConfig(line_buffer_lag_lines=3), captures=(
            _capture("L0"), _capture("S0", photodiode=Photodiode.SMALL),
            _capture("L1", lag_lines=2), _capture("S1", photodiode=Photodiode.SMALL,
                                                  lag_lines=2))),
    "pair_around_another": replace(
        TINY, captures=(
            _capture("HCG", coarse_integration_lines=20, conversion_gain=ConversionGain.HIGH),
            _capture("SPD", coarse_integration_lines=10, photodiode=Photodiode.SMALL),
            _capture("LCG", coarse_integration_lines=20))),
    "four_of_one": replace(
        TINY, hdr=HdrConfig(line_buffer_lag_lines=9), captures=(
            _capture("L0", coarse_integration_lines=20),
            _capture("L1", lag_lines=2), _capture("L2", lag_lines=4),
            _capture("L3", lag_lines=6, conversion_gain=ConversionGain.HIGH))),
    "odd_columns": replace(TINY, array=replace(TINY.array, columns=20, rows=14)),
}


def writable(table: list[Register]) -> list[Register]:
    return [r for r in table if r.access is Access.READ_WRITE and r.storage is Storage.FRAME]


def resets(table: list[Register]) -> dict[str, int]:
    return {r.name: r.reset for r in writable(table)}


def near_limits(random: Random, register: Register, config: DieConfig) -> int:
    """A value that is often on one side of a limit, sometimes anything."""
    choices = [register.reset, register.minimum, register.highest, 0, register.mask,
               random.getrandbits(16), random.randrange(8), config.array.rows, config.array.columns,
               config.timing.frame_length_lines]
    value = random.choice(choices) + random.choice((0, 0, 0, -2, -1, 1, 2))
    if register.name in ("x_odd_inc", "y_odd_inc") and random.random() < 0.8:
        value = random.choice((1, 3, 7))
    if register.name == "csi_data_format" and random.random() < 0.8:
        value = random.choice((0x0808, 0x0A0A, 0x0C0C, 0x0E0E, 0x1010, 0x1414, 0x1818))
    return max(value, 0) & register.mask


def assert_valid(config: DieConfig, settings: dict, rows: int, columns: int) -> None:
    """The ranges that `FrameSettings` and `DieConfig` promise, without the model's help."""
    lags, length = settings["lag_lines"], settings["frame_length_lines"]
    in_order = [lags[min(group.captures)] for group in config.exposure_groups]
    assert in_order[0] == 0
    assert in_order == sorted(in_order)
    assert max(lags) <= config.hdr.line_buffer_lag_lines
    assert settings["row_start"] % 2 == settings["column_start"] % 2 == 0
    assert settings["row_start"] < settings["row_end"] < config.array.rows
    assert settings["column_start"] < settings["column_end"] < config.array.columns
    assert rows >= 2
    assert rows % 2 == 0
    assert columns >= 4
    assert columns % 4 == 0
    assert settings["capture_mask"] > 0
    assert length >= config.array.dark_rows + rows + 1
    assert settings["line_length_cycles"] >= config.row_timing.line_cycles
    line = settings["line_length_cycles"]
    for index, (capture, made) in enumerate(zip(settings["captures"], config.captures,
                                                strict=True)):
        cycles = capture["coarse_integration_lines"] * line + capture["fine_integration_cycles"]
        assert 0 < cycles <= (length - max(lags) - 1) * line
        assert capture["fine_integration_cycles"] < line
        assert capture["hand_over_start"] < capture["hand_over_end"] < 1 << config.adc.bits
        assert capture["normalisation_mantissa"] >> 15 == 1
        for other in range(index):
            if config.captures[other].photodiode is made.photodiode and not any(
                    {index, other} <= set(g.captures) for g in config.exposure_groups):
                assert cycles < (lags[index] - lags[other]) * line


class GuardBench:
    """A guard in front of a register memory in Python."""

    def __init__(self, config: DieConfig):
        self.config, self.table = config, register_table(config)
        self.guard = SettingsGuard(config, self.table)
        self.layout = RegisterLayout(self.table)
        self.words = [0] * self.layout.words
        self.load(resets(self.table))

    def load(self, values: dict[str, int]) -> None:
        self.words = [0] * self.layout.words
        for register in writable(self.table):
            shifted = values[register.name] << self.layout.shift_of(register)
            self.words[self.layout.word_of(register)] |= shifted

    async def memory(self, ctx) -> None:
        fetched = corrected = 0
        async for _, _, address in ctx.tick().sample(self.guard.word_address):
            ctx.set(self.guard.word, corrected)
            corrected, fetched = fetched, self.words[address]

    async def settle(self, ctx, values: dict[str, int]) -> None:
        """Load, announce the change, and watch that nothing is whole before all is, in time."""
        self.load(values)
        before, pins = ctx.get(data_of(self.guard)), ctx.get(self.guard.pins)
        ctx.set(self.guard.changed, 1)
        await ctx.tick()
        ctx.set(self.guard.changed, 0)
        latency = (self.guard.alternating_latency_cycles if values["context_mode"]
                   else self.guard.latency_cycles)
        for _ in range(latency - 1):
            assert not ctx.get(self.guard.whole) or ctx.get(data_of(self.guard)) == before
            assert ctx.get(self.guard.pins) == pins, "pins changed before the end"
            assert ctx.get(self.guard.pending)
            await ctx.tick()
        assert not ctx.get(self.guard.pending), "the pass took longer than it says"
        assert ctx.get(self.guard.whole)

    def run(self, testbench, *, cycles: int) -> None:
        simulate(self.guard, testbench, cycles=cycles, background=(self.memory,))


def data_of(guard):
    return guard.settings.as_value()


def bits_of_context(config: DieConfig, settings: dict) -> int:
    """Fields of a context of its own, side by side."""
    bits = start = 0
    layout = FrameSettings(config)
    values = context_fields(config, layout.const(settings))
    for place, value in zip(context_fields(config, Signal(layout)), values, strict=True):
        bits |= Const.cast(value).value << start
        start += len(place)
    return bits


def as_dict(settings) -> Any:
    """Plain integers of a `FrameSettings` constant."""
    def plain(value) -> Any:
        if isinstance(value, data.Const):
            layout = value.shape()
            if isinstance(layout, data.ArrayLayout):
                return [plain(value[i]) for i in range(layout.length)]
            return {name: plain(value[name]) for name in layout.members}
        return int(getattr(value, "value", value))
    return plain(settings)


@pytest.mark.parametrize("name", PRESETS)
def test_no_preset_is_clamped(name):
    config = PRESETS[name]
    modelled = frame_settings(config, resets(register_table(config)))
    assert modelled.clamped == set()
    defaults = FrameSettings(config).const(FrameSettings.defaults(config))
    assert modelled.settings == as_dict(defaults)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_model_makes_every_set_valid(name, seed):
    config, random = CONFIGS[name], Random(seed)
    table = register_table(config)
    for _ in range(300):
        values = {r.name: near_limits(random, r, config) for r in writable(table)}
        modelled = frame_settings(config, values, context=random.randrange(2))
        assert_valid(config, modelled.settings, modelled.rows_read, modelled.columns_read)


@pytest.mark.parametrize("name", CONFIGS)
def test_settings_equal_the_model_for_any_registers(name, seed):
    config, random = CONFIGS[name], Random(seed)
    bench = GuardBench(config)
    guard = bench.guard
    trials = 12

    async def testbench(ctx):
        for trial in range(trials):
            values = resets(bench.table)
            if trial:
                changed = random.sample(writable(bench.table),
                                        random.choice((1, 3, len(values))))
                values |= {r.name: near_limits(random, r, config) for r in changed}
            await bench.settle(ctx, values)
            modelled = frame_settings(config, values)
            assert as_dict(ctx.get(guard.settings)) == modelled.settings
            assert ctx.get(guard.rows_read) == modelled.rows_read
            assert ctx.get(guard.columns_read) == modelled.columns_read
            clamped = modelled.clamped
            assert ctx.get(guard.alternate) == values["context_mode"]
            if values["context_mode"]:
                second = frame_settings(config, values, context=1)
                assert ctx.get(guard.second) == bits_of_context(config, second.settings)
                clamped = clamped | second.clamped
            assert ctx.get(guard.settings.clamped) == bool(clamped), clamped

    bench.run(testbench, cycles=2 * trials * guard.alternating_latency_cycles)


def test_the_second_context_is_limited_by_its_own_region():
    bench = GuardBench(TINY)
    guard = bench.guard

    async def testbench(ctx):
        shortest = TINY.array.dark_rows + 17
        values = resets(bench.table) | {
            "context_mode": 1, "frame_length_lines": shortest, "y_addr_end": 15,
            "coarse_integration_time": 1000, "second_coarse_integration_time": 5,
            "second_y_addr_end": 47, "second_capture_mask": 0, "second_digital_gain_global": 0x180}
        await bench.settle(ctx, values)
        first, second = (frame_settings(TINY, values, context=context) for context in (0, 1))
        assert as_dict(ctx.get(guard.settings)) == first.settings
        assert ctx.get(guard.second) == bits_of_context(TINY, second.settings)
        assert first.settings["frame_length_lines"] == shortest
        assert second.settings["frame_length_lines"] == TINY.array.dark_rows + 49
        assert second.settings["capture_mask"] == 1
        assert second.settings["captures"][0]["coarse_integration_lines"] == 5
        assert [c["digital_gain"] for c in second.settings["captures"]] == [0x180] * 4
        assert ctx.get(guard.settings.clamped)

    bench.run(testbench, cycles=3000)


def test_the_region_follows_every_skip(seed):
    config, random = CONFIGS["odd_columns"], Random(seed)
    bench = GuardBench(config)

    async def testbench(ctx):
        for _ in range(12):
            values = resets(bench.table) | {
                "x_odd_inc": random.choice((1, 3, 7)), "y_odd_inc": random.choice((1, 3, 7))}
            values |= {name: random.randrange(24) for name in (
                "x_addr_start", "x_addr_end", "y_addr_start", "y_addr_end")}
            await bench.settle(ctx, values)
            modelled = frame_settings(config, values)
            assert as_dict(ctx.get(bench.guard.settings)) == modelled.settings
            assert (ctx.get(bench.guard.columns_read), ctx.get(bench.guard.rows_read)) == (
                modelled.columns_read, modelled.rows_read)

    bench.run(testbench, cycles=40 * bench.guard.latency_cycles)


@pytest.mark.parametrize("changes, expected", [
    ({"y_addr_end": 10}, {"row_end": 11}),
    ({"y_addr_start": 3}, {"row_start": 2}),
    # the shortest frame: here the largest lag needs more lines than the rows do
    ({"y_addr_end": 1, "exposure_3_lag": 9, "frame_length_lines": 0,
      "exposure_3_coarse_integration_time": 50}, {"frame_length_lines": 11, "row_end": 1}),
])
def test_one_setting_at_a_time_is_limited_and_told(changes, expected):
    config = CONFIGS["four_of_one"]
    bench = GuardBench(config)

    async def testbench(ctx):
        values = resets(bench.table) | changes
        await bench.settle(ctx, values)
        settings = as_dict(ctx.get(bench.guard.settings))
        assert settings == frame_settings(config, values).settings
        assert {name: settings[name] for name in expected} == expected
        assert max(c["coarse_integration_lines"] for c in settings["captures"]) <= (
            settings["frame_length_lines"] - max(settings["lag_lines"]) - 1)
        assert ctx.get(bench.guard.settings.clamped)

    bench.run(testbench, cycles=2000)


@pytest.mark.parametrize("changes, expected", [
    ({"x_output_size": 40, "y_output_size": 30}, {"column_end": 39, "row_end": 29}),
    ({"x_output_size": 43, "y_output_size": 31}, {"column_end": 39, "row_end": 29}),
    ({"x_output_size": 20, "x_odd_inc": 3, "x_addr_start": 8}, {"column_end": 47}),
    ({"y_output_size": 4, "y_odd_inc": 7, "y_addr_start": 2}, {"row_end": 17}),
    ({"x_addr_end": 31, "x_output_size": 64, "y_output_size": 0xFFFF}, {"column_end": 31}),
    ({"digital_gain_global": 0x200, "capture_0_digital_gain": 0x180}, {}),
])
def test_a_smaller_output_and_a_gain_of_all_are_in_order(changes, expected):
    bench = GuardBench(TINY)

    async def testbench(ctx):
        values = resets(bench.table) | changes
        await bench.settle(ctx, values)
        settings = as_dict(ctx.get(bench.guard.settings))
        assert settings == frame_settings(TINY, values).settings
        assert {name: settings[name] for name in expected} == expected
        if "digital_gain_global" in changes:
            assert [c["digital_gain"] for c in settings["captures"]] == [0x300, 512, 512, 512]
        assert not ctx.get(bench.guard.settings.clamped)

    bench.run(testbench, cycles=2000)


@pytest.mark.parametrize("changes", [
    {"csi_lane_mode": 3}, {"csi_signaling_mode": 3}, {"csi_channel_identifier": 1},
    {"binning_mode": 1}, {"analog_gain_code_global": 0}, {"analog_gain_code_global": 2},
    {"digital_gain_global": 0x8000, "capture_3_digital_gain": 0x8000},
])
def test_what_the_die_cannot_do_is_told_and_not_done(changes):
    bench = GuardBench(TINY)

    async def testbench(ctx):
        values = resets(bench.table) | changes
        await bench.settle(ctx, values)
        assert as_dict(ctx.get(bench.guard.settings)) == frame_settings(TINY, values).settings
        assert ctx.get(bench.guard.settings.clamped)

    bench.run(testbench, cycles=2000)


def test_pins_are_limited_too():
    bench = GuardBench(CONFIGS["one_capture"])
    pins = bench.guard.pins

    async def testbench(ctx):
        await bench.settle(ctx, resets(bench.table) | {
            "trigger_mode": 1, "strobe_mode": 3, "strobe_capture": 3, "sync_output_width": 77})
        assert (ctx.get(pins.triggered), ctx.get(pins.sync_output_width_cycles)) == (1, 77)
        assert (ctx.get(pins.strobe_mode), ctx.get(pins.strobe_capture)) == (2, 0)
        assert ctx.get(bench.guard.settings.clamped)

    bench.run(testbench, cycles=2000)


def test_a_write_during_a_pass_begins_it_again():
    bench = GuardBench(TINY)
    guard = bench.guard

    async def testbench(ctx):
        await bench.settle(ctx, resets(bench.table))
        bench.load(resets(bench.table) | {"frame_length_lines": 70})
        ctx.set(guard.changed, 1)
        await ctx.tick()
        ctx.set(guard.changed, 0)
        await ctx.tick().repeat(guard.latency_cycles - 3)
        await bench.settle(ctx, resets(bench.table) | {"frame_length_lines": 80})
        assert ctx.get(guard.settings.frame_length_lines) == 80

    bench.run(testbench, cycles=5 * guard.latency_cycles)


def test_hold_keeps_a_pass_from_beginning_and_abandons_one_under_way():
    bench = GuardBench(TINY)
    guard = bench.guard

    async def change(ctx, lines: int) -> None:
        bench.load(resets(bench.table) | {"frame_length_lines": lines})
        ctx.set(guard.changed, 1)
        await ctx.tick()
        ctx.set(guard.changed, 0)

    async def testbench(ctx):
        await bench.settle(ctx, resets(bench.table))
        await change(ctx, 70)
        await ctx.tick().repeat(100)
        ctx.set(guard.hold, 1)
        await change(ctx, 80)
        for _ in range(2 * guard.latency_cycles):
            await ctx.tick()
            assert ctx.get(guard.pending)
            assert not ctx.get(guard.whole), "what the abandoned pass has left counts for nothing"
        ctx.set(guard.hold, 0)
        await ctx.tick().repeat(guard.latency_cycles)
        assert ctx.get(guard.settings.frame_length_lines) == 80

    bench.run(testbench, cycles=6 * guard.latency_cycles)
