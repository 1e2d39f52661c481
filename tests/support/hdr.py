# SPDX-License-Identifier: Apache-2.0
"""Small configurations, random settings and a rolling shutter for the tests of this room."""

from collections.abc import Collection, Iterable
from dataclasses import replace

import numpy as np

from tapetum.config import (
    CaptureConfig,
    ConversionGain,
    HdrConfig,
    Photodiode,
    PixelArrayConfig,
)
from tapetum.control.frame_settings import FrameSettings
from tapetum.hdr.hdr import Hdr
from tapetum.pixel import corrected_bits
from tapetum.presets import preset

from .adoption import adopt
from .rows import Row, arrival_order, collect_beats, feed_rows, rows_of
from .simulation import simulate
from .traffic import TrafficPattern

__all__ = ["DARK_LINES", "HdrRun", "exposure_die", "random_codes", "random_settings",
           "rolling_rows", "run_hdr", "small_config"]

DARK_LINES = 3
"""Lines between the last row of a frame and the first of the next: fewer than the lag."""
LONG_LINES = 500
COUNT_CYCLES = 3
"""From a frame's last beat until its counts stand: `tapetum.hdr.pixel_count.PixelCount`."""


def small_config(*, captures=4, lanes=1, fraction_bits=2, columns=16, rows=6, lag_lines=4):
    tiny = preset("tiny")
    return tiny.with_(
        captures=tiny.captures[:captures], lanes=lanes,
        array=PixelArrayConfig(columns=columns, rows=rows, optical_black_rows=4),
        hdr=HdrConfig(line_buffer_lag_lines=lag_lines, fraction_bits=fraction_bits))


def exposure_die(*captures, conversion_gain_ratio=7.32, **pixel):
    """The `vga` preset's pixel and line with other captures, given as ``(kind, ratio)``.

    ``H`` and ``L`` are the large photodiode at high and low gain, ``S`` the small one; ``ratio``
    is the longest exposure over theirs. Captures that share photons must have equal ratios.
    """
    vga = preset("vga")
    line, made, lag = vga.timing.line_length_cycles, [], 0
    for number, (kind, ratio) in enumerate(captures):
        cycles = round(LONG_LINES * line / ratio)
        if kind != "S" and ratio > 1:
            lag += -(-cycles // line) + 1
        made.append(CaptureConfig(
            name=f"{kind}{number}",
            photodiode=Photodiode.SMALL if kind == "S" else Photodiode.LARGE,
            conversion_gain=ConversionGain.HIGH if kind == "H" else ConversionGain.LOW,
            coarse_integration_lines=cycles // line, fine_integration_cycles=cycles % line,
            lag_lines=lag))
    return vga.with_(
        captures=tuple(made), timing=replace(vga.timing, frame_length_lines=LONG_LINES + 300),
        hdr=replace(vga.hdr, line_buffer_lag_lines=max(8, lag)),
        pixel=replace(vga.pixel, conversion_gain_ratio=conversion_gain_ratio, **pixel))


def random_settings(config, generator, *, mask=None):
    """Settings in which gains, their order, hand-overs and noise are anything valid."""
    settings = FrameSettings.defaults(config)
    settings["pedestal_lsb"] = int(generator.integers(0, 256))
    settings["capture_mask"] = mask or settings["capture_mask"]
    base = int(generator.integers(0, 20))
    for capture in settings["captures"]:
        capture["normalisation_mantissa"] = int(generator.integers(1 << 15, 1 << 16))
        capture["normalisation_shift"] = base + int(generator.integers(0, 10))
        capture["hand_over_start"] = int(generator.integers(0, config.adc.full_well_codes))
        capture["hand_over_end"] = int(generator.integers(0, config.adc.signal_counts))
        capture["noise_slope"] = int(generator.integers(0, 1 << generator.integers(1, 17)))
        capture["noise_floor"] = int(generator.integers(0, 1 << generator.integers(1, 17)))
    settings["flicker_enable"] = int(generator.random() < 0.9)
    settings["flicker_capture"] = int(generator.integers(0, 4))
    settings["tolerance_log2"] = int(generator.integers(0, 16))
    return settings


def random_codes(config, settings, generator, shape):
    """Codes (captures, ...) of which most stem from one light, more or less well.

    Some captures are as noise, a PRNU or a pulse would have them, some anything, some extreme.
    """
    captures, bits = settings["captures"], corrected_bits(config)
    largest = (1 << bits) - 1
    black = config.adc.pedestal_codes << config.hdr.fraction_bits
    gains = np.array([c["normalisation_mantissa"] * 2.0 ** -c["normalisation_shift"]
                      for c in captures]).reshape(-1, *[1] * len(shape))
    shape = (len(captures), *shape)
    light = np.exp2(generator.uniform(0, 26, shape[1:])) * np.ones(shape)
    light *= np.exp(generator.choice([0, 0.003, 0.03, 0.3], shape)
                    * generator.standard_normal(shape))
    codes = light / gains + black + generator.choice([0, 1, 10], shape) * (
        generator.standard_normal(shape))
    codes = np.where(codes > largest, largest, np.maximum(np.rint(codes), 0)).astype(np.int64)
    kind = generator.random(shape)
    codes = np.where(kind < 0.1, generator.integers(0, largest, shape, endpoint=True), codes)
    return np.where(kind > 0.95, generator.choice([0, 1, black, largest - 1, largest], shape),
                    codes)


def rolling_rows(config, codes, *, lag_lines, masks, first_frame=0,
                 without: Collection[tuple[int, int, int]] = ()):
    """Rows in order of arrival; codes[frame][capture][row]."""
    count = codes.shape[2]
    order = arrival_order(config, frames=len(codes), rows=count,
                          frame_length_lines=count + DARK_LINES, lag_lines=lag_lines,
                          masks=masks, first_frame=first_frame)
    return [Row(codes=codes[frame - first_frame, capture, row], frame=frame % 65536, row=row,
                capture=capture, frame_last=row == count - 1)
            for frame, row, capture in order if (frame, row, capture) not in without]


class HdrRun:
    """What a run gave: rows of (last beat, values), their marks, pulses of each fault.

    ``flicker_counts`` and ``clipped_counts`` are what the die reported as each frame had left.
    """

    def __init__(self, beats, counts, overflows, mismatches):
        self.rows = rows_of(beats)
        self.clipped, self.flicker = (
            [pixels for _, pixels in rows_of(_Flags.of(beats, name))]
            for name in ("clipped", "flicker"))
        self.flicker_counts, self.clipped_counts = zip(*counts, strict=True) if counts else ((), ())
        self.overflows, self.mismatches = overflows, mismatches


class _Flags:
    def __init__(self, beat, name):
        self.values = [beat[name] >> lane & 1 for lane in range(len(beat.values))]
        self.line_last = beat.line_last

    @classmethod
    def of(cls, beats, name) -> Iterable["_Flags"]:
        return [cls(beat, name) for beat in beats]


def run_hdr(config, rows, settings, pattern: TrafficPattern | None = None, *, seed=0) -> HdrRun:
    """Feed rows; settings by frame number modulo 4."""
    dut, beats, counts, pulses = Hdr(config), [], [], {"overflow": 0, "mismatch": 0}

    async def source(ctx):
        for slot, values in settings.items():
            await adopt(ctx, dut.settings, slot, values)
        await feed_rows(ctx, dut.i, rows, *([pattern] if pattern else []), seed=seed)
        await ctx.tick().repeat(dut.latency_cycles + COUNT_CYCLES)

    async def sink(ctx):
        await collect_beats(ctx, dut.o, beats)

    async def watch(ctx):
        async for _, _, overflow, mismatch in ctx.tick().sample(dut.line_buffer_overflow,
                                                                dut.row_mismatch):
            pulses["overflow"] += overflow
            pulses["mismatch"] += mismatch

    async def count(ctx):
        end = dut.o.valid & dut.o.payload.line_last & dut.o.payload.frame_last
        while True:
            await ctx.tick().until(end)
            await ctx.tick().repeat(COUNT_CYCLES - 1)
            counts.append((ctx.get(dut.flicker_count), ctx.get(dut.clipped_count)))

    simulate(dut, source, cycles=1_000_000, background=(sink, watch, count))
    return HdrRun(beats, counts, pulses["overflow"], pulses["mismatch"])
