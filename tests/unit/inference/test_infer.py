# SPDX-License-Identifier: Apache-2.0
"""A network gives the same by every way to run it, and a difference is found and told."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from tapetum_compiler.backend.compile import compile_network
from tapetum_compiler.backend.image import save_program
from tapetum_compiler.importers import read_network
from tapetum_sim.cli import app
from tapetum_sim.inference.backends import Backend, Model
from tapetum_sim.inference.report import compare, describe
from tapetum_sim.models.npu import NpuModel
from unit.compiler.networks import convolution, images, network_of, residual_network, tensor
from unit.compiler.tflite_models import data_file
from unit.npu.test_compiled import mobile_network


def model_of(network, **options):
    made = compile_network(network, **options)
    return Model(made.program, network, made)


@pytest.fixture
def small(seed):
    """A model, and an image for it."""
    rng = np.random.default_rng(seed)
    network = mobile_network(rng)
    return model_of(network), images(rng, network, 1)[0][0]


def test_the_model_is_the_reference_in_every_value(small):
    model, image = small
    outcomes = {each: model.run(each, image) for each in (Backend.REFERENCE, Backend.MODEL)}
    result = compare(outcomes)
    assert result["mismatches"] == 0
    assert result["values_compared"] == sum(
        outcomes[Backend.REFERENCE].tensors[name][..., known].size
        for name, known in outcomes[Backend.MODEL].known.items())
    np.testing.assert_array_equal(*(outcome.scores for outcome in outcomes.values()))


def test_a_wrong_value_is_found_where_it_is(small):
    model, image = small
    right = model.run(Backend.REFERENCE, image)
    name = next(iter(right.tensors))
    tampered = right.tensors[name].copy()
    tampered[3, 2, 5] ^= 1
    wrong = replace(right, tensors=right.tensors | {name: tampered})
    result = compare({Backend.REFERENCE: right, Backend.RTL: wrong})
    assert result["mismatches"] == 1
    place, = result["first"]
    assert place == {"tensor": name, "row": 3, "column": 2, "channel": 5,
                     "reference": int(right.tensors[name][3, 2, 5]),
                     "rtl": int(tampered[3, 2, 5])}


def test_cycles_of_layers_add_up(small):
    model, image = small
    said = describe(model, model.run(Backend.MODEL, image))
    assert said["cycles"] == said["cycles_before_first_row"] + sum(
        layer["cycles"] for layer in said["layers"])
    assert 0 < said["utilisation"] < 1
    assert said["scores"][said["class"]] == max(said["scores"])


def run(*arguments):
    return CliRunner().invoke(app, ["infer", *map(str, arguments)])


@pytest.fixture
def files(small, tmp_path):
    """A program and codes for it."""
    model, image = small
    save_program(model.program, tmp_path / "small.tapetum")
    np.save(tmp_path / "codes.npy", image)
    return tmp_path / "small.tapetum", tmp_path / "codes.npy"


def test_a_compiled_program_runs_and_prints_nothing_but_json(files, small):
    result = run(*files, files[1], "--backend", "model")
    assert result.exit_code == 0
    said = json.loads(result.stdout)
    assert [entry["input"] for entry in said["inputs"]] == [str(files[1])] * 2
    assert said["inputs"][0]["scores"] == small[0].run(
        Backend.REFERENCE, small[1]).scores.tolist()


def test_lanes_behind_the_classes_never_win(tmp_path, seed):
    """The array fills its last word with the zero point, which is above all logits here."""
    rng = np.random.default_rng(seed)
    network = network_of(convolution(
        rng, tensor("image", (4, 4, 3)), "logits", channels=10, window=(4, 4), zero_point=60,
        weights=rng.integers(-12, 13, (10, 4, 4, 3), dtype=np.int8), bias=np.full(10, -60_000)))
    model, image = model_of(network), images(rng, network, 1)[0][0]
    save_program(model.program, tmp_path / "logits.tapetum")
    alone = Model.read(tmp_path / "logits.tapetum")
    wanted = describe(model, model.run(Backend.REFERENCE, image))
    lanes = NpuModel(model.program).run(image).reshape(-1)
    assert lanes[10:].max() > lanes[:10].max(), "the padding is to be tempting"
    said = describe(alone, alone.run(Backend.MODEL, image))
    assert (said["class"], said["scores"]) == (wanted["class"], wanted["scores"])


@pytest.mark.parametrize("options, sentence", [
    (["--backend", "npu"], "there is no backend 'npu'; choose from rtl, model, reference."),
    (["--backend", "reference"], "a compiled program holds no network"),
    (["--cells", "4"], "is compiled for 8 cells, not 4"),
    (["--cells", "0"], "greater than or equal to 1"),
    (["--pixels", "0"], "greater than or equal to 1"),
    (["--pixels", "2"], "is compiled for 1 pixels, not 2"),
])
def test_what_cannot_be_is_refused_in_one_sentence(options, sentence, files):
    result = run(*files, *options)
    assert result.exit_code == 2
    assert not result.stdout
    assert sentence in result.stderr.replace("\n", " ")


def test_a_missing_model_is_refused_in_one_sentence(files):
    result = run("missing.tflite", files[1])
    assert result.exit_code == 2
    assert "missing.tflite" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("build", [mobile_network, residual_network])
def test_the_simulated_array_is_the_reference(build, seed):
    rng = np.random.default_rng(seed)
    network = build(rng)
    model, image = model_of(network), images(rng, network, 1)[0][0]
    outcomes = {each: model.run(each, image) for each in Backend}
    result = compare(outcomes)
    assert result["mismatches"] == 0
    assert result["values_compared"] > 1000
    assert outcomes[Backend.RTL].cycles == pytest.approx(outcomes[Backend.MODEL].cycles, rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("file, picture, shape, pixels", [
    ("vww_96_int8", "vww/quant_test_yes_0", (96, 96, 3), 1),
    ("vww_96_int8", "vww/quant_test_no_0", (96, 96, 3), 1),
    ("pretrainedResnet_quant", "cifar10/quant_cat", (32, 32, 3), 1),
    ("pretrainedResnet_quant", "cifar10/quant_cat", (32, 32, 3), 2)])
def test_a_benchmark_is_exact_on_the_array_and_its_clock_right(file, picture, shape, pixels):
    """Every value of every tensor; the cycles of the model within 0.5 %."""
    model = model_of(read_network(data_file(f"models/{file}.tflite")), pixels=pixels)
    image = np.fromfile(data_file(f"images/{picture}.dat"), np.int8).reshape(shape)
    outcomes = {each: model.run(each, image) for each in Backend}
    result = compare(outcomes)
    assert result["mismatches"] == 0
    assert result["values_compared"] > 100_000
    assert outcomes[Backend.RTL].cycles == pytest.approx(outcomes[Backend.MODEL].cycles, rel=0.005)
