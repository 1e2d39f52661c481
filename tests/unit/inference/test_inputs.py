# SPDX-License-Identifier: Apache-2.0
"""Images and arrays become codes, or one sentence says why not."""

import numpy as np
import pytest
from PIL import Image

from tapetum_sim.errors import UserError
from tapetum_sim.inference.inputs import read_input

SHAPE = (4, 6, 3)


@pytest.fixture
def pixels(seed):
    return np.random.default_rng(seed).integers(0, 256, SHAPE, dtype=np.uint8)


def test_a_pixel_is_its_value_less_128(pixels, tmp_path):
    Image.fromarray(pixels).save(tmp_path / "image.png")
    codes = read_input(tmp_path / "image.png", SHAPE)
    assert codes.dtype == np.int8
    np.testing.assert_array_equal(codes.astype(int), pixels.astype(int) - 128)


def test_a_grey_network_takes_a_grey_image(pixels, tmp_path):
    Image.fromarray(pixels[..., 0]).save(tmp_path / "grey.png")
    codes = read_input(tmp_path / "grey.png", (4, 6, 1))
    np.testing.assert_array_equal(codes[..., 0].astype(int), pixels[..., 0].astype(int) - 128)


def test_an_array_is_taken_as_it_is(pixels, tmp_path):
    codes = pixels.view(np.int8)
    np.save(tmp_path / "codes.npy", codes)
    np.testing.assert_array_equal(read_input(tmp_path / "codes.npy", SHAPE), codes)


def save_image(path):
    Image.new("RGB", (8, 5)).save(path)


def save_16_bits(path):
    Image.fromarray(np.full((4, 6), 30_000, np.uint16)).save(path)


def save_wide(path):
    np.save(path, np.zeros((4, 7, 3), np.int8))


def save_floats(path):
    np.save(path, np.zeros(SHAPE, np.float32))


def save_noise(path):
    path.write_bytes(b"\x93NUMPY noise")


@pytest.mark.parametrize("name, save, shape, sentence", [
    ("image.png", save_image, SHAPE, r"image.png is 8 x 5 pixels; the network takes 6 x 4\."),
    ("image.png", save_16_bits, (4, 6, 1), r"mode I;16, not of 8 bits; save it as an 8-bit PNG"),
    ("image.png", save_16_bits, SHAPE, r"mode I;16, not of 8 bits"),
    ("image.png", save_image, (5, 8, 4), r"takes 4 channels, which no image has"),
    ("codes.npy", save_wide, SHAPE, r"int8 of 4 x 7 x 3; the network takes int8 of 4 x 6 x 3"),
    ("codes.npy", save_floats, SHAPE, r"holds float32 of 4 x 6 x 3; the network takes int8"),
    ("codes.npy", save_noise, SHAPE, r"cannot read .*codes.npy \(.*numpy.save"),
    ("image.jpg", save_noise, SHAPE, r"cannot read .*image.jpg \(.*give a PNG or JPEG"),
    ("image.png", lambda path: None, SHAPE, r"cannot read .*image.png \(No such file"),
    ("codes.npy", lambda path: None, SHAPE, r"cannot read .*codes.npy \(No such file"),
])
def test_what_does_not_fit_is_refused_in_one_sentence(name, save, shape, sentence, tmp_path):
    save(tmp_path / name)
    with pytest.raises(UserError, match=sentence):
        read_input(tmp_path / name, shape)
