# SPDX-License-Identifier: Apache-2.0
"""From the layers of a network to those of the array."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tapetum.npu.npu_config import NpuConfig
from tapetum.npu.program import Mode
from tapetum_compiler.arithmetic import INT8_MIN, Rounding
from tapetum_compiler.errors import require
from tapetum_compiler.network import (
    Add,
    Concat,
    Convolution,
    Layer,
    Network,
    Pool,
    Tensor,
)

from .array_layer import (
    ArrayLayer,
    ArrayMap,
    ArrayTensor,
    Parameters,
    Residual,
)
from .places import Places
from .sums import fused_sums, residual_of
from .taps import Taps, convolution_taps, identity_taps, pool_taps
from .weights import channel_words, depthwise_words, grouped_words, kernel_row_words

__all__ = ["Lowered", "lower"]

_LARGEST_SUM = 1 << 31
_LARGEST_STRIDE_OF_PAIRS = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Lowered:
    """Layers in an order in which each follows those that it reads.

    Members
    -------
    tensors : dict of str to ArrayTensor
        Where those of the network are, but for those that a fused sum swallowed.
    """

    layers: tuple[ArrayLayer, ...]
    tensors: dict[str, ArrayTensor]
    input: ArrayTensor
    output: ArrayTensor


def lower(network: Network, cells: int, pixels: int = 1) -> Lowered:
    """The network as an array of so many cells and pixels runs it.

    `Softmax` is left to the host. The network must have one input and one output.
    """
    outputs = _die_outputs(network)
    require(len(network.inputs) == 1,
            f"the network has {len(network.inputs)} inputs; the array takes one, split the model")
    require(len(outputs) == 1,
            f"the network has {len(outputs)} outputs; the array gives one, split the model")
    lowering = _Lowering(network, cells, pixels)
    for layer in network.layers:
        if not layer.is_on_host:
            lowering.add(layer)
    output = lowering.straighten(outputs[0])
    require(bool(lowering.made), "the network has no operation that the array runs; give it one")
    tensors = lowering.places.tensors
    return Lowered(layers=tuple(lowering.made), tensors=tensors,
                   input=lowering.input, output=output)


def _die_outputs(network: Network) -> list[Tensor]:
    """Outputs, or what the host makes them of."""
    host = {layer.output.name: layer.inputs[0] for layer in network.layers if layer.is_on_host}
    return list({tensor.name: tensor for tensor in
                 (host.get(output.name, output) for output in network.outputs)}.values())


class _Lowering:

    def __init__(self, network: Network, cells: int, pixels: int) -> None:
        self.made: list[ArrayLayer] = []
        self._cells, self._pixels = cells, pixels
        self.places = Places(network, NpuConfig(cells=cells, pixels=pixels).bank_columns)
        self._layers = {layer.output.name: layer for layer in network.layers}
        self._fused = fused_sums(network)
        self._waiting = {layer.output.name for layer, _ in self._fused.values()}
        source = network.inputs[0]
        self.input = self.places.place_input(source)
        readers = sum(layer.inputs.count(source) for layer in network.layers)
        if readers > 1:  # rows that arrive are released by one reader only
            taps = identity_taps(next(layer for layer in network.layers if source in layer.inputs),
                                 source, "copy")
            copied = replace(source, name=f"{source.name} copied")
            self._emit(replace(taps, output=copied))
            self.places.tensors[source.name] = self.places.tensors.pop(copied.name)

    def add(self, layer: Layer) -> None:
        """Lower one layer; a convolution that a sum follows waits for that."""
        if layer.output.name in self._waiting:
            return
        if isinstance(layer, Convolution):
            self._emit(convolution_taps(layer))
        elif isinstance(layer, Pool):
            self._emit(pool_taps(layer))
        elif isinstance(layer, Add):
            self._add_sum(layer)
        elif isinstance(layer, Concat):
            for which in self.places.needs_copy(layer):
                taps = identity_taps(layer, layer.inputs[which], "copy")
                self._emit(taps, target=lambda lanes, which=which:
                           self.places.place_copy(layer, which, lanes))
            self.places.place_join(layer)
        else:
            layer.refuse_unless(False, "is unknown to the array; leave it out of the model")

    def straighten(self, tensor: Tensor) -> ArrayTensor:
        """Have the channels of the last tensor in their order, without gaps."""
        made, order = self.places.tensors[tensor.name], np.arange(tensor.channels)
        if np.array_equal(made.places, order):
            return made
        last = replace(tensor, name=f"{tensor.name} in order")
        taps = identity_taps(self._layers[tensor.name], tensor, "copy")
        self._emit(replace(taps, output=last), wanted=order)
        self.places.tensors[tensor.name] = self.places.tensors.pop(last.name)
        return self.places.tensors[tensor.name]

    def _add_sum(self, layer: Add) -> None:
        if layer.output.name in self._fused:
            convolution, own = self._fused[layer.output.name]
            taps = convolution_taps(convolution)
        else:
            own = 0
            taps = identity_taps(layer, layer.inputs[0], "sum")
        other = self.places.tensors[layer.inputs[1 - own].name]
        residual = residual_of(layer, own, other.map)
        self._emit(replace(taps, output=layer.output), residual, other.places)

    def _emit(self, taps: Taps, residual: Residual | None = None,
              wanted: NDArray[np.intp] | None = None, target: Callable | None = None) -> None:
        """Choose a mode, give the output a place, and pack.

        `wanted` are the lanes that the output must have.
        """
        source = self.places.tensors[taps.source.name]
        mode, grouped = self._mode(taps, source, residual, wanted)
        own_lanes = mode is Mode.DEPTHWISE or grouped
        lanes = source.places if own_lanes else wanted
        if lanes is None:
            lanes = np.arange(len(taps.bias))
        target = target or (lambda lanes: self.places.place(taps.output, lanes))
        where, word = target(lanes)
        self.made.append(self._packed(taps, source, mode, grouped, lanes, where, word, residual))

    def _mode(self, taps: Taps, source: ArrayTensor, residual: Residual | None,
              wanted: NDArray[np.intp] | None) -> tuple[Mode, bool]:
        height, width = taps.weights.shape[1:3]
        if taps.weights.ndim == 3 and (wanted is None or np.array_equal(wanted, source.places)):
            strides = taps.output.width == 1 or taps.stride[1] <= 2
            if (height, width) == (3, 3) and strides and not taps.maximum and residual is None:
                return Mode.DEPTHWISE, False
            return Mode.CHANNELS, True
        groups = -(-len(taps.bias) // self._cells)
        few = (source.lanes <= 3 and width == 3 and height <= 3 and taps.weights.ndim == 4
               and taps.stride[1] <= min(3, groups * height))
        return (Mode.KERNEL_ROW if few and residual is None else Mode.CHANNELS), False

    def _packed(self, taps: Taps, source: ArrayTensor, mode: Mode, grouped: bool,
                lanes: NDArray[np.intp], where: ArrayMap, word: int,
                residual: Residual | None) -> ArrayLayer:
        cells, layer = self._cells, taps.layer
        height, width = taps.weights.shape[1:3]
        groups = -(-(int(lanes.max()) + 1) // cells)
        vectors = -(-source.lanes // 8)
        out_lanes = groups * cells
        if taps.weights.ndim == 3 and not grouped and mode is not Mode.DEPTHWISE:
            channels = len(taps.weights)
            dense = np.zeros((channels, height, width, channels), np.int8)
            dense[np.arange(channels), :, :, np.arange(channels)] = taps.weights
            taps = replace(taps, weights=dense)
        if taps.weights.ndim == 3:
            spread = np.zeros((out_lanes, height, width), np.int8)
            spread[lanes] = taps.weights
            words = (depthwise_words if mode is Mode.DEPTHWISE else grouped_words)(spread, cells)
        else:
            inputs = vectors * 8 if mode is Mode.CHANNELS else source.lanes
            spread = np.zeros((out_lanes, height, width, inputs), np.int8)
            every = np.zeros((*spread.shape[:3], len(source.places)), np.int8)
            every[lanes] = taps.weights
            spread[..., source.places] = every
            words = (channel_words if mode is Mode.CHANNELS else kernel_row_words)(spread, cells)
        stride = tuple(1 if size == 1 else step for size, step in
                       zip((taps.output.height, taps.output.width), taps.stride, strict=True))
        layer.refuse_unless(height <= 16 and width <= 31 and max(stride) <= 7,
                            f"has the window {(height, width)} and stride {stride}; the array "
                            "takes up to 16 rows, 31 columns and a stride of 7")
        layer.refuse_unless(self._pixels == 1 or stride[1] <= _LARGEST_STRIDE_OF_PAIRS,
                            f"has a stride of {stride[1]} columns, an array of two pixels takes "
                            f"up to {_LARGEST_STRIDE_OF_PAIRS}; compile for one")
        return ArrayLayer(
            name=layer.name, kind=taps.kind, tensor=taps.output.name, mode=mode, grouped=grouped,
            maximum=taps.maximum, window=(height, width), stride=(stride[0], stride[1]),
            pad_top=taps.padding[0], pad_left=taps.padding[1], source=source.map, target=where,
            out_word_offset=word, vectors=1 if mode is Mode.KERNEL_ROW else vectors,
            groups=groups, weights=words,
            parameters=self._parameters(taps, lanes, groups, residual),
            zero_point_in=taps.border, zero_point_out=taps.zero_point_out,
            act_min=taps.act_min, act_max=taps.act_max, residual=residual, macs=taps.macs,
            pixels=self._pixels)

    def _parameters(self, taps: Taps, lanes: NDArray[np.intp], groups: int,
                    residual: Residual | None) -> Parameters:
        weights = taps.weights.astype(np.int64).reshape(len(taps.bias), -1)
        largest = np.abs(weights).sum(axis=1) * -INT8_MIN
        taps.layer.refuse_unless(
            bool((np.abs(taps.bias.astype(np.int64)) + largest < _LARGEST_SUM).all()),
            "can sum to more than 32 bits; quantise the model again with representative data")

        def spread(values: NDArray[np.int64] | int, of_sum: int = 0) -> NDArray[np.int64]:
            every = np.zeros(groups * self._cells, np.int64)
            every[lanes] = values
            words = every.reshape(groups, self._cells).T
            if residual:
                words = np.pad(words, ((0, 0), (0, 1)), constant_values=of_sum)
            return np.ascontiguousarray(words)

        sums = (residual.multiplier, residual.shift) if residual else (0, 0)
        return Parameters(bias=spread(taps.bias),
                          multiplier=spread(taps.rescale.multiplier, sums[0]),
                          shift=spread(-taps.rescale.exponent, sums[1]),
                          single=spread(int(taps.rounding is Rounding.SINGLE)))
