# SPDX-License-Identifier: Apache-2.0
"""What the model of the defect correction reaches: found, left alone, put right."""

import numpy as np
import pytest

from support.black import correct
from support.small_dies import small_die
from tapetum.correct.defects.levels import noise_codes
from tapetum_sim.models.adc import convert_row
from tapetum_sim.models.defects import KnownDefect, level_index
from tapetum_sim.pixel_die import PixelDie, PixelDieParameters
from tapetum_sim.scenes import LayeredScene
from unit.correct.defect_bench import small_config
from unit.correct.defect_fields import (
    BLACK,
    FULL,
    VGA,
    correct_frame,
    noisy_field,
    share_corrected,
)

SAME_COLOUR = ((0, 2), (2, 0), (2, 2), (2, -2))
TOUCHING = ((0, 1), (1, 0), (1, 1), (1, -1))


def mosaic(levels, shape):
    """A flat field with a level for each of the four phases."""
    field = np.empty(shape, np.int64)
    for phase, level in enumerate(levels):
        field[phase // 2::2, phase % 2::2] = level
    return field


def sigma_of(codes, capture=1):
    signal = np.maximum(codes - BLACK, 0)
    return noise_codes(VGA, VGA.captures[capture], float(signal))


def spoil(field, spots, deviation, capture=1):
    """Shift pixels by so many standard deviations of their own noise, inside the scale."""
    spoiled = field.copy()
    for spot in spots:
        shift = np.ceil(abs(deviation) * sigma_of(field[spot], capture)) * np.sign(deviation)
        spoiled[spot] = np.clip(field[spot] + int(shift), 0, FULL - 1)
    return spoiled


def placed(shape, offsets, grid=8):
    """Frames' worth of places for a pattern: together they hold it at every position."""
    rows, columns = shape
    for start_row in range(grid):
        for start_column in range(grid):
            spots = [[(row + down, column + right) for down, right in offsets]
                     for row in range(start_row, rows, grid)
                     for column in range(start_column, columns, grid)]
            inside = [spot for group in spots for spot in group
                      if all(0 <= r < rows and 0 <= c < columns for r, c in group)]
            if inside:
                yield inside


def places_where(flags):
    return {(int(row), int(column)) for row, column in np.argwhere(flags)}


CORNERS = {(row, column) for row in (0, 1, 10, 11) for column in (0, 1, 14, 15)}
COLOURS = [(BLACK + 4000, BLACK + 9000, BLACK + 8800, BLACK + 2500),
           (BLACK + 9000, BLACK + 2500, BLACK + 4000, BLACK + 8800)]


@pytest.mark.parametrize("levels, deviation", [
    (COLOURS[0], 8), pytest.param(COLOURS[1], -8, marks=pytest.mark.slow)])
@pytest.mark.parametrize("offsets", [((0, 0),), *(((0, 0), other) for other in SAME_COLOUR)])
def test_singles_and_couplets_of_8_sigma_are_corrected_at_every_position(levels, deviation,
                                                                         offsets):
    """Both defects of a couplet deviate to the same side; corners and borders included.

    Of a corner pixel's three neighbours a couplet can be two: that pixel alone may go with them.
    """
    field = mosaic(levels, (12, 16))
    for spots in placed(field.shape, offsets):
        spoiled = spoil(field, spots, deviation)
        assert (spoiled != field).sum() == len(spots)
        wrong = places_where(correct_frame(spoiled) != field)
        assert not wrong & set(spots)
        assert not wrong if len(offsets) == 1 else wrong <= CORNERS


@pytest.mark.parametrize("levels, deviation", [
    (COLOURS[1], 16), pytest.param(COLOURS[0], -16, marks=pytest.mark.slow)])
@pytest.mark.parametrize("offsets", [*(((0, 0), other) for other in TOUCHING),
                                     ((0, 0), (0, 1), (0, 2)), ((0, 0), (1, 0), (2, 0)),
                                     tuple((r, c) for r in range(3) for c in range(3)),
                                     ((0, 0), (0, 2), (1, 1), (2, 0), (2, 2))])
def test_highlights_of_two_and_more_touching_pixels_stay_at_every_position(levels, deviation,
                                                                           offsets):
    field = mosaic(levels, (12, 16))
    for spots in placed(field.shape, offsets):
        lit = spoil(field, spots, deviation)
        wrong = places_where(correct_frame(lit) != lit)
        assert not wrong & set(spots)
        assert wrong <= CORNERS


def test_a_line_of_one_colour_stays():
    """A red sign on black: every second pixel, with nothing in between. Its ends do not."""
    for axis in range(2):
        field = np.full((16, 16), BLACK + 100)
        place: list = [slice(None, None, 2), slice(None, None, 2)]
        place[axis] = 6
        field[tuple(place)] = 12_000
        touched = places_where(correct_frame(field) != field)
        ends = {((6, 0), (6, 14)), ((0, 6), (14, 6))}
        assert touched in [set(pair) for pair in ends]


LEVELS = (0, 10, 20, 100, 600, 2500, 8000, 14000)


@pytest.mark.parametrize("capture", range(4))
def test_fewer_than_one_good_pixel_in_ten_thousand_is_touched(capture, seed):
    generator = np.random.default_rng([seed, capture])
    touched = []
    for level in LEVELS:
        field = noisy_field(VGA, capture, level, (240, 320), generator)
        touched.append((correct_frame(field, capture=capture) != field).mean())
    assert np.mean(touched) < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("capture", range(4))
@pytest.mark.parametrize("level", LEVELS)
def test_fewer_than_one_good_pixel_in_ten_thousand_is_touched_at_each_level(capture, level, seed):
    generator = np.random.default_rng([seed, capture, level])
    fields = [noisy_field(VGA, capture, level, (480, 640), generator) for _ in range(4)]
    touched = [(correct_frame(field, capture=capture) != field).mean() for field in fields]
    assert np.mean(touched) < 1e-4


@pytest.mark.parametrize("offsets", [((0, 0),), ((0, 0), (0, 2)), ((0, 0), (2, -2))])
@pytest.mark.parametrize("capture, level, deviation",
                         [(1, 600, 8), (2, 8000, 8), (0, 20, 11), (0, 0, 11)])
def test_more_than_99_percent_are_corrected_in_noise(capture, level, deviation, offsets, seed):
    """8 sigma; in the high gain near black, where a code is a good part of a sigma, 11."""
    generator = np.random.default_rng([seed, capture, level])
    assert share_corrected(capture, level, deviation, offsets, generator) > 0.99


def test_more_than_99_percent_are_corrected_at_the_borders_in_noise(seed):
    """All 44 border positions of small frames, two pixels deep."""
    generator = np.random.default_rng(seed)
    sigma = noise_codes(VGA, VGA.captures[1], 2500)
    places = [(r, c) for r in range(12) for c in range(12)
              if min(r, 11 - r) < 2 or min(c, 11 - c) < 2]
    found, tried = 0, 0
    for _ in range(3):
        field = noisy_field(VGA, 1, 2500, (12, 12), generator)
        for spot in places:
            spoiled = field.copy()
            spoiled[spot] += int(np.ceil(8 * sigma)) * generator.choice([-1, 1])
            found += correct_frame(spoiled)[spot] != spoiled[spot]
            tried += 1
    assert found / tried > 0.99


def test_saturated_regions_stay_saturated():
    field = np.full((16, 24), FULL)
    np.testing.assert_array_equal(correct_frame(field), field)
    dead = field.copy()
    dead[[0, 5, 8, 15], [0, 5, 15, 23]] = 0, BLACK, FULL // 4, FULL // 2
    np.testing.assert_array_equal(correct_frame(dead), field)
    dead[8, 15] = FULL // 2 + 1
    assert correct_frame(dead)[8, 15] == FULL // 2 + 1
    field[:, 11:] = BLACK + 3000
    np.testing.assert_array_equal(correct_frame(field), field)


def test_texture_as_strong_as_a_defect_stays():
    """A pixel must lie further outside than its neighbours differ among themselves."""
    texture = np.random.default_rng(1).integers(BLACK + 3000, BLACK + 5000, (48, 64))
    touched = (correct_frame(texture) != texture).mean()
    np.testing.assert_array_less(touched, 0.002)
    flat = spoil(np.full((48, 64), BLACK + 4000), [(20, 31)], 8)
    assert np.ptp(correct_frame(flat)) == 0


def test_a_dip_between_saturated_neighbours_of_other_colours_stays():
    """They show nothing; among saturated neighbours of its own colour only what is dark is dead."""
    field = mosaic((BLACK + 4000, FULL, FULL, FULL), (12, 16))
    for deviation in (-20, 20):
        spoiled = spoil(field, [(4, 6)], deviation)
        np.testing.assert_array_equal(correct_frame(spoiled), spoiled)
    np.testing.assert_array_equal(correct_frame(spoiled, known=[KnownDefect(4, 6)]), field)
    white = np.full((12, 16), FULL)
    spoiled = spoil(white, [(4, 6)], -20)
    np.testing.assert_array_equal(correct_frame(spoiled), spoiled)


def test_touching_couplets_are_the_lists_job():
    field = mosaic(COLOURS[0], (12, 16))
    for other in TOUCHING:
        spots = [(4, 6), (4 + other[0], 6 + other[1])]
        spoiled = spoil(field, spots, 12)
        np.testing.assert_array_equal(correct_frame(spoiled), spoiled)
        known = [KnownDefect(*spot) for spot in sorted(spots)]
        for dynamic in (False, True):
            np.testing.assert_array_equal(
                correct_frame(spoiled, known=known, dynamic=dynamic), field)


def test_a_region_of_two_rows_is_left_alone():
    field = spoil(mosaic(COLOURS[0], (2, 16)), [(0, 5)], 30)
    np.testing.assert_array_equal(correct_frame(field, known=[KnownDefect(0, 5)]), field)


def test_the_finest_levels_stand_at_black():
    codes = np.array([0, BLACK - 1, BLACK, 2 * BLACK - 1, 2 * BLACK, FULL // 8 + 1, FULL])
    assert level_index(codes, VGA).tolist() == [0, 63, 64, 127, 144, 200, 255]
    assert level_index([0, 3, 4, 7, 8, 31, 32, 255], small_config(bits=8, fraction_bits=0)
                       ).tolist() == [0, 48, 64, 112, 144, 190, 200, 255]


def test_the_defects_of_a_pixel_die_disappear():
    """Everything that deviates by 8 sigma: by itself, or by the list where two are close."""
    config = small_die(columns=128, rows=96, bits=12, kinds=("HCG", "LCG"), optical_black_rows=8,
                       optical_black_columns=16)
    parameters = PixelDieParameters(
        column_gain_spread=0, column_offset_spread_lsb12=0, row_noise_lsb12=0,
        hot_per_million=2000, dead_per_million=1000, stuck_per_million=1000,
        couplets_per_million=1000, hot_electrons_per_second=3e6)
    scene = LayeredScene(config, "flat", np.ones((96, 128, 3)), electrons_per_second=6e5)
    die = PixelDie(config, scene, parameters, seed=5)
    array, exposure = config.array, 0.01

    def codes(row, capture):
        return convert_row(config, die.reset_trip_codes(0, row, capture),
                           die.signal_trip_codes(0, row, capture, 0.0, exposure))

    black = [[codes(array.test_rows + row, 1)[:16] for row in range(array.optical_black_rows)]]
    active = [[codes(array.dark_rows + row, 1)[16:] for row in range(array.rows)]]
    field = correct(np.array([active]), np.array([black]), config)[0, 0]
    spots = [(defect.row, defect.column) for defect in die.defects]
    known = sorted(KnownDefect(*spot) for spot in spots
                   if sum(max(abs(spot[0] - r), abs(spot[1] - c)) <= 3 for r, c in spots) > 1)
    fixed = correct_frame(field, config, capture=1, known=known)

    level = float(np.median(field)) - (config.adc.pedestal_codes << 2)
    sigma = noise_codes(config, config.captures[1], level)
    strong = [spot for spot in spots if abs(field[spot] - np.median(field)) > 8 * sigma]
    assert len(strong) > 40 > len(known)
    assert all(abs(fixed[spot] - np.median(field)) < 4 * sigma for spot in strong)
    good = np.ones(field.shape, bool)
    good[tuple(np.transpose(spots))] = False
    assert (fixed != field)[good].sum() <= 2
