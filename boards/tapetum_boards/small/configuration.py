# SPDX-License-Identifier: Apache-2.0
"""What fits 5,280 logic cells: 64 columns of eight bits."""

from tapetum.config import (
    AdcConfig,
    CaptureConfig,
    Csi2Config,
    DieConfig,
    HdrConfig,
    PixelArrayConfig,
    TimingConfig,
)

__all__ = ["SMALL_CLOCK_HZ", "small_configuration"]

SMALL_CLOCK_HZ = 12e6
_SETTLE_CYCLES = 340
"""More than `SmallPixelDie` takes."""
_LINE_CYCLES = 6000
"""A row takes 2,800 on the serial line, twice as many if every byte must be escaped."""


def small_configuration() -> DieConfig:
    """60 columns beside four shielded ones, 48 rows, one capture; 31 frames a second."""
    settle_ns = int(_SETTLE_CYCLES / SMALL_CLOCK_HZ * 1e9)
    return DieConfig(
        name="small",
        array=PixelArrayConfig(columns=60, rows=48, optical_black_columns=4,
                               optical_black_rows=2, test_rows=2),
        captures=(CaptureConfig(name="LONG", coarse_integration_lines=48),),
        timing=TimingConfig(frame_length_lines=64, line_length_cycles=_LINE_CYCLES,
                            reset_settle_ns=settle_ns, transfer_settle_ns=settle_ns,
                            row_event_capacity=8),
        sync_clock_hz=SMALL_CLOCK_HZ, adc_clock_hz=24e6, safety_clock_hz=SMALL_CLOCK_HZ,
        adc=AdcConfig(bits=8, reset_counts=16), hdr=HdrConfig(line_buffer_lag_lines=0),
        csi2=Csi2Config(byte_clock_hz=SMALL_CLOCK_HZ))
