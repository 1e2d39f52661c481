# SPDX-License-Identifier: Apache-2.0
"""Operations of TensorFlow Lite models, each as layers of the network."""

from collections.abc import Callable

import numpy as np

from tapetum_compiler.arithmetic import INT8_MAX, INT8_MIN, Rounding
from tapetum_compiler.errors import CompileError, require
from tapetum_compiler.network import (
    Add,
    Alias,
    Concat,
    Convolution,
    Padding,
    Pool,
    PoolKind,
    Softmax,
)

from .single_rounding import rounds_exactly
from .tflite_file import StoredOperation
from .tflite_parts import (
    activation_of,
    input_of,
    map_shape,
    mean_rescale,
    option_of,
    padding_of,
    stride_of,
    tensor_of,
    weights_of,
)
from .tflite_quantisation import dequantise, quantise
from .tflite_tensors import NO_PADDING, TfliteTensors, View

__all__ = ["OPERATIONS"]


def convolution(model: TfliteTensors, operation: StoredOperation) -> None:
    is_depthwise = operation.kind == "DEPTHWISE_CONV_2D"
    view = model.view(input_of(operation, 0), f"operation '{operation.name}'")
    source = view.tensor
    weights = model.constant(operation, 1)
    dilation = (option_of(operation, "DilationHFactor"),
                option_of(operation, "DilationWFactor"))
    require(dilation == (1, 1),
            f"operation '{operation.name}' has the dilation {dilation}; use (1, 1)")
    padded = (source.height + view.border.top + view.border.bottom,
              source.width + view.border.left + view.border.right)
    require(map_shape(view.shape) == (*padded, source.channels),
            f"operation '{operation.name}' reads a map of {view.shape} that was reshaped from "
            f"{source.shape}; remove the RESHAPE before it")
    require(len(weights.shape) == 4 and min(weights.shape) >= 1,
            f"weights '{weights.name}' have the shape {weights.shape}; four dimensions are "
            "expected")
    output = model.made(operation)
    stride = stride_of(operation)
    window = (weights.shape[1], weights.shape[2])
    values, scales = weights_of(operation, weights, 3 if is_depthwise else 0)
    if is_depthwise:
        require(weights.shape[0] == 1,
                f"weights '{weights.name}' have the shape {weights.shape}; depthwise ones "
                "begin with 1")
        values = values.transpose(3, 1, 2, 0)
    elif weights.shape[3] != source.channels:
        raise CompileError(
            f"operation '{operation.name}' sees {weights.shape[3]} of {source.channels} input "
            "channels at once; use one group, or a depthwise convolution")
    padding = view.border.plus(padding_of(operation, padded, window, stride))
    model.convolve(operation, source, output, values, scales, window=window, stride=stride,
                   padding=padding, is_depthwise=is_depthwise)


def fully_connected(model: TfliteTensors, operation: StoredOperation) -> None:
    view = model.view(input_of(operation, 0), f"operation '{operation.name}'")
    source = view.tensor
    weights = model.constant(operation, 1)
    require(option_of(operation, "WeightsFormat") == 0,
            f"operation '{operation.name}' has shuffled weights; convert without it")
    require(view.border == NO_PADDING and len(weights.shape) == 2
            and weights.shape[1] == source.values,
            f"operation '{operation.name}' has weights of {weights.shape} for the "
            f"{source.values} values of tensor '{source.name}'; flatten the whole map before "
            "it")
    output = model.made(operation)
    values, scales = weights_of(operation, weights, 0)
    model.convolve(operation, source, output, values.reshape(-1, *source.shape), scales,
                   window=(source.height, source.width), rounding=Rounding.SINGLE)
    (layer,) = model.layers[-1:]
    assert isinstance(layer, Convolution)
    if not rounds_exactly(layer, scales * source.scale / output.scale):
        model.notes.append(f"operation '{operation.name}' may differ from LiteRT by one code, "
                           "where a sum lies next to the middle between two")


def mean(model: TfliteTensors, operation: StoredOperation) -> None:
    source = model.map(operation, 0)
    axes = sorted(axis % 4 for axis in model.constant(operation, 1).values.reshape(-1).tolist())
    require(axes == [1, 2],
            f"operation '{operation.name}' averages over the axes {axes}; use height and "
            "width, axes 1 and 2")
    output = model.made(operation)
    window, channels = (source.height, source.width), source.channels
    model.layers.append(Convolution(
        name=operation.name, inputs=(source,), output=output, window=window, stride=(1, 1),
        padding=NO_PADDING, weights=np.ones((channels, *window, 1), np.int8),
        bias=np.zeros(channels, np.int64), is_depthwise=True,
        rescale=mean_rescale(source.scale / output.scale, window[0] * window[1], channels)))


def pool(model: TfliteTensors, operation: StoredOperation) -> None:
    source = model.map(operation, 0)
    output = model.made(operation)
    window = (int(option_of(operation, "FilterHeight")),
              int(option_of(operation, "FilterWidth")))
    stride = stride_of(operation)
    act_min, act_max = activation_of(operation, output)
    model.layers.append(Pool(
        name=operation.name, inputs=(source,), output=output, window=window, stride=stride,
        padding=padding_of(operation, (source.height, source.width), window, stride),
        act_min=act_min, act_max=act_max,
        kind=PoolKind.MAX if operation.kind == "MAX_POOL_2D" else PoolKind.AVERAGE))


def add(model: TfliteTensors, operation: StoredOperation) -> None:
    first, second = model.map(operation, 0), model.map(operation, 1)
    output = model.made(operation)
    act_min, act_max = activation_of(operation, output)
    model.layers.append(Add.of(name=operation.name, inputs=(first, second), output=output,
                               act_min=act_min, act_max=act_max))


def concatenation(model: TfliteTensors, operation: StoredOperation) -> None:
    sources = [model.map(operation, place) for place in range(len(operation.inputs))]
    output = model.made(operation)
    rank = len(model.file.tensors[operation.outputs[0]].shape)
    require(option_of(operation, "Axis") in (-1, rank - 1),
            f"operation '{operation.name}' joins along axis {option_of(operation, 'Axis')}; "
            "join channels, the last axis")
    require(activation_of(operation, output) == (INT8_MIN, INT8_MAX),
            f"operation '{operation.name}' has an activation; put it before the joining")
    model.layers.append(Concat(name=operation.name, inputs=tuple(sources), output=output))


def softmax(model: TfliteTensors, operation: StoredOperation) -> None:
    view = model.view(input_of(operation, 0), f"operation '{operation.name}'")
    require(view.shape[-1] == view.tensor.channels and view.border == NO_PADDING,
            f"operation '{operation.name}' reads a map of {view.shape} that was reshaped from "
            f"{view.tensor.shape}; remove the RESHAPE before it")
    output = model.made(operation)
    model.notes.append(f"operation '{operation.name}' is left to the host")
    model.layers.append(Softmax(name=operation.name, inputs=(view.tensor,), output=output,
                                beta=float(option_of(operation, "Beta"))))


def pad(model: TfliteTensors, operation: StoredOperation) -> None:
    source = model.map(operation, 0)
    (made,) = operation.outputs
    stored = model.constant(operation, 1)
    amounts = stored.values
    is_spatial = amounts.shape == (4, 2) and not amounts[[0, 3]].any()
    output = tensor_of(model.file.tensors[made], f"operation '{operation.name}'")
    require(is_spatial and bool((amounts >= 0).all()),
            f"operation '{operation.name}' pads by {amounts.tolist()}; pad only height and "
            "width of a map")
    border = Padding(int(amounts[1, 0]), int(amounts[2, 0]), int(amounts[1, 1]),
                     int(amounts[2, 1]))
    require(output.shape == (source.height + border.top + border.bottom,
                             source.width + border.left + border.right, source.channels)
            and output.is_quantised_like(source),
            f"operation '{operation.name}' makes {output.shape} of {source.shape}, or of "
            "another scale; the file is damaged, get it again")
    if operation.kind == "PADV2":
        value = model.constant(operation, 2).values
        require(bool((value == source.zero_point).all()),
                f"operation '{operation.name}' pads with {value.reshape(-1).tolist()}; pad "
                f"with {source.zero_point}, which stands for zero")
    model.notes.append(f"operation '{operation.name}' became padding of the layers that read it")
    model.views[made] = View(source, model.file.tensors[made].shape, border)


def reshape(model: TfliteTensors, operation: StoredOperation) -> None:
    view = model.view(input_of(operation, 0), f"operation '{operation.name}'")
    (made,) = operation.outputs
    stored = model.file.tensors[made]
    output = tensor_of(stored, f"operation '{operation.name}'")
    require(output.values == view.tensor.values and view.border == NO_PADDING
            and output.is_quantised_like(view.tensor),
            f"operation '{operation.name}' makes {stored.shape} of {view.shape}, or of another "
            "scale; export the model again, without the operation")
    model.views[made] = View(view.tensor, stored.shape)
    model.aliases[stored.name] = Alias(view.tensor.name, stored.shape[1:])


OPERATIONS: dict[str, Callable[[TfliteTensors, StoredOperation], None]] = {
    "ADD": add,
    "AVERAGE_POOL_2D": pool,
    "CONCATENATION": concatenation,
    "CONV_2D": convolution,
    "DEPTHWISE_CONV_2D": convolution,
    "DEQUANTIZE": dequantise,
    "FULLY_CONNECTED": fully_connected,
    "MAX_POOL_2D": pool,
    "MEAN": mean,
    "PAD": pad,
    "PADV2": pad,
    "QUANTIZE": quantise,
    "RESHAPE": reshape,
    "SOFTMAX": softmax,
}
"""By the names of TensorFlow Lite."""
