# SPDX-License-Identifier: Apache-2.0
"""Leaves out the channels that are the same in every image, and those that nothing depends on."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tapetum_compiler.network import Concat, Convolution, Layer, Network, Softmax, Tensor

from .ranges import Range, channel_ranges

__all__ = ["ChannelMap", "Reduction", "drop_constants"]

_Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ChannelMap:
    """Where the channels of a tensor are, once some have been left out.

    Members
    -------
    kept : intp array
        The channels that are left, in their order.
    constants : int8 array (channels,)
        Code of each channel that is constant; of the others, nothing.
    is_constant : bool array (channels,)
        A channel that is neither kept nor constant is one that nothing depends on.
    """

    kept: NDArray[np.intp]
    constants: NDArray[np.int8]
    is_constant: _Mask

    @property
    def is_known(self) -> _Mask:
        """What `restore` brings back."""
        known = self.is_constant.copy()
        known[self.kept] = True
        return known

    def restore(self, codes: NDArray[np.int8]) -> NDArray[np.int8]:
        """All channels from those that were kept (the last dimension); unknown ones are 0."""
        every = np.where(self.is_constant, self.constants, 0).astype(np.int8)
        restored = np.broadcast_to(every, (*codes.shape[:-1], every.size)).copy()
        restored[..., self.kept] = codes
        return restored


@dataclass(frozen=True, eq=False)
class Reduction:
    """A smaller network, and how each of its tensors lies in that of the original.

    Members
    -------
    network : Network
        Inputs and outputs have all of their channels. Tensors and layers keep their names.
    channels : dict of str to ChannelMap
        By name of the tensor.
    """

    network: Network
    channels: dict[str, ChannelMap]

    def restore(self, made: dict[str, NDArray[np.int8]]) -> dict[str, NDArray[np.int8]]:
        """The tensors of the original network from those of the smaller one."""
        return {name: self.channels[name].restore(codes) for name, codes in made.items()}


def drop_constants(network: Network) -> Reduction:
    """Leave out what is known before any image, exactly.

    A constant channel moves into the bias of the convolutions that read it. Where a border cuts
    their windows, that is exact only if what the channel adds does not depend on the cut; else the
    channel stays.
    """
    ranges = channel_ranges(network)
    kept = _kept_channels(network, ranges)
    tensors = {name: replace(tensor, channels=int(kept[name].sum()))
               for name, tensor in network.tensors.items()}
    smaller = replace(
        network, layers=tuple(_reduced(layer, tensors, kept, ranges) for layer in network.layers),
        aliases={})
    return Reduction(smaller, {
        name: ChannelMap(np.flatnonzero(mask), ranges[name].least.astype(np.int8),
                         ranges[name].is_constant)
        for name, mask in kept.items()})


def _kept_channels(network: Network, ranges: dict[str, Range]) -> dict[str, _Mask]:
    """The fewest channels that everything that leaves the network depends on."""
    kept = {name: np.zeros(tensor.channels, np.bool_) for name, tensor in network.tensors.items()}
    for tensor in (*network.inputs, *network.outputs):
        kept[tensor.name][:] = True
    _settle(network, kept, ranges)
    for mask in kept.values():
        mask[0] |= not mask.any()  # a map without channels is none
    _settle(network, kept, ranges)
    return kept


def _settle(network: Network, kept: dict[str, _Mask], ranges: dict[str, Range]) -> None:
    """Keep more channels until each has what it needs; one pass does unless branches meet."""
    count = -1
    while count != (count := sum(int(mask.sum()) for mask in kept.values())):
        for layer in reversed(network.layers):
            _keep_what_it_needs(layer, kept, ranges)


def _keep_what_it_needs(layer: Layer, kept: dict[str, _Mask], ranges: dict[str, Range]) -> None:
    masks = [kept[tensor.name] for tensor in layer.inputs]
    output = kept[layer.output.name]
    if isinstance(layer, Convolution) and layer.is_depthwise:
        groups = output.reshape(-1, layer.channel_multiplier)
        masks[0] |= groups.any(axis=1)
        groups |= masks[0][:, None]
    elif isinstance(layer, Convolution):
        masks[0] |= _is_needed(layer, output, ranges[layer.input.name])
    elif isinstance(layer, Softmax):
        masks[0][:] = True
    elif isinstance(layer, Concat):
        start = 0
        for mask in masks:
            part = output[start:start + mask.size]
            mask |= part
            part |= mask
            start += mask.size
    else:
        for mask in masks:
            output |= mask
        for mask in masks:
            mask |= output


def _is_needed(layer: Convolution, outputs: _Mask, source: Range) -> _Mask:
    """Input channels that a kept output depends on and that cannot move into its bias."""
    sums = _sums_of_cuts(layer, outputs)
    moves = (sums == sums[:1]).all(axis=(0, 1)) | (source.least == layer.input.zero_point)
    is_used = (layer.weights[outputs] != 0).any(axis=(0, 1, 2))
    return is_used & ~(source.is_constant & moves)


def _sums_of_cuts(layer: Convolution, outputs: _Mask) -> NDArray[np.int64]:
    """Weights that a border leaves: sums per cut, output and input channel.

    The first is of a window that lies inside as far as any does.
    """
    rows, columns = (np.unique(inside, axis=0)[::-1].astype(np.int64)
                     for inside in layer.taps_inside())
    weights = layer.weights[outputs].astype(np.int64)
    sums = np.einsum("yk,okli,xl->yxoi", rows, weights, columns)
    return sums.reshape(len(rows) * len(columns), *sums.shape[2:])


def _reduced(layer: Layer, tensors: dict[str, Tensor], kept: dict[str, _Mask],
             ranges: dict[str, Range]) -> Layer:
    inputs = tuple(tensors[tensor.name] for tensor in layer.inputs)
    output = tensors[layer.output.name]
    if not isinstance(layer, Convolution):
        return replace(layer, inputs=inputs, output=output)
    stays, of_input = kept[layer.output.name], kept[layer.input.name]
    weights, bias = layer.weights[stays], layer.bias[stays]
    if not layer.is_depthwise:
        source = ranges[layer.input.name]
        moved = ~of_input & source.is_constant
        values = np.where(moved, source.least - layer.input.zero_point, 0)
        bias = bias + _sums_of_cuts(layer, stays)[0] @ values
        weights = weights[..., of_input]
    return replace(layer, inputs=inputs, output=output, weights=weights, bias=bias,
                   rescale=layer.rescale.channels(np.flatnonzero(stays)))
