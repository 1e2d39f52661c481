# SPDX-License-Identifier: Apache-2.0
"""ONNX models that ONNX Runtime quantised run within one code of it, layer by layer."""

import importlib.util
import logging

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from support import expect_rejected
from tapetum_compiler.errors import CompileError
from tapetum_compiler.golden import execute, execute_layer
from tapetum_compiler.importers.onnx_qdq import import_onnx
from tapetum_compiler.network import Pool, Softmax
from tapetum_compiler.passes import drop_constants

needs_runtime = pytest.mark.skipif(
    importlib.util.find_spec("onnxruntime") is None,
    reason="onnxruntime, which quantises and runs the models, is not installed")

SIZE = 16


class FloatModel:
    """Collects operations in floating point, with random weights."""

    def __init__(self, rng):
        self.rng, self.nodes, self.weights = rng, [], []

    def constant(self, name, values):
        self.weights.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def random(self, name, *shape):
        return self.constant(name, self.rng.normal(scale=0.3, size=shape))

    def node(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def proto(self, output, classes):
        graph = helper.make_graph(
            self.nodes, "graph",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, SIZE, SIZE])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", classes])],
            self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        return model


def branches(rng):
    """Every operation that is accepted."""
    m = FloatModel(rng)
    a = m.node("Relu", [m.node("Conv", ["x", m.random("w0", 8, 3, 3, 3), m.random("b0", 8)], "c0",
                               pads=[1, 1, 1, 1], strides=[2, 2])], "r0")
    b = m.node("Clip", [m.node("Conv", [a, m.random("w1", 16, 1, 3, 3), m.random("b1", 16)], "c1",
                               group=8, auto_pad="SAME_UPPER"),
                        m.constant("low", 0), m.constant("high", 1.5)], "r1")
    c = m.node("Conv", [b, m.random("w2", 8, 16, 1, 1)], "c2")
    d = m.node("Relu", [m.node("Add", [c, a], "sum")], "r2")
    e = m.node("Concat", [d, b], "join", axis=1)
    f = m.node("MaxPool", [e], "max", kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 0])
    g = m.node("AveragePool", [f], "mean", kernel_shape=[2, 2], strides=[1, 1])
    h = m.node("Gemm", [m.node("Flatten", [g], "flat"), m.random("w3", 12, 24 * 9),
                        m.random("b3", 12)], "hidden", transB=1)
    i = m.node("MatMul", [m.node("Relu", [h], "r3"), m.random("w4", 12, 5)], "scores")
    return m.proto(m.node("Softmax", [i], "y", axis=1), 5)


def pooled(rng):
    """The usual end of a classifier."""
    m = FloatModel(rng)
    a = m.node("Relu", [m.node("Conv", ["x", m.random("w0", 6, 3, 5, 3), m.random("b0", 6)], "c0",
                               pads=[2, 0, 1, 1], strides=[1, 2])], "r0")
    b = m.node("GlobalAveragePool", [a], "mean")
    shape = numpy_helper.from_array(np.array([-1, 6], np.int64), "shape")
    m.weights.append(shape)
    c = m.node("Reshape", [b, "shape"], "flat")
    return m.proto(m.node("Gemm", [c, m.random("w1", 6, 4), m.random("b1", 4)], "y"), 4)


def pictures(rng, count):
    return rng.normal(size=(count, 1, 3, SIZE, SIZE)).astype(np.float32)


def quantised(model, folder, seed, **options):
    """As the documentation says."""
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    class Pictures(CalibrationDataReader):
        def __init__(self):
            self.left = iter(pictures(np.random.default_rng(seed), 16))

        def get_next(self):
            picture = next(self.left, None)
            return None if picture is None else {"x": picture}

    options = {"per_channel": True, "activation_type": QuantType.QInt8,
               "weight_type": QuantType.QInt8, **options}
    path = folder / "quantised.onnx"
    previous = logging.root.manager.disable
    logging.disable(logging.WARNING)  # it advises a pre-processing that changes nothing here
    try:
        quantize_static(model, path, Pictures(), quant_format=QuantFormat.QDQ, **options)
    finally:
        logging.disable(previous)
    return onnx.load(path)


class Runtime:
    """ONNX Runtime without its own optimisations, with the codes of chosen tensors."""

    def __init__(self, model, names):
        import onnxruntime
        with_more = onnx.ModelProto()
        with_more.CopyFrom(model)
        with_more.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 3
        self.names = names
        self.session = onnxruntime.InferenceSession(with_more.SerializeToString(), options)

    def codes(self, picture):
        """As maps of int8, channels last."""
        made = {}
        for name, codes in zip(self.names, self.session.run(self.names, {"x": picture}),
                               strict=True):
            signed = codes.astype(np.int64) - (128 if codes.dtype == np.uint8 else 0)
            made[name] = (signed.transpose(0, 2, 3, 1) if signed.ndim == 4
                          else signed.reshape(1, 1, 1, -1)).astype(np.int8)
        return made


def made_by(model):
    return {output for node in model.graph.node for output in node.output}


@needs_runtime
@pytest.mark.parametrize("options", [
    {}, {"per_channel": False}, {"unsigned": True}, {"unsigned": True, "per_channel": False},
    {"symmetric": True}], ids=str)
@pytest.mark.parametrize("build", [branches, pooled])
def test_every_layer_is_within_one_code_of_onnx_runtime(build, options, seed, tmp_path):
    from onnxruntime.quantization import QuantType
    rng = np.random.default_rng(seed)
    arguments = dict(options)
    if arguments.pop("unsigned", False):
        arguments["activation_type"] = QuantType.QUInt8
    if arguments.pop("symmetric", False):
        arguments["extra_options"] = {"ActivationSymmetric": True}
    model = quantised(build(rng), tmp_path, seed, **arguments)
    network = import_onnx(model.SerializeToString())
    known = made_by(model)
    names = [name for name in network.tensors if name in known]
    assert len(names) > len(network.layers) / 2
    runtime = Runtime(model, names)
    different = total = 0
    for picture in pictures(rng, 4):
        wanted = runtime.codes(picture)
        made = dict(wanted)
        for layer in network.layers:
            # from the runtime's inputs, so that differences do not add up
            result = execute_layer(layer, *(made[tensor.name] for tensor in layer.inputs))
            made.setdefault(layer.output.name, result)
            if layer.output.name in wanted:
                error = np.abs(result.astype(int) - wanted[layer.output.name])
                assert error.max() <= 1, layer.name
                different, total = different + np.count_nonzero(error), total + error.size
    assert different <= total / 100


@needs_runtime
def test_what_no_image_changes_may_be_left_out(seed, tmp_path):
    rng = np.random.default_rng(seed)
    float_model = pooled(rng)
    for weights in float_model.graph.initializer:
        if weights.name == "w0":
            values = numpy_helper.to_array(weights).copy()
            values[2:5] = 0
            weights.CopyFrom(numpy_helper.from_array(values, weights.name))
    model = quantised(float_model, tmp_path, seed)
    network = import_onnx(model.SerializeToString())
    reduction = drop_constants(network)
    assert reduction.network.macs < network.macs
    codes = rng.integers(-128, 128, (4, SIZE, SIZE, 3), dtype=np.int8)
    wanted, made = execute(network, codes), execute(reduction.network, codes)
    for output in network.outputs:
        np.testing.assert_array_equal(made[output.name], wanted[output.name])


@needs_runtime
def test_activations_fold_into_what_makes_their_input(seed, tmp_path):
    network = import_onnx(quantised(branches(np.random.default_rng(seed)), tmp_path,
                                    seed).SerializeToString())
    assert not [layer.name for layer in network.layers if layer.name.startswith(("Relu", "Clip"))]
    assert isinstance(network.layers[-1], Softmax)
    assert any(isinstance(layer, Pool) for layer in network.layers)
    assert any("channels last" in note for note in network.notes)


# what is refused


def refused(model, *culprits):
    with expect_rejected(*culprits, exception=CompileError):
        import_onnx(model.SerializeToString())


def attribute_of(kind, name, value):
    def change(model):
        node = next(node for node in model.graph.node if node.op_type == kind)
        kept = [attribute for attribute in node.attribute if attribute.name != name]
        del node.attribute[:]
        node.attribute.extend([*kept, helper.make_attribute(name, value)])
    return change


def constant(ending, values):
    def change(model):
        tensor = next(tensor for tensor in model.graph.initializer
                      if tensor.name.endswith(ending))
        tensor.CopyFrom(numpy_helper.from_array(
            np.full_like(numpy_helper.to_array(tensor), values), tensor.name))
    return change


def flexible_width(model):
    model.graph.input[0].type.tensor_type.shape.dim[3].dim_param = "width"


def other_operation(model):
    next(node for node in model.graph.node if node.op_type == "Relu").op_type = "Sigmoid"


@needs_runtime
@pytest.mark.parametrize("change, culprits", [
    (attribute_of("Conv", "dilations", [2, 2]), ["Conv c0", "dilations"]),
    (attribute_of("Conv", "auto_pad", "SAME_LOWER"), ["Conv c0", "SAME_LOWER"]),
    (attribute_of("MaxPool", "ceil_mode", 1), ["MaxPool max", "ceil_mode"]),
    (attribute_of("AveragePool", "pads", [1, 1, 0, 0]), ["AveragePool mean", "count_include_pad"]),
    (attribute_of("Concat", "axis", 2), ["Concat"]),
    (attribute_of("Gemm", "alpha", 0.5), ["Gemm hidden", "alpha"]),
    (constant("w0_zero_point", 3), ["Conv c0", "zero point 0"]),
    (constant("x_scale", -1.0), ["x_QuantizeLinear_Output", "scale"]),
    (flexible_width, ["fixed height and width"]),
    (other_operation, ["Sigmoid", "not supported"]),
])
def test_what_the_array_cannot_do_is_refused_with_its_name(change, culprits, tmp_path):
    model = quantised(branches(np.random.default_rng(1)), tmp_path, 1,
                      extra_options={"ActivationSymmetric": True})
    import_onnx(model.SerializeToString())
    change(model)
    del model.graph.value_info[:]  # shapes of before the change
    refused(model, *culprits)


def test_models_in_floating_point_are_refused():
    refused(branches(np.random.default_rng(1)), "Conv c0", "'x'", "quantize_static")


@needs_runtime
def test_codes_of_sixteen_bits_are_refused(tmp_path):
    from onnxruntime.quantization import QuantType
    model = quantised(pooled(np.random.default_rng(1)), tmp_path, 1,
                      activation_type=QuantType.QInt16, extra_options={"UseQDQContribOps": True})
    with expect_rejected("16", exception=CompileError):
        import_onnx(model.SerializeToString())


@needs_runtime
def test_damaged_files_never_raise_anything_else(seed, tmp_path):
    rng = np.random.default_rng(seed)
    content = quantised(pooled(rng), tmp_path, seed).SerializeToString()
    refusals = []
    for trial in range(300):
        damaged = bytearray(content[:rng.integers(0, len(content))] if trial % 2 else content)
        for place in rng.integers(0, max(len(damaged), 1), 0 if trial % 4 == 1 else 3):
            damaged[place:place + 1] = bytes([rng.integers(256)])
        try:
            import_onnx(bytes(damaged))
        except CompileError as error:
            refusals.append(str(error))
    assert len(refusals) > 150
    assert min(len(refusal.split()) for refusal in refusals) >= 4
