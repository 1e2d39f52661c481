# SPDX-License-Identifier: Apache-2.0
"""Which map holds each tensor of a network, and in which lanes."""

import numpy as np
from numpy.typing import NDArray

from tapetum_compiler.network import Add, Concat, Network, Tensor

from .array_layer import CHANNEL_LANES, ArrayMap, ArrayTensor

__all__ = ["Places"]


class Places:
    """Gives places to tensors while layers are lowered, in their order.

    Joined tensors are channel ranges of one map, each from a word of its own on, so that joining
    costs nothing. A sum, and one that has other readers as well, needs a copy.

    Members
    -------
    tensors : dict of str to ArrayTensor
        What has been placed, by name.
    """

    def __init__(self, network: Network, bank_columns: int) -> None:
        self.tensors: dict[str, ArrayTensor] = {}
        self._columns = bank_columns
        self._joins: dict[str, Concat] = {}
        self._joined_maps: dict[str, ArrayMap] = {}
        self._copies: dict[tuple[str, int], ArrayTensor] = {}
        readers = [tensor.name for layer in network.layers for tensor in layer.inputs]
        readers += [tensor.name for tensor in network.outputs]
        joins = [layer for layer in network.layers if isinstance(layer, Concat)]
        # a sum is written later than what follows it, and could so be late for its row
        alone = {layer.output.name for layer in network.layers
                 if not isinstance(layer, (Concat, Add)) and readers.count(layer.output.name) == 1}
        for join in joins:
            for tensor in join.inputs:
                if tensor.name in alone:
                    self._joins[tensor.name] = join

    def place_input(self, tensor: Tensor) -> ArrayTensor:
        """A map that is filled from outside."""
        made = ArrayMap(name=tensor.name, height=tensor.height, width=tensor.width,
                        columns=self._columns, pixel_words=_words(tensor.channels), is_input=True)
        self.tensors[tensor.name] = ArrayTensor(places=np.arange(tensor.channels), map=made)
        return self.tensors[tensor.name]

    def place(self, tensor: Tensor, lanes: NDArray[np.intp]) -> tuple[ArrayMap, int]:
        """For a layer that makes `tensor` in those lanes: the map, and its first word there."""
        join = self._joins.get(tensor.name)
        if join:
            self.tensors[tensor.name], start = self._place_in(join, tensor, lanes)
            return self._joined_maps[join.output.name], start
        made = ArrayMap(name=tensor.name, height=tensor.height, width=tensor.width,
                        columns=self._columns, pixel_words=_words(int(lanes.max()) + 1))
        self.tensors[tensor.name] = ArrayTensor(map=made, places=lanes)
        return made, 0

    def place_copy(self, join: Concat, which: int,
                   lanes: NDArray[np.intp]) -> tuple[ArrayMap, int]:
        """For a layer that copies one input of `join`."""
        made, start = self._place_in(join, join.inputs[which], lanes)
        self._copies[join.output.name, which] = made
        return made.map, start

    def needs_copy(self, join: Concat) -> list[int]:
        """Inputs of `join` that are not made in its map."""
        return [which for which, tensor in enumerate(join.inputs)
                if self._joins.get(tensor.name) is not join]

    def place_join(self, join: Concat) -> None:
        """Every input is in the map."""
        parts = [self._copies.get((join.output.name, which)) or self.tensors[tensor.name]
                 for which, tensor in enumerate(join.inputs)]
        self.tensors[join.output.name] = ArrayTensor(
            map=self._joined_maps[join.output.name],
            places=np.concatenate([part.places for part in parts]))

    def _place_in(self, join: Concat, tensor: Tensor,
                  lanes: NDArray[np.intp]) -> tuple[ArrayTensor, int]:
        joined = self._joined_maps.setdefault(join.output.name, ArrayMap(
            name=join.output.name, height=tensor.height, width=tensor.width,
            columns=self._columns, pixel_words=0))
        start = joined.pixel_words
        joined.pixel_words += _words(int(lanes.max()) + 1)
        return ArrayTensor(map=joined, places=lanes + start * CHANNEL_LANES), start


def _words(lanes: int) -> int:
    """Words of a pixel that hold so many lanes."""
    return -(-lanes // CHANNEL_LANES)
