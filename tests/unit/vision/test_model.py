# SPDX-License-Identifier: Apache-2.0
"""The model averages exactly, and its curve holds 140 dB."""

from math import log2

import numpy as np
import pytest

from tapetum.config import ColourFilter
from tapetum.control.frame_settings import FrameSettings
from tapetum.presets import preset
from tapetum.vision.settings import Region, vision_settings, whole_frame
from tapetum.vision.tone_table import KNOTS, knot_position, logarithmic, tone_knots
from tapetum_sim.models.vision import VisionModel, input_words, overlaps

from .bench import bright_frame, random_region, small_config

KNOTS_OF_CURVE = tone_knots(logarithmic())
PEDESTAL = 64


def ideal(light):
    return np.array([logarithmic()(value) for value in np.ravel(light)]).reshape(np.shape(light))


@pytest.mark.parametrize("cells, outputs", [(5, 3), (32, 32), (320, 96), (7, 1), (4096, 128)])
def test_shares_of_a_line_are_exact(cells, outputs):
    shares = overlaps(cells, outputs)
    assert (shares.sum(axis=0) == outputs).all(), "each cell is shared out as a whole"
    assert (shares.sum(axis=1) == cells).all(), "each output gets as much"
    assert ((shares > 0).sum(axis=0) <= 2).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_codes_are_those_of_the_true_mean(channels, seed):
    """Within a code of the ideal curve at the area's mean, computed in floating point."""
    config, generator = small_config(columns=48, rows=32), np.random.default_rng(seed)
    for _ in range(40):
        region, columns, rows = random_region(generator, config, 2)
        chosen = vision_settings(config, region, columns=columns, rows=rows, channels=channels)
        linear = bright_frame(generator, 32, 48)
        codes = VisionModel(config, chosen, KNOTS_OF_CURVE).frame(
            linear, FrameSettings.defaults(config))
        cut = linear[region.row_start:region.row_start + region.rows,
                     region.column_start:region.column_start + region.columns] - PEDESTAL
        red, green, blue = (cut[0::2, 0::2], (cut[0::2, 1::2] + cut[1::2, 0::2]) / 2,
                            cut[1::2, 1::2])
        planes = [red, green, blue] if channels == 3 else [(red + 2 * green + blue) / 4]
        for channel, plane in enumerate(planes):
            along_y, along_x = (overlaps(*sizes).astype(float) / sizes[0] for sizes in (
                (region.rows // 2, rows), (region.columns // 2, columns)))
            mean = np.maximum(along_y @ plane @ along_x.T, 0)
            assert np.abs(codes[..., channel] - ideal(mean)).max() < 1


def test_one_cell_per_output_takes_the_pixel_itself():
    config = small_config(colour_filter=ColourFilter.MONO)
    chosen = vision_settings(config, whole_frame(config), columns=24, rows=12)
    linear = np.full((12, 24), PEDESTAL)
    linear[3, 5], linear[0, 0] = PEDESTAL + 16, 0
    codes = VisionModel(config, chosen, KNOTS_OF_CURVE).frame(
        linear, FrameSettings.defaults(config))[..., 0]
    assert codes[3, 5] == round(-128 + 255 / log2(1 + 2 ** 20))
    codes[3, 5] = -128
    assert (codes == -128).all(), "black, and what is below, is the lowest code"


def test_140_db_keep_apart():
    """A step of 3 dB is a step of the code from 50 dB above the LSB to full scale."""
    config = small_config(colour_filter=ColourFilter.MONO)
    levels = 10 ** (np.arange(50, 140.1, 3) / 20)
    chosen = vision_settings(config, whole_frame(config), columns=1, rows=1)
    model = VisionModel(config, chosen, KNOTS_OF_CURVE)
    frames = np.minimum(PEDESTAL + levels, (1 << 24) - 1).astype(int)
    codes = model.frame(np.broadcast_to(frames[:, None, None], (len(levels), 12, 24)),
                        FrameSettings.defaults(config)).ravel()
    assert (np.diff(codes.astype(int)) >= 5).all()
    assert codes[-1] > 115


def test_the_curve_is_within_a_quarter_of_a_code_between_its_knots():
    places = np.exp2(np.random.default_rng(1).uniform(-1, 24, 2000))
    knots = [knot_position(knot) for knot in range(KNOTS)]
    drawn = np.interp(places, knots, np.array(KNOTS_OF_CURVE) / 256)
    assert np.abs(drawn - ideal(places)).max() < 0.25


def test_a_stack_of_frames_is_each_of_them(seed):
    config, generator = preset("tiny"), np.random.default_rng(seed)
    chosen = vision_settings(config, Region(column_start=4, row_start=2, columns=50, rows=40),
                             columns=16, rows=12, channels=3)
    model, settings = VisionModel(config, chosen, KNOTS_OF_CURVE), FrameSettings.defaults(config)
    frames = np.stack([bright_frame(generator, 48, 64) for _ in range(3)])
    together = model.frame(frames, settings)
    assert together.shape == (3, 12, 16, 3)
    assert all((model.frame(one, settings) == part).all()
               for one, part in zip(frames, together, strict=True))


def test_words_hold_the_first_channel_lowest():
    picture = np.array([[[1, -1, 3], [0, 0, -128]]], np.int8)
    assert input_words(picture) == [[0x03FF01, 0x800000]]
