# SPDX-License-Identifier: Apache-2.0
"""A virtual sensor is the die: its wires answer, its frames are those of `tapetum sim`."""

import json
import runpy
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.die_runs import make_request, run_small
from support.serving import PATIENCE_S, serving
from support.small_dies import small_die
from tapetum_sim.client import Device, I2cBus, Message, NotAcknowledgedError, RefusedError
from tapetum_sim.client.protocol import MAXIMUM_LINE_BYTES
from tapetum_sim.client.sensor import FRAME_SOCKET, I2C_SOCKET
from tapetum_sim.csi2.decoder import decode
from tapetum_sim.errors import UserError
from tapetum_sim.host import RegisterMap
from tapetum_sim.serve.session import serve

MODE_SELECT, COARSE_INTEGRATION_TIME, FRAME_LENGTH_LINES = 0x0100, 0x0202, 0x0340
SEED = 5
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sockets(tmp_path_factory):
    """Folders whose names are short enough for sockets."""
    count = iter(range(1000))
    root = tmp_path_factory.mktemp("s")
    return lambda: root / str(next(count))


@pytest.fixture(scope="module")
def served_die():
    return small_die("four-captures")


@pytest.fixture(scope="module")
def scene(served_die, tmp_path_factory):
    """The scene of `run_small`."""
    directory = tmp_path_factory.mktemp("scene")
    make_request(served_die, directory, seed=SEED)
    return str(directory / "scene.npy")


@pytest.fixture(scope="module")
def sensor(served_die, scene, sockets):
    """For tests that leave it idle."""
    with serving(served_die, sockets(), scene, SEED) as sensor:
        yield sensor


@pytest.fixture
def fresh(served_die, scene, sockets):
    """Start another server, with options."""
    return lambda **options: serving(served_die, sockets(), scene, SEED, **options)


def pixels(frame):
    return frame.virtual_channel == 0


def of_pixels(stream, count):
    return [frame for _, frame in zip(range(count), filter(pixels, stream), strict=False)]


def test_registers_are_written_and_read_over_the_wires(sensor):
    reset = sensor.read_value(FRAME_LENGTH_LINES)
    sensor.write_value(FRAME_LENGTH_LINES, reset + 3)
    assert sensor.read_value(FRAME_LENGTH_LINES) == reset + 3
    assert sensor.read(FRAME_LENGTH_LINES, 4)[:2] == (reset + 3).to_bytes(2, "big")
    sensor.write_value(FRAME_LENGTH_LINES, reset)


def test_a_read_goes_on_where_the_last_transfer_ended(sensor):
    whole = sensor.read(FRAME_LENGTH_LINES, 4)
    first, rest = sensor.bus.transfer(
        Message(device=sensor.address, data=FRAME_LENGTH_LINES.to_bytes(2, "big")),
        Message(device=sensor.address, read_bytes=1), Message(device=sensor.address, read_bytes=3))
    assert first + rest == whole


def test_a_transfer_takes_as_long_as_its_bits(sensor):
    before = sensor.bus.answer.time_ps
    sensor.write(0x0000, b"")
    bits = 9 * 3
    lasted = sensor.bus.answer.time_ps - before
    assert bits < lasted / 2_500_000 < bits + 4


def test_another_device_is_not_acknowledged(sensor):
    with pytest.raises(NotAcknowledgedError) as refused:
        Device(sensor.bus, 0x37).read(0)
    assert (refused.value.message, refused.value.byte) == (0, 0)
    assert sensor.read_value(FRAME_LENGTH_LINES)


def test_time_stands_still_between_requests_of_an_idle_die(sensor):
    before = sensor.bus.request("info").time_ps
    time.sleep(0.2)
    assert sensor.bus.request("info").time_ps == before
    sensor.bus.wait(1e-6)
    assert sensor.bus.answer.time_ps == before + 1_000_000


@pytest.mark.parametrize("line", ["", "hello", "w2@0x10 1", "r0@0x10", "wait 1e9", "\x00\xff"])
def test_a_malformed_request_is_answered_and_nothing_happens(sensor, line):
    before = sensor.bus.answer.time_ps
    answer = sensor.bus.request(line)
    assert answer.outcome == "error"
    assert answer.time_ps == before
    assert answer.rest.endswith(".") or "for example" in answer.rest
    assert sensor.read_value(FRAME_LENGTH_LINES)


def test_a_request_without_end_ends_the_connection(sensor):
    with I2cBus(sensor.folder / I2C_SOCKET, timeout_s=PATIENCE_S) as other:
        with suppress(OSError):  # whether the answer or the end is seen first
            assert other.request("w" * 3 * MAXIMUM_LINE_BYTES).outcome == "error"
        with pytest.raises(OSError):
            other.request("info")
    assert sensor.read_value(FRAME_LENGTH_LINES)


def test_a_client_that_leaves_in_the_middle_of_a_request_changes_nothing(sensor):
    before = sensor.read_value(FRAME_LENGTH_LINES)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.connect(str(sensor.folder / I2C_SOCKET))
        other.sendall(b"w4@0x10 0x03 0x40 0x01")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.connect(str(sensor.folder / I2C_SOCKET))
        other.sendall(b"wait 0.0001\n")
    assert sensor.read_value(FRAME_LENGTH_LINES) == before


def test_transfers_of_two_clients_do_not_mix(sensor):
    wrong = []

    def work(index, values):
        with I2cBus(sensor.folder / I2C_SOCKET, timeout_s=PATIENCE_S) as bus:
            device = Device(bus, sensor.address)
            for value in values:
                device.write_value(index, value)
                if device.read_value(index) != value:
                    wrong.append((index, value))

    clients = [threading.Thread(target=work, args=(index, range(20, 26)))
               for index in (FRAME_LENGTH_LINES, COARSE_INTEGRATION_TIME)]
    before = sensor.read_value(FRAME_LENGTH_LINES), sensor.read_value(COARSE_INTEGRATION_TIME)
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert wrong == []
    for index, value in zip((FRAME_LENGTH_LINES, COARSE_INTEGRATION_TIME), before, strict=True):
        sensor.write_value(index, value)


def test_requests_may_be_sent_ahead(sensor):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.connect(str(sensor.folder / I2C_SOCKET))
        other.sendall(b"w2@0x10 0x03 0x40 r2\nnonsense\nw2@0x33 0 0\n")
        with other.makefile() as answers:
            assert [answers.readline().split()[0] for _ in range(3)] == ["ok", "error", "nak"]


def test_frames_are_those_of_a_simulation_of_the_same_scene_and_seed(fresh, served_die, tmp_path):
    record = run_small(served_die, tmp_path, frames=3, seed=SEED)
    with fresh() as sensor, sensor.frames() as stream:
        sensor.write(MODE_SELECT, b"\x01")
        got = of_pixels(stream, 3)
        sensor.write(MODE_SELECT, b"\x00")
    expected = decode(record.packet_bytes).of_channel(0)
    assert len(expected) == 3
    for frame, want in zip(got, expected, strict=True):
        assert frame.errors == []
        assert frame.number == want.number
        np.testing.assert_array_equal(frame.pixels, want.pixels)
        assert frame.embedded == want.embedded


def test_a_changed_exposure_arrives_and_all_frames_that_were_begun_leave(fresh):
    with fresh() as sensor, sensor.frames() as stream:
        sensor.write(MODE_SELECT, b"\x01")
        before = of_pixels(stream, 1)[0].register(COARSE_INTEGRATION_TIME)
        sensor.write_value(COARSE_INTEGRATION_TIME, before - 4)
        exposures = [frame.register(COARSE_INTEGRATION_TIME) for frame in of_pixels(stream, 4)]
        assert exposures[-1] == before - 4
        assert exposures == sorted(exposures, reverse=True)
        sensor.write(MODE_SELECT, b"\x00")
        assert "s" not in sensor.bus.answer.state
        while set(sensor.bus.request("info").state) & set("sb"):
            time.sleep(0.05)
        last = sensor.bus.answer.time_ps
    assert last > 0


def test_time_waits_for_a_reader_and_no_frame_is_lost(fresh):
    with fresh(depth=2) as sensor:
        sensor.write(MODE_SELECT, b"\x01")
        stood = [sensor.bus.request("info").time_ps]
        while len(stood) < 3 or stood[-1] != stood[-3]:
            time.sleep(0.3)
            stood.append(sensor.bus.request("info").time_ps)
        assert "s" in sensor.bus.answer.state
        with sensor.frames() as stream:
            numbers = [frame.number for frame in of_pixels(stream, 6)]
        assert numbers == [1, 2, 3, 4, 5, 6]


def test_dropping_goes_on_without_a_reader_and_counts(fresh):
    with fresh(depth=1, drop=True) as sensor:
        sensor.write(MODE_SELECT, b"\x01")
        sensor.bus.wait(6 * sensor.bus.info()["frame_time_s"])
        with sensor.frames() as stream:
            frame = next(stream)
        assert frame.dropped > 0
        assert frame.number > 1


def test_pausing_gives_time_to_requests_alone_until_the_client_leaves(fresh):
    with fresh(depth=100) as sensor, sensor.frames() as stream:
        with I2cBus(sensor.folder / I2C_SOCKET, timeout_s=PATIENCE_S) as other:
            other.pause()
            sensor.write(MODE_SELECT, b"\x01")
            begin = sensor.bus.answer.time_ps
            time.sleep(0.3)
            assert sensor.bus.request("info").time_ps == begin
            sensor.bus.wait(1e-4)
            assert sensor.bus.answer.time_ps == begin + 10**8
        assert next(stream).number == 1


def test_a_pulse_starts_a_frame_in_triggered_mode(fresh, served_die):
    trigger_mode = RegisterMap(served_die)["trigger_mode"].address
    with fresh() as sensor, sensor.frames() as stream:
        sensor.write(trigger_mode, b"\x01")
        sensor.write(MODE_SELECT, b"\x01")
        sensor.bus.wait(2 * sensor.bus.info()["frame_time_s"])
        asked_ps = sensor.bus.answer.time_ps
        sensor.bus.pulse()
        assert next(stream).start_ps > asked_ps


def test_the_worked_example_leaves_its_pictures(fresh):
    with fresh() as sensor:
        example = runpy.run_path(str(ROOT / "docs/serve/two_frames.py"))
        example["main"](sensor.folder)
        first, darker = (np.asarray(Image.open(sensor.folder / name), np.int64)
                         for name in ("first.png", "darker.png"))
    assert first.shape == darker.shape
    assert darker.sum() < first.sum()


def test_saved_frames_are_what_is_streamed(fresh):
    with fresh(save=True) as sensor:
        with sensor.frames() as stream:
            sensor.write(MODE_SELECT, b"\x01")
            frame, = of_pixels(stream, 1)
        folder = sensor.folder / "frames"
        stems = sorted(path.with_suffix("") for path in folder.glob("*-channel0.json"))
        np.testing.assert_array_equal(np.load(stems[0].with_suffix(".npy")), frame.pixels)
        assert stems[0].with_suffix(".packets").read_bytes() == frame.packets
        assert stems[0].with_suffix(".png").stat().st_size
        assert json.loads(stems[0].with_suffix(".json").read_text()) == frame.header()


def test_a_frame_that_cannot_be_written_ends_the_server_and_clients_are_told(fresh):
    with fresh(save=True, exit_code=1) as sensor:
        (sensor.folder / "frames").rmdir()
        (sensor.folder / "frames").write_text("a file stands here")
        sensor.write(MODE_SELECT, b"\x01")
        with pytest.raises(OSError):
            for _ in iter(lambda: sensor.bus.request("wait 0.01"), None):
                pass


def test_the_second_address_answers_alone(fresh):
    with fresh(second_address=True, bus_hz=1_000_000) as sensor:
        assert sensor.address == 0x37
        assert sensor.read_value(FRAME_LENGTH_LINES)
        with pytest.raises(NotAcknowledgedError):
            Device(sensor.bus, 0x10).read(0)


def test_the_sockets_go_with_the_server_and_clients_are_told(fresh):
    with fresh() as sensor:
        stream = sensor.frames()
        folder = sensor.folder
        assert (folder / I2C_SOCKET).is_socket()
    assert not (folder / I2C_SOCKET).exists()
    assert not (folder / FRAME_SOCKET).exists()
    stream.close()


def test_a_second_server_is_refused_and_the_first_one_goes_on(sensor, served_die, scene):
    with pytest.raises(UserError, match="another virtual sensor serves"):
        serve(config=served_die, scene=scene, seed=1, out=sensor.folder)
    assert sensor.read_value(FRAME_LENGTH_LINES)


def test_what_a_dead_server_left_is_no_obstacle(served_die, scene, sockets):
    folder = sockets()
    folder.mkdir()
    for name in (I2C_SOCKET, FRAME_SOCKET):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
            dead.bind(str(folder / name))
    with serving(served_die, folder, scene) as sensor:
        assert sensor.read_value(FRAME_LENGTH_LINES)


def test_a_refused_request_is_an_error_of_its_own(sensor):
    with pytest.raises(RefusedError, match="0 to 10 seconds"):
        sensor.bus.wait(11)
