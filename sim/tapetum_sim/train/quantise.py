# SPDX-License-Identifier: Apache-2.0
"""From weights to a program of the array: int8 by ONNX Runtime, then our own compiler."""

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tapetum.npu.program import Program
from tapetum_compiler.backend.compile import compile_network
from tapetum_compiler.errors import require
from tapetum_compiler.importers import read_network

from .layers import CODE_SCALE, Layer

__all__ = ["float_model", "quantise"]

OPSET = 17
POOL = 2


def float_model(layers: Sequence[Layer], shape: tuple[int, int, int]) -> onnx.ModelProto:
    """The network in floating point; ``shape`` is rows, columns, channels."""
    rows, columns, channels = shape
    nodes, tensors, name = [], [], "picture"
    for index, layer in enumerate(layers):
        for part, values in (("weights", layer.weights), ("bias", layer.bias)):
            if index == len(layers) - 1 and part == "weights":
                values = values[:, :, 0, 0]
            tensors.append(numpy_helper.from_array(
                np.ascontiguousarray(values, np.float32), f"{part}_{index}"))
    for index, layer in enumerate(layers[:-1]):
        nodes += [
            helper.make_node("Conv", [name, f"weights_{index}", f"bias_{index}"], [f"sum_{index}"],
                             kernel_shape=layer.weights.shape[2:], pads=[1, 1, 1, 1],
                             strides=[layer.stride] * 2),
            helper.make_node("Relu", [f"sum_{index}"], [f"map_{index}"])]
        name = f"map_{index}"
        rows, columns = -(-rows // layer.stride), -(-columns // layer.stride)
    last = len(layers) - 1
    nodes += [
        helper.make_node("MaxPool", [name], ["pooled"], kernel_shape=[POOL] * 2,
                         strides=[POOL] * 2),
        helper.make_node("MaxPool", ["pooled"], ["largest"],
                         kernel_shape=[rows // POOL, columns // POOL]),
        helper.make_node("Flatten", ["largest"], ["vector"]),
        helper.make_node("Gemm", ["vector", f"weights_{last}", f"bias_{last}"], ["scores"],
                         transB=1)]
    graph = helper.make_graph(
        nodes, "tunnel",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, channels, *shape[:2]])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, len(layers[-1].bias)])],
        tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def quantise(layers: Sequence[Layer], pictures: NDArray[np.int8], *, class_names: Sequence[str],
             model_id: int) -> Program:
    """Calibrate with pictures and compile.

    The codes of the camera are the network's input as they are: a picture that holds both ends of
    int8 makes the calibration choose their scale.
    """
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    class Pictures(CalibrationDataReader):
        """One picture after the other."""

        def __init__(self, codes: NDArray[np.int8]):
            self.left = iter(codes.transpose(0, 3, 1, 2).astype(np.float32) / CODE_SCALE)

        def get_next(self) -> dict:
            picture = next(self.left, None)
            return {} if picture is None else {"picture": picture[None]}

    codes = pictures.copy()
    codes[0, 0, 0], codes[0, 0, 1] = -128, 127
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        onnx.save(float_model(layers, codes.shape[1:]), str(source))
        logging.disable(logging.WARNING)  # which suggests what our compiler does anyway
        try:
            quantize_static(str(source), str(target), Pictures(codes),
                            quant_format=QuantFormat.QDQ, per_channel=True,
                            activation_type=QuantType.QInt8, weight_type=QuantType.QInt8)
        finally:
            logging.disable(logging.NOTSET)
        network = read_network(target)
    program = compile_network(network, model_id=model_id).program
    require(program.input_zero_point == 0
            and bool(np.isclose(program.input_scale, 1 / CODE_SCALE)),
            "the calibration chose another scale for the input than the camera's; give pictures "
            "that hold both ends of int8")
    return replace(program, class_names=tuple(class_names))
