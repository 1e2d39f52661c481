# SPDX-License-Identifier: Apache-2.0
"""Which codes each channel can take at all, whatever the image."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tapetum_compiler.arithmetic import INT8_MAX, INT8_MIN, rescaled
from tapetum_compiler.errors import require
from tapetum_compiler.network import Add, Concat, Convolution, Layer, Network, Pool, Softmax, Tensor

__all__ = ["Range", "accumulator_ranges", "channel_ranges"]


@dataclass(frozen=True, eq=False)
class Range:
    """Bounds per channel; they hold for every image, but need not be reached.

    Members
    -------
    least, most : int64 arrays (channels,)
    """

    least: NDArray[np.int64]
    most: NDArray[np.int64]

    @property
    def is_constant(self) -> NDArray[np.bool_]:
        return self.least == self.most


def channel_ranges(network: Network) -> dict[str, Range]:
    """The codes of every tensor, by name.

    All of the arithmetic is monotone: the bounds of a sum give the bounds of its code.
    """
    ranges = {tensor.name: _everything(tensor) for tensor in network.inputs}
    for layer in network.layers:
        inputs = [ranges[tensor.name] for tensor in layer.inputs]
        ranges[layer.output.name] = _output_range(layer, inputs)
    return ranges


def accumulator_ranges(layer: Convolution, source: Range) -> tuple[NDArray[np.int64],
                                                                   NDArray[np.int64]]:
    """Least and most accumulator for each way in which the border cuts the window.

    Both have the shape (cuts, output channels); a window that is never cut has one cut.
    """
    bounds = np.stack([source.least, source.most]) - layer.input.zero_point
    if layer.is_depthwise:
        bounds = np.repeat(bounds, layer.channel_multiplier, axis=1)[:, :, None, None, None]
    else:
        bounds = bounds[:, None, None, None, :]
    products = layer.weights.astype(np.int64) * bounds
    per_tap = np.stack([products.min(axis=0).sum(axis=-1), products.max(axis=0).sum(axis=-1)])
    rows, columns = (np.unique(inside, axis=0).astype(np.int64) for inside in layer.taps_inside())
    least, most = np.einsum("yk,bokl,xl->byxo", rows, per_tap, columns).reshape(
        2, -1, layer.output.channels)
    return layer.bias + least, layer.bias + most


def _everything(tensor: Tensor) -> Range:
    return Range(np.full(tensor.channels, INT8_MIN, np.int64),
                 np.full(tensor.channels, INT8_MAX, np.int64))


def _output_range(layer: Layer, inputs: list[Range]) -> Range:
    if isinstance(layer, Convolution):
        least, most = (
            _clamped(layer, rescaled(sums, layer.rescale, layer.rounding) + layer.output.zero_point)
            for sums in accumulator_ranges(layer, inputs[0]))
        return Range(least.min(axis=0), most.max(axis=0))
    if isinstance(layer, Pool):
        return Range(_clamped(layer, inputs[0].least), _clamped(layer, inputs[0].most))
    if isinstance(layer, Add):
        return Range(_sum(layer, [source.least for source in inputs]),
                     _sum(layer, [source.most for source in inputs]))
    if isinstance(layer, Softmax):
        return _everything(layer.output)
    require(isinstance(layer, Concat),
            f"operation '{layer.name}' is unknown to the range analysis; add its bounds")
    return Range(np.concatenate([source.least for source in inputs]),
                 np.concatenate([source.most for source in inputs]))


def _sum(layer: Add, inputs: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    total = sum(rescaled((codes - tensor.zero_point) << layer.LEFT_SHIFT, rescale)
                for tensor, codes, rescale in zip(layer.inputs, inputs, layer.rescale_inputs,
                                                  strict=True))
    return _clamped(layer, rescaled(np.asarray(total), layer.rescale_sum)
                    + layer.output.zero_point)


def _clamped(layer: Convolution | Pool | Add, values: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.clip(values, layer.act_min, layer.act_max)
