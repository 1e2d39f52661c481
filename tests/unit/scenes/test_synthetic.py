# SPDX-License-Identifier: Apache-2.0
"""The synthetic scenes span the range that they promise and hold what they announce."""

import numpy as np
import pytest

from tapetum.presets import preset
from tapetum_sim.scenes import SCENES, Chart, Flicker, Scene, Tunnel

TINY, QVGA = preset("tiny"), preset("qvga")


@pytest.fixture(scope="module")
def tunnel():
    return Tunnel(QVGA)


@pytest.mark.parametrize("name", SCENES)
def test_scene_follows_the_protocol(name):
    scene = SCENES[name](TINY)
    assert isinstance(scene, Scene)
    truth = scene.truth(0.0, 0.01)
    assert truth.shape == (48, 64)
    assert np.isfinite(truth).all()
    assert truth.min() > 0
    np.testing.assert_array_equal(scene.row_radiance(7, 0.0, 0.01), truth[7])
    picture = scene.picture()
    assert (picture.shape, picture.dtype) == ((48, 64, 3), np.uint8)
    assert np.ptp(picture) > 150


def test_tunnel_spans_about_140_db(tunnel):
    truth = tunnel.truth(0.0, 0.011)
    assert 20 * np.log10(truth.max() / truth.min()) == pytest.approx(140, abs=1.5)
    # Both ends are areas, not single pixels, and light fills the decades between.
    assert (truth < 3 * truth.min()).sum() > 100
    assert (truth > truth.max() / 3).sum() > 20
    counts, _ = np.histogram(np.log10(truth), np.arange(-1, 6))
    assert counts.min() > 20


def test_tunnel_pulses_and_moves(tunnel):
    sign = tunnel.pulsed_layers[0]
    mask = sign.mask(tunnel.rows, tunnel.columns)
    on = tunnel.truth(0.0, 0.0005)[mask]
    off = tunnel.truth(0.002, 0.0025)[mask]
    assert on.mean() > 100 * off.mean()
    first, later = tunnel.truth(0.0, 0.001), tunnel.truth(0.2, 0.201)
    changed = np.argwhere((np.abs(first - later) > 0.05 * first) & ~mask)
    assert changed[:, 1].min() < tunnel.columns // 6        # the pedestrian, on the left
    assert len(changed) > 100


def test_tunnel_without_movers_rests_between_pulses():
    scene = Tunnel(TINY, moving=False)
    lamps = np.any([layer.mask(48, 64) for layer in scene.pulsed_layers], axis=0)
    difference = scene.truth(0.0, 0.001) != scene.truth(0.3, 0.305)
    assert not (difference & ~lamps).any()


def test_chart_steps_are_where_they_say():
    chart = Chart(QVGA)
    levels = [step.level_db for step in chart.steps]
    np.testing.assert_allclose(levels, np.arange(-140, 1, 5))
    truth = chart.truth(0, 0.01)
    for step in chart.steps:
        patch = truth[step.rows, step.columns]
        assert patch.size >= 100
        assert (patch == step.radiance).all()
        assert 20 * np.log10(step.radiance) == pytest.approx(step.level_db, abs=1e-9)


def test_chart_fits_the_smallest_array():
    for step in Chart(TINY).steps:
        assert (step.rows.stop - step.rows.start) * (step.columns.stop - step.columns.start) >= 4


def test_chart_ramp_is_even_in_decibels():
    chart = Chart(QVGA)
    ramp = chart.truth(0, 0.01)[chart.ramp_rows]
    np.testing.assert_allclose(np.diff(20 * np.log10(ramp), axis=1), 140 / 319, rtol=1e-6)


def test_chart_edge_is_slanted_by_five_degrees():
    chart = Chart(QVGA)
    edge = chart.truth(0, 0.01)[chart.edge_rows]
    low, high = edge.min(), edge.max()
    assert high / low == pytest.approx(4)
    position = ((high - edge) / (high - low)).sum(axis=1)
    slope = np.polyfit(np.arange(position.size), position, 1)[0]
    assert np.degrees(np.arctan(slope)) == pytest.approx(5.0, abs=0.01)


@pytest.mark.parametrize("config", [TINY, QVGA], ids=lambda config: config.name)
def test_flicker_lamps_pulse_as_listed(config):
    scene = Flicker(config)
    settings = {(lamp.pulse.frequency_hz, lamp.pulse.duty) for lamp in scene.lamps}
    assert {duty for _, duty in settings} == {0.1, 0.3}
    assert (min(settings)[0], max(settings)[0]) == (90.0, 1000.0)
    long, short = scene.truth(0.0, 100.0), scene.truth(0.0, 1e-6)
    for lamp in scene.lamps:
        assert long[lamp.rows, lamp.columns] == pytest.approx(lamp.mean_radiance, rel=1e-3)
        lit = lamp.pulse.on_fraction(0.0, 1e-6)
        assert short[lamp.rows, lamp.columns] == pytest.approx(lit, abs=1e-3)
    phases = sorted(lamp.pulse.phase for lamp in scene.lamps if lamp.pulse.duty == 0.1)
    assert np.diff(phases).max() < 0.08


def test_flicker_lamps_suit_the_capture_that_sees_every_pulse():
    scene = Flicker(QVGA)
    small = QVGA.captures[2]
    exposure_s = QVGA.exposure_cycles(small) / QVGA.sync_clock_hz
    electrons = scene.electrons_per_second * exposure_s * QVGA.pixel.small_sensitivity
    assert electrons == pytest.approx(15_000)
