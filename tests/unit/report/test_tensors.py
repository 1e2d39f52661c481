# SPDX-License-Identifier: Apache-2.0
"""A network's input and output as files: the values of the link, and a picture of them."""

import numpy as np
from PIL import Image

from tapetum_sim.csi2.tensors import DecodedTensor
from tapetum_sim.report.tensors import write_tensors


def tensor(frame: int, values, **changes) -> DecodedTensor:
    return DecodedTensor(**({"frame": frame, "model_id": 1, "is_output": False, "flags": (),
                             "region": (0, 0, 8, 8), "values": np.array(values, np.int8)}
                            | changes))


def test_values_are_kept_and_pictures_show_them(tmp_path):
    codes = [[[-128, 0, 127], [1, 2, 3]], [[9, 9, 9], [9, 9, 9]]]
    scores = [[[5, -6, 7]]]
    write_tensors([tensor(3, codes, missing_rows=[1]), tensor(3, scores, is_output=True)],
                  tmp_path / "tensors")
    folder = tmp_path / "tensors"
    assert np.array_equal(np.load(folder / "00003-input.npy"), codes)
    assert np.array_equal(np.load(folder / "00003-output.npy"), scores)
    with Image.open(folder / "00003-input.png") as picture:
        shown = np.asarray(picture)
    assert np.array_equal(shown, [[[0, 128, 255], [129, 130, 131]], [[0, 0, 0], [0, 0, 0]]])


def test_one_channel_is_grey(tmp_path):
    write_tensors([tensor(0, [[[-128], [127]]])], tmp_path / "tensors")
    with Image.open(tmp_path / "tensors" / "00000-input.png") as picture:
        assert np.array_equal(np.asarray(picture), [[0, 255]])


def test_tensors_of_an_earlier_run_go(tmp_path):
    folder = tmp_path / "tensors"
    write_tensors([tensor(0, [[[1]]]), tensor(0, [[[1]]], is_output=True)], folder)
    (folder / "mine.npy").touch()
    write_tensors([], folder)
    assert [path.name for path in folder.iterdir()] == ["mine.npy"]


def test_without_tensors_there_is_no_folder(tmp_path):
    write_tensors([], tmp_path / "tensors")
    assert not (tmp_path / "tensors").exists()
