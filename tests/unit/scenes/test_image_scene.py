# SPDX-License-Identifier: Apache-2.0
"""Pictures of every format become scenes; bad ones are refused in one sentence."""

import struct
import zlib
from dataclasses import replace

import imageio.v3 as imageio
import numpy as np
import OpenEXR
import pytest
import tifffile

from tapetum.config import ColourFilter
from tapetum.presets import preset
from tapetum_sim.scenes import ImageScene, SceneError, load_scene
from tapetum_sim.scenes.image_scene import area_average
from tapetum_sim.scenes.layered import HEADROOM, largest_rate

CONFIG = preset("tiny")
ROWS, COLUMNS = CONFIG.array.rows, CONFIG.array.columns


def _picture(seed=1, rows=ROWS, columns=COLUMNS):
    return 10 ** np.random.default_rng(seed).uniform(-3, 3, (rows, columns, 3))


def _write_png_16(path, values):
    """A 16-bit RGB file, which pillow cannot write."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))

    height, width, _ = values.shape
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in values)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(
        ">IIBBBBB", width, height, 16, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b""))


def _write_exr(path, channels):
    OpenEXR.File({"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage},
                 channels).write(str(path))


def _rgbe(values):
    exponent = np.frexp(values.max(axis=2))[1]
    scaled = np.floor(values * (np.ldexp(1.0, 8 - exponent))[..., None])
    return np.dstack([scaled, exponent + 128]).astype(np.uint8)


def test_exr_is_read_without_loss(tmp_path):
    values = _picture().astype(np.float32)
    _write_exr(tmp_path / "a.exr", {"RGB": values})
    np.testing.assert_array_equal(ImageScene(CONFIG, tmp_path / "a.exr").background, values)


def test_exr_with_luminance_alone_becomes_grey(tmp_path):
    values = _picture()[..., 0].astype(np.float32)
    _write_exr(tmp_path / "a.exr", {"Y": values})
    background = ImageScene(CONFIG, tmp_path / "a.exr").background
    np.testing.assert_array_equal(background, np.repeat(values[..., None], 3, axis=2))


@pytest.mark.parametrize("run_length", [False, True])
def test_radiance_hdr_is_read_to_its_own_precision(tmp_path, run_length):
    values = _picture()
    values[10:20] = 5.0
    body, rgbe = b"", _rgbe(values)
    for line in rgbe:
        if not run_length:
            body += line.tobytes()
            continue
        body += bytes([2, 2, COLUMNS >> 8, COLUMNS & 255])
        for channel in line.T:
            if (channel == channel[0]).all():
                body += bytes([128 + COLUMNS, channel[0]])
            else:
                body += bytes([COLUMNS]) + channel.tobytes()
    (tmp_path / "a.hdr").write_bytes(
        b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\nEXPOSURE=2\n\n" + b"-Y %d +X %d\n" % (ROWS, COLUMNS)
        + body)
    background = ImageScene(CONFIG, tmp_path / "a.hdr").background
    error = np.abs(background * 2 - values).max(axis=2)
    assert (error <= values.max(axis=2) / 256 * 1.01).all()


def test_png_and_tiff_keep_16_bits(tmp_path):
    values = np.random.default_rng(2).integers(1, 65536, (ROWS, COLUMNS, 3)).astype(np.uint16)
    _write_png_16(tmp_path / "a.png", values)
    tifffile.imwrite(tmp_path / "a.tif", values)
    imageio.imwrite(tmp_path / "grey.png", values[..., 0])
    for name in ("a.png", "a.tif"):
        np.testing.assert_array_equal(ImageScene(CONFIG, tmp_path / name).background, values)
    grey = ImageScene(CONFIG, tmp_path / "grey.png").background
    np.testing.assert_array_equal(grey[..., 1], values[..., 0])


def test_8_bit_png_is_made_linear_and_says_so(tmp_path):
    values = np.full((ROWS, COLUMNS, 3), 128, np.uint8)
    imageio.imwrite(tmp_path / "a.png", values)
    scene = ImageScene(CONFIG, tmp_path / "a.png")
    assert scene.background[0, 0, 0] == pytest.approx(0.2158605, rel=1e-5)
    assert any("8-bit" in notice for notice in scene.notices)


def test_resampling_is_announced_and_keeps_the_mean(tmp_path):
    values = _picture(rows=100, columns=150)
    np.save(tmp_path / "a.npy", values)
    scene = ImageScene(CONFIG, tmp_path / "a.npy")
    assert len(scene.notices) == 2
    assert "cut from 150x100 to 133x100" in scene.notices[0]
    assert "resampled by area average from 133x100 to 64x48" in scene.notices[1]
    assert scene.background.mean() == pytest.approx(values[:, 8:141].mean(), rel=1e-9)


def test_area_average_of_whole_blocks_is_their_mean():
    values = _picture(rows=96, columns=128)
    blocks = values.reshape(48, 2, 64, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(area_average(values, 48, 64), blocks, rtol=1e-12)


def test_enlarging_repeats_pixels():
    values = _picture(rows=2, columns=2)
    np.testing.assert_allclose(area_average(values, 4, 6), values.repeat(2, 0).repeat(3, 1))


def test_bright_end_lands_near_the_top_unless_told_otherwise(tmp_path):
    np.save(tmp_path / "a.npy", _picture())
    scene = ImageScene(CONFIG, tmp_path / "a.npy")
    bright = np.percentile(scene.background, 99.9) * scene.electrons_per_second
    assert bright == pytest.approx(HEADROOM * largest_rate(CONFIG))
    assert load_scene(CONFIG, tmp_path / "a.npy",
                      electrons_per_second=7.0).electrons_per_second == 7.0


@pytest.mark.parametrize("colour_filter", list(ColourFilter))
def test_each_pixel_sees_its_own_colour(tmp_path, colour_filter):
    np.save(tmp_path / "a.npy", np.ones((ROWS, COLUMNS, 3)) * [1.0, 2.0, 4.0])
    config = CONFIG.with_(array=replace(CONFIG.array, colour_filter=colour_filter))
    truth = ImageScene(config, tmp_path / "a.npy").truth(0, 0.01)
    value = {"r": 1.0, "g": 2.0, "b": 4.0}
    expected = ([0.2126 + 2 * 0.7152 + 4 * 0.0722] * 4 if colour_filter is ColourFilter.MONO
                else [value[letter] for letter in colour_filter.value])
    np.testing.assert_allclose(truth[:2, :2].ravel(), expected)
    np.testing.assert_array_equal(truth[0::2, 1::2], truth[0, 1])


def _bad(value):
    values = np.ones((ROWS, COLUMNS))
    values[3, 5] = value
    return values


@pytest.mark.parametrize("content, cause", [
    (_bad(np.nan), "1 of its pixels are NaN, the first at row 3, column 5"),
    (_bad(np.inf), "infinite"), (_bad(-0.5), "negative"), (_bad(1e200), "absurdly large"),
    (np.zeros((ROWS, COLUMNS)), "black everywhere"), (np.zeros((0, 4)), "shape is"),
    (np.ones((2, 2, 2, 2)), "shape is"), (np.ones((4, 4), complex), "complex128"),
    (np.array([["a"]]), "<U1"),
])
def test_bad_values_are_refused(tmp_path, content, cause):
    path = tmp_path / "bad.npy"
    np.save(path, content)
    _expect_refused(path, cause)


def test_an_archive_is_no_scene_whatever_its_name(tmp_path):
    path = tmp_path / "archive.npy"
    with path.open("wb") as file:
        np.savez(file, _picture())
    _expect_refused(path, "an archive of arrays")


@pytest.mark.parametrize("name, content, cause", [
    ("missing.exr", None, "no such file"), ("empty.exr", b"", "the file is empty"),
    ("broken.exr", b"nonsense", "could not be read"), ("broken.hdr", b"nonsense", "signature"),
    ("short.hdr", b"#?RADIANCE\n\n-Y 4 +X 4\nabc", "ends after 3 of 64 bytes"),
    ("cut.hdr", b"#?RADIANCE\n\n-Y 4 +X 16\n\x02\x02\x00\x10\x90", "cut short"),
    ("broken.png", b"\x89PNG\r\n\x1a\nxxxx", "could not be read"),
    ("broken.tif", b"II*\0", "could not be read"), ("broken.npy", b"abc", "could not be read"),
    ("scene.gif", b"GIF89a", "its suffix .gif is not one of"),
    ("nosuchname", None, "there is no scene of that name; choose one of tunnel, chart, flicker"),
])
def test_bad_files_are_refused(tmp_path, name, content, cause):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    _expect_refused(tmp_path / name, cause)


def _expect_refused(path, cause):
    with pytest.raises(SceneError) as caught:
        load_scene(CONFIG, path)
    message = str(caught.value)
    assert message.startswith(f"cannot use scene {path}: ")
    assert cause in message
    assert message.endswith(".")
    assert "; " in message
    assert "\n" not in message


def test_a_colour_outside_of_the_gamut_is_brought_to_zero_and_said_so(tmp_path):
    picture = np.full((48, 64, 3), 10.0)
    picture[5, 7, 2] = -0.005
    np.save(tmp_path / "gamut.npy", picture)
    scene = load_scene(CONFIG, tmp_path / "gamut.npy")
    assert any("slightly negative" in notice for notice in scene.notices)
    assert scene.truth(0.0, 0.01).min() >= 0
