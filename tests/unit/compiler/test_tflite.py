# SPDX-License-Identifier: Apache-2.0
"""TensorFlow Lite models run as their reference interpreter runs them, or are refused by name."""

import json

import numpy as np
import pytest

from support import expect_rejected
from tapetum_compiler.errors import CompileError
from tapetum_compiler.golden import execute, original_tensors
from tapetum_compiler.importers import read_network
from tapetum_compiler.importers.tflite import import_tflite
from tapetum_compiler.network import Convolution, Padding

from .networks import images
from .tflite_models import ModelWriter, Reference, data_file, needs_litert

RESNET, VWW = "models/pretrainedResnet_quant.tflite", "models/vww_96_int8.tflite"
WINDOW = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
SAME, VALID = 0, 1


def assert_every_tensor_is_the_references(content, batches):
    """And say how many were compared."""
    network, reference = import_tflite(content), Reference(content)
    made = original_tensors(network, execute(network, *batches))
    for image in range(len(batches[0])):
        wanted = reference.tensors(
            *(batch[image].reshape(made[source.name].shape[1:]) for batch, source in
              zip(batches, network.inputs, strict=True)), names=made)
        for name, codes in wanted.items():
            np.testing.assert_array_equal(made[name][image], codes, err_msg=name)
    return len(made)


def stored_images(folder, shape):
    paths = sorted(data_file(folder).glob("*.dat"))
    assert paths
    return {path.stem: np.fromfile(path, np.int8).reshape(shape) for path in paths}


@needs_litert
@pytest.mark.parametrize("model, folder, tensors, macs", [
    (RESNET, "images/cifar10", 17, 12_501_632), (VWW, "images/vww", 32, 7_489_664)])
def test_every_tensor_of_the_benchmarks_is_litert_s(model, folder, tensors, macs, seed):
    path = data_file(model)
    network = read_network(path)
    assert network.macs == macs
    given = list(stored_images(folder, network.inputs[0].shape).values())[:4]
    random = images(np.random.default_rng(seed), network, 2)[0]
    assert assert_every_tensor_is_the_references(
        path.read_bytes(), [np.concatenate([given, random])]) == tensors


@needs_litert
@pytest.mark.slow
def test_200_images_of_each_benchmark_are_litert_s(seed):
    for model in (VWW, RESNET):
        path = data_file(model)
        rng = np.random.default_rng(seed)
        for _ in range(25):
            assert_every_tensor_is_the_references(
                path.read_bytes(), images(rng, read_network(path), 8))


def test_pictures_with_and_without_a_person_score_as_published():
    network = read_network(data_file(VWW))
    scores = {name: execute(network, image)[network.outputs[0].name].reshape(-1).astype(int)
              for name, image in stored_images("images/vww", network.inputs[0].shape).items()}
    assert {name: int(score[1] - score[0]) for name, score in scores.items()} == {
        "quant_test_no_0": -238, "quant_test_no_1": -150,
        "quant_test_yes_0": 120, "quant_test_yes_1": 146}


def test_pictures_of_ten_classes_score_as_published():
    network = read_network(data_file(RESNET))
    expected = json.loads(data_file("images/cifar10/expected.json").read_text())
    for name, image in stored_images("images/cifar10", network.inputs[0].shape).items():
        scores = execute(network, image)[network.outputs[0].name].reshape(-1)
        assert scores.tolist() == expected[name]


def test_the_benchmarks_are_proven_to_round_like_litert():
    for model in (RESNET, VWW):
        assert not [note for note in read_network(data_file(model)).notes if "differ" in note]


# models written here


class Small:
    """A model of one or a few operations, with random weights."""

    def __init__(self, rng, shape=(9, 11, 4)):
        self.rng, self.writer = rng, ModelWriter()
        self.input = self.map("image", shape)
        self.shape = shape

    def map(self, name, shape, scale=0.02, **changes):
        return self.writer.tensor(name, (1, *shape), scale=scale, zero_point=[
            int(self.rng.integers(-128, 128))], **changes)

    def content(self, *outputs):
        return self.writer.content([self.input], outputs)

    def convolution(self, source, name, shape, *, window, channels_in, axis=0, per_channel=True,
                    kind="CONV_2D", activation=0, padding=SAME, multiplier=0, **stride):
        rng, channels = self.rng, shape[-1]
        sizes = (channels, *window, channels_in) if axis == 0 else (1, *window, channels)
        scales = rng.uniform(0.002, 0.01, channels if per_channel else 1)
        weights = self.writer.tensor(f"{name} weights", sizes, scale=scales, axis=axis,
                                     values=rng.integers(-127, 128, sizes))
        bias = self.writer.tensor(f"{name} bias", (channels,), scale=scales * 0.02, kind="INT32",
                                  values=rng.integers(-5000, 5000, channels))
        output = self.map(name, shape, 0.03)
        extra = {"depthMultiplier": multiplier} if multiplier else {}
        self.writer.operation(
            kind, [source, weights, bias], [output],
            "DepthwiseConv2DOptions" if multiplier else "Conv2DOptions",
            fusedActivationFunction=activation, padding=padding, **{**WINDOW, **stride, **extra})
        return output


@needs_litert
@pytest.mark.parametrize("window, stride, padding, size, activation, per_channel", [
    ((3, 3), (1, 1), SAME, (9, 11), 1, True), ((3, 2), (2, 1), SAME, (5, 11), 3, True),
    ((5, 5), (2, 2), VALID, (3, 4), 0, False), ((1, 4), (1, 2), SAME, (9, 6), 2, True),
    ((2, 2), (2, 2), SAME, (5, 6), 0, False)])
def test_convolutions_of_any_shape_are_litert_s(window, stride, padding, size, activation,
                                                per_channel, seed):
    rng = np.random.default_rng(seed)
    small = Small(rng)
    steps = {"strideH": stride[0], "strideW": stride[1]}
    plain = small.convolution(small.input, "plain", (*size, 6), window=window, channels_in=4,
                              activation=activation, padding=padding, per_channel=per_channel,
                              **steps)
    # LiteRT wants a scale per channel here
    deep = small.convolution(small.input, "deep", (*size, 8), window=window, channels_in=4, axis=3,
                             kind="DEPTHWISE_CONV_2D", activation=activation, padding=padding,
                             multiplier=2, **steps)
    content = small.content(plain, deep)
    assert assert_every_tensor_is_the_references(
        content, images(rng, import_tflite(content), 6)) == 3


@needs_litert
@pytest.mark.parametrize("kind", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
@pytest.mark.parametrize("padding, size", [(SAME, (5, 6)), (VALID, (4, 5))])
def test_pools_are_litert_s(kind, padding, size, seed):
    rng = np.random.default_rng(seed)
    small = Small(rng)
    zero_point = small.writer.tensors[small.input].quantization.zeroPoint
    output = small.writer.tensor("pooled", (1, *size, 4), scale=0.02, zero_point=zero_point)
    small.writer.operation(kind, [small.input], [output], "Pool2DOptions", padding=padding,
                           strideH=2, strideW=2, filterHeight=3, filterWidth=2,
                           fusedActivationFunction=1)
    content = small.content(output)
    assert assert_every_tensor_is_the_references(
        content, images(rng, import_tflite(content), 6)) == 2


@needs_litert
@pytest.mark.parametrize("scale, keeps", [(0.02, True), (0.013, False), (0.0071, True)])
def test_means_over_maps_are_litert_s(scale, keeps, seed):
    rng = np.random.default_rng(seed)
    small = Small(rng)
    axes = small.writer.tensor("axes", (2,), kind="INT32", values=[1, 2])
    output = small.map("mean", (1, 1, 4) if keeps else (4,), scale)
    small.writer.operation("MEAN", [small.input, axes], [output], "ReducerOptions", keepDims=keeps)
    content = small.content(output)
    assert assert_every_tensor_is_the_references(
        content, images(rng, import_tflite(content), 40)) == 2


@needs_litert
def test_sums_joins_and_new_scales_are_litert_s(seed):
    rng = np.random.default_rng(seed)
    small = Small(rng)
    other = small.convolution(small.input, "other", small.shape, window=(3, 3), channels_in=4)
    total = small.map("total", small.shape, 0.045)
    small.writer.operation("ADD", [small.input, other], [total], "AddOptions",
                           fusedActivationFunction=1)
    again = small.map("again", small.shape, 0.0333)
    small.writer.operation("QUANTIZE", [total], [again], "QuantizeOptions")
    zero_point = small.writer.tensors[again].quantization.zeroPoint
    joined = small.writer.tensor("joined", (1, 9, 11, 8), scale=0.0333, zero_point=zero_point)
    small.writer.operation("CONCATENATION", [again, again], [joined], "ConcatenationOptions",
                           axis=-1)
    content = small.content(joined)
    assert assert_every_tensor_is_the_references(
        content, images(rng, import_tflite(content), 6)) == 5


@needs_litert
def test_padding_reshaping_and_full_connections_fold(seed):
    rng = np.random.default_rng(seed)
    small = Small(rng)
    writer = small.writer
    zero_point = writer.tensors[small.input].quantization.zeroPoint
    padded = writer.tensor("padded", (1, 12, 13, 4), scale=0.02, zero_point=zero_point)
    amounts = writer.tensor("amounts", (4, 2), kind="INT32",
                            values=[[0, 0], [1, 2], [2, 0], [0, 0]])
    writer.operation("PAD", [small.input, amounts], [padded], "PadOptions")
    output = small.convolution(padded, "output", (5, 6, 3), window=(3, 3), channels_in=4,
                               padding=VALID, strideH=2, strideW=2)
    flat = writer.tensor("flat", (1, 90), scale=0.03,
                         zero_point=writer.tensors[output].quantization.zeroPoint)
    shape = writer.tensor("shape", (2,), kind="INT32", values=[1, 90])
    writer.operation("RESHAPE", [output, shape], [flat], "ReshapeOptions")
    weights = writer.tensor("weights", (7, 90), scale=0.004,
                            values=rng.integers(-127, 128, (7, 90)))
    scores = small.map("scores", (7,), 0.06)
    writer.operation("FULLY_CONNECTED", [flat, weights, -1], [scores], "FullyConnectedOptions")
    shares = writer.tensor("shares", (1, 7), scale=1 / 256, zero_point=[-128])
    writer.operation("SOFTMAX", [scores], [shares], "SoftmaxOptions", beta=1.0)
    content = small.content(shares)
    network = import_tflite(content)
    convolution, connected = (layer for layer in network.layers if isinstance(layer, Convolution))
    assert convolution.padding == Padding(top=1, left=2, bottom=2, right=0)
    assert connected.window == (5, 6)
    assert any("PAD" in note for note in network.notes)
    assert assert_every_tensor_is_the_references(content, images(rng, network, 6)) == 5


@needs_litert
def test_borders_of_floating_point_are_folded_and_said(seed):
    small = Small(np.random.default_rng(seed))
    writer = small.writer
    given = writer.tensor("given", (1, *small.shape), kind="FLOAT32")
    result = writer.tensor("result", (1, *small.shape), kind="FLOAT32")
    writer.operation("QUANTIZE", [given], [small.input], "QuantizeOptions")
    output = small.convolution(small.input, "output", small.shape, window=(1, 1), channels_in=4)
    writer.operation("DEQUANTIZE", [output], [result], "DequantizeOptions")
    network = import_tflite(writer.content([given], [result]))
    assert [tensor.name for tensor in (*network.inputs, *network.outputs)] == ["image", "output"]
    assert any("'given'" in note for note in network.notes)
    assert any("'result'" in note for note in network.notes)


@needs_litert
def test_factors_that_litert_s_64_bits_tell_apart_are_noted():
    writer = ModelWriter()
    source = writer.tensor("x", (1, 1), scale=0.125)
    weights = writer.tensor("w", (1, 1), scale=0.0625, values=[[1]])
    output = writer.tensor("y", (1, 1), scale=0.125)
    writer.operation("FULLY_CONNECTED", [source, weights, -1], [output], "FullyConnectedOptions")
    assert any("differ from LiteRT" in note
               for note in import_tflite(writer.content([source], [output])).notes)


# what is refused


def refused(change, *culprits):
    """A convolution that would be accepted, but for `change`."""
    small = Small(np.random.default_rng(0))
    output = small.convolution(small.input, "output", small.shape, window=(3, 3), channels_in=4)
    import_tflite(small.content(output))
    change(small.writer)
    with expect_rejected(*culprits, exception=CompileError):
        import_tflite(small.content(output))


def set_tensor(index, **members):
    def change(writer):
        for name, value in members.items():
            holder = writer.tensors[index]
            (setattr(holder, name, value) if hasattr(holder, name)
             else setattr(holder.quantization, name, value))
    return change


def set_operation(**members):
    def change(writer):
        for name, value in members.items():
            setattr(writer.operations[0].builtinOptions, name, value)
    return change


def set_kind(number):
    def change(writer):
        writer.codes[0].builtinCode = writer.codes[0].deprecatedBuiltinCode = number
    return change


@needs_litert
@pytest.mark.parametrize("change, culprits", [
    (set_tensor(0, type=0), ["'image'", "FLOAT32", "full integer quantisation"]),
    (set_tensor(0, type=7), ["'image'", "INT16"]),
    (set_tensor(3, type=0), ["'output'", "FLOAT32", "CONV_2D 0"]),
    (set_tensor(1, type=0), ["'output weights'", "FLOAT32"]),
    (set_tensor(1, zeroPoint=[1] * 4), ["'output weights'", "symmetrically"]),
    (set_tensor(1, quantizedDimension=3), ["'output weights'", "per output channel"]),
    (set_tensor(2, type=4), ["'output bias'", "INT64", "INT32"]),
    (set_tensor(0, shapeSignature=[1, -1, -1, 4]), ["'image'", "fix height"]),
    (set_tensor(0, shape=[2, 9, 11, 4]), ["'image'", "batch"]),
    (set_tensor(0, scale=[0.1, 0.2], zeroPoint=[0, 0]), ["'image'", "per tensor"]),
    (set_tensor(0, scale=[-1.0]), ["'image'", "not positive"]),
    (set_tensor(3, shape=[1, 9, 12, 4]), ["CONV_2D 0", "'output'", "export"]),
    (set_tensor(1, buffer=2), ["'output weights'", "damaged"]),
    (set_operation(dilationHFactor=2), ["CONV_2D 0", "dilation"]),
    (set_operation(strideW=0), ["CONV_2D 0", "stride"]),
    (set_operation(fusedActivationFunction=4), ["CONV_2D 0", "activation"]),
    (set_kind(14), ["LOGISTIC 0", "'output'", "CONV_2D"]),
    (set_kind(67), ["TRANSPOSE_CONV 0", "'output'"]),
])
def test_what_the_array_cannot_do_is_refused_with_its_name(change, culprits):
    refused(change, *culprits)


def test_other_files_are_refused(tmp_path):
    with expect_rejected("TFL3", exception=CompileError):
        import_tflite(b"no model at all")
    with expect_rejected("absent.tflite", "cannot be read", exception=CompileError):
        read_network(tmp_path / "absent.tflite")
    other = tmp_path / "model.pt"
    other.write_bytes(b"")
    with expect_rejected("model.pt", ".onnx", exception=CompileError):
        read_network(other)


@needs_litert
def test_damaged_files_never_raise_anything_else(seed):
    rng = np.random.default_rng(seed)
    small = Small(rng, (4, 4, 4))
    output = small.convolution(small.input, "output", (4, 4, 4), window=(3, 3), channels_in=4)
    content = small.content(output)
    refusals = []
    for trial in range(1500):
        damaged = bytearray(content[:rng.integers(8, len(content))] if trial % 2 else content)
        for place in rng.integers(0, len(damaged), 0 if trial % 4 == 1 else 3):
            damaged[place] = rng.integers(256)
        try:
            import_tflite(bytes(damaged))
        except CompileError as error:
            refusals.append(str(error))
    assert len(refusals) > 700
    assert min(len(refusal.split()) for refusal in refusals) >= 4
