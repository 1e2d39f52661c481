# SPDX-License-Identifier: Apache-2.0
"""Layers of a network as sums over windows, which is all that cells can do."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tapetum_compiler.arithmetic import INT8_MAX, INT8_MIN, Rescale, Rounding
from tapetum_compiler.network import Convolution, Layer, Pool, PoolKind, Tensor

from .pools import IDENTITY_WEIGHT, average_rescale, identity_rescale

__all__ = ["Taps", "convolution_taps", "identity_taps", "pool_taps"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Taps:
    """A layer as sums over a window, each output channel with a factor of its own.

    Members
    -------
    weights : (channels, rows, columns, input channels), or (channels, rows, columns)
        The latter if each channel has its own input.
    bias : int64 array (channels,)
        Added to the sum of codes times weights, which knows no zero point.
    border : int
        Code of taps outside the map.
    """

    layer: Layer
    kind: str
    source: Tensor
    output: Tensor
    weights: NDArray[np.int8]
    bias: NDArray[np.int64]
    rescale: Rescale
    rounding: Rounding = Rounding.DOUBLE
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    border: int = 0
    zero_point_out: int = 0
    act_min: int = INT8_MIN
    act_max: int = INT8_MAX
    maximum: bool = False
    macs: int = 0


def convolution_taps(layer: Convolution) -> Taps:
    """Channels that see several inputs, or a depthwise layer of one output per input."""
    weights, kind = layer.weights, "convolution"
    if layer.is_depthwise and layer.channel_multiplier == 1:
        weights, kind = weights[..., 0], "depthwise"
    elif layer.is_depthwise:
        kind = "depthwise"
        channel = np.arange(layer.output.channels)
        weights = np.zeros((*weights.shape[:3], layer.input.channels), np.int8)
        weights[channel, :, :, channel // layer.channel_multiplier] = layer.weights[..., 0]
    elif layer.window == (1, 1):
        kind = "pointwise"
    weights, bias, rescale = _without_left_shift(layer, weights)
    sums = weights.astype(np.int64).reshape(len(bias), -1).sum(axis=1)
    return Taps(layer=layer, kind=kind, source=layer.input, output=layer.output, weights=weights,
                 bias=bias - layer.input.zero_point * sums, rescale=rescale,
                 rounding=layer.rounding, stride=layer.stride,
                 padding=(layer.padding.top, layer.padding.left),
                 border=layer.input.zero_point, zero_point_out=layer.output.zero_point,
                 act_min=layer.act_min, act_max=layer.act_max, macs=layer.macs)


def _without_left_shift(layer: Convolution, weights: NDArray[np.int8]) -> tuple[
        NDArray[np.int8], NDArray[np.int64], Rescale]:
    """The array shifts to the right only: what is to the left moves into the weights."""
    left = np.maximum(layer.rescale.exponent, 0)
    if not left.any():
        return weights, layer.bias, layer.rescale
    shifted = weights.astype(np.int64) << left.reshape(-1, *[1] * (weights.ndim - 1))
    layer.refuse_unless(
        bool((np.abs(shifted) <= INT8_MAX).all()),
        "enlarges its sums, which the array does only for small weights; quantise the model again "
        "with representative data")
    rescale = Rescale(layer.rescale.multiplier, np.minimum(layer.rescale.exponent, 0))
    return shifted.astype(np.int8), layer.bias << left, rescale


def pool_taps(layer: Pool) -> Taps:
    """A sum with weights of one, or the largest of doubled codes; outside lies the least code."""
    channels, taps = layer.output.channels, layer.window[0] * layer.window[1]
    is_average = layer.kind is PoolKind.AVERAGE and taps > 1
    weight = 1 if is_average else IDENTITY_WEIGHT
    return Taps(
        layer=layer, kind=f"{layer.kind.value} pool", source=layer.input, output=layer.output,
        weights=np.full((channels, *layer.window), weight, np.int8),
        bias=np.zeros(channels, np.int64),
        rescale=average_rescale(layer) if is_average else identity_rescale(channels),
        rounding=Rounding.SINGLE if is_average else Rounding.DOUBLE, stride=layer.stride,
        padding=(layer.padding.top, layer.padding.left), border=INT8_MIN,
        act_min=layer.act_min, act_max=layer.act_max, maximum=layer.kind is PoolKind.MAX)


def identity_taps(layer: Layer, source: Tensor, kind: str) -> Taps:
    """Copies `source`; the border it has not needs no zero point."""
    return Taps(layer=layer, kind=kind, source=source, output=layer.output,
                 weights=np.full((source.channels, 1, 1), IDENTITY_WEIGHT, np.int8),
                 bias=np.zeros(source.channels, np.int64),
                 rescale=identity_rescale(source.channels))
