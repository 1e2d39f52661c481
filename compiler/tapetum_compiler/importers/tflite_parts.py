# SPDX-License-Identifier: Apache-2.0
"""What tensors and options of a TensorFlow Lite file mean: maps, weights, windows, limits."""

import numpy as np
import tflite

from tapetum_compiler.arithmetic import INT8_MAX, INT8_MIN, Rescale
from tapetum_compiler.errors import require
from tapetum_compiler.network import Padding, Tensor

from .tflite_file import StoredOperation, StoredTensor

__all__ = [
    "INTEGER_ONLY",
    "activation_of",
    "input_of",
    "map_shape",
    "mean_rescale",
    "option_of",
    "padding_of",
    "stride_of",
    "tensor_of",
    "weights_of",
]

INTEGER_ONLY = ("convert the model with full integer quantisation "
                 "(optimizations, a representative_dataset, TFLITE_BUILTINS_INT8)")


def input_of(operation: StoredOperation, place: int) -> int:
    """The tensor that an operation must have at `place`."""
    require(place < len(operation.inputs) and operation.inputs[place] >= 0,
            f"operation '{operation.name}' lacks its input {place}; the file is damaged, "
            "get it again")
    return operation.inputs[place]


def map_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Height, width and channels: what is missing is one."""
    return (1,) * (4 - len(shape)) + shape[1:]


def tensor_of(stored: StoredTensor, user: str) -> Tensor:
    """A map of int8 codes; `user` is whom an error names."""
    require(stored.type == "INT8" and stored.scales.size > 0,
            f"{user} has tensor '{stored.name}' of type {stored.type}; " + INTEGER_ONLY)
    require(stored.scales.size == 1 and stored.zero_points.size == 1,
            f"tensor '{stored.name}' has {stored.scales.size} scales; quantise activations per "
            "tensor")
    require(-1 not in stored.signature[1:],
            f"tensor '{stored.name}' has the shape {stored.signature}, where -1 may change from "
            "run to run; fix height, width and channels in the model")
    require(2 <= len(stored.shape) <= 4 and stored.shape[0] == 1,
            f"tensor '{stored.name}' has the shape {stored.shape}; one image at a time and at "
            "most height, width and channels are supported, so set the batch to 1")
    height, width, channels = map_shape(stored.shape)
    return Tensor(name=stored.name, height=height, width=width, channels=channels,
                  scale=float(stored.scales[0]), zero_point=int(stored.zero_points[0]))


def weights_of(operation: StoredOperation, stored: StoredTensor,
             channel_dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Values, and the scale of each output channel or of all."""
    require(stored.type == "INT8" and bool(stored.data),
            f"weights '{stored.name}' of operation '{operation.name}' are {stored.type}, or no "
            "constant; " + INTEGER_ONLY)
    require(not stored.zero_points.any(),
            f"weights '{stored.name}' have a zero point other than 0; quantise weights "
            "symmetrically")
    require(stored.scales.size == 1
            or (stored.scales.size == stored.shape[channel_dimension]
                and stored.quantised_dimension == channel_dimension),
            f"weights '{stored.name}' have {stored.scales.size} scales along dimension "
            f"{stored.quantised_dimension}; one for all or one per output channel is supported")
    require(bool((np.isfinite(stored.scales) & (stored.scales > 0)).all()),
            f"weights '{stored.name}' have a scale that is not positive; quantise again")
    return stored.values, stored.scales


def option_of(operation: StoredOperation, name: str) -> int | float:
    """An option that an operation must have."""
    require(name in operation.options,
            f"operation '{operation.name}' lacks its options; the file is damaged, get it again")
    return operation.options[name]


def stride_of(operation: StoredOperation) -> tuple[int, int]:
    """Of height and width."""
    stride = (int(option_of(operation, "StrideH")), int(option_of(operation, "StrideW")))
    require(min(stride) >= 1, f"operation '{operation.name}' has the stride {stride}; "
                              "all of it must be at least 1")
    return stride


def padding_of(operation: StoredOperation, size: tuple[int, int], window: tuple[int, int],
             stride: tuple[int, int]) -> Padding:
    """SAME or VALID, in rows and columns."""
    if option_of(operation, "Padding") == tflite.Padding.VALID:
        return Padding()
    return Padding.same(size, window, stride)


def activation_of(operation: StoredOperation, output: Tensor) -> tuple[int, int]:
    """Least and largest code that the fused activation lets through."""
    kinds = tflite.ActivationFunctionType
    kind = option_of(operation, "FusedActivationFunction")
    limits = {kinds.NONE: (None, None), kinds.RELU: (0, None),
              kinds.RELU6: (0, 6), kinds.RELU_N1_TO_1: (-1, 1)}
    require(kind in limits,
            f"operation '{operation.name}' has the fused activation {kind}; use RELU or RELU6")

    def code(number: int) -> int:
        quotient = np.float32(number) / np.float32(output.scale)
        return output.zero_point + int(np.copysign(np.floor(np.abs(quotient) + 0.5), quotient))

    low, high = limits[int(kind)]
    return (INT8_MIN if low is None else max(INT8_MIN, code(low)),
            INT8_MAX if high is None else min(INT8_MAX, code(high)))


def mean_rescale(factor: float, count: int, channels: int) -> Rescale:
    """Of sums over `count` codes: LiteRT divides the multiplier, made as large as fits before."""
    whole = Rescale.of([factor])
    multiplier, exponent = int(whole.multiplier[0]), int(whole.exponent[0])
    shift = min(count.bit_length() - 1, 32, 31 + exponent)
    return Rescale(np.full(channels, (multiplier << shift) // count, np.int64),
                   np.full(channels, exponent - shift, np.int64))
