# SPDX-License-Identifier: Apache-2.0
"""Dies that are small enough to be simulated by the dozen."""

from dataclasses import replace
from typing import Any

from tapetum.config import (
    AdcConfig,
    CaptureConfig,
    ColourFilter,
    ConversionGain,
    Csi2Config,
    DieConfig,
    HdrConfig,
    NpuConfig,
    Photodiode,
    PixelArrayConfig,
    TimingConfig,
)

__all__ = ["CAPTURE_KINDS", "small_captures", "small_die"]

CAPTURE_KINDS = ("HCG", "LCG", "SPD", "VS")
SHORTEST_LINE_CYCLES = 64


def small_captures(kinds: str | tuple[str, ...], *, long_lines: int, lag_lines: int,
                   very_short_cycles: int = 40) -> tuple[CaptureConfig, ...]:
    """Those of `CAPTURE_KINDS` that are named, as in the presets but with short exposures."""
    known = {
        "HCG": CaptureConfig(name="HCG", conversion_gain=ConversionGain.HIGH,
                             coarse_integration_lines=long_lines),
        "LCG": CaptureConfig(name="LCG", coarse_integration_lines=long_lines),
        "SPD": CaptureConfig(name="SPD", photodiode=Photodiode.SMALL,
                             coarse_integration_lines=long_lines * 2 // 3),
        "VS": CaptureConfig(name="VS", coarse_integration_lines=0,
                            fine_integration_cycles=very_short_cycles, lag_lines=lag_lines),
    }
    return tuple(known[kind] for kind in kinds)


def small_die(name: str = "small", *, kinds: tuple[str, ...] = CAPTURE_KINDS, columns: int = 32,
              rows: int = 16, lag_lines: int = 3, line_buffer_lag_lines: int | None = None,
              lanes: int = 1, bits: int = 8, blanking_lines: int = 6, optical_black_rows: int = 2,
              optical_black_columns: int = 4, test_rows: int = 2,
              colour_filter: ColourFilter = ColourFilter.RGGB, bond_group_columns: int = 8,
              adc_clock_hz: float = 300e6, sync_clock_hz: float = 75e6,
              spare_line_cycles: int = 20, npu: NpuConfig | None = None, **csi2: Any) -> DieConfig:
    """Build a die whose lines are as short as its conversions allow, plus `spare_line_cycles`.

    ``line_buffer_lag_lines`` defaults to two more than the lag, so that registers can raise it.
    """
    array = PixelArrayConfig(
        columns=columns, rows=rows, optical_black_rows=optical_black_rows, test_rows=test_rows,
        optical_black_columns=optical_black_columns, colour_filter=colour_filter)
    if line_buffer_lag_lines is None:
        line_buffer_lag_lines = lag_lines + 2
    frame_length = array.total_rows + blanking_lines + lag_lines
    timing = TimingConfig(
        frame_length_lines=frame_length, line_length_cycles=0xFFFF, reset_settle_ns=60,
        transfer_settle_ns=60, gain_settle_ns=60)
    # The line's length follows from its conversions, whose table needs a valid die.
    roomy = DieConfig(
        name=name, array=array, timing=timing, lanes=lanes, sync_clock_hz=sync_clock_hz,
        adc_clock_hz=adc_clock_hz, adc=AdcConfig(bits=bits, reset_counts=32,
                                                 bond_group_columns=bond_group_columns),
        captures=small_captures(kinds, long_lines=frame_length - lag_lines - 3,
                                lag_lines=lag_lines),
        hdr=HdrConfig(line_buffer_lag_lines=line_buffer_lag_lines), npu=npu,
        csi2=Csi2Config(**csi2))
    needed = max(roomy.row_timing.line_cycles, SHORTEST_LINE_CYCLES)
    return roomy.with_(timing=replace(timing, line_length_cycles=needed + spare_line_cycles))
