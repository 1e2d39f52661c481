# SPDX-License-Identifier: Apache-2.0
"""Operations of ONNX models, each as layers of the network."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tapetum_compiler.arithmetic import INT8_MAX, INT8_MIN
from tapetum_compiler.errors import require
from tapetum_compiler.network import Add, Concat, Pool, PoolKind, Softmax, Tensor

from .onnx_file import StoredNode
from .onnx_parts import (
    QUANTISE_FIRST,
    Pending,
    View,
    pair_of,
    scales_of,
    weights_of,
    window_of,
)
from .onnx_quantisation import dequantise, quantise
from .onnx_tensors import NO_PADDING, OnnxTensors

__all__ = ["OPERATIONS"]


def convolution(model: OnnxTensors, node: StoredNode) -> None:
    source = model.map(node, 0)
    weights = weights_of(node, 1, model.values.get(node.inputs[1]))
    group = int(node.attributes.get("group", 1))
    channels = weights.codes.shape[0]
    is_depthwise = group > 1
    require(weights.codes.ndim == 4, f"operation '{node.name}' has weights of "
            f"{weights.codes.shape}; only height and width are supported, so use Conv2d")
    require(group in (1, source.channels),
            f"operation '{node.name}' has {group} groups for {source.channels} channels; use "
            "one group, or as many as channels")
    scales = scales_of(node, weights, 0)
    window = (weights.codes.shape[2], weights.codes.shape[3])
    stride, padding = window_of(node, source, window)
    bias = model.bias(node, 2, scales * source.scale, channels)
    codes = weights.codes.transpose(0, 2, 3, 1)

    def finish(output: Tensor, act_min: int, act_max: int) -> None:
        model.convolve(node, source, output, codes, bias, scales, window=window,
                       stride=stride, padding=padding, act_min=act_min, act_max=act_max,
                       is_depthwise=is_depthwise)

    model.pend(node, finish)


def fully_connected(model: OnnxTensors, node: StoredNode) -> None:
    view = model.read(node, 0)
    source = view.tensor
    attributes = node.attributes
    require(not attributes.get("transA", 0) and attributes.get("alpha", 1.0) == 1
            and attributes.get("beta", 1.0) == 1,
            f"operation '{node.name}' has transA, alpha or beta; export a plain Linear")
    weights = weights_of(node, 1, model.values.get(node.inputs[1]))
    is_turned = bool(attributes.get("transB", 0))
    codes = weights.codes if is_turned else weights.codes.T
    require(codes.ndim == 2 and codes.shape[1] == source.values == view.shape[-1],
            f"operation '{node.name}' has weights of {weights.codes.shape} for the "
            f"{source.values} values of tensor '{source.name}'; flatten the whole map before "
            "it")
    scales = scales_of(node, weights, 0 if is_turned else 1)
    bias = model.bias(node, 2, scales * source.scale, len(codes))
    height, width, channels = source.shape
    codes = codes.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)

    def finish(output: Tensor, act_min: int, act_max: int) -> None:
        model.convolve(node, source, output, codes, bias, scales, window=(height, width),
                       act_min=act_min, act_max=act_max)

    model.pend(node, finish)


def average(model: OnnxTensors, node: StoredNode) -> None:
    source = model.map(node, 0)
    if node.kind == "GlobalAveragePool":
        window, stride, padding = (source.height, source.width), (1, 1), NO_PADDING
    else:
        window = pair_of(node, "kernel_shape")
        stride, padding = window_of(node, source, window)
        require(padding == NO_PADDING or bool(node.attributes.get("count_include_pad", 0)),
                f"operation '{node.name}' leaves padding out of the average; use "
                "count_include_pad, or no padding")

    def finish(output: Tensor, act_min: int, act_max: int) -> None:
        model.unweighted(node, source, output, window=window, stride=stride, padding=padding,
                         act_min=act_min, act_max=act_max)

    model.pend(node, finish)


def maximum(model: OnnxTensors, node: StoredNode) -> None:
    source = model.map(node, 0)
    window = pair_of(node, "kernel_shape")
    stride, padding = window_of(node, source, window)

    def finish(output: Tensor, act_min: int, act_max: int) -> None:
        model.layers.append(Pool(
            name=node.name, inputs=(source,), output=output, window=window, stride=stride,
            padding=padding, act_min=act_min, act_max=act_max, kind=PoolKind.MAX))

    model.pend(node, finish)


def add(model: OnnxTensors, node: StoredNode) -> None:
    first, second = model.map(node, 0), model.map(node, 1)

    def finish(output: Tensor, act_min: int, act_max: int) -> None:
        model.layers.append(Add.of(name=node.name, inputs=(first, second), output=output,
                                   act_min=act_min, act_max=act_max))

    model.pend(node, finish)


def concatenation(model: OnnxTensors, node: StoredNode) -> None:
    sources = [model.map(node, place) for place in range(len(node.inputs))]
    rank = len(model.read(node, 0).shape)
    require(int(node.attributes["axis"]) in (1, 1 - rank),
            f"operation '{node.name}' joins along axis {node.attributes['axis']}; join "
            "channels, axis 1")

    def finish(output: Tensor, act_min: int, act_max: int) -> None:
        require((act_min, act_max) == (INT8_MIN, INT8_MAX),
                f"operation '{node.name}' has an activation; put it before the joining")
        model.layers.append(Concat(
            name=node.name, output=output,
            inputs=tuple(model.like(node, source, output) for source in sources)))

    model.pend(node, finish)


def softmax(model: OnnxTensors, node: StoredNode) -> None:
    view = model.read(node, 0)
    axis = int(node.attributes.get("axis", -1))
    require(view.shape[-1] == view.tensor.channels
            and axis in (-1, len(view.shape) - 1),
            f"operation '{node.name}' works along axis {axis} of {view.shape}; apply it to "
            "the last axis of the scores")

    def finish(output: Tensor, act_min: int, act_max: int) -> None:
        model.notes.append(f"operation '{node.name}' is left to the host")
        model.layers.append(Softmax(name=node.name, inputs=(view.tensor,), output=output))

    model.pend(node, finish)


def clamp(model: OnnxTensors, node: StoredNode) -> None:
    low, high = (0.0, np.inf) if node.kind == "Relu" else (
        model.limit(node, 1, "min", -np.inf), model.limit(node, 2, "max", np.inf))
    value = model.values.get(node.inputs[0])
    if isinstance(value, View):
        value = model.requantised(node, value)
    require(isinstance(value, Pending),
            f"operation '{node.name}' reads tensor '{node.inputs[0]}', which is not "
            "quantised; " + QUANTISE_FIRST)
    assert isinstance(value, Pending)
    model.values[node.output] = replace(value, low=max(value.low, low),
                                        high=min(value.high, high))


def reshape(model: OnnxTensors, node: StoredNode) -> None:
    view = model.read(node, 0)
    shape = model.shape_of(node.output)
    require(shape[0] == 1 and int(np.prod(shape)) == view.tensor.values,
            f"operation '{node.name}' makes {shape} of {view.shape}; keep one image per batch")
    model.values[node.output] = View(view.tensor, shape)


def identity(model: OnnxTensors, node: StoredNode) -> None:
    model.values[node.output] = model.values.get(node.inputs[0]) or model.read(node, 0)


OPERATIONS: dict[str, Callable[[OnnxTensors, StoredNode], None]] = {
    "Add": add,
    "AveragePool": average,
    "Clip": clamp,
    "Concat": concatenation,
    "Conv": convolution,
    "DequantizeLinear": dequantise,
    "Dropout": identity,
    "Flatten": reshape,
    "Gemm": fully_connected,
    "GlobalAveragePool": average,
    "Identity": identity,
    "MatMul": fully_connected,
    "MaxPool": maximum,
    "QuantizeLinear": quantise,
    "Relu": clamp,
    "Reshape": reshape,
    "Softmax": softmax,
}
"""By the names of ONNX."""
