# SPDX-License-Identifier: Apache-2.0
"""Weights become a program that computes what they computed."""

import logging

import numpy as np
import onnxruntime
from typer.testing import CliRunner

from tapetum_sim.cli import app
from tapetum_sim.models.npu import NpuModel
from tapetum_sim.train.data import INPUT_SHAPE
from tapetum_sim.train.layers import CODE_SCALE, Layer
from tapetum_sim.train.quantise import float_model, quantise


def random_layers(generator):
    layers, before = [], INPUT_SHAPE[2]
    for width, stride in ((8, 2), (16, 2)):
        weights = generator.standard_normal((width, before, 3, 3)) * (2 / (9 * before)) ** 0.5
        layers.append(Layer(weights=weights.astype(np.float32), stride=stride,
                            bias=generator.normal(0, 0.1, width).astype(np.float32)))
        before = width
    last = generator.standard_normal((3, before, 1, 1)).astype(np.float32)
    return [*layers, Layer(weights=last, bias=np.zeros(3, np.float32))]


def test_int8_scores_follow_those_in_floating_point(seed, caplog):
    caplog.set_level(logging.ERROR)
    generator = np.random.default_rng(seed)
    layers = random_layers(generator)
    smooth = generator.integers(-128, 128, (30, 6, 8, 3)).repeat(4, 1).repeat(4, 2)
    pictures = smooth.astype(np.int8)
    program = quantise(layers, pictures, class_names="abc", model_id=5)
    assert program.input_shape == INPUT_SHAPE
    assert program.class_names == ("a", "b", "c")

    session = onnxruntime.InferenceSession(
        float_model(layers, INPUT_SHAPE).SerializeToString(), providers=["CPUExecutionProvider"])
    exact, codes = [], []
    for picture in pictures:
        planes = picture.transpose(2, 0, 1)[None].astype(np.float32) / CODE_SCALE
        exact.append(np.ravel(np.asarray(session.run(None, {"picture": planes})[0])))
        codes.append(NpuModel(program).run(picture).ravel()[:3])
    correlation = np.corrcoef(np.ravel(exact), np.ravel(codes))[0, 1]
    assert correlation > 0.98


def test_a_missing_package_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = CliRunner().invoke(app, ["train"])
    assert result.exit_code == 2
    assert 'no torch; install it with pip install -e ".[train]"' in " ".join(result.output.split())


def test_an_unknown_capture_is_refused():
    result = CliRunner().invoke(app, ["train", "--capture", "XXL"])
    assert result.exit_code == 2
    assert "HCG, LCG, SPD, VS" in " ".join(result.output.split())
