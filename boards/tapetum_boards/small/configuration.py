# SPDX-License-Identifier: Apache-2.0
"""What the row camera is built for: eight bits, and lines as long as the serial line takes."""

from tapetum.config import (
    AdcConfig,
    CaptureConfig,
    Csi2Config,
    DieConfig,
    HdrConfig,
    PixelArrayConfig,
    TimingConfig,
)

__all__ = ["larger_configuration", "small_configuration"]


def small_configuration() -> DieConfig:
    """For 5,280 logic cells: 60 columns beside four shielded ones, 48 rows, 31 frames a second."""
    return _row_camera("small", columns=60, optical_black_columns=4, rows=48, lines=64,
                       line_cycles=6000, coarse_lines=48, settle_cycles=460, sync_clock_hz=12e6,
                       adc_clock_hz=24e6)


def larger_configuration() -> DieConfig:
    """For 24,288 LUTs: 312 columns beside eight shielded ones, 240 rows, a frame in half a second.

    No line can be longer, and a row takes half of it, or all if every byte must be escaped.
    """
    return _row_camera("larger", columns=312, optical_black_columns=8, rows=240, lines=256,
                       line_cycles=65_520, coarse_lines=4, settle_cycles=1230,
                       sync_clock_hz=30e6, adc_clock_hz=100e6)


def _row_camera(name: str, *, columns: int, optical_black_columns: int, rows: int, lines: int,
                line_cycles: int, coarse_lines: int, settle_cycles: int, sync_clock_hz: float,
                adc_clock_hz: float) -> DieConfig:
    settle_ns = int(settle_cycles / sync_clock_hz * 1e9)
    return DieConfig(
        name=name,
        array=PixelArrayConfig(columns=columns, rows=rows, optical_black_rows=2, test_rows=2,
                               optical_black_columns=optical_black_columns),
        captures=(CaptureConfig(name="LONG", coarse_integration_lines=coarse_lines),),
        timing=TimingConfig(frame_length_lines=lines, line_length_cycles=line_cycles,
                            reset_settle_ns=settle_ns, transfer_settle_ns=settle_ns,
                            row_event_capacity=8),
        sync_clock_hz=sync_clock_hz, adc_clock_hz=adc_clock_hz, safety_clock_hz=sync_clock_hz,
        adc=AdcConfig(bits=8, reset_counts=16), hdr=HdrConfig(line_buffer_lag_lines=0),
        csi2=Csi2Config(byte_clock_hz=12e6))
