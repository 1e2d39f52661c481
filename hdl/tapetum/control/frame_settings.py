# SPDX-License-Identifier: Apache-2.0
"""Settings that belong to a frame, and the memories that keep those of the frames in flight."""

from collections.abc import Sequence
from math import ceil

from amaranth import *
from amaranth.lib import data, enum, memory

from ..config import LONGEST_LAMP_PERIOD_S, CaptureConfig, DieConfig
from ..correct.amplify import UNITY_GAIN
from ..correct.switches import CORRECTIONS, CorrectionSwitches
from ..row_timing import ExposureGroup

__all__ = [
    "ARRAY_SETTINGS",
    "FRAMES_IN_FLIGHT",
    "SETTLED_CYCLES",
    "COLOURS",
    "CaptureSettings",
    "DataFormat",
    "FrameSettings",
    "Pattern",
    "Skip",
    "TEST_COLOURS",
    "adopted_settings",
    "lines_since_read",
    "settings_of",
]

FRAMES_IN_FLIGHT = 4
"""Exposing, reading, aligning, sending: no more than four frames are under way at once."""
SETTLED_CYCLES = 256
"""So long settings that a frame was adopted with stay where they are."""
COLOURS = ("greenr", "red", "blue", "greenb")
"""Order of the colours' digital gains: that of the CCS registers."""
TEST_COLOURS = ("red", "greenr", "blue", "greenb")
"""Order of the values of a solid test pattern: that of the CCS registers."""
ARRAY_SETTINGS = ("verdict", "network_input", "network_output")
"""Settings of a die with an array."""
AGREEMENT_SIGMAS = 5.0
"""Of the less sensitive capture; with as much noise in the other one they are 3.5 of both."""


class DataFormat(enum.Enum, shape=3):
    """Pixel format on the link; values of RAW8 and RAW10 are 12-bit ones cut short."""

    RAW8 = 0
    RAW10 = 1
    RAW12 = 2
    RAW14 = 3
    RAW16 = 4
    RAW20 = 5
    RAW24 = 6


class Skip(enum.Enum, shape=2):
    """Rows or columns read out of each group, as colour pairs: CCS odd increment 1, 3, 7."""

    NONE = 0
    TWO_OF_FOUR = 1
    TWO_OF_EIGHT = 2


class Pattern(enum.Enum, shape=3):
    """What the link carries in place of pixels: CCS test_pattern_mode."""

    NONE = 0
    SOLID = 1
    BARS = 2
    FADE = 3
    PN9 = 4


class CaptureSettings(data.Struct):
    """Of one capture in one frame.

    ``normalisation_mantissa`` (16 bit, top bit set) and ``normalisation_shift`` bring a corrected
    code onto the linear scale: ``(code * mantissa) >> shift``. Between ``hand_over_start`` and
    ``hand_over_end`` (ADC codes above the pedestal) the next less sensitive capture takes over:
    from the start on, on a ramp as wide as the largest power of two that fits in between.
    ``digital_gain`` is an unsigned 8.8 number.
    ``noise_slope`` (codes / 256) and ``noise_floor`` (codes**2 / 16) are the square of the
    difference between captures that noise explains: ``slope * code + floor``.
    """

    coarse_integration_lines: 16
    fine_integration_cycles: 16
    normalisation_mantissa: 16
    normalisation_shift: 5
    hand_over_start: 14
    hand_over_end: 14
    digital_gain: 16
    noise_slope: 16
    noise_floor: 16


class FrameSettings(data.StructLayout):
    """All settings of one frame; valid ranges are enforced before a frame adopts them.

    Members
    -------
    frame_length_lines, line_length_cycles
        Period from the previous frame's first read to this frame's.
    lag_lines
        Of each capture beyond the first read, at most ``hdr.line_buffer_lag_lines``.
    row_start, row_end, column_start, column_end
        Region of interest within the active array, inclusive; starts even, sizes multiples of 4
        columns after skipping and of 2 rows.
    capture_mask
        Captures to convert; bit 0 is the first. Never zero.
    context
        1 of a frame of the second context.
    clamped
        At least one setting, of either context, is not what the host has written.
    uncombined
        Each capture on its own virtual channel instead of the combined frame.
    flicker_map
        The map of flickering pixels is sent with the combined frame.
    verdict
        The array computes the combined frame. Only of a die with an array.
    network_input, network_output
        What it then looks at, and all scores, are sent. Only of a die with an array.
    flicker_enable, flicker_capture
        Mark pixels whose captures disagree, and prefer this capture in them.
    tolerance_log2
        Captures agree if they differ by less than ``2**-tolerance_log2`` of their value.
    companding_table
        0: octaves, 1: OX03C10 in formats of up to 12 bits; 2: the programmed table, if it has as
        many bits as the format, else as 0.
    correction
        Which corrections are on.
    row_noise_strength
        Share of the row noise that is subtracted, in sixteenths.
    line_sync
        Each row of pixels between a line start and a line end packet.
    test_pattern, test_data
        What is sent instead of pixels, and the values of `TEST_COLOURS` in the solid one.
    colour_gains
        Digital gains in the order of `COLOURS`, unsigned 8.8 numbers.
    """

    def __init__(self, config: DieConfig):
        captures = len(config.captures)
        super().__init__({
            "frame_length_lines": 16,
            "line_length_cycles": 16,
            "captures": data.ArrayLayout(CaptureSettings, captures),
            "lag_lines": data.ArrayLayout(8, captures),
            "capture_mask": captures,
            "context": 1, "clamped": 1,
            "row_start": 12, "row_end": 12,
            "column_start": 13, "column_end": 13,
            "row_skip": Skip, "column_skip": Skip,
            "flip_rows": 1, "flip_columns": 1,
            "pedestal_lsb": 8,
            "flicker_enable": 1, "flicker_capture": 2, "tolerance_log2": 4,
            "uncombined": 1,
            "flicker_map": 1,
            "line_sync": 1,
            "data_format": DataFormat,
            "companding_table": 2,
            "correction": CorrectionSwitches,
            "row_noise_strength": 5,
            "colour_gains": data.ArrayLayout(16, len(COLOURS)),
            "test_pattern": Pattern,
            "test_data": data.ArrayLayout(16, len(TEST_COLOURS)),
        } | (dict.fromkeys(ARRAY_SETTINGS, 1) if config.npu else {}))

    @staticmethod
    def defaults(config: DieConfig) -> dict:
        """Initial values, as derived from the configuration."""
        full = config.adc.full_well_codes
        hand_over_end = full * 31 // 32
        hand_over_codes = 1 << (config.adc.bits - 5)
        captures = []
        for capture in config.captures:
            mantissa, shift = config.normalisation(capture)
            captures.append({
                "coarse_integration_lines": capture.coarse_integration_lines,
                "fine_integration_cycles": capture.fine_integration_cycles,
                "normalisation_mantissa": mantissa,
                "normalisation_shift": shift,
                "hand_over_start": hand_over_end - hand_over_codes,
                "hand_over_end": hand_over_end,
                "digital_gain": UNITY_GAIN,
                **_noise_bound(config, capture),
            })
        return {
            "frame_length_lines": config.timing.frame_length_lines,
            "line_length_cycles": config.timing.line_length_cycles,
            "captures": captures,
            "lag_lines": [capture.lag_lines for capture in config.captures],
            "capture_mask": (1 << len(config.captures)) - 1,
            "context": 0, "clamped": 0,
            "row_start": 0, "row_end": config.array.rows - 1,
            "column_start": 0, "column_end": config.array.columns - 1,
            "row_skip": Skip.NONE, "column_skip": Skip.NONE,
            "flip_rows": 0, "flip_columns": 0,
            "pedestal_lsb": config.hdr.pedestal_lsb,
            "flicker_enable": 1, "flicker_capture": _flicker_capture(config),
            "tolerance_log2": 5,
            "uncombined": 0,
            "flicker_map": 1,
            "line_sync": int(config.csi2.line_sync_packets),
            "data_format": DataFormat.RAW12,
            "companding_table": 0,
            "correction": dict.fromkeys(CORRECTIONS, 1) | {
                "lens_shading": 0},
            "row_noise_strength": 16,
            "colour_gains": [UNITY_GAIN] * len(COLOURS),
            "test_pattern": Pattern.NONE,
            "test_data": [0] * len(TEST_COLOURS),
        } | (dict.fromkeys(ARRAY_SETTINGS, 0) if config.npu else {})


def _noise_bound(config: DieConfig, capture: CaptureConfig) -> dict[str, int]:
    """What shot noise, read noise and the rounding of two samples explain."""
    gain = config.electrons_per_code(capture)
    read_noise = config.pixel.read_noise_electrons(capture.photodiode, capture.conversion_gain)
    variances = {"noise_slope": (1 << 8) / gain,
                 "noise_floor": (1 << 4) * ((read_noise / gain) ** 2 + 2 / 12)}
    return {name: min(ceil(AGREEMENT_SIGMAS ** 2 * variance), 0xFFFF)
            for name, variance in variances.items()}


def _flicker_capture(config: DieConfig) -> int:
    """The least sensitive capture that integrates a whole period of a slow lamp, or the first."""
    long_enough = [index for index, capture in enumerate(config.captures)
                   if config.exposure_cycles(capture) >= LONGEST_LAMP_PERIOD_S
                   * config.sync_clock_hz]
    def gain(index: int) -> float:
        capture = config.captures[index]
        return config.exposure_ratio(capture) * config.electrons_per_code(capture)

    return max(long_enough, key=gain, default=0)


def lines_since_read(config: DieConfig, lag_lines, group: ExposureGroup) -> Value | None:
    """Whole lines that an exposure of ``group`` may have after its photodiode was read before.

    None if ``group`` is the first of a row to read it. ``lag_lines`` are those of `FrameSettings`.
    """
    earlier = config.earlier_of_photodiode(group)
    if earlier is None:
        return None
    return (lag_lines[min(group.captures)] - lag_lines[min(earlier.captures)] - 1)[:8]


def adopted_settings(config: DieConfig) -> data.StructLayout:
    """What rooms hear of the settings of frames: with ``adopt``, ``frame`` takes ``settings``.

    These do not change for `SETTLED_CYCLES` behind ``adopt``. The next frame may be adopted a line
    behind it, at the start of a stream.
    A room keeps what it needs with `settings_of`, so that the settings of all frames in flight
    never lie side by side on wires.
    """
    return data.StructLayout({"adopt": 1, "frame": range(FRAMES_IN_FLIGHT),
                              "settings": FrameSettings(config)})


def settings_of(m: Module, adopted, frame: Value, *names: str, captures: Sequence[str] = (),
                memory_name: str = "of_frames") -> data.View:
    """Settings of ``frame`` (its number, or the low bits of it), in the same clock.

    They are kept in a memory of the room's own, a submodule of `m`, and there from one clock behind
    ``adopt`` on.

    Parameters
    ----------
    adopted : view of `adopted_settings`
    names : str
        Members of `FrameSettings`; `captures` those of `CaptureSettings`, which the result has as
        ``captures``.
    """
    settings = adopted.settings
    members = settings.shape().members
    kept = {name: settings[name] for name in names}
    layout = {name: members[name] for name in names}
    if captures:
        own = [Value.cast(settings.captures[index][name])
               for index in range(len(settings.captures)) for name in captures]
        kept["captures"] = Cat(own)
        layout["captures"] = data.ArrayLayout(
            data.StructLayout(dict(zip(captures, map(len, own), strict=False))),
            len(settings.captures))
    m.submodules[memory_name] = of_frames = memory.Memory(
        shape=data.StructLayout(layout), depth=FRAMES_IN_FLIGHT, init=[],
        # What is being adopted is not looked at yet.
        attrs={"no_rw_check": 1})
    write, read = of_frames.write_port(), of_frames.read_port(domain="comb")
    m.d.comb += [
        write.en.eq(adopted.adopt), write.addr.eq(adopted.frame),
        write.data.eq(Cat(Value.cast(value) for value in kept.values())),
        read.addr.eq(frame[:2]),
    ]
    return read.data
