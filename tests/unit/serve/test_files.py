# SPDX-License-Identifier: Apache-2.0
"""Saved frames hold what was sent, and none overwrites another."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tapetum_sim.client import SentFrame
from tapetum_sim.models.tensors import FrameTensors, tensor_packets
from tapetum_sim.serve.files import FrameFiles


def frame(bits, channel=0, values=((0, 1), (2, 3))):
    return SentFrame(
        virtual_channel=channel, number=9, start_ps=1, end_ps=2, bits=bits, packets=b"packets",
        pixels=np.array(values, np.uint32 if bits > 16 else np.uint16))


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16, 20, 24])
def test_full_scale_is_white_in_every_format(tmp_path, bits):
    FrameFiles(tmp_path).write(frame(bits, values=[[0, (1 << bits) - 1]]))
    black, white = np.asarray(Image.open(tmp_path / "000001-channel0.png")).ravel()
    assert black == 0
    assert white == 0xFFFF - ((1 << max(16 - bits, 0)) - 1)


def test_a_frame_is_four_files(tmp_path):
    FrameFiles(tmp_path).write(frame(12, channel=3))
    stem = tmp_path / "000001-channel3"
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [
        ".json", ".npy", ".packets", ".png"]
    np.testing.assert_array_equal(np.load(stem.with_suffix(".npy")), [[0, 1], [2, 3]])
    assert stem.with_suffix(".packets").read_bytes() == b"packets"
    assert json.loads(stem.with_suffix(".json").read_text())["number"] == 9


def test_a_channel_without_pixels_has_packets_alone(tmp_path):
    FrameFiles(tmp_path).write(frame(0, channel=2, values=np.zeros((0, 0))))
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".packets"]


def test_a_network_s_input_and_output_are_files_too(tmp_path):
    picture = np.arange(-6, 6, dtype=np.int8).reshape(2, 2, 3)
    packets = tensor_packets([FrameTensors(
        frame=9, model_id=1, region=(0, 0, 8, 8), picture=picture, output=[3, -4])])
    FrameFiles(tmp_path).write(replace(
        frame(0, channel=3, values=np.zeros((0, 0))), packets=packets))
    assert np.array_equal(np.load(tmp_path / "000001-channel3-input.npy"), picture)
    assert np.load(tmp_path / "000001-channel3-output.npy").ravel().tolist() == [3, -4]
    assert (tmp_path / "000001-channel3-input.png").exists()


def test_numbers_go_on_where_an_earlier_server_ended(tmp_path):
    FrameFiles(tmp_path).write(frame(12))
    FrameFiles(tmp_path).write(frame(12, channel=1))
    files = FrameFiles(tmp_path)
    files.write(frame(12))
    assert sorted(path.name for path in tmp_path.glob("*.npy")) == [
        "000001-channel0.npy", "000002-channel1.npy", "000003-channel0.npy"]
