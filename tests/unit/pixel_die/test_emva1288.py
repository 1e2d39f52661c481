# SPDX-License-Identifier: Apache-2.0
"""EMVA 1288, computed by an independent implementation, finds what the pixel die was given.

One gain at a time: the standard's fit holds for one gain only.
"""

import numpy as np
import pytest
from emva1288.process import Data1288, Results1288, routines

from tapetum.config import PixelArrayConfig
from tapetum.presets import preset
from tapetum_sim.pixel_die import PixelDie, PixelDieParameters
from tapetum_sim.scenes import LayeredScene

CONFIG = preset("vga").with_(array=PixelArrayConfig(columns=640, rows=64))
EXPOSURE_S = 0.01
ROWS = range(CONFIG.array.dark_rows, CONFIG.array.total_rows)
PEDESTAL = CONFIG.adc.pedestal_codes
SPATIAL_IMAGES = 8


@pytest.fixture(autouse=True)
def _numpy_1_name(monkeypatch):
    """emva1288 1.0.2 still calls a function that numpy 2 dropped."""
    monkeypatch.setattr(np, "asfarray", lambda values: np.asarray(values, float), raising=False)


def _images(capture, electrons, count, first_frame, parameters):
    background = np.full((CONFIG.array.rows, CONFIG.array.columns, 3), float(electrons > 0))
    scene = LayeredScene(CONFIG, "flat", background, bright_end=1.0,
                         electrons_per_second=max(electrons, 1) / EXPOSURE_S)
    die = PixelDie(CONFIG, scene, parameters, seed=4)
    return [PEDESTAL + np.array([
        (die.signal_trip_codes(frame, row, capture, 0.0, EXPOSURE_S)
         - die.reset_trip_codes(frame, row, capture))[CONFIG.array.optical_black_columns:]
        for row in ROWS]) for frame in range(first_frame, first_frame + count)]


@pytest.mark.parametrize("capture, read_noise, full_well",
                         [(0, 1.5, 2732.0), (1, 8.0, 20_000.0)])
def test_gain_noise_and_nonuniformity_are_those_that_were_set(capture, read_noise, full_well):
    parameters = PixelDieParameters.ideal(
        shot_noise=True, read_noise_high_gain_electrons=read_noise,
        read_noise_low_gain_electrons=read_noise, reset_noise_lsb12=6.0,
        column_reset_spread_lsb12=20.0, photo_response_spread=0.01,
        column_offset_spread_lsb12=2.0)
    temporal = {}
    levels = [0.0, *np.linspace(0.05, 1.1, 22) * full_well]
    for index, electrons in enumerate(levels):
        images = routines.get_int_imgs(_images(capture, electrons, 2, 2 * index, parameters))
        temporal[electrons] = {"sum": images["sum"].sum(), "pvar": images["pvar"].sum(),
                               "dmean": images["dmean"]}
    spatial = {electrons: routines.get_int_imgs(
        _images(capture, electrons, SPATIAL_IMAGES, 100 * (1 + int(electrons > 0)), parameters))
        for electrons in (0.0, full_well / 2)}
    data = Data1288({
        "width": CONFIG.array.columns, "height": CONFIG.array.rows,
        "temporal": {EXPOSURE_S: temporal}, "spatial": {EXPOSURE_S: spatial}})
    judged = Results1288(data.data)

    per_code = CONFIG.electrons_per_code(CONFIG.captures[capture])
    # Photons are given as electrons, so that the quantum efficiency is 1.
    gain, efficiency, dark_noise = judged.K, judged.QE, judged.sigma_d
    dark_spread, photo_spread, saturation = judged.DSNU1288, judged.PRNU1288, judged.u_e_sat
    assert 1 / gain == pytest.approx(per_code, rel=0.02)
    assert efficiency == pytest.approx(100, abs=2)
    # The standard allows for one rounding (1/12), a correlated double sample has two.
    expected_dark = np.sqrt(read_noise ** 2 + per_code ** 2 / 12)
    assert dark_noise == pytest.approx(expected_dark, rel=0.03)
    assert photo_spread == pytest.approx(1.0, abs=0.1)
    assert dark_spread == pytest.approx(2.0 * per_code, rel=0.15)
    assert saturation == pytest.approx(full_well, rel=0.1)
