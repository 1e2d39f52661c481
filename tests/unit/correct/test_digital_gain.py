# SPDX-License-Identifier: Apache-2.0
"""Each colour of each capture gets its gain, about black, and nothing wraps."""

from dataclasses import replace

import numpy as np
import pytest

from support import Traffic
from support.active_rows import draw_rows, latency_of, run_stage
from support.small_dies import small_die
from tapetum.config import ColourFilter
from tapetum.correct.amplify import UNITY_GAIN
from tapetum.correct.digital_gain import DigitalGain
from tapetum.pixel import RowKind, corrected_bits
from tapetum_sim.models.digital_gain import DigitalGainModel, amplify
from tapetum_sim.models.row import ModelRow

PORTS = ("colour_gains", "capture_gains", "enable", "flip_columns")


def die(*, fraction_bits=2, **options):
    config = small_die(columns=32, byte_lanes=4, **options)
    return config.with_(hdr=replace(config.hdr, fraction_bits=fraction_bits))


def flat_row(config, code, *, array_row=0, capture=0, flip=False):
    columns = np.arange(config.array.columns)[::-1 if flip else 1]
    return ModelRow(frame=0, capture=capture, kind=RowKind.ACTIVE, row=0, array_row=array_row,
                    frame_last=False, codes=np.full(len(columns), code, np.int64),
                    columns=columns + config.array.optical_black_columns,
                    optical_black=np.zeros(len(columns), bool))


@pytest.mark.parametrize("lanes, bits, fraction_bits, kinds, colour_filter", [
    (1, 12, 2, ("HCG", "LCG", "SPD", "VS"), ColourFilter.RGGB),
    (2, 8, 0, ("HCG", "LCG", "VS"), ColourFilter.GBRG),
    (4, 14, 4, ("LCG",), ColourFilter.BGGR),
    (1, 10, 1, ("LCG", "SPD"), ColourFilter.MONO),
    (2, 12, 2, ("LCG", "SPD"), ColourFilter.GRBG),
])
@pytest.mark.parametrize("kind", ["full", "bubbles"])
def test_every_code_is_the_models(lanes, bits, fraction_bits, kinds, colour_filter, kind, seed):
    config = die(lanes=lanes, bits=bits, fraction_bits=fraction_bits, kinds=kinds,
                 colour_filter=colour_filter)
    generator = np.random.default_rng(seed)

    def settings():
        largest = int(generator.choice([300, 1000, 0xFFFF]))
        return {"colour_gains": generator.integers(0, largest, 4, endpoint=True).tolist(),
                "capture_gains": generator.integers(0, largest, len(kinds),
                                                    endpoint=True).tolist(),
                "enable": int(generator.random() < 0.8)}

    rows = draw_rows(config, generator, 40, settings)
    received = run_stage(DigitalGain(config), rows, PORTS, Traffic.of(kind, seed).put)
    model = DigitalGainModel(config)
    for row, (_, codes) in zip(rows, received, strict=True):
        assert codes == model.row(row.model, **row.settings).codes.tolist()


@pytest.mark.parametrize("colour_filter, mosaic", [
    (ColourFilter.RGGB, [["red", "greenR"], ["greenB", "blue"]]),
    (ColourFilter.GRBG, [["greenR", "red"], ["blue", "greenB"]]),
    (ColourFilter.GBRG, [["greenB", "blue"], ["red", "greenR"]]),
    (ColourFilter.BGGR, [["blue", "greenB"], ["greenR", "red"]]),
    (ColourFilter.MONO, [["greenR", "greenR"], ["greenR", "greenR"]]),
])
@pytest.mark.parametrize("flip", [False, True])
def test_a_pixel_has_the_gain_of_its_colour(colour_filter, mosaic, flip):
    config = die(bits=12, colour_filter=colour_filter)
    gain_of = {"greenR": 1.0, "red": 2.0, "blue": 3.0, "greenB": 4.0}
    pedestal = config.adc.pedestal_codes << 2
    for array_row in (0, 1):
        row = flat_row(config, pedestal + 1000, array_row=array_row, flip=flip)
        codes = DigitalGainModel(config).row(
            row, colour_gains=[256 * int(gain) for gain in gain_of.values()],
            capture_gains=[UNITY_GAIN] * 4).codes
        first, second = (gain_of[name] for name in mosaic[array_row])
        if flip:
            first, second = second, first
        assert set(codes[::2]) == {pedestal + 1000 * first}
        assert set(codes[1::2]) == {pedestal + 1000 * second}


def test_gains_of_one_change_nothing():
    config = die(bits=12)
    row = flat_row(config, 0)
    every = np.arange(1 << corrected_bits(config))
    codes = DigitalGainModel(config).row(
        row.with_(codes=every, columns=16 + every), colour_gains=[UNITY_GAIN] * 4,
        capture_gains=[UNITY_GAIN] * 4).codes
    assert (codes == every).all()


def test_the_gain_is_off_by_less_than_a_thousandth_of_one():
    config = die(bits=12)
    generator = np.random.default_rng(1)
    for _ in range(2000):
        first, second = (int(gain) for gain in generator.integers(128, 1024, 2))
        total = DigitalGainModel(config).gains([first], second)[0] / 512
        assert abs(total - first * second / 65536) <= 1 / 1024


def test_a_total_gain_beyond_its_format_is_the_largest_one():
    totals = DigitalGainModel(die()).gains([0xFFFF, 0x8000], 0xFFFF)
    assert totals.tolist() == [(1 << 17) - 1] * 2


def test_codes_saturate_and_full_scale_stays():
    config = die(bits=12)
    full = (1 << corrected_bits(config)) - 1
    pedestal = config.adc.pedestal_codes << 2
    codes = [0, pedestal, pedestal + 1, full // 2, full - 1, full]
    halved = amplify(codes, 1 << 8, 9, config)
    assert halved.tolist() == [pedestal // 2, pedestal, pedestal + 1,
                               pedestal + (full // 2 - pedestal + 1) // 2,
                               pedestal + (full - 1 - pedestal + 1) // 2, full]
    assert amplify(codes, 8 << 9, 9, config).tolist() == [0, pedestal, pedestal + 8, full, full,
                                                         full]


def test_latency_is_as_stated(seed):
    config = die()
    dut = DigitalGain(config)
    assert latency_of(dut, draw_rows(config, np.random.default_rng(seed), 1)[0]) == (
        dut.latency_cycles)
