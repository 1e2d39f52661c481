# SPDX-License-Identifier: Apache-2.0
"""The rows below a frame tell what became of that frame and of no other."""

import zlib
from dataclasses import replace

import numpy as np
import pytest

from support import TrafficPattern, simulate
from tapetum.control.frame_settings import DataFormat
from tapetum.csi2.bottom_rows import bottom_rows
from tapetum.csi2.embedded_format import tagged_registers
from tapetum.csi2.frame_checksum import FrameChecksum
from tapetum.presets import PRESETS
from tapetum_sim.csi2.decoder import decode
from tapetum_sim.csi2.embedded_row import name_values
from tapetum_sim.models.csi2 import frame_checksum, transmit
from unit.csi2.link_bench import Link, lost, random_frame, settings_with, small_die


@pytest.fixture
def generator(seed):
    return np.random.default_rng(seed)


def registers(config):
    return [register for row in bottom_rows(config) for register in row]


def random_status(generator, config):
    """The status of a die, and what its embedded rows make of it, by register."""
    captures = len(config.captures)
    status = {
        "flicker_count": int(generator.integers(1 << 24)),
        "clipped_count": int(generator.integers(1 << 24)),
        "faults": int(generator.integers(1 << 20)),
        "corrected": generator.integers(1 << 16, size=captures).tolist(),
        "black_levels": generator.integers(1 << 12, size=(captures, 4)).tolist(),
        "companding_slots": generator.integers(8, size=4).tolist(),
    }
    told = {name: status[name] for name in ("flicker_count", "clipped_count")}
    told |= {"fault_status": status["faults"]}
    for index in range(captures):
        told[f"capture_{index}_corrected_defects"] = status["corrected"][index]
        for phase in range(4):
            told[f"capture_{index}_black_level_{phase}"] = status["black_levels"][index][phase]
    return status, told


def told_of(config, frame):
    return name_values({address: byte for row in frame.bottom for address, byte in row.items()},
                       registers(config))


@pytest.mark.parametrize("columns, byte_lanes", [(40, 2), (64, 1), (480, 4)])
def test_counts_faults_and_checksum_are_those_of_the_frame(columns, byte_lanes, generator):
    config = small_die(columns=columns, byte_lanes=byte_lanes)
    frames = (65534, 65535, 0)
    settings = {frame: settings_with(config, data_format=data_format, capture_mask=11)
                for frame, data_format in zip(frames, (DataFormat.RAW8, DataFormat.RAW10,
                                                       DataFormat.RAW24), strict=True)}
    rows = [row for frame in frames for row in random_frame(
        generator, frame, rows=2, columns=columns, data_format=settings[frame]["data_format"])]
    status, told = {}, {}
    for frame in frames:
        status[frame], told[frame] = random_status(generator, config)
        told[frame]["companding_slot"] = status[frame]["companding_slots"][frame % 4]
    packets = Link(config, row_pause_cycles=900).run(rows, settings, status)
    assert packets == transmit(config, rows, settings, told)
    decoded = decode(packets)
    assert (decoded.frame_crcs, decoded.frame_crc_errors) == (3, 0)
    for number, frame in zip(frames, decoded.frames, strict=True):
        values = told_of(config, frame)
        assert set(values) == {register.name for register in registers(config)}
        assert values["frame_number"] == number
        assert values["capture_2_corrected_defects"] == 0  # was not converted
        assert {name: values[name] for name in ("flicker_count", "fault_status",
                                                "capture_3_corrected_defects")} == {
            name: told[number][name] for name in ("flicker_count", "fault_status",
                                                  "capture_3_corrected_defects")}
        assert (values["verdict_flags"], values["verdict_class"]) == (0, 255)


def test_each_capture_has_a_checksum_and_results_of_its_own(generator):
    config = small_die(columns=100, byte_lanes=4, rows=4)
    settings = {frame: settings_with(config, uncombined=1) for frame in range(2)}
    status, told = random_status(generator, config)
    rows = []
    for frame in range(2):
        parts = [random_frame(generator, frame, rows=3, columns=100, capture=capture)
                 for capture in range(4)]
        rows += [row for together in zip(*parts, strict=True) for row in together]
    packets = Link(config, row_pause_cycles=200).run(
        rows, settings, dict.fromkeys(range(2), status))
    slots = {frame: told | {"companding_slot": status["companding_slots"][frame]}
             for frame in range(2)}
    assert packets == transmit(config, rows, settings, slots)
    decoded = decode(packets)
    assert (decoded.frame_crcs, decoded.frame_crc_errors) == (8, 0)
    for capture in range(4):
        for frame in decoded.of_channel(capture):
            values = told_of(config, frame)
            assert values["flicker_count"] == 0
            assert [values[f"capture_{index}_corrected_defects"] for index in range(4)] == [
                status["corrected"][index] if index == capture else 0 for index in range(4)]


@pytest.mark.parametrize("columns", [4, 12, 16, 36, 64])
def test_the_narrowest_row_that_can_hold_it_has_the_checksum(columns, generator):
    config = small_die(columns=64, byte_lanes=4)
    settings = {0: settings_with(config)}
    rows = random_frame(generator, 0, rows=2, columns=columns)
    packets = Link(config, row_pause_cycles=400).run(rows, settings)
    assert packets == transmit(config, rows, settings)
    [frame] = decode(packets).frames
    assert frame.checksum_ok is (True if columns >= 16 else None)
    assert len(frame.bottom) == len(bottom_rows(config))


def test_a_frame_without_its_last_row_tells_the_checksum_of_the_others_and_no_results(generator):
    config = small_die(columns=64, rows=2)
    settings = {0: settings_with(config)}
    status, told = random_status(generator, config)
    rows = random_frame(generator, 0, rows=3, columns=64)
    rows[1] = replace(rows[1], values=np.arange(68, dtype=np.uint32))
    rows[2] = replace(rows[2], values=np.arange(68, dtype=np.uint32))
    told["companding_slot"] = status["companding_slots"][0]
    packets = Link(config, patient=False, row_pause_cycles=900).run(
        rows, settings, {0: status})
    assert packets == transmit(config, lost(rows, {1, 2}), settings, {0: told})
    [frame] = decode(packets).frames
    values = told_of(config, frame)
    assert frame.checksum_ok is True
    assert (values["fault_status"], values["flicker_count"]) == (status["faults"], 0)


def test_a_frame_that_waits_for_a_stalled_link_tells_nothing_of_those_that_were_lost_meanwhile(
        generator):
    """The last row of frame 0 and the first one of frame 1 wait while frame 2 passes by."""
    config = small_die(columns=480, byte_lanes=4)
    settings = {frame: settings_with(config) for frame in range(4)}
    status, told = {}, {}
    for frame in range(4):
        status[frame], told[frame] = random_status(generator, config)
    for frame in range(4):
        status[frame]["companding_slots"] = status[3]["companding_slots"]
        told[frame]["companding_slot"] = status[3]["companding_slots"][frame]
    rows = [row for frame in range(4)
            for row in random_frame(generator, frame, rows=3, columns=480)]
    # A row and its pause are 1,280 clocks: from behind the second row to before the tenth.
    link = Link(config, patient=False, row_pause_cycles=800, byte_clock_hz=100e6,
                expect_all_frames=False,
                phy=TrafficPattern("1" * 3000 + "0" * 8300 + "1" * 40_000))
    packets = link.run(rows, settings, status)
    assert link.overflows == 5
    for frame in (0, 1):  # ended while the status was that of frame 2 or 3
        told[frame]["fault_status"] = told_of(config, decode(packets).frames[frame])[
            "fault_status"]
        assert told[frame]["fault_status"] in (status[2]["faults"], status[3]["faults"])
    assert packets == transmit(config, lost(rows, {4, 5, 6, 7, 8}), settings, told)
    assert decode(packets).frame_crc_errors == 0


@pytest.mark.parametrize("config", PRESETS.values(), ids=PRESETS)
def test_a_frame_of_the_whole_array_has_room_for_all_of_them(config):
    rows = bottom_rows(config)
    assert all(tagged_registers(row)[-1].end < config.array.columns for row in rows)
    assert rows[-1][0].name == "frame_checksum"
    names = [register.name for row in rows for register in row]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("byte_lanes", [1, 2, 4])
def test_the_checksum_is_that_of_zlib_whatever_the_length_of_a_row(byte_lanes, generator):
    dut = FrameChecksum(byte_lanes)
    sent = dict.fromkeys(range(4), b"")

    async def rows(ctx):
        for number in range(24):
            channel = int(generator.integers(4))
            row = generator.bytes(int(generator.integers(1, 40)))
            first = (number > 8 and bool(generator.integers(4) == 0)) or not sent[channel]
            sent[channel] = row if first else sent[channel] + row
            ctx.set(dut.start, 1)
            ctx.set(dut.channel, channel)
            ctx.set(dut.first, first)
            await ctx.tick()
            ctx.set(dut.start, 0)
            await ctx.tick().repeat(3)
            for start in range(0, len(row), byte_lanes):
                word = row[start:start + byte_lanes]
                ctx.set(dut.word.bytes, list(word.ljust(byte_lanes, b"-")))
                ctx.set(dut.count, len(word))
                ctx.set(dut.strobe, 1)
                await ctx.tick()
                ctx.set(dut.strobe, 0)
                if generator.integers(2):
                    await ctx.tick()
            clocks = 0
            while ctx.get(dut.busy):
                await ctx.tick()
                clocks += 1
            assert clocks <= byte_lanes + 3
            assert ctx.get(dut.value) == zlib.crc32(sent[channel]) == frame_checksum(sent[channel])
            await ctx.tick()

    simulate(dut, rows, cycles=4000)
