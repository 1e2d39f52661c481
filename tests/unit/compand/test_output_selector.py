# SPDX-License-Identifier: Apache-2.0
"""Each frame leaves in its own mode, whole, however the frames before and after it leave."""

import numpy as np
import pytest
from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from support import FULL_RATE, TrafficPattern, expect_rejected, simulate
from support.adoption import adopt
from support.hdr import rolling_rows, small_config
from support.rows import collect_beats, feed_rows, rows_of
from tapetum.compand.compander import Compander
from tapetum.compand.output_selector import OutputSelector
from tapetum.control.frame_settings import DataFormat, FrameSettings, adopted_settings
from tapetum.hdr.hdr import Hdr
from tapetum.pixel import CodePixels, OutputPixels, corrected_bits
from tapetum_sim.models.compand import compand_frame, uncombined_values
from tapetum_sim.models.hdr import combine


class BothPaths(wiring.Component):
    """The selector with the two paths that lead to it."""

    def __init__(self, config):
        self.config = config
        super().__init__({
            "i": In(stream.Signature(CodePixels(config.lanes, corrected_bits(config)),
                                     always_ready=True)),
            "settings": In(adopted_settings(config)),
            "o": Out(stream.Signature(OutputPixels(config.lanes), always_ready=True)),
            "torn": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.hdr = hdr = Hdr(self.config)
        m.submodules.compander = compander = Compander(self.config)
        m.submodules.selector = selector = OutputSelector(
            self.config, combined_latency_cycles=hdr.latency_cycles + compander.latency_cycles)
        m.d.comb += [block.settings.eq(self.settings) for block in (hdr, compander, selector)]
        m.d.comb += [hdr.i.valid.eq(self.i.valid), hdr.i.payload.eq(self.i.payload),
                     self.torn.eq(selector.torn)]
        connect(m, hdr.o, compander.i)
        connect(m, compander.o, selector.combined)
        connect(m, flipped(self.i), selector.codes)
        connect(m, selector.o, flipped(self.o))
        return m


def run(config, rows, settings, pattern=FULL_RATE):
    dut, beats, torn = BothPaths(config), [], []

    async def source(ctx):
        for slot, values in settings.items():
            await adopt(ctx, dut.settings, slot, values)
        await feed_rows(ctx, dut.i, rows, pattern)
        await ctx.tick().repeat(100)

    async def sink(ctx):
        await collect_beats(ctx, dut.o, beats)

    async def watch(ctx):
        async for _, _, pulse in ctx.tick().sample(dut.torn):
            torn.extend([1] if pulse else [])

    simulate(dut, source, cycles=100_000, background=(sink, watch))
    return rows_of(beats), len(torn)


def settings_of(config, *, uncombined, data_format=DataFormat.RAW12):
    return FrameSettings.defaults(config) | {"uncombined": uncombined, "data_format": data_format}


def draw_codes(config, seed, frames):
    largest = (1 << corrected_bits(config)) - 1
    shape = (frames, len(config.captures), config.array.rows, config.array.columns)
    codes = np.random.default_rng(seed).integers(0, largest, shape, endpoint=True)
    codes[..., :2] = [largest, 0]
    return codes


@pytest.mark.sampled(2)
@pytest.mark.parametrize("modes", [(0, 1, 0), (1, 0, 1)])
@pytest.mark.parametrize("lanes, kind", [(1, "full"), (4, "bubbles")])
def test_frames_may_change_mode_from_one_to_the_next(modes, lanes, kind, seed):
    config = small_config(rows=2, lanes=lanes)
    codes = draw_codes(config, seed, 3)
    settings = {frame: settings_of(config, uncombined=mode) for frame, mode in enumerate(modes)}
    rows = rolling_rows(config, codes, lag_lines=[0, 0, 0, 2], masks=[15] * 3)
    pattern = TrafficPattern.random(seed) if kind == "bubbles" else FULL_RATE
    received, torn = run(config, rows, settings, pattern)

    assert torn == 0
    for frame, mode in enumerate(modes):
        of_frame = {(beat.tag.capture, beat.tag.row): (beat.frame_last, values)
                    for beat, values in received if beat.tag.frame == frame}
        if mode:
            values = uncombined_values(codes[frame], config, DataFormat.RAW12)
            expected = {(capture, row): (row == 1, values[capture, row].tolist())
                        for capture in range(4) for row in range(2)}
        else:
            linear, _ = combine(codes[frame], config, settings[frame])
            values = compand_frame(linear, settings[frame])
            expected = {(0, row): (row == 1, values[row].tolist()) for row in range(2)}
        assert of_frame == expected
    assert len(received) == sum(8 if mode else 2 for mode in modes)


@pytest.mark.parametrize("fraction_bits", [0, 3])
def test_codes_stand_left_in_every_format(fraction_bits, seed):
    config = small_config(captures=1, rows=2, lanes=4, fraction_bits=fraction_bits)
    codes = draw_codes(config, seed, 7)
    for formats in (list(DataFormat)[:4], list(DataFormat)[4:]):
        settings = {frame: settings_of(config, uncombined=1, data_format=data_format)
                    for frame, data_format in enumerate(formats)}
        rows = rolling_rows(config, codes[:len(formats)], lag_lines=[0], masks=[1] * len(formats))
        received, _ = run(config, rows, settings)
        assert len(received) == 2 * len(formats)
        for beat, values in received:
            expected = uncombined_values(codes[beat.tag.frame, 0, beat.tag.row], config,
                                         formats[beat.tag.frame])
            assert values == expected.tolist()


def test_an_uncombined_frame_that_begins_within_a_combined_one_is_reported(seed):
    config = small_config(rows=6, lanes=4)
    settings = {frame: settings_of(config, uncombined=frame) for frame in range(2)}
    rows = rolling_rows(config, draw_codes(config, seed, 2), lag_lines=[0, 0, 0, 4],
                        masks=[15] * 2)
    assert run(config, rows, settings)[1] > 0, "the lag exceeds the blanking"


def test_rejects_a_combined_path_without_latency():
    with expect_rejected("at least 3 cycles"):
        OutputSelector(small_config(), combined_latency_cycles=2).elaborate(None)
