# SPDX-License-Identifier: Apache-2.0
"""What the array is given is what the model says, whatever the region and the network's size."""

import numpy as np
import pytest

from support import Traffic, TrafficPattern, expect_rejected
from support.small_dies import small_die
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


KINDS = [(1, RGGB, 3), (1, RGGB, 1), (1, MONO, 1), (2, ColourFilter.GBRG, 3),
         (4, ColourFilter.BGGR, 1), (4, MONO, 1)]
WHOLE_LINE = 60
"""Clocks between rows with which rows of several lanes can be handed on pixel by pixel."""


def check_every_word(lanes, colour_filter, channels, traffic, seed, *, count=2, **frame_settings):
    config = small_config(lanes=lanes, colour_filter=colour_filter)
    generator = np.random.default_rng([seed, lanes, channels])
    pictures = [draw(config, generator, channels=channels, number=number)
                for number in range(count)]
    outcome = run_vision(config, pictures, pattern=traffic.put, ready=traffic.get, seed=seed,
                         row_gap=12 if lanes == 1 else WHOLE_LINE, frame_settings=frame_settings,
                         cycles=20_000 * count)
    assert outcome.rows == [row for picture in pictures for row in expected_rows(
        config, picture, frame_settings=frame_settings)]
    assert outcome.events == [("first", number) for number in range(count)]
    assert not outcome.wrong_words


@pytest.mark.sampled(6)
@pytest.mark.parametrize("kind", ["full", "both"])
@pytest.mark.parametrize("lanes, colour_filter, channels", KINDS)
def test_every_word_is_the_models(lanes, colour_filter, channels, kind, seed):
    check_every_word(lanes, colour_filter, channels, Traffic.of(kind, seed), seed)


@pytest.mark.slow
@pytest.mark.parametrize("lanes, colour_filter, channels", KINDS)
def test_every_word_of_many_regions_is_the_models(lanes, colour_filter, channels, traffic, seed):
    check_every_word(lanes, colour_filter, channels, traffic, seed + 1, count=15)


def test_flipped_frames_keep_their_colours_and_pedestal(seed):
    check_every_word(1, RGGB, 3, Traffic.of("full", seed), seed, flip_columns=1, flip_rows=1,
                     pedestal_lsb=200)


def whole(config, generator, *, number, columns=6, rows=3, **changes):
    values = bright_frame(generator, config.array.rows, config.array.columns)
    return Picture(values=values, number=number, settings=vision_settings(
        config, whole_frame(config), columns=columns, rows=rows, channels=3), **changes)


LOSSES = {
    "a row is missing": {"arrives": [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]},
    "the last rows are missing": {"arrives": list(range(9))},
    "a row is short": {"ends": {7: 20}},
    "the first row is missing": {"arrives": list(range(1, 12))},
}


@pytest.mark.parametrize("loss", LOSSES)
def test_an_incomplete_frame_says_so_and_brings_as_many_words(loss, seed):
    config, generator = small_config(), np.random.default_rng(seed)
    pictures = [whole(config, generator, number=number, **(LOSSES[loss] if number == 6 else {}))
                for number in (5, 6, 7)]
    outcome = run_vision(config, pictures, seed=seed, cycles=20_000)
    began = loss != "the first row is missing"
    assert ("incomplete", 6) in outcome.events
    assert len(outcome.events) == 3 + began
    first, last = (expected_rows(config, pictures[index]) for index in (0, 2))
    assert outcome.rows[:3] == first
    if loss == "the last rows are missing":
        # This is known only when the next frame is there, whose region begins at once.
        assert outcome.events[-1] == ("incomplete", 7)
        assert len(outcome.rows) == 6
        return
    assert outcome.rows[-3:] == last
    assert [len(row) for row in outcome.rows] == [6] * (3 + 3 * (2 if began else 1))
    if began:
        assert outcome.rows[5] == [0] * 6


def test_a_region_of_a_cropped_frame_is_reported(seed):
    config, generator = small_config(), np.random.default_rng(seed)
    pictures = [whole(config, generator, number=number) for number in (0, 1)]
    pictures[0].values = pictures[0].values[:8]
    outcome = run_vision(config, pictures, seed=seed, cycles=20_000)
    assert outcome.events == [("first", 0), ("incomplete", 0), ("first", 1)]
    assert outcome.rows[3:] == expected_rows(config, pictures[1])


def test_an_overflowing_queue_is_told_from_missing_rows(seed):
    config, generator = small_config(), np.random.default_rng(seed)
    vision = VisionConfig(largest_columns=8, largest_rows=8)
    pictures = [whole(config, generator, number=number, columns=8, rows=6) for number in (0, 1)]
    # Nothing is taken until the first frame is over.
    deaf = TrafficPattern("0" * 600 + "1" * 5000)
    outcome = run_vision(config, pictures, ready=deaf, vision=vision, blanking=300, cycles=20_000)
    assert outcome.events == [("first", 0), ("incomplete", 0), ("first", 1)]
    assert outcome.overflows == [1]
    assert [len(row) for row in outcome.rows] == [8] * 12
    assert outcome.rows[6:] == expected_rows(config, pictures[1])


def test_nothing_comes_while_it_is_not_enabled(seed):
    config, generator = small_config(), np.random.default_rng(seed)
    pictures = [whole(config, generator, number=number) for number in (0, 1)]
    pictures[0].settings["enable"] = 0
    outcome = run_vision(config, pictures, seed=seed, cycles=20_000)
    assert outcome.events == [("first", 1)]
    assert outcome.rows == expected_rows(config, pictures[1])


def test_the_host_writes_the_tone_curve(seed):
    config, generator = small_config(), np.random.default_rng(seed)
    knots = tuple(int(knot) for knot in generator.integers(-1 << 15, 1 << 15, KNOTS))
    picture = whole(config, generator, number=0, columns=12, rows=6)
    outcome = run_vision(config, [picture], knots=knots, cycles=20_000)
    assert outcome.rows == expected_rows(config, picture, knots)


def test_latency_is_as_stated(seed):
    config, generator = small_config(), np.random.default_rng(seed)
    picture = whole(config, generator, number=0, columns=6, rows=1)
    outcome = run_vision(config, [picture], cycles=20_000)
    # The first of a column's four clocks is part of the latency.
    assert outcome.first_word - outcome.last_pixel == Vision(config).latency_cycles + 3


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_has_lines_that_are_long_enough(name):
    config = preset(name)
    assert Vision(config).config is config


def test_what_cannot_work_is_refused():
    colour, mono = small_config(), small_config(colour_filter=MONO)

    def refused(culprit, config=colour, *, columns=6, rows=6, channels=3, **region):
        place = {"column_start": 0, "row_start": 0, "columns": 24, "rows": 12}
        place |= {name.removeprefix("region_"): value for name, value in region.items()}
        with expect_rejected(culprit, exception=ConfigError):
            vision_settings(config, Region(**place), columns=columns, rows=rows,
                            channels=channels)

    refused("colour filter", mono)
    refused("1 or 3 channels", channels=2)
    refused("columns 2 to 25", region_column_start=2)
    refused("rows 2 to 13", region_row_start=2)
    refused("even pixels", region_rows=9)
    refused("columns must lie", columns=97)
    refused("enlarge", columns=13)
    refused("enlarge", rows=7)
    with expect_rejected("largest_columns", exception=ConfigError):
        VisionConfig(largest_columns=200)
    short = small_die(kinds=("LCG",), columns=1024, lanes=4, byte_lanes=4,
                      byte_clock_hz=300e6)
    with expect_rejected("a line of", "1024 pixels", exception=ConfigError):
        Vision(short)


def test_memories_tell_when_a_check_bit_is_wrong_and_words_stay_right(seed):
    config = small_config()
    picture = draw(config, np.random.default_rng(seed), channels=3)
    outcome = run_vision(config, [picture], inject=3)
    assert outcome.rows == expected_rows(config, picture)
    assert outcome.wrong_words > len(outcome.rows)
