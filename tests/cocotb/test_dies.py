# SPDX-License-Identifier: Apache-2.0
"""Dies of other shapes: captures, pixels per clock, byte lanes, colour filters."""

import pytest

from support.die_runs import assert_exact, run_small, write_at
from support.small_dies import small_die
from tapetum.config import ColourFilter

DIES = {
    "one capture, mono, two pixels per clock": small_die(
        "one-capture", kinds=("LCG",), lanes=2, lag_lines=0, colour_filter=ColourFilter.MONO,
        columns=48, rows=10, optical_black_rows=4, optical_black_columns=16, test_rows=0,
        bits=10, bond_group_columns=16, adc_clock_hz=310e6, byte_lanes=1, byte_clock_hz=120e6),
    "two captures": small_die(
        "two-captures", kinds=("HCG", "VS"), columns=36, rows=12, lag_lines=2,
        optical_black_columns=8, colour_filter=ColourFilter.GBRG, bond_group_columns=4,
        line_sync_packets=True),
    "three captures, four pixels per clock, four byte lanes": small_die(
        "three-captures", kinds=("HCG", "LCG", "VS"), lanes=4, columns=64, rows=12,
        lag_lines=4, optical_black_columns=8, colour_filter=ColourFilter.BGGR, bits=9,
        adc_clock_hz=141e6, sync_clock_hz=100e6, byte_lanes=4, byte_clock_hz=61e6,
        row_buffer_rows=3, bond_group_columns=32),
}
MODES = {
    "as configured": {},
    "uncombined RAW16, turned around": {
        "output_mode": 1, "image_orientation": 3, "csi_data_format": 0x1010},
    "RAW24 in a skipped region": {
        "csi_data_format": 0x1818, "x_addr_start": 8, "x_addr_end": 31, "x_odd_inc": 3,
        "y_addr_start": 2, "y_odd_inc": 3},
}


@pytest.mark.slow  # each die is a simulator to compile
@pytest.mark.parametrize("die", [pytest.param(die, id=name) for name, die in DIES.items()])
class TestDie:
    @pytest.mark.parametrize("registers", [
        pytest.param(registers, id=name) for name, registers in MODES.items()])
    def test_is_exact(self, die, tmp_path, registers):
        assert_exact(run_small(die, tmp_path, registers=registers), frames=2)

    def test_changes_settings_between_frames(self, die, tmp_path):
        lines = die.timing.frame_length_lines
        record = run_small(die, tmp_path, frames=5, stimuli=[
            write_at(die, 0.5 * lines, coarse_integration_time=2, image_orientation=1),
            write_at(die, 1.5 * lines, frame_length_lines=lines + 7, csi_data_format=0x0E0E),
            write_at(die, 3.0 * lines, coarse_integration_time=lines - 10, output_mode=1)])
        assert_exact(record, frames=5)
        assert len({str(frame.settings) for frame in record.frames}) == 4
