# SPDX-License-Identifier: Apache-2.0
"""What ONNX values and attributes mean: numbers known through codes, windows, scales."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapetum_compiler.arithmetic import INT8_MAX, INT8_MIN
from tapetum_compiler.errors import require
from tapetum_compiler.network import Padding, Tensor

from .onnx_file import StoredNode

__all__ = [
    "QUANTISE_FIRST",
    "Constant",
    "Pending",
    "View",
    "code_of",
    "map_shape",
    "pair_of",
    "scales_of",
    "tensor_of",
    "weights_of",
    "window_of",
]

QUANTISE_FIRST = ("quantise the model with onnxruntime.quantization.quantize_static, "
                  "QuantFormat.QDQ and 8-bit types")


@dataclass(frozen=True)
class View:
    """A number that is known through its code; `shape` is ONNX's, channels before height."""

    tensor: Tensor
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Constant:
    """Numbers, and the codes and scales that they were made of."""

    codes: NDArray[Any]
    scales: NDArray[np.float64]
    zero_points: NDArray[np.int64]
    axis: int

    def numbers(self) -> NDArray[np.float64]:
        shape = [1] * self.codes.ndim
        if self.scales.size > 1:
            shape[self.axis] = self.scales.size
        return (self.codes - self.zero_points.reshape(shape)) * self.scales.reshape(shape)


@dataclass(frozen=True, eq=False)
class Pending:
    """A result that is not quantised yet; `finish` makes the layers that give it in codes."""

    node: StoredNode
    shape: tuple[int, ...]
    finish: Callable[[Tensor, int, int], None]
    low: float = -np.inf
    high: float = np.inf


def map_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Height, width and channels, of which the first two may be missing."""
    return (*shape[2:], *(1,) * (4 - len(shape)), shape[1]) if len(shape) > 1 else ()


def tensor_of(node: StoredNode, name: str, shape: tuple[int, ...], scale: float,
              zero_point: int) -> Tensor:
    """The tensor that a node makes or reads, channels last."""
    require(len(shape) in (2, 4) and shape[0] == 1,
            f"operation '{node.name}' quantises a tensor of shape {shape}; one image of channels, "
            "height and width, or one vector, is supported")
    height, width, channels = map_shape(shape)
    return Tensor(name=name, height=height, width=width, channels=channels, scale=float(scale),
                  zero_point=int(zero_point))


def pair_of(node: StoredNode, name: str,
            default: tuple[int, int] | None = None) -> tuple[int, int]:
    """An attribute of two whole numbers, for height and width."""
    values = tuple(int(value) for value in node.attributes.get(name, default or ()))
    require(len(values) == 2 and min(values) >= 1,
            f"operation '{node.name}' has {name} {values}; two numbers of at least 1 are expected")
    return values[0], values[1]


def code_of(number: float, tensor: Tensor) -> int:
    """The code next to `number`, which may lie beyond int8."""
    if np.isinf(number):
        return INT8_MIN if number < 0 else INT8_MAX
    return tensor.zero_point + int(np.clip(np.rint(number / tensor.scale), -512, 512))


def weights_of(node: StoredNode, place: int, value: object) -> Constant:
    """The int8 weights that are an input of a node."""
    require(isinstance(value, Constant),
            f"operation '{node.name}' has weights '{node.inputs[place]}' that are no quantised "
            "constant; " + QUANTISE_FIRST)
    assert isinstance(value, Constant)
    require(not value.zero_points.any() and bool((np.abs(value.codes) <= -INT8_MIN).all())
            and not (value.codes > INT8_MAX).any(),
            f"operation '{node.name}' has weights '{node.inputs[place]}' that are no int8 with "
            "the zero point 0; set weight_type=QuantType.QInt8")
    return value


def scales_of(node: StoredNode, weights: Constant, channel_axis: int) -> NDArray[np.float64]:
    """Of the weights: one, or one per output channel."""
    axis = weights.axis % weights.codes.ndim
    require(weights.scales.size == 1
            or (axis == channel_axis
                and weights.scales.size == weights.codes.shape[channel_axis]),
            f"operation '{node.name}' has {weights.scales.size} scales along axis {axis} of "
            "its weights; one for all or one per output channel is supported")
    require(bool((np.isfinite(weights.scales) & (weights.scales > 0)).all()),
            f"operation '{node.name}' has a weight scale that is not positive; quantise again")
    return weights.scales


def window_of(node: StoredNode, source: Tensor,
              window: tuple[int, int]) -> tuple[tuple[int, int], Padding]:
    """Stride and padding."""
    attributes = node.attributes
    dilations = list(attributes.get("dilations", [1, 1]))
    require(dilations == [1, 1] and not attributes.get("ceil_mode", 0),
            f"operation '{node.name}' has the dilations {dilations} or ceil_mode; use [1, 1] "
            "and none")
    stride = pair_of(node, "strides", (1, 1))
    automatic = attributes.get("auto_pad", b"NOTSET").decode(errors="replace")
    if automatic == "SAME_UPPER":
        return stride, Padding.same((source.height, source.width), window, stride)
    require(automatic in ("NOTSET", "VALID"),
            f"operation '{node.name}' has auto_pad {automatic}; export explicit pads")
    pads = [int(pad) for pad in attributes.get("pads", [0] * 4)]
    require(len(pads) == 4, f"operation '{node.name}' has the pads {pads}; four are expected")
    return stride, Padding(*pads)
