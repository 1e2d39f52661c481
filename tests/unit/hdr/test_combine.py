# SPDX-License-Identifier: Apache-2.0
"""Combination is the model's, bit for bit, with other settings in every row."""

import numpy as np
import pytest

from support import FULL_RATE, TrafficPattern, simulate, stream_put
from support.adoption import adopt
from support.hdr import random_codes, random_settings, small_config
from support.rows import ROW_GAP_CYCLES, collect_beats
from tapetum.config import AdcConfig
from tapetum.hdr.combine import Combine
from tapetum.hdr.pixel_count import PixelCount
from tapetum_sim.models.hdr import combine_marked


def beats_of(config, shape, frame, codes, present):
    """A row of aligned pixels as payloads."""
    columns = codes.shape[1]
    for start in range(0, columns, config.lanes):
        yield shape.const({
            "codes": codes[:, start:start + config.lanes].tolist(),
            "present": sum(bool(here) << index for index, here in enumerate(present)),
            "line_last": start + config.lanes >= columns, "frame_last": 1,
            "tag": {"frame": frame},
        })


def assert_rows_are_models(config, generator, *, rows, pattern=FULL_RATE):
    """Every row is a frame of its own, 12 clocks after the one before or a little more."""
    dut, beats = Combine(config), []
    expected = []

    async def source(ctx):
        for frame in range(rows):
            settings = random_settings(config, generator)
            codes = random_codes(config, settings, generator, (4 * config.lanes,))
            present = generator.random(len(config.captures)) < 0.9
            present[generator.integers(len(present))] = True
            expected.append((frame, combine_marked(codes, config, settings, present[:, None])))
            await adopt(ctx, dut.settings, frame, settings)
            await stream_put(ctx, dut.i, beats_of(config, dut.i.payload.shape(), frame, codes,
                                                  present), pattern)
            await ctx.tick().repeat(ROW_GAP_CYCLES + int(generator.choice([0, 0, 0, 1, 7])))
        await ctx.tick().repeat(dut.latency_cycles)

    async def sink(ctx):
        await collect_beats(ctx, dut.o, beats)

    simulate(dut, source, cycles=100 * rows + 1000, background=(sink,))
    assert len(beats) == 4 * rows
    marks = 0
    for frame, model in expected:
        row = beats[4 * frame:4 * frame + 4]
        assert [beat.tag.frame for beat in row] == [frame] * 4
        assert [beat.line_last for beat in row] == [0, 0, 0, 1]
        lanes = range(config.lanes)
        assert [beat.values[lane] for beat in row for lane in lanes] == model.values.tolist()
        assert [beat.flicker >> lane & 1 for beat in row for lane in lanes
                ] == model.flicker.tolist()
        assert [beat.clipped >> lane & 1 for beat in row for lane in lanes
                ] == model.clipped.tolist()
        marks += model.flicker.sum()
    if len(config.captures) > 1:
        assert 0 < marks < 4 * config.lanes * rows


@pytest.mark.sampled(3)
@pytest.mark.parametrize("captures, lanes, fraction_bits, bits, kind", [
    (1, 1, 2, 10, "full"), (2, 1, 1, 10, "bubbles"), (3, 1, 4, 14, "full"),
    (4, 1, 2, 12, "full"), (4, 1, 2, 12, "bubbles"), (4, 2, 1, 8, "full")])
def test_every_row_is_the_models(captures, lanes, fraction_bits, bits, kind, seed):
    config = small_config(captures=captures, lanes=lanes, fraction_bits=fraction_bits)
    config = config.with_(adc=AdcConfig(bits=bits), adc_clock_hz=2e9)
    pattern = TrafficPattern.random(seed) if kind == "bubbles" else FULL_RATE
    assert_rows_are_models(config, np.random.default_rng([seed, captures, bits]), rows=40,
                           pattern=pattern)


@pytest.mark.slow
@pytest.mark.parametrize("captures, lanes, bits", [(4, 1, 12), (4, 4, 8), (3, 2, 14), (2, 1, 10)])
def test_thousands_of_rows_are_the_models(captures, lanes, bits, seed):
    config = small_config(captures=captures, lanes=lanes)
    config = config.with_(adc=AdcConfig(bits=bits), adc_clock_hz=2e9)
    assert_rows_are_models(config, np.random.default_rng([seed, bits]), rows=2500)


@pytest.mark.parametrize("lanes", [1, 4])
def test_marks_are_counted_per_frame(lanes, seed):
    generator = np.random.default_rng(seed)
    frames = [generator.integers(0, 1 << lanes, length) for length in (1, 2, 50, 9)]
    dut, counts = PixelCount(lanes), []

    async def source(ctx):
        for frame in frames:
            for number, marks in enumerate(frame):
                ctx.set(dut.marks, int(marks))
                ctx.set(dut.valid, 1)
                ctx.set(dut.last, number == len(frame) - 1)
                await ctx.tick()
                if generator.random() < 0.3:
                    ctx.set(dut.valid, 0)
                    await ctx.tick().repeat(2)
            ctx.set(dut.valid, 0)
            await ctx.tick().repeat(2)
            counts.append(ctx.get(dut.count))

    simulate(dut, source, cycles=1000)
    assert counts == [sum(int(marks).bit_count() for marks in frame) for frame in frames]
