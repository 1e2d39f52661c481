# SPDX-License-Identifier: Apache-2.0
"""The operations of the array, and the one that is left to the host.

Each checks its shapes when it is made, so that a `Network` of them cannot be inconsistent.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from tapetum_compiler.arithmetic import INT8_MAX, INT8_MIN, Rescale, Rounding
from tapetum_compiler.errors import require

from .tensor import Tensor

__all__ = ["Add", "Concat", "Convolution", "Layer", "Padding", "Pool", "PoolKind", "Softmax"]

ACCUMULATOR_BITS = 32


@dataclass(frozen=True)
class Padding:
    """Rows and columns around a map; they hold its zero point and so add nothing to a sum."""

    top: int = 0
    left: int = 0
    bottom: int = 0
    right: int = 0

    @classmethod
    def same(cls, size: tuple[int, int], window: tuple[int, int],
             stride: tuple[int, int]) -> "Padding":
        """As much as one output per `stride` inputs needs; the odd one goes to bottom and right."""
        total = [max((-(-length // step) - 1) * step + reach - length, 0)
                 for length, reach, step in zip(size, window, stride, strict=True)]
        return cls(total[0] // 2, total[1] // 2, total[0] - total[0] // 2,
                   total[1] - total[1] // 2)

    def plus(self, other: "Padding") -> "Padding":
        return Padding(self.top + other.top, self.left + other.left,
                       self.bottom + other.bottom, self.right + other.right)


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """What every layer has.

    Members
    -------
    name : str
        Kind and output, for messages and reports.
    inputs : tuple of Tensor
    output : Tensor
    """

    name: str
    inputs: tuple[Tensor, ...]
    output: Tensor

    @property
    def macs(self) -> int:
        """Products of weights and activations."""
        return 0

    @property
    def weight_bytes(self) -> int:
        return 0

    @property
    def is_on_host(self) -> bool:
        """The die has no part in it."""
        return False

    def refuse_unless(self, condition: bool, reason: str) -> None:
        require(condition, f"operation '{self.name}' {reason}")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Window(Layer):
    """A window that slides over one map."""

    window: tuple[int, int]
    stride: tuple[int, int]
    padding: Padding
    act_min: int = INT8_MIN
    act_max: int = INT8_MAX

    def __post_init__(self) -> None:
        (source,) = self.inputs
        padding = self.padding
        self.refuse_unless(min(*self.window, *self.stride) >= 1,
                           f"has the window {self.window} and stride {self.stride}; "
                           "all of them must be at least 1")
        self.refuse_unless(
            min(padding.top, padding.left, padding.bottom, padding.right) >= 0
            and max(padding.top, padding.bottom) < self.window[0]
            and max(padding.left, padding.right) < self.window[1],
            f"has the padding {padding}, of which some windows see nothing else; "
            f"pad by less than the window {self.window}")
        padded = (source.height + padding.top + padding.bottom,
                  source.width + padding.left + padding.right)
        size = tuple((length - reach) // step + 1 for length, reach, step in
                     zip(padded, self.window, self.stride, strict=True))
        self.refuse_unless(
            size == (self.output.height, self.output.width),
            f"makes a map of {size} from {source.shape}, but tensor '{self.output.name}' is "
            f"{self.output.shape}; export the model again, its shapes contradict each other")
        self.refuse_unless(
            INT8_MIN <= self.act_min <= self.act_max <= INT8_MAX,
            f"clamps to {self.act_min}..{self.act_max}, which holds no int8; "
            "quantise the model again with representative data")

    @property
    def input(self) -> Tensor:
        return self.inputs[0]

    def taps_inside(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which rows of the window lie on the map, per output row; and the same of columns."""
        return (_inside(self.input.height, self.output.height, self.window[0], self.stride[0],
                        self.padding.top),
                _inside(self.input.width, self.output.width, self.window[1], self.stride[1],
                        self.padding.left))


def _inside(length: int, outputs: int, reach: int, step: int, before: int) -> NDArray[np.bool_]:
    position = np.arange(outputs)[:, None] * step - before + np.arange(reach)
    return (position >= 0) & (position < length)


@dataclass(frozen=True, kw_only=True, eq=False)
class Convolution(_Window):
    """Sums of products over a window, one set of weights per output channel.

    With ``x`` inside the map, ``acc = bias + sum((x - zero_point_in) * weight)``; the output is
    ``clamp(rescaled(acc) + zero_point_out, act_min, act_max)``. A fully connected layer is a
    convolution whose window covers the map.

    Members
    -------
    weights : int8 array (output channels, window height, window width, factors)
        `factors` is the number of input channels, or 1 if depthwise.
    bias : int64 array (output channels,)
        Within 32 bits.
    rescale : Rescale
        One factor per output channel.
    is_depthwise : bool
        Output channel ``c`` sees input channel ``c // (output channels / input channels)`` only.
    """

    weights: NDArray[np.int8]
    bias: NDArray[np.int64]
    rescale: Rescale
    rounding: Rounding = Rounding.DOUBLE
    is_depthwise: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        channels, factors = self.output.channels, 1 if self.is_depthwise else self.input.channels
        wanted = (channels, *self.window, factors)
        self.refuse_unless(
            self.weights.shape == wanted and self.weights.dtype == np.int8,
            f"has {self.weights.dtype} weights of {self.weights.shape} where its tensors need int8 "
            f"of {wanted}; export the model again, its shapes contradict each other")
        self.refuse_unless(
            not self.is_depthwise or channels % self.input.channels == 0,
            f"is depthwise and makes {channels} channels of {self.input.channels}; "
            "let it make a whole multiple")
        per_channel = (self.bias, self.rescale.multiplier, self.rescale.exponent)
        self.refuse_unless(
            all(part.shape == (channels,) for part in per_channel),
            f"has {self.bias.size} biases and {self.rescale.multiplier.size} factors for "
            f"{channels} output channels; quantise the model again")
        least, most = self.accumulator_range()
        left = np.maximum(self.rescale.exponent, 0)
        limit = 1 << (ACCUMULATOR_BITS - 1)
        self.refuse_unless(
            bool((most << left < limit).all() and (least << left >= -limit).all()),
            f"can sum to {max(int(most.max()), -int(least.min()))}, which leaves 32 bits; quantise "
            "the model again with representative data, or split the layer")

    @property
    def channel_multiplier(self) -> int:
        """Output channels per input channel of a depthwise layer."""
        return self.output.channels // self.input.channels

    @property
    def macs(self) -> int:
        return self.output.height * self.output.width * self.weights.size

    def accumulator_range(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The least and most that any input, and any part of a sum, brings to each channel."""
        weights = self.weights.astype(np.int64).reshape(self.output.channels, -1)
        extremes = np.array([INT8_MIN, INT8_MAX]) - self.input.zero_point
        products = weights[..., None] * extremes
        return (self.bias + products.min(axis=-1).sum(axis=-1),
                self.bias + products.max(axis=-1).sum(axis=-1))

    @property
    def weight_bytes(self) -> int:
        return self.weights.size


class PoolKind(Enum):
    """What a window is reduced to."""

    AVERAGE = "average"
    MAX = "max"


@dataclass(frozen=True, kw_only=True, eq=False)
class Pool(_Window):
    """Average or maximum over what of a window lies inside the map; codes keep their meaning."""

    kind: PoolKind

    def __post_init__(self) -> None:
        super().__post_init__()
        _refuse_other_codes(self, self.input, "pools")
        self.refuse_unless(
            self.input.channels == self.output.channels,
            f"makes {self.output.channels} channels of {self.input.channels}; "
            "export the model again, its shapes contradict each other")


@dataclass(frozen=True, kw_only=True, eq=False)
class Add(Layer):
    """Two maps of one shape, summed.

    Each code, less its zero point, is shifted left by `LEFT_SHIFT` and rescaled; the sum is
    rescaled by `rescale_sum`. Each `Rescale` has one factor for all channels.
    """

    rescale_inputs: tuple[Rescale, Rescale]
    rescale_sum: Rescale
    act_min: int = INT8_MIN
    act_max: int = INT8_MAX

    LEFT_SHIFT = 20

    def __post_init__(self) -> None:
        shapes = [tensor.shape for tensor in (*self.inputs, self.output)]
        self.refuse_unless(
            len(self.inputs) == 2 and len(set(shapes)) == 1,
            f"adds maps of different shapes {shapes[:-1]}; repeat the smaller one in the model, "
            "there is no broadcasting")
        self.refuse_unless(
            all(part.multiplier.size == 1 for part in (*self.rescale_inputs, self.rescale_sum)),
            "has a factor per channel; addition takes one for all")
        self.refuse_unless(
            INT8_MIN <= self.act_min <= self.act_max <= INT8_MAX,
            f"clamps to {self.act_min}..{self.act_max}, which holds no int8; "
            "quantise the model again with representative data")

    @classmethod
    def of(cls, *, name: str, inputs: tuple[Tensor, Tensor], output: Tensor,
           act_min: int = INT8_MIN, act_max: int = INT8_MAX) -> "Add":
        """With the factors that follow from the scales of the three tensors."""
        twice_larger = 2 * max(tensor.scale for tensor in inputs)
        first, second = (Rescale.of([tensor.scale / twice_larger]) for tensor in inputs)
        return cls(name=name, inputs=inputs, output=output, rescale_inputs=(first, second),
                   rescale_sum=Rescale.of([twice_larger / (output.scale * (1 << cls.LEFT_SHIFT))]),
                   act_min=act_min, act_max=act_max)


@dataclass(frozen=True, kw_only=True, eq=False)
class Concat(Layer):
    """The channels of several maps, one after the other."""

    def __post_init__(self) -> None:
        sizes = {(tensor.height, tensor.width) for tensor in (*self.inputs, self.output)}
        self.refuse_unless(
            len(sizes) == 1
            and sum(tensor.channels for tensor in self.inputs) == self.output.channels,
            f"joins {[tensor.shape for tensor in self.inputs]} to {self.output.shape}; only "
            "channels of maps of one size can be joined")
        for tensor in self.inputs:
            _refuse_other_codes(self, tensor, "joins")


@dataclass(frozen=True, kw_only=True, eq=False)
class Softmax(Layer):
    """Probabilities of the channels, for the host: the largest stays the largest.

    ``output = exp(beta * x) / sum(exp(beta * x))`` over channels, in 32-bit floating point.
    """

    beta: float = 1.0

    def __post_init__(self) -> None:
        self.refuse_unless(
            self.inputs[0].shape == self.output.shape,
            f"makes {self.output.shape} of {self.inputs[0].shape}; export the model again")

    @property
    def is_on_host(self) -> bool:
        return True


def _refuse_other_codes(layer: Layer, tensor: Tensor, verb: str) -> None:
    layer.refuse_unless(
        tensor.is_quantised_like(layer.output),
        f"{verb} tensor '{tensor.name}' of scale {tensor.scale:g}, zero point {tensor.zero_point} "
        f"to '{layer.output.name}' of {layer.output.scale:g}, {layer.output.zero_point}; quantise "
        "both alike")
