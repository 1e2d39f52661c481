# SPDX-License-Identifier: Apache-2.0
"""Named configurations, from one that simulates in a second to one that shows scale."""

from math import ceil

from .config import (
    LONGEST_LAMP_PERIOD_S,
    AdcConfig,
    CaptureConfig,
    ConfigError,
    ConversionGain,
    CorrectConfig,
    Csi2Config,
    DieConfig,
    HdrConfig,
    NpuConfig,
    Photodiode,
    PixelArrayConfig,
    TimingConfig,
)

__all__ = ["PRESETS", "automotive_captures", "preset"]

VERY_SHORT_RATIO = 960
"""Long exposure over very short one; with the default pixel the frame spans 140 dB, measured up to
where no pixel of a mean is clipped."""


def automotive_captures(timing: TimingConfig, sync_clock_hz: float, *, lag_lines: int,
                        very_short_ratio: float = VERY_SHORT_RATIO) -> tuple[CaptureConfig, ...]:
    """Long at two conversion gains, small photodiode against flicker, very short for the sun."""
    line = timing.line_length_cycles
    long_lines = timing.frame_length_lines - lag_lines - 2
    small_lines = max(ceil(LONGEST_LAMP_PERIOD_S * sync_clock_hz / line), long_lines * 2 // 3)
    very_short_lines, very_short_cycles = divmod(round(long_lines * line / very_short_ratio), line)
    return (
        CaptureConfig(name="HCG", conversion_gain=ConversionGain.HIGH,
                      coarse_integration_lines=long_lines),
        CaptureConfig(name="LCG", coarse_integration_lines=long_lines),
        CaptureConfig(name="SPD", photodiode=Photodiode.SMALL,
                      coarse_integration_lines=small_lines),
        CaptureConfig(name="VS", coarse_integration_lines=very_short_lines,
                      fine_integration_cycles=very_short_cycles, lag_lines=lag_lines),
    )


def _automotive(name: str, *, columns: int, rows: int, bits: int, frame_rate_hz: float,
                frame_length_lines: int, adc_clock_hz: float, sync_clock_hz: float,
                lag_lines: int, lanes: int = 1, optical_black_rows: int = 8,
                shading_cell_pixels: int, csi2: Csi2Config | None = None,
                npu: NpuConfig | None = None) -> DieConfig:
    line_length = int(sync_clock_hz / frame_rate_hz / frame_length_lines)
    timing = TimingConfig(frame_length_lines=frame_length_lines, line_length_cycles=line_length)
    return DieConfig(
        name=name,
        array=PixelArrayConfig(columns=columns, rows=rows, optical_black_rows=optical_black_rows),
        captures=automotive_captures(timing, sync_clock_hz, lag_lines=lag_lines),
        timing=timing, sync_clock_hz=sync_clock_hz, adc_clock_hz=adc_clock_hz, lanes=lanes,
        adc=AdcConfig(bits=bits),
        correct=CorrectConfig(shading_cell_pixels=shading_cell_pixels),
        hdr=HdrConfig(line_buffer_lag_lines=lag_lines),
        csi2=csi2 or Csi2Config(), npu=npu)


PRESETS: dict[str, DieConfig] = {config.name: config for config in (
    _automotive("tiny", columns=64, rows=48, bits=10, frame_rate_hz=60, frame_length_lines=64,
                adc_clock_hz=100e6, sync_clock_hz=75e6, lag_lines=4, optical_black_rows=4,
                shading_cell_pixels=16, csi2=Csi2Config(byte_clock_hz=12.5e6), npu=NpuConfig()),
    _automotive("qvga", columns=320, rows=240, bits=10, frame_rate_hz=60, frame_length_lines=262,
                adc_clock_hz=100e6, sync_clock_hz=75e6, lag_lines=4,
                shading_cell_pixels=32, csi2=Csi2Config(byte_clock_hz=25e6), npu=NpuConfig()),
    _automotive("vga", columns=640, rows=480, bits=12, frame_rate_hz=60, frame_length_lines=512,
                adc_clock_hz=620e6, sync_clock_hz=100e6, lag_lines=8,
                shading_cell_pixels=32, csi2=Csi2Config(byte_clock_hz=75e6), npu=NpuConfig()),
    _automotive("hd", columns=1280, rows=960, bits=12, frame_rate_hz=30, frame_length_lines=1000,
                adc_clock_hz=600e6, sync_clock_hz=100e6, lag_lines=8, lanes=2,
                shading_cell_pixels=64, csi2=Csi2Config(byte_lanes=4, byte_clock_hz=125e6)),
    _automotive("uhd", columns=3840, rows=2160, bits=12, frame_rate_hz=10,
                frame_length_lines=2250, adc_clock_hz=500e6, sync_clock_hz=100e6, lag_lines=4,
                lanes=4, shading_cell_pixels=128,
                csi2=Csi2Config(byte_lanes=4, byte_clock_hz=187.5e6)),
)}


def preset(name: str) -> DieConfig:
    """The configuration of that name; raises `ConfigError` with the list of names."""
    try:
        return PRESETS[name]
    except KeyError:
        raise ConfigError(f"there is no preset {name!r}; choose one of {', '.join(PRESETS)}."
                          ) from None
