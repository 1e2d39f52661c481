# SPDX-License-Identifier: Apache-2.0
"""The transmitter sends exactly the bytes of its model, or whole rows less."""

from dataclasses import replace

import numpy as np
import pytest

from support import TrafficPattern, expect_rejected, simulate, stream_put
from tapetum.config import Csi2Config
from tapetum.control.frame_settings import DataFormat, Skip
from tapetum.csi2.bottom_rows import bottom_rows
from tapetum.csi2.embedded import embedded_registers
from tapetum.csi2.formats import DataType
from tapetum.csi2.phy_clock import PhyClock
from tapetum.csi2.transmitter import Csi2Transmitter
from tapetum_sim.csi2.decoder import decode
from tapetum_sim.csi2.embedded_row import name_values
from tapetum_sim.csi2.lanes import merge_lanes
from tapetum_sim.models.csi2 import long_packet, transmit
from unit.csi2.link_bench import Link, lost, random_frame, settings_with, small_die

PACKET_GAP_CLOCKS = 10
"""Largest distance in byte clocks between two packets of one row."""

BOTTOM_GAP_CLOCKS = 160
"""The same from the last row to the first one below it: two crossings and the encoder."""


@pytest.fixture
def generator(seed):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("byte_lanes", [1, 2, 4])
@pytest.mark.parametrize("lanes", [1, 2, 4])
def test_every_format_leaves_as_the_model_packs_it(lanes, byte_lanes, generator):
    config = small_die(columns=20, lanes=lanes, byte_lanes=byte_lanes)
    rows, settings = [], {}
    for frame, data_format in enumerate(DataFormat):
        settings[frame] = settings_with(config, data_format=data_format)
        rows += random_frame(generator, frame, rows=1, columns=20, data_format=data_format)
    link = Link(config)
    assert link.run(rows, settings) == transmit(config, rows, settings)
    assert link.overflows == 0
    assert merge_lanes(link.bursts) == link.packets


def test_bubbles_and_a_phy_that_stalls_anywhere_change_no_byte(traffic, generator):
    config = small_die(columns=24, byte_lanes=4)
    rows, settings = [], {}
    for frame, data_format in enumerate((DataFormat.RAW10, DataFormat.RAW14)):
        settings[frame] = settings_with(config, data_format=data_format)
        rows += random_frame(generator, frame, rows=3, columns=24, data_format=data_format)
    link = Link(config, put=traffic.put, phy=traffic.get)
    assert link.run(rows, settings) == transmit(config, rows, settings)
    assert merge_lanes(link.bursts) == link.packets
    assert link.overflows == 0


@pytest.mark.parametrize("byte_clock_hz", [31e6, 100e6, 257e6])
def test_clocks_may_have_any_ratio(byte_clock_hz, generator):
    config = small_die(lanes=4)
    settings = {7: settings_with(config)}
    rows = random_frame(generator, 7, rows=5, columns=32)
    link = Link(config, byte_clock_hz=byte_clock_hz)
    assert link.run(rows, settings) == transmit(config, rows, settings)


@pytest.mark.parametrize("lanes", [1, 4])
def test_rows_may_be_narrower_than_the_array_and_follow_without_a_pause(lanes, generator):
    config = small_die(columns=40, lanes=lanes, rows=16, byte_lanes=4)
    rows, settings = [], {}
    for frame, columns in enumerate((4, 16, 40, 28)):
        settings[frame] = settings_with(config)
        rows += random_frame(generator, frame, rows=3, columns=columns)
    # Whole frames without a gap: the buffer has room for all of them.
    link = Link(config, patient=False, phy=TrafficPattern("1"))
    assert link.run(rows, settings) == transmit(config, rows, settings)
    assert link.overflows == 0


def test_each_capture_has_its_virtual_channel_and_frames_overlap_by_the_lag(generator):
    config = small_die(line_sync=True)
    settings = {frame: settings_with(config, uncombined=1, lag_lines=[0, 0, 1, 2])
                for frame in range(3)}
    by_time = []
    for capture, lag in enumerate((0, 0, 1, 2)):
        for frame in range(3):
            for row in random_frame(generator, frame, rows=4, columns=32, capture=capture):
                by_time.append((4 * frame + row.row + lag, capture, row))
    rows = [row for _, _, row in sorted(by_time, key=lambda item: item[:2])]
    packets = Link(config).run(rows, settings)
    assert packets == transmit(config, rows, settings)
    decoded = decode(packets, rows=4)
    assert not decoded.sequence_errors
    for capture in range(4):
        frames = decoded.of_channel(capture)
        assert [frame.number for frame in frames] == [1, 2, 3]
        for index, frame in enumerate(frames):
            sent = [row.values for row in rows if (row.frame, row.capture) == (index, capture)]
            assert np.array_equal(frame.pixels, sent)
            assert frame.line_numbers == [1, 2, 3, 4]


def test_the_embedded_row_tells_the_settings_of_its_frame(generator):
    config = small_die(columns=480, lanes=4, byte_lanes=4)
    settings = {0xFFFE: settings_with(
        config, data_format=DataFormat.RAW20, companding_table=1, capture_mask=5,
        column_start=8, column_end=135, row_start=2, row_end=13, flip_rows=1,
        column_skip=Skip.TWO_OF_FOUR, row_skip=Skip.TWO_OF_EIGHT, pedestal_lsb=77)}
    rows = random_frame(generator, 0xFFFE, rows=1, columns=480, data_format=DataFormat.RAW20)
    [frame] = decode(Link(config).run(rows, settings)).frames
    values = name_values(frame.embedded[0], embedded_registers(config))
    assert frame.number == 0xFFFE % 32768 + 1
    expected = {
        "frame_number": 0xFFFE, "csi_data_format": 0x1414,
        "capture_mask": 5, "output_mode": 0, "companding_table": 1, "linear_pedestal": 77,
        "x_addr_start": 8, "x_addr_end": 135, "y_addr_start": 2, "y_addr_end": 13,
        "x_odd_inc": 3, "y_odd_inc": 7, "image_orientation": 2,
        "frame_length_lines": config.timing.frame_length_lines,
        "line_length_pck": config.timing.line_length_cycles,
        "coarse_integration_time": config.captures[0].coarse_integration_lines,
        "exposure_2_fine_integration_time": config.captures[3].fine_integration_cycles,
        "exposure_2_lag": config.captures[3].lag_lines,
        "capture_2_normalisation_mantissa": config.normalisation(config.captures[2])[0],
        "capture_2_normalisation_shift": config.normalisation(config.captures[2])[1],
    }
    assert {name: values[name] for name in expected} == expected
    assert len(values) == len(embedded_registers(config))


def test_packets_of_a_row_follow_each_other_after_a_few_clocks(generator):
    config = small_die(columns=64, lanes=4, byte_lanes=4, line_sync=True)
    settings = {0: settings_with(config)}
    link = Link(config, byte_clock_hz=100e6)
    link.run(random_frame(generator, 0, rows=1, columns=64), settings)
    # Frame start, embedded row, line start, pixels, line end; bottom rows, frame end.
    assert len(link.packet_gaps) == 6 + len(bottom_rows(config))
    assert max(link.packet_gaps[1:5] + link.packet_gaps[6:]) <= PACKET_GAP_CLOCKS
    assert link.packet_gaps[5] <= BOTTOM_GAP_CLOCKS


@pytest.mark.parametrize("stalled_clocks", [
    150, pytest.param(400, marks=pytest.mark.slow), 1200])
def test_a_phy_that_stalls_too_long_costs_whole_rows_and_is_reported(stalled_clocks, generator):
    config = small_die(line_sync=True)
    settings = {frame: settings_with(config) for frame in range(8)}
    rows = [row for frame in range(8)
            for row in random_frame(generator, frame, rows=4, columns=32)]
    link = Link(config, patient=False, row_pause_cycles=40, expect_all_frames=False,
                phy=TrafficPattern("1" * 340 + "0" * stalled_clocks + "1" * 5000))
    packets = link.run(rows, settings)
    decoded = decode(packets)
    assert (decoded.sequence_errors, decoded.crc_errors) == ([], 0)
    kept = {(frame.number - 1, line - 1) for frame in decoded.frames
            for line in frame.line_numbers}
    dropped = {index for index, row in enumerate(rows) if (row.frame, row.row) not in kept}
    assert link.overflows == len(dropped) > 0
    assert packets == transmit(config, lost(rows, dropped), settings)


def test_a_frame_that_lost_its_last_row_still_ends(generator):
    config = small_die(rows=2)
    settings = {0: settings_with(config)}
    rows = random_frame(generator, 0, rows=3, columns=32)
    link = Link(config, patient=False, row_pause_cycles=8,
                phy=TrafficPattern("0" * 400 + "1" * 5000))
    assert link.run(rows, settings) == transmit(config, lost(rows, {2}), settings)
    assert link.overflows == 1


def test_a_frame_whose_last_row_never_came_ends_when_the_next_begins(generator):
    config = small_die()
    settings = {frame: settings_with(config) for frame in (3, 4)}
    rows = [replace(row, last=row.last and row.frame == 4) for frame in (3, 4)
            for row in random_frame(generator, frame, rows=3, columns=32)]
    assert Link(config).run(rows, settings) == transmit(config, rows, settings)


def test_a_row_wider_than_the_array_is_dropped_whole(generator):
    config = small_die(columns=32)
    settings = {0: settings_with(config)}
    rows = random_frame(generator, 0, rows=3, columns=32)
    rows[1] = replace(rows[1], values=np.arange(36, dtype=np.uint32))
    link = Link(config, patient=False, row_pause_cycles=400)
    assert link.run(rows, settings) == transmit(config, lost(rows, {1}), settings)
    assert link.overflows == 1


@pytest.mark.sampled(2)
@pytest.mark.parametrize("lead, trail", [(0, 1), (12, 3), (90, 40)])
@pytest.mark.parametrize("gated", [0, 1])
def test_the_clock_is_requested_ahead_of_every_burst_and_held_behind_it(
        gated, lead, trail, generator):
    config = small_die(byte_lanes=4)
    settings = {frame: settings_with(config, line_sync=frame) for frame in range(2)}
    rows = [row for frame in range(2)
            for row in random_frame(generator, frame, rows=3, columns=32)]
    link = Link(config, row_pause_cycles=200, byte_clock_hz=60e6,
                clock={"gated": gated, "lead": lead, "trail": trail})
    packets = link.run(rows, settings)  # which watches lead and trail
    assert packets == transmit(config, rows, settings)
    assert link.clock_requests > 1 if gated else link.clock_requests == 1


def test_the_clock_runs_from_the_streams_start_to_its_end_unless_gated():
    dut = PhyClock()
    seen = []

    async def stream_on_and_off(ctx):
        for gated in (0, 1):
            ctx.set(dut.settings, {"streaming": 0, "gated": gated, "lead": 4, "trail": 6})
            for streaming in (1, 0):
                ctx.set(dut.settings.streaming, streaming)
                await ctx.tick().repeat(20)
                seen.append((ctx.get(dut.clock), ctx.get(dut.ready)))

    simulate(dut, stream_on_and_off, cycles=200)
    assert seen == [(1, 1), (0, 0), (0, 0), (0, 0)]


def test_a_further_source_sends_its_packets_on_the_same_link():
    config = small_die(byte_lanes=4)
    dut = Csi2Transmitter(config, result_sources=1)
    source = dut.results[0]
    verdict = bytes(range(10, 20))
    received = bytearray()

    async def describe(ctx):
        await stream_put(ctx, source.descriptors, [
            {"virtual_channel": 2, "data_type": DataType.VERDICT, "word_count": len(verdict)}],
            domain="byte")

    async def fill(ctx):
        await stream_put(ctx, source.payload, [
            {"bytes": list(verdict[start:start + 4].ljust(4, b"-")), "last": start == 8}
            for start in (0, 4, 8)], domain="byte")

    async def listen(ctx):
        ctx.set(dut.phy.ready, 1)
        last = False
        while not last:
            [word] = await ctx.tick("byte").sample(dut.packet_bytes).until(dut.packet_strobe)
            received.extend(word.bytes[index] for index in range(word.count))
            last = word.last

    simulate(dut, describe, fill, listen, cycles=500, domains={"byte": 100e6, "sync": 75e6})
    assert received == long_packet(2, 0x32, verdict)


def test_rejects_a_number_of_byte_lanes_that_no_phy_has():
    with expect_rejected("byte_lanes", "3"):
        Csi2Config(byte_lanes=3)
