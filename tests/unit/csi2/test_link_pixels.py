# SPDX-License-Identifier: Apache-2.0
"""Test patterns are those of CCS, in every format, with every order of colours and flip."""

from dataclasses import replace

import numpy as np
import pytest

from tapetum.config import ColourFilter
from tapetum.control.frame_settings import DataFormat, Pattern
from tapetum.csi2.formats import pixel_bits
from tapetum_sim.csi2.decoder import decode
from tapetum_sim.models.csi2 import transmit
from tapetum_sim.models.test_patterns import pattern_row, pn9_bits
from unit.csi2.link_bench import Link, random_frame, settings_with, small_die

PN9_BYTES = "ffe11d9aed853324ea7ad2397097570a547d2dd86d0dba8f6759c7a2bf34ca18"
"""As receivers of data whitened with this sequence know it (Texas Instruments DN509)."""


@pytest.fixture
def generator(seed):
    return np.random.default_rng(seed)


def die(columns=64, colour_filter=ColourFilter.RGGB, **options):
    config = small_die(columns=columns, **options)
    return config.with_(array=replace(config.array, colour_filter=colour_filter))


def test_the_sequence_is_the_published_one():
    published = bytes.fromhex(PN9_BYTES)
    bits = pn9_bits(8 * len(published))
    assert bytes(sum(bit << place for place, bit in enumerate(bits[start:start + 8]))
                 for start in range(0, len(bits), 8)) == published
    assert len({tuple(pn9_bits(520)[start:start + 9]) for start in range(511)}) == 511


def test_bars_are_white_yellow_cyan_green_magenta_red_blue_black_from_the_left():
    config = die(columns=64)
    for flip, order in ((0, range(8)), (1, range(7, -1, -1))):
        settings = settings_with(config, test_pattern=Pattern.BARS, flip_columns=flip, flip_rows=0)
        rows = [pattern_row(config, settings, row, 64, 10) for row in (0, 1)]
        # Of each bar the red, the green and the blue pixel of one cell.
        first, second = (1, 0) if flip else (0, 1)
        seen = [(rows[0][8 * bar + first], rows[0][8 * bar + second], rows[1][8 * bar + second])
                for bar in range(8)]
        white_to_black = [(1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0),
                          (0, 0, 1), (0, 0, 0)]
        assert seen == [tuple(1023 * part for part in white_to_black[bar]) for bar in order]


def test_bars_fade_to_half_of_the_range_the_right_half_of_each_in_steps_of_sixteen_rows():
    config = die(columns=64)
    config = config.with_(array=replace(config.array, rows=48))
    settings = settings_with(config, test_pattern=Pattern.FADE)
    picture = np.array([pattern_row(config, settings, row, 64, 12) for row in range(48)])
    # White pixels of the first bar, black ones of the last: in steps of two rows over 32 rows.
    assert picture[:, 0].tolist() == [4095 - row % 32 // 2 * 128 for row in range(48)]
    assert picture[:, 56].tolist() == [row % 32 // 2 * 128 for row in range(48)]
    assert picture[:, 4].tolist() == [4095 - row % 32 // 16 * 1024 for row in range(48)]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("lanes, byte_lanes", [(1, 2), (2, 4), (4, 4)])
@pytest.mark.parametrize("pattern", [p for p in Pattern if p is not Pattern.NONE])
def test_every_pattern_leaves_in_every_format_as_its_model_says(
        pattern, lanes, byte_lanes, generator):
    config = die(columns=40, lanes=lanes, byte_lanes=byte_lanes,
                 colour_filter=list(ColourFilter)[int(generator.integers(5))])
    settings, rows = {}, []
    for frame, data_format in enumerate(DataFormat):
        settings[frame] = settings_with(
            config, data_format=data_format, test_pattern=pattern,
            flip_columns=int(generator.integers(2)), flip_rows=int(generator.integers(2)),
            test_data=generator.integers(1 << 16, size=4).tolist())
        rows += random_frame(generator, frame, rows=2, columns=40, data_format=data_format)
    packets = Link(config, row_pause_cycles=150).run(rows, settings)
    assert packets == transmit(config, rows, settings)
    frames = decode(packets).frames
    assert len(frames) == len(DataFormat)
    for frame, data_format in zip(frames, DataFormat, strict=True):
        assert frame.checksum_ok
        assert frame.bits == pixel_bits(data_format)
        assert not np.array_equal(frame.pixels, [
            row.values for row in rows if row.frame == frame.number - 1])


@pytest.mark.parametrize("lanes, columns", [(1, 40), (4, 4)])
def test_the_sequence_of_each_capture_goes_on_from_row_to_row(lanes, columns, generator):
    config = die(columns=40, lanes=lanes, byte_lanes=4, rows=16)
    settings = {0: settings_with(config, uncombined=1, test_pattern=Pattern.PN9)}
    parts = [random_frame(generator, 0, rows=4, columns=columns, capture=capture)
             for capture in range(4)]
    rows = [row for together in zip(*parts, strict=True) for row in together]
    link = Link(config, patient=False)
    packets = link.run(rows, settings)
    assert packets == transmit(config, rows, settings)
    assert link.overflows == 0
    expected = (np.array(pn9_bits(4 * columns * 12)).reshape(4, columns, 12)
                @ (1 << np.arange(12)))
    for capture in range(4):
        [frame] = decode(packets).of_channel(capture)
        assert np.array_equal(frame.pixels, expected)


def test_a_narrow_region_has_the_left_bars_and_a_pattern_wider_than_eight_bars_repeats():
    config = die(columns=72)
    settings = settings_with(config, test_pattern=Pattern.BARS)
    whole = pattern_row(config, settings, 0, 72, 8)
    assert np.array_equal(pattern_row(config, settings, 0, 20, 8), whole[:20])
    assert np.array_equal(whole[64:], whole[:8])
