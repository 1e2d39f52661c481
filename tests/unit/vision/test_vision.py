# SPDX-License-Identifier: Apache-2.0
"""What the array is given is what the model says, whatever the region and the network's size."""

import numpy as np
import pytest

from support import FULL_RATE, Traffic, TrafficPattern, expect_rejected
from tapetum.config import ColourFilter, ConfigError
from tapetum.control.frame_settings import FrameSettings
from tapetum.presets import PRESETS, preset
from tapetum.vision.settings import Region, VisionConfig, vision_settings, whole_frame
from tapetum.vision.tone_table import KNOTS, logarithmic, tone_knots
from tapetum.vision.vision import Vision
from tapetum_sim.models.vision import VisionModel, input_words

from .bench import Picture, bright_frame, random_region, run_vision, small_config

MONO, RGGB = ColourFilter.MONO, ColourFilter.RGGB
DEFAULT_KNOTS = tone_knots(logarithmic())


def expected_rows(config, picture, knots=DEFAULT_KNOTS, frame_settings=None):
    settings = FrameSettings.defaults(config) | (frame_settings or {})
    model = VisionModel(config, picture.settings, knots)
    return input_words(model.frame(picture.values, settings))


def draw(config, generator, *, channels, number=0):
    region, columns, rows = random_region(generator, config,
                                          1 if config.array.colour_filter is MONO else 2)
    values = bright_frame(generator, config.array.rows, config.array.columns)
    return Picture(values=values, number=number, settings=vision_settings(
        config, region, columns=columns, rows=rows, channels=channels))


@pytest.mark.parametrize("lanes, colour_filter, channels", [
    (1, RGGB, 3), (1, RGGB, 1), (1, MONO, 1), (2, ColourFilter.GBRG, 3), (4, ColourFilter.BGGR, 1),
    (4, MONO, 1)])
def test_every_word_is_the_models(lanes, colour_filter, channels, traffic, seed):
    config = small_config(lanes=lanes, colour_filter=colour_filter)
    generator = np.random.default_rng([seed, lanes, channels])
    pictures = [draw(config, generator, channels=channels, number=number) for number in range(3)]
    outcome = run_vision(config, pictures, pattern=traffic.put, ready=traffic.get, seed=seed,
                         row_gap=12 if lanes == 1 else 60)
    assert outcome.rows == sum((expected_rows(config, picture) for picture in pictures), [])
    assert outcome.events == [("first", 0), ("first", 1), ("first", 2)]
