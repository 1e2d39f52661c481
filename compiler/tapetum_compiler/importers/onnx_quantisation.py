# SPDX-License-Identifier: Apache-2.0
"""From numbers to codes and back: the scales between which a model was quantised."""

import numpy as np
from numpy.typing import NDArray

from tapetum_compiler.arithmetic import INT8_MAX, INT8_MIN
from tapetum_compiler.errors import require
from tapetum_compiler.network import Alias

from .onnx_file import StoredNode
from .onnx_parts import QUANTISE_FIRST, Constant, Pending, View, code_of, tensor_of
from .onnx_tensors import OnnxTensors

__all__ = ["dequantise", "quantise"]

_OFFSETS = {np.dtype(np.int8): 0, np.dtype(np.uint8): 128}


def quantise(model: OnnxTensors, node: StoredNode) -> None:
    """End the operation before it, or begin the network with an input."""
    source = node.inputs[0]
    scales, zero_points, offset = _parameters(model, node)
    require(scales.size == 1,
            f"operation '{node.name}' has {scales.size} scales; quantise activations per "
            "tensor")
    value = model.values.get(source)
    if isinstance(value, View):
        same = (value.tensor.scale, value.tensor.zero_point) == (
            scales[0], zero_points[0] - offset)
        if same:
            model.values[node.output] = value
            if value.tensor.height == value.tensor.width == 1:
                model.aliases[node.output] = Alias(value.tensor.name, value.shape[1:])
            return
        value = model.requantised(node, value)
    shape = model.shape_of(source) if value is None else value.shape
    tensor = tensor_of(node, node.output, shape, scales[0], zero_points[0] - offset)
    model.values[node.output] = View(tensor, shape)
    if offset:
        model.notes.append(f"the codes of tensor '{node.output}' are {offset} less here")
    if value is None:
        require(source in model.graph.inputs and source not in model.inputs,
                f"operation '{node.name}' quantises tensor '{source}', which no operation "
                "makes, or quantises it twice; " + QUANTISE_FIRST)
        model.inputs[source] = tensor
        model.notes.append(f"input '{source}' is quantised by whoever gives it: the network "
                           f"takes '{tensor.name}', scale {tensor.scale:g}, zero point "
                           f"{tensor.zero_point}, channels last")
        return
    require(isinstance(value, Pending),
            f"operation '{node.name}' quantises the constant '{source}'; fold it")
    assert isinstance(value, Pending)
    value.finish(tensor, max(INT8_MIN, code_of(value.low, tensor)),
                 min(INT8_MAX, code_of(value.high, tensor)))


def dequantise(model: OnnxTensors, node: StoredNode) -> None:
    """Give codes to the operation behind it: of a constant, or of what was quantised."""
    source = node.inputs[0]
    scales, zero_points, offset = _parameters(model, node)
    if source in model.graph.constants:
        codes, axis = model.graph.constants[source], int(node.attributes.get("axis", 1))
        require(scales.size == 1 or (-codes.ndim <= axis < codes.ndim
                                     and codes.shape[axis] == scales.size),
                f"operation '{node.name}' has {scales.size} scales along axis {axis} of "
                f"{codes.shape}; quantise the model again")
        model.values[node.output] = Constant(codes.astype(np.int64), scales, zero_points, axis)
        return
    if source not in model.values and source in model.graph.inputs:
        shape = model.shape_of(source)
        tensor = tensor_of(node, source, shape, scales[0], zero_points[0] - offset)
        model.inputs[source] = tensor
        model.values[source] = View(tensor, shape)
    value = model.values.get(source)
    require(isinstance(value, View) and scales.size == 1
            and (value.tensor.scale, value.tensor.zero_point)
            == (scales[0], zero_points[0] - offset),
            f"operation '{node.name}' reads tensor '{source}' with another scale than it was "
            "quantised with; " + QUANTISE_FIRST)
    assert isinstance(value, View)
    model.values[node.output] = value


def _parameters(model: OnnxTensors, node: StoredNode
                ) -> tuple[NDArray[np.float64], NDArray[np.int64], int]:
    """Scales, zero points, and what codes lose to become int8."""
    scales = model.stored(node, 1).astype(np.float64).reshape(-1)
    stored = (model.stored(node, 2) if len(node.inputs) > 2 and node.inputs[2]
              else np.zeros(scales.size, np.uint8)).reshape(-1)
    is_bias = node.inputs[0] in model.graph.constants and stored.dtype == np.int32
    require(stored.dtype in _OFFSETS or is_bias,
            f"operation '{node.name}' has codes of {stored.dtype}; {QUANTISE_FIRST}")
    require(scales.size == stored.size > 0,
            f"operation '{node.name}' has {scales.size} scales and {stored.size} zero points; "
            "quantise the model again")
    return scales, stored.astype(np.int64), _OFFSETS.get(stored.dtype, 0)
