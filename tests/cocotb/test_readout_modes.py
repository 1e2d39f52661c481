# SPDX-License-Identifier: Apache-2.0
"""Every mode that a register selects, from trip codes to packets, bit for bit as the models say."""

import random

import pytest

from support.die_runs import assert_exact, write_at
from tapetum_sim.csi2.decoder import decode

DATA_FORMATS = (0x0808, 0x0A0A, 0x0C0C, 0x0E0E, 0x1010, 0x1414, 0x1818)
FRAME_LINES = 29
"""Of the die of these tests."""

REGIONS = {
    "inner region": {"x_addr_start": 4, "x_addr_end": 23, "y_addr_start": 2, "y_addr_end": 11},
    "smallest region": {"x_addr_start": 28, "x_addr_end": 31, "y_addr_start": 14,
                        "y_addr_end": 15},
    "every other pair of rows": {"y_odd_inc": 3},
    "every other pair of columns": {"x_odd_inc": 3},
    "one pair of four": {"x_odd_inc": 7, "y_odd_inc": 7},
    "skipping within a region": {"x_odd_inc": 3, "y_odd_inc": 7, "x_addr_start": 2,
                                 "x_addr_end": 25, "y_addr_start": 4, "y_addr_end": 15},
    "mirrored": {"image_orientation": 1},
    "flipped": {"image_orientation": 2},
    "turned around in a skipped region": {
        "image_orientation": 3, "x_odd_inc": 3, "y_odd_inc": 3, "x_addr_start": 4,
        "x_addr_end": 27, "y_addr_start": 4, "y_addr_end": 15},
}

TIMES = {
    "long frames": {"frame_length_lines": 40},
    "long lines": {"line_length_pck": 777},
    "lag as long as the line buffer": {"exposure_2_lag": 5, "coarse_integration_time": 20},
    "lag of one line": {"exposure_2_lag": 1, "exposure_2_fine_integration_time": 17},
    "small photodiode lags too": {"exposure_1_lag": 3, "exposure_2_lag": 4},
    "shortest exposures": {
        "coarse_integration_time": 0, "fine_integration_time": 1,
        "exposure_1_coarse_integration_time": 0, "exposure_1_fine_integration_time": 90,
        "exposure_2_fine_integration_time": 1},
    "longest exposures": {"coarse_integration_time": 25, "exposure_1_coarse_integration_time": 25,
                          "exposure_2_coarse_integration_time": 2,
                          "exposure_2_fine_integration_time": 300},
    "fine exposures": {"coarse_integration_time": 3, "fine_integration_time": 435,
                       "exposure_1_coarse_integration_time": 7,
                       "exposure_1_fine_integration_time": 1},
}

OUTPUTS = {
    "uncombined": {"output_mode": 1},
    "uncombined and masked": {"output_mode": 1, "capture_mask": 0b1010},
    "uncombined, turned around, RAW10": {"output_mode": 1, "image_orientation": 3,
                                         "csi_data_format": 0x0A0A},
    "other companding table": {"companding_table": 1},
    "other companding table, 8 bits": {"companding_table": 1, "csi_data_format": 0x0808},
    "pedestal": {"linear_pedestal": 255, "csi_data_format": 0x1818},
    "no pedestal": {"linear_pedestal": 0, "csi_data_format": 0x1818},
    "early hand-over": {"capture_0_hand_over_start": 40, "capture_0_hand_over_end": 41,
                        "capture_1_hand_over_start": 0, "capture_1_hand_over_end": 235},
    "other scale": {"capture_2_normalisation_mantissa": 0xFFFF,
                    "capture_2_normalisation_shift": 9, "csi_data_format": 0x1818},
}


@pytest.mark.parametrize("registers", [
    pytest.param(registers, id=name) for name, registers in (REGIONS | TIMES | OUTPUTS).items()])
def test_a_register_selects_a_mode(run, registers):
    assert_exact(run(registers=registers), frames=2)


def test_every_data_format_carries_a_frame(run, die):
    """One frame after the other in another format."""
    record = run(frames=len(DATA_FORMATS), registers={"csi_data_format": DATA_FORMATS[0]},
                 stimuli=[write_at(die, FRAME_LINES * number - 15.5, csi_data_format=value)
                          for number, value in enumerate(DATA_FORMATS) if number])
    assert_exact(record, frames=len(DATA_FORMATS))
    frames = decode(record.packet_bytes).of_channel(0)
    assert [frame.bits for frame in frames] == [value & 0xFF for value in DATA_FORMATS]
    assert all(frame.pixels.shape == (16, 32) for frame in frames)
    assert (frames[-1].pixels == record.linear[-1]).all()


@pytest.mark.parametrize("uncombined", [0, 1])
def test_any_captures_may_be_masked(run, die, seed, uncombined):
    """One frame after the other with other captures, in random order."""
    masks = random.Random(seed).sample(range(1, 16), 15)
    record = run(frames=15, registers={"output_mode": uncombined, "capture_mask": masks[0]},
                 stimuli=[write_at(die, FRAME_LINES * number - 15.5, capture_mask=mask)
                          for number, mask in enumerate(masks) if number])
    assert_exact(record, frames=15)
    converted = [sum(1 << capture for capture in range(4) if frame[capture].any())
                 for frame in record.captures]
    assert converted == masks


@pytest.mark.parametrize("registers", [
    pytest.param(registers, id=" ".join(registers)) for registers in (
        {"line_length_pck": 100}, {"frame_length_lines": 4}, {"coarse_integration_time": 60000},
        {"exposure_2_lag": 200}, {"x_addr_start": 40, "x_addr_end": 50}, {"y_addr_start": 3},
        {"csi_data_format": 0x0B0B}, {"y_odd_inc": 5})])
def test_what_cannot_be_is_clamped_and_reported(run, registers):
    assert_exact(run(registers=registers), frames=2, faults={"settings_clamped"})
