# SPDX-License-Identifier: Apache-2.0
"""The record keeps what each frame in flight was planned with, byte by byte, and tells upsets."""

import random

import numpy as np
import pytest

from support import expect_rejected, simulate
from support.adoption import adopt
from support.small_dies import small_die as die_with
from support.upsets import Upsettable
from tapetum.control.frame_settings import SETTLED_CYCLES, DataFormat, Skip
from tapetum.csi2.embedded import embedded_registers
from tapetum.csi2.embedded_program import EmbeddedProgram
from tapetum.csi2.settings_record import SettingsRecord
from tapetum_sim.csi2.embedded_row import parse_embedded_row
from tapetum_sim.models.csi2 import embedded_row, pack_row
from unit.csi2.link_bench import settings_with, small_die

CONFIG = small_die(columns=512)
PROGRAM = EmbeddedProgram([embedded_registers(CONFIG)])


def random_settings(draw: random.Random) -> dict:
    return settings_with(
        CONFIG, data_format=draw.choice(list(DataFormat)), row_skip=draw.choice(list(Skip)),
        column_skip=draw.choice(list(Skip)), frame_length_lines=draw.getrandbits(16),
        lag_lines=[draw.getrandbits(8) for _ in CONFIG.captures], flip_columns=draw.getrandbits(1),
        column_end=draw.getrandbits(13), colour_gains=[draw.getrandbits(16) for _ in range(4)],
        test_data=[draw.getrandbits(16) for _ in range(4)])


def told_by_the_model(settings: dict, frame: int) -> list[int]:
    """Bytes of all settings, out of the model's embedded row."""
    pixels = embedded_row(CONFIG, settings | {"data_format": DataFormat.RAW24}, frame, 512)
    values = parse_embedded_row(np.frombuffer(pack_row(pixels, 24), np.uint8), 24)
    bits = {DataFormat.RAW8: 8, DataFormat.RAW10: 10, DataFormat.RAW12: 12, DataFormat.RAW14: 14,
            DataFormat.RAW16: 16, DataFormat.RAW20: 20, DataFormat.RAW24: 24}
    return [bits[settings["data_format"]] if register.name == "csi_data_format"
            else values[register.address + register.width_bytes - 1 - byte]
            for register, byte in PROGRAM.settings]


def test_a_line_shorter_than_a_record_is_refused_with_the_arithmetic():
    die = die_with(kinds=("LCG",), lag_lines=0, line_buffer_lag_lines=0, bits=8, columns=96,
                   rows=4, adc_clock_hz=600e6, sync_clock_hz=60e6, lanes=4, spare_line_cycles=0,
                   byte_clock_hz=190e6, byte_lanes=4)
    places = EmbeddedProgram([embedded_registers(die)]).settings
    assert len(places) > die.row_timing.line_cycles
    with expect_rejected(str(len(places) + 3), str(die.row_timing.line_cycles), "adc_clock_hz"):
        SettingsRecord(die, places)


class Bench:
    """A record with frames in it, read byte by byte."""

    def __init__(self, ctx, record: SettingsRecord):
        self.ctx, self.record = ctx, record

    async def plan(self, frame: int, settings: dict) -> None:
        await adopt(self.ctx, self.record.settings, frame, settings)
        await self.ctx.tick().repeat(SETTLED_CYCLES)
        # From now on what is wanted for the next frame may change.
        self.ctx.set(self.record.settings.settings,
                     settings | {"frame_length_lines": 0, "lag_lines": [9] * 4})

    async def read(self, frame: int, draw: random.Random) -> tuple[list[int], int]:
        """All bytes, with pauses, and how often a wrong one was told."""
        record, ctx = self.record, self.ctx
        ctx.set(record.frame, frame)
        read, told, place = [], 0, 0
        while len(read) < len(record.places):
            enable = draw.randrange(4) > 0
            counts = place < len(record.places)
            ctx.set(record.enable, enable)
            ctx.set(record.read, counts)
            ctx.set(record.place, place if counts else 0)
            if enable and place >= 2:
                read.append(ctx.get(record.byte))
            told += ctx.get(record.health.uncorrectable)
            await ctx.tick()
            place += enable
        ctx.set(record.read, 0)
        for _ in range(3):
            told += ctx.get(record.health.uncorrectable)
            await ctx.tick()
        return read, told


def test_each_frame_in_flight_has_the_settings_it_was_planned_with(seed):
    draw = random.Random(seed)
    record = SettingsRecord(CONFIG, PROGRAM.settings)
    frames = {frame: random_settings(draw) for frame in range(65_533, 65_539)}

    async def testbench(ctx):
        bench = Bench(ctx, record)
        for frame, settings in frames.items():
            await bench.plan(frame & 0xFFFF, settings)
            for earlier in range(max(frame - 3, 65_533), frame + 1):
                assert await bench.read(earlier & 0xFFFF, draw) == (
                    told_by_the_model(frames[earlier], earlier & 0xFFFF), 0)

    simulate(record, testbench, cycles=20_000, stream_domains={})


@pytest.mark.parametrize("bit", [0, 7, 8])
def test_a_bit_that_flips_is_told_as_its_byte_is_read(bit, seed):
    draw = random.Random(seed)
    record = SettingsRecord(CONFIG, PROGRAM.settings)
    dut, settings, place = Upsettable(record), settings_with(CONFIG), 5 + seed % 90
    [path] = dut.memories

    async def testbench(ctx):
        bench = Bench(ctx, record)
        await bench.plan(2, settings)
        expected = told_by_the_model(settings, 2)
        assert await bench.read(2, draw) == (expected, 0)
        dut.flip(ctx, path, 2 << (len(record.places) - 1).bit_length() | place, bit)
        if bit < 8:
            expected[place] ^= 1 << bit
        assert await bench.read(2, draw) == (expected, 1)
        # An inverted check bit is told of every byte but the one that is wrong already.
        ctx.set(record.health.inject, 3)
        assert (await bench.read(2, draw))[1] == len(record.places) - 1

    simulate(dut, testbench, cycles=5000, stream_domains={})
