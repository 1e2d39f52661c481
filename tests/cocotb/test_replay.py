# SPDX-License-Identifier: Apache-2.0
"""The stock driver's sequence streams frames out of a virtual sensor, at every speed of the bus."""

import numpy as np
import pytest
from typer.testing import CliRunner

from support.die_runs import make_request
from support.serving import serving
from support.small_dies import small_die
from tapetum_sim.ccs import DriverSetup, StreamSetup
from tapetum_sim.cli import app
from tapetum_sim.client import NotAcknowledgedError
from tapetum_sim.serve.replay import CountingBus, replay

EXPOSURE = 0x0202


@pytest.fixture(scope="module")
def die():
    return small_die("four-captures")


@pytest.fixture
def serve(die, tmp_path):
    """Start a virtual sensor of the die, with options."""
    make_request(die, tmp_path, seed=5)
    return lambda **options: serving(die, tmp_path / "s", str(tmp_path / "scene.npy"), **options)


def setup_of(die):
    return DriverSetup(lanes=die.csi2.byte_lanes)


def test_the_drivers_sequence_streams_frames_with_the_settings_that_it_wrote(die, serve):
    with serve(bus_hz=1_000_000) as sensor:
        done = replay(sensor, setup_of(die), StreamSetup(data_format=0x0C0C, exposure_lines=5),
                      frames=2)
        again = replay(sensor, setup_of(die), StreamSetup(data_format=0x0A0A), frames=1)
    assert done.sensor.name == "ccs"
    assert [frame.number for frame in done.frames] == [1, 2]
    for frame in done.frames:
        assert frame.errors == []
        assert frame.bits == 12
        assert frame.pixels.shape == (done.timing.rows, done.timing.columns)
        assert frame.register(EXPOSURE) == 5
        assert len(np.unique(frame.pixels)) > 16
    assert [(frame.bits, frame.errors) for frame in again.frames] == [(10, [])]


def test_the_command_tells_what_the_driver_found(die, serve):
    with serve(bus_hz=1_000_000, save=True) as sensor:
        said = CliRunner().invoke(app, ["replay", str(sensor.folder)])
    assert said.exit_code == 0, said.output
    assert "ccs: " in said.output
    assert "no NAK" in said.output
    assert "frame 1: " in said.output


def test_a_driver_that_is_not_answered_gives_up(serve):
    with serve(second_address=True) as sensor:
        sensor.address = 0x10
        bus = CountingBus(sensor)
        assert not bus.write(0x0103, b"\x01")
        assert bus.read(0x0000, 2) is None
        assert bus.transactions == 2
        with pytest.raises(NotAcknowledgedError):
            sensor.read(0)


def test_the_command_says_where_nobody_serves(tmp_path):
    said = CliRunner().invoke(app, ["replay", str(tmp_path)])
    assert said.exit_code == 2
    assert "nobody serves a virtual sensor" in said.stderr
