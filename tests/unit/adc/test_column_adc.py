# SPDX-License-Identifier: Apache-2.0
"""The whole converter against its model: codes, order, overlap, timing and what gets lost."""

from itertools import pairwise
from math import ceil

import numpy as np
import pytest

from support import expect_rejected, simulate
from support.adoption import adopt
from tapetum.adc.bond_repair import BondRepair
from tapetum.adc.broadcast import Broadcast
from tapetum.adc.column_adc import COUNTER_HOLD_CYCLES
from tapetum.adc.column_latches import ColumnLatches
from tapetum.adc.geometry import reset_bank_count
from tapetum.adc.gray import GrayCounter
from tapetum.adc.ramp_sequencer import RampSequencer
from tapetum.adc.row_reader import RowReader
from tapetum.config import DieConfig
from tapetum.control.frame_settings import Skip
from tapetum.pixel import RampKind
from tapetum.row_timing import (
    RAMP_OVERHEAD_ADC_CYCLES,
    RAMP_OVERHEAD_SYNC_CYCLES,
    READ_OVERHEAD_CYCLES,
)
from tapetum_sim.models.adc import convert_row
from unit.adc.bench import AdcBench, Conversion, run_rows, small_config


def random_trips(config: DieConfig, kind: RampKind, generator) -> np.ndarray:
    """Trip codes anywhere on the ramp, with all of its ends and some that never trip."""
    counts = config.adc.reset_counts if kind is RampKind.RESET else config.adc.signal_counts
    trips = generator.integers(0, counts, config.array.total_columns)
    edges = [0, 1, counts - 1, counts, config.adc.signal_counts]
    trips[generator.permutation(len(trips))[:len(edges)]] = edges
    return trips


def random_row(config: DieConfig, generator, **tag) -> list[Conversion]:
    return [Conversion(kind, random_trips(config, kind, generator), **tag)
            for kind in (RampKind.RESET, RampKind.SIGNAL)]


def check(config: DieConfig, row, reset, signal, **settings) -> None:
    expected = convert_row(config, reset.trips, signal.trips, **settings)
    np.testing.assert_array_equal(row.codes, expected)
    black = config.array.optical_black_columns // config.lanes
    np.testing.assert_array_equal(row.black, np.arange(len(row.black)) < black)
    assert row.times == list(range(row.times[0], row.times[0] + len(row.times))), "bubbles"
    assert row.last.tag.row == signal.row
    assert row.last.tag.capture == signal.capture
    assert row.last.tag.frame == signal.frame
    assert row.last.frame_last == signal.frame_last


STORES = pytest.mark.parametrize("memories", [False, True], ids=["planes", "memories"])


@STORES
@pytest.mark.parametrize("lanes", [1, 2, 4])
@pytest.mark.parametrize("optical_black_columns", [4, 8])
def test_rows_equal_model(optical_black_columns, lanes, memories, seed):
    config = small_config(lanes=lanes, optical_black_columns=optical_black_columns)
    generator = np.random.default_rng(seed)
    ramps = [ramp for row in range(3) for ramp in
             random_row(config, generator, row=row, capture=row % 2, frame=row * 5,
                        frame_last=row == 1)]
    rows = run_rows(config, ramps, dut=AdcBench(config, memories=memories))
    for row, reset, signal in zip(rows, ramps[::2], ramps[1::2], strict=True):
        check(config, row, reset, signal)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("lanes", [1, pytest.param(2, marks=pytest.mark.slow), 4])
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("skip", list(Skip))
def test_region_skipping_and_flip_equal_model(lanes, flip, skip, seed):
    config, generator = small_config(lanes=lanes, bits=8), np.random.default_rng(seed)
    # After skipping a multiple of four columns is left.
    start = 2 * int(generator.integers(0, 8))
    settings = {"column_start": start, "column_end": start + 63, "flip_columns": flip}
    reset, signal = random_row(config, generator)
    row, = run_rows(config, [reset, signal], settings=settings | {"column_skip": skip})
    check(config, row, reset, signal, column_skip=skip.value, **settings)


def test_pair_keeps_both_reset_levels(seed):
    config, generator = small_config(), np.random.default_rng(seed)
    assert reset_bank_count(config) == 2
    assert reset_bank_count(small_config(pair=False)) == 1
    high, low = config.exposure_groups[0].captures
    ramps = [Conversion(kind, random_trips(config, kind, generator), capture=capture)
             for kind, capture in ((RampKind.RESET, low), (RampKind.RESET, high),
                                   (RampKind.SIGNAL, high), (RampKind.SIGNAL, low)) * 2]
    rows = run_rows(config, ramps)
    for number in range(2):
        first, second, third, fourth = ramps[4 * number:4 * number + 4]
        check(config, rows[2 * number], second, third)
        check(config, rows[2 * number + 1], first, fourth)


def test_the_counters_clock_is_wanted_during_ramps_and_not_for_long_after_them(seed):
    config, generator = small_config(), np.random.default_rng(seed)
    dut, wanted = AdcBench(config), []

    async def watch(ctx):
        async for _, _, active, request in ctx.tick("adc").sample(
                dut.ramp_active, dut.counter_clock_request):
            assert request or not active
            wanted.append(bool(request))

    async def wait(ctx, dut):
        """Long enough to fall asleep after the reset."""
        await ctx.tick().repeat(2 * COUNTER_HOLD_CYCLES)
        assert not ctx.get(dut.counter_clock_request)

    run_rows(config, random_row(config, generator), dut=dut, prepare=wait, background=(watch,))
    wakings = [first for first, (before, now) in enumerate(pairwise(wanted)) if now > before]
    assert len(wakings) == 1
    ramps = config.adc.reset_counts + config.adc.signal_counts
    held = COUNTER_HOLD_CYCLES * config.adc_clock_hz / config.sync_clock_hz
    assert ramps < sum(wanted[wakings[0]:]) < ramps + held + 60


@pytest.mark.parametrize("adc_clock_hz", [40e6, 100e6, 470e6])
def test_ramps_keep_within_their_time_at_any_clock_ratio(adc_clock_hz, seed):
    config = small_config(lanes=4, adc_clock_hz=adc_clock_hz)
    generator = np.random.default_rng(seed)
    ramps = [ramp for _ in range(2) for ramp in random_row(config, generator)]
    dut = AdcBench(config)
    taken, clock = [], 0

    async def watch(ctx):
        nonlocal clock
        async for _, _, valid, ready in ctx.tick().sample(dut.ramp.valid, dut.ramp.ready):
            clock += 1
            if valid and ready:
                taken.append(clock)

    run_rows(config, ramps, dut=dut, background=(watch,))
    assert len(taken) == len(ramps)
    for ramp, first, following in zip(ramps, taken, taken[1:], strict=False):
        clocks = following - first - 1
        counts = (config.adc.reset_counts if ramp.kind is RampKind.RESET
                  else config.adc.signal_counts)
        allowed = ceil((counts + RAMP_OVERHEAD_ADC_CYCLES)
                       * config.sync_clock_hz / adc_clock_hz) + RAMP_OVERHEAD_SYNC_CYCLES
        assert counts * config.sync_clock_hz / adc_clock_hz < clocks < allowed


def test_conversion_of_ten_bits_takes_at_most_1300_counter_clocks():
    config = small_config(bits=10, reset_counts=256)
    sequencer, clocks = RampSequencer(config.adc), {}

    async def drive(ctx):
        for kind in RampKind:
            ctx.set(sequencer.kind, kind)
            ctx.set(sequencer.start, 1)
            await ctx.tick()
            ctx.set(sequencer.start, 0)
            clocks[kind] = 1
            done = 0
            while not done:
                _, _, done = await ctx.tick().sample(sequencer.done)
                clocks[kind] += 1

    simulate(sequencer, drive, cycles=3000)
    # The request's second synchroniser stage comes on top.
    assert sum(clocks.values()) + len(clocks) <= 1300
    assert clocks[RampKind.RESET] + 1 <= 256 + RAMP_OVERHEAD_ADC_CYCLES
    assert clocks[RampKind.SIGNAL] + 1 <= 1024 + RAMP_OVERHEAD_ADC_CYCLES


@STORES
def test_row_lost_while_previous_is_read_is_flagged_and_stream_stays_whole(memories, seed):
    generator = np.random.default_rng(seed)
    # A counter so fast that a row is converted before the previous one has left.
    config = small_config(adc_clock_hz=470e6)
    ramps = [ramp for row in range(3) for ramp in random_row(config, generator, row=row)]
    dut = AdcBench(config, memories=memories)
    overruns: list[int] = []

    async def watch(ctx):
        async for _, _, overrun in ctx.tick().sample(dut.read_overrun):
            if overrun:
                overruns.append(overrun)

    rows = run_rows(config, ramps, rows=2, dut=dut, background=(watch,))
    assert len(overruns) == 1
    check(config, rows[0], ramps[0], ramps[1])
    check(config, rows[1], ramps[4], ramps[5])


@pytest.mark.parametrize("lanes", [1, 2, 4])
def test_read_keeps_the_row_buffers_no_longer_than_row_timing_says(lanes):
    config = small_config(lanes=lanes)
    reader, busy = RowReader(config), [0]

    async def drive(ctx):
        await adopt(ctx, reader.settings, 0, {"column_end": config.array.columns - 1})
        ctx.set(reader.start, 1)
        await ctx.tick()
        ctx.set(reader.start, 0)
        while True:
            _, _, last, is_busy = await ctx.tick().sample(
                reader.address.line_last & reader.address.valid, reader.busy)
            busy[0] += is_busy
            if last:
                break

    simulate(reader, drive, cycles=1000)
    # 4 clocks in the multiplexer until the last column has been taken.
    assert config.row_beats < busy[0] + 4 <= config.row_beats + READ_OVERHEAD_CYCLES


@pytest.mark.parametrize("build, culprit", [
    (lambda config: GrayCounter(1), "two bits"),
    (lambda config: Broadcast(0, 1), "width"),
    (lambda config: ColumnLatches(config.adc, columns=0, reset_banks=1), "column"),
    (lambda config: ColumnLatches(config.adc, columns=8, reset_banks=3), "reset banks"),
    (lambda config: BondRepair([8, 0]), "group"),
])
def test_rejects_sizes_that_make_no_sense(build, culprit):
    with expect_rejected(culprit):
        build(small_config())


def test_a_comparator_that_is_high_from_the_start_counts_nothing_of_the_ramp_before(seed):
    config, generator = small_config(), np.random.default_rng(seed)
    stuck = config.array.optical_black_columns + 5
    dut = AdcBench(config, inject_faults=True)

    async def stick(ctx):
        for _ in range(3):
            await ctx.posedge(dut.ramp_active)
        ctx.set(dut.stuck_high, 1 << stuck)

    first, second = random_row(config, generator), random_row(config, generator)
    rows = run_rows(config, [*first, *second], dut=dut, background=(stick,))
    check(config, rows[0], *first)
    assert rows[1].codes[stuck] == config.adc.pedestal_codes


def test_a_signal_ramp_without_its_reset_ramp_is_refused(seed):
    config, generator = small_config(), np.random.default_rng(seed)
    reset, signal = random_row(config, generator)
    dut = AdcBench(config)
    refused = []

    async def prepare(ctx, dut):
        for capture in range(len(config.captures)):
            ctx.set(dut.ramp.payload, {"kind": RampKind.SIGNAL, "tag": {"capture": capture}})
            ctx.set(dut.ramp.valid, 1)
            for _ in range(20):
                await ctx.tick()
                refused.append(ctx.get(dut.ramp.ready))
        ctx.set(dut.ramp.valid, 0)

    rows = run_rows(config, [reset, signal], dut=dut, prepare=prepare)
    assert refused
    assert not any(refused)
    check(config, rows[0], reset, signal)
