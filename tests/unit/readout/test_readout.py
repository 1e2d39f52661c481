# SPDX-License-Identifier: Apache-2.0
"""The whole controller: every row of every frame, cycle for cycle against the model."""

import random
from collections.abc import Callable

import pytest

from support import expect_rejected
from tapetum.control.frame_settings import FrameSettings, Skip
from tapetum.pixel import RampKind
from tapetum.readout.readout import Readout
from tapetum.readout.row_event import ROW_EVENT_BYTES, RowEventWord
from tapetum.readout.row_event_table import RowEventTable
from tapetum.readout.strobe import StrobeMode
from tapetum.row_timing import RowEvent
from tapetum_sim.models.readout import ReadoutModel, ReadoutStimulus

from .bench import audit, compare, random_settings, record, small_die


def play(config, settings_of, cycles: int, *, model_events=None, streaming=lambda cycle: True,
         triggered=lambda cycle: False, sync_cycles=(), least_exposures: int = 20, **options):
    """Run controller and model, compare and audit them; return both."""
    stimulus = ReadoutStimulus(settings=settings_of, streaming=streaming, triggered=triggered,
                               sync_cycles=sync_cycles)
    trace = record(config, stimulus, cycles, **options)
    model = ReadoutModel(config, model_events).play(stimulus, cycles)
    compare(trace, model, cycles=cycles)
    assert audit(config, trace, settings_of) >= least_exposures
    return trace, model


def frame_by_frame(config, *changes: dict) -> Callable[[int], dict]:
    """Settings of frame n: the defaults with ``changes[n]``; the last ones stay."""
    def settings_of(frame: int) -> dict:
        return FrameSettings.defaults(config) | changes[min(frame, len(changes) - 1)]
    return settings_of


def with_exposure(config, capture: int, coarse: int, fine: int = 0) -> dict:
    captures = FrameSettings.defaults(config)["captures"]
    captures[capture] |= {"coarse_integration_lines": coarse, "fine_integration_cycles": fine}
    return {"captures": captures}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("captures, cycles", [(1, 4500), (2, 4500), (3, 5000), (4, 7000)])
def test_random_settings_in_every_frame_never_tear_one(captures, cycles, seed):
    rng = random.Random(seed * 4 + captures)
    config = small_die(captures, test_rows=2 if captures % 2 else 0)
    settings = [random_settings(config, rng) for _ in range(60)]
    play(config, settings.__getitem__, cycles)


@pytest.mark.slow
@pytest.mark.parametrize("run", range(16))
def test_random_settings_triggers_and_stops_never_tear_a_frame(run, seed):
    rng = random.Random(seed * 16 + run)
    config = small_die(1 + run % 4)
    settings = [random_settings(config, rng) for _ in range(200)]
    for number in range(5, 200):
        settings[number]["line_length_cycles"] += number // 5 % 3
    toggles = [rng.randrange(20_000) for _ in range(4)]
    play(config, settings.__getitem__, 20_000, sync_cycles=range(7, 20_000, 997 + 31 * run),
         streaming=lambda cycle: sum(toggle <= cycle for toggle in toggles) % 2 == 0,
         triggered=lambda cycle: run % 2 and cycle > 5000)


@pytest.mark.parametrize("skip", Skip)
@pytest.mark.parametrize("flip", [0, 1])
def test_regions_skips_and_flips_read_the_rows_they_name(skip, flip):
    config = small_die(1, rows=16, test_rows=0, frame_length_lines=24)
    _, model = play(config, frame_by_frame(
        config, {"row_start": 2, "row_end": 13, "row_skip": skip, "flip_rows": flip}), 1700,
        least_exposures=6)
    rows = [address.array_row for address in model.frames[0].rows if address.kind == 0]
    forwards = {Skip.NONE: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13],
                Skip.TWO_OF_FOUR: [2, 3, 6, 7, 10, 11], Skip.TWO_OF_EIGHT: [2, 3, 10, 11]}[skip]
    assert rows == (forwards[::-1] if flip else forwards)


def test_lagged_rows_arrive_among_the_long_rows_of_the_next_frame():
    config = small_die(2, lag_lines=7, frame_length_lines=20)
    trace, _ = play(config, frame_by_frame(config, {"frame_length_lines": 12} | with_exposure(
        config, 0, 4)), 5000)
    frames = [ramp.frame for ramp in trace.ramps]
    assert frames != sorted(frames), "the frames do not overlap: the test shows nothing"


def test_a_mask_silences_captures_of_its_frame_only():
    config = small_die(3)
    trace, _ = play(config, frame_by_frame(
        config, {"capture_mask": 0b111}, {"capture_mask": 0b100}, {"capture_mask": 0b011}), 5500)
    for frame, captures in enumerate(({0, 1, 2}, {2}, {0, 1})):
        assert {r.capture for r in trace.ramps if r.frame == frame} == captures


def test_a_new_line_length_waits_until_all_frames_are_complete():
    config = small_die(2)
    line = config.timing.line_length_cycles
    _, model = play(config, frame_by_frame(
        config, *[{"line_length_cycles": line}] * 2, *[{"line_length_cycles": line + 13}] * 2,
        {"line_length_cycles": line}), 7000)
    assert len(model.busy_cycles) == 3


def test_triggered_frames_follow_their_pulses_and_early_pulses_are_faults():
    config = small_die(1)
    pulses = [10, 700, 2203, 2204 + 64 * 3, 3900, 4700, 6000]
    trace, model = play(config, frame_by_frame(config, with_exposure(config, 0, 5, 9)), 7000,
                        triggered=lambda cycle: True, sync_cycles=pulses)
    assert trace.sync_faults
    assert len(model.frames) == len(pulses) - len(trace.sync_faults)


def test_a_pulse_from_idle_begins_the_exposure_after_a_fixed_time():
    config = small_die(1)
    line, transfer = config.timing.line_length_cycles, config.row_timing.transfer_cycles[0]
    delays = set()
    for pulse in (10, 33, 61):
        trace, _ = play(config, frame_by_frame(config, with_exposure(config, 0, 2)), 1200,
                        triggered=lambda cycle: True, sync_cycles=[pulse], least_exposures=10)
        delays.add(trace.shutters[0][0] - pulse)
    assert delays == {line + transfer + 6}


def test_a_stop_completes_the_frames_that_were_begun_and_a_start_resumes():
    config = small_die(2)
    trace, model = play(config, frame_by_frame(config, {}), 7000,
                        streaming=lambda cycle: not 2500 < cycle < 5000)
    assert not trace.busy[4900]
    assert trace.busy[5100]
    complete = [r.frame for r in trace.ramps if r.frame_last and r.kind and r.capture == 0]
    assert complete[:2] == [0, 1]
    assert len(model.frames) > 2


def test_sync_output_marks_each_planned_frame():
    config = small_die(1)
    trace, model = play(config, frame_by_frame(config, {}), 2500, sync_output_width_cycles=5)
    expected = [cycle for frame in model.frames
                for cycle in range(frame.planned_cycle + 1, frame.planned_cycle + 6)]
    assert [cycle for cycle, high in enumerate(trace.sync_output) if high] == expected


@pytest.mark.parametrize("mode, coarse", [(StrobeMode.COMMON, 9), (StrobeMode.COMMON, 3),
                                          (StrobeMode.ROLLING, 9)])
def test_strobe_follows_the_exposure(mode, coarse):
    config = small_die(1)
    trace, model = play(config, frame_by_frame(config, with_exposure(config, 0, coarse, 5)), 3000,
                        strobe_mode=mode)
    expected = model.strobe(0, common=mode is StrobeMode.COMMON)
    assert expected.any()
    assert (trace.strobe == expected).all()


def test_a_loaded_table_replaces_the_row_timing():
    config = small_die(1)
    events = [RowEvent(time_cycles=e.time_cycles + 3, group=e.group, select=e.select,
                       reset=e.reset, transfer=e.transfer, high_gain=e.high_gain, ramp=e.ramp,
                       capture=e.capture) for e in config.row_timing.events]

    async def load(ctx, dut):
        await ctx.tick().repeat(RowEventTable(config).fill_cycles)
        for index, event in enumerate(events):
            for byte, value in enumerate(RowEventWord.encode(event).to_bytes(4, "big")):
                ctx.set(dut.row_event_address, index * ROW_EVENT_BYTES + byte)
                ctx.set(dut.row_event_write_data, value)
                ctx.set(dut.row_event_write, 1)
                await ctx.tick()
        ctx.set(dut.row_event_write, 0)

    play(config, frame_by_frame(config, {}), 2500, model_events=events, prepare=load)


def test_a_ramp_that_finds_the_converters_busy_is_dropped_and_reported():
    config = small_die(1)
    stimulus = ReadoutStimulus(settings=frame_by_frame(config, {}))
    due = record(config, stimulus, 1500).ramps
    trace = record(config, stimulus, 1500, ramp_ready=lambda cycle: cycle % 3 != 0,
                   stream_domains={})
    dropped, has_reset = [], {}
    for ramp in due:
        taken = ramp.cycle % 3 != 0
        if ramp.kind == RampKind.RESET.value:
            has_reset[ramp.capture] = taken
        elif not has_reset[ramp.capture]:
            taken = False
            assert ramp not in trace.ramps, "it would measure against another row's reset"
        if not taken:
            dropped.append(ramp.cycle)
    assert trace.overruns == dropped != []
    assert len(trace.ramps) < len(due)


def test_a_line_too_short_for_its_events_is_reported():
    config = small_die(2)
    short = {"line_length_cycles": config.row_timing.line_cycles - 1}
    trace = record(config, ReadoutStimulus(settings=frame_by_frame(config, short)), 400)
    assert trace.short_lines
    fits = {"line_length_cycles": config.row_timing.line_cycles}
    trace = record(config, ReadoutStimulus(settings=frame_by_frame(config, fits)), 400)
    assert not trace.short_lines


def test_rejects_a_synchroniser_of_one_stage():
    with expect_rejected("two stages"):
        Readout(small_die(1), synchroniser_stages=1)
