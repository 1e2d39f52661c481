# SPDX-License-Identifier: Apache-2.0
"""What a host changes while frames stream: whole frames, each with settings of its own."""

import pytest

from support.die_runs import assert_exact, write_at
from tapetum_sim.frame.setup import Action, Stimulus

FRAME_LINES = 29
"""Of the die of these tests."""


def exposures(record, capture=0):
    return [frame.settings["captures"][capture]["coarse_integration_lines"]
            for frame in record.frames]


def setting(record, name):
    return [frame.settings[name] for frame in record.frames]


def at(die, lines, action, value=0):
    return Stimulus(after_cycles=round(lines * die.timing.line_length_cycles), action=action,
                    value=value)


def test_exposures_change_between_frames_both_ways(run, die):
    record = run(frames=5, stimuli=[
        write_at(die, 30.5, coarse_integration_time=4, exposure_1_coarse_integration_time=2),
        write_at(die, 65.5, coarse_integration_time=25, exposure_1_coarse_integration_time=20),
        write_at(die, 95.5, coarse_integration_time=1)])
    assert_exact(record, frames=5)
    taken = exposures(record)
    assert len(set(taken)) == 4
    assert taken[0] == die.captures[0].coarse_integration_lines


@pytest.mark.parametrize("name, value", [
    ("frame_length_lines", 45), ("line_length_pck", 700), ("capture_mask", 0b0101),
    ("exposure_2_lag", 5), ("image_orientation", 3), ("output_mode", 1), ("y_odd_inc", 3),
    ("csi_data_format", 0x1818)])
def test_a_mode_changes_between_frames(run, die, name, value):
    """And back again, while the frames before are still on their way."""
    back = {"image_orientation": 0, "output_mode": 0, "y_odd_inc": 1, "capture_mask": 15,
            "csi_data_format": 0x0C0C, "frame_length_lines": FRAME_LINES,
            "line_length_pck": die.timing.line_length_cycles, "exposure_2_lag": 3}[name]
    # Lines of another length wait until all frames of the old one are complete.
    later = 75.5 if name == "line_length_pck" else 45.5
    record = run(frames=4, stimuli=[write_at(die, 15.5, **{name: value}),
                                    write_at(die, later, **{name: back})])
    assert_exact(record, frames=4)
    plain = [str(frame.settings) for frame in record.frames]
    assert plain[0] == plain[-1]
    assert len(set(plain)) == 2


def test_settings_under_hold_come_together(run, die):
    record = run(frames=5, stimuli=[
        write_at(die, 30.5, grouped_parameter_hold=1),
        write_at(die, 33.5, coarse_integration_time=7),
        write_at(die, 62.5, image_orientation=1),
        write_at(die, 66.5, grouped_parameter_hold=0)])
    assert_exact(record, frames=5)
    together = list(zip(exposures(record), setting(record, "flip_columns"), strict=True))
    first = die.captures[0].coarse_integration_lines
    assert set(together) == {(first, 0), (7, 1)}
    assert together.count((first, 0)) > 2


def test_a_stopped_stream_ends_with_a_whole_frame_and_starts_again(run, die):
    record = run(frames=4, stimuli=[at(die, 40, Action.STOP),
                                    write_at(die, 130, mode_select=1)])
    assert_exact(record, frames=4)
    gaps = [later.start_s - earlier.start_s
            for earlier, later in zip(record.frames, record.frames[1:], strict=False)]
    assert max(gaps) > 2 * die.frame_time_s


@pytest.mark.sampled(1)
@pytest.mark.parametrize("uncombined", [0, 1])
@pytest.mark.parametrize("line", [33.37, 45.81])
def test_a_stream_stopped_in_the_middle_of_a_row_ends_its_frame_whole(run, die, line, uncombined):
    record = run(frames=3, registers={"output_mode": uncombined}, stimuli=[
        at(die, line, Action.STOP), write_at(die, 120, mode_select=1)])
    assert_exact(record, frames=3)
    channels = [packet.virtual_channel for packet in record.packets if packet.data_type == 0x01]
    assert record.frame_crcs == channels.count(0) * (4 if uncombined else 1) == len(
        [channel for channel in channels if uncombined or channel == 0])


def test_a_software_reset_brings_back_every_setting(run, die):
    record = run(frames=4, registers={"coarse_integration_time": 5, "image_orientation": 2},
                 # The bonds are tested again: that ends before the next frame is read.
                 stimuli=[write_at(die, 35.5, software_reset=1),
                          write_at(die, 130, mode_select=1)])
    assert_exact(record, frames=4)
    assert exposures(record)[0] == 5
    assert exposures(record)[-1] == die.captures[0].coarse_integration_lines
    assert setting(record, "flip_rows")[-1] == 0


def test_sync_pulses_start_frames(run, die):
    record = run(frames=3, registers={"trigger_mode": 1}, stimuli=[
        at(die, lines, Action.SYNC_PULSE) for lines in (10, 75, 150.3)])
    assert_exact(record, frames=3)
    starts = [frame.start_s / die.line_time_s for frame in record.frames]
    assert starts[1] - starts[0] == pytest.approx(65, abs=1.01)
    assert starts[2] - starts[1] == pytest.approx(75.3, abs=1.01)


def test_a_sync_pulse_in_the_middle_of_a_frame_is_reported_and_harms_nothing(run, die):
    record = run(frames=2, registers={"trigger_mode": 1}, stimuli=[
        at(die, lines, Action.SYNC_PULSE) for lines in (10, 20, 90)])
    assert_exact(record, frames=2, faults={"sync_during_frame"})
