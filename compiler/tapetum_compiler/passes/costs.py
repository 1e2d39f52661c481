# SPDX-License-Identifier: Apache-2.0
"""What each layer costs: as the model has it, and as it is left to the array."""

from dataclasses import dataclass

import numpy as np

from tapetum_compiler.network import Convolution, Network

from .constants import Reduction
from .ranges import accumulator_ranges, channel_ranges

__all__ = ["LayerCost", "layer_costs"]


@dataclass(frozen=True, kw_only=True)
class LayerCost:
    """Of one convolution; `dense` is of the model, `live` of what is left of it.

    Members
    -------
    live_accumulator_bits : int
        Signed bits that no image can exceed.
    """

    name: str
    output: str
    dense_macs: int
    live_macs: int
    dense_weight_bytes: int
    live_weight_bytes: int
    live_accumulator_bits: int


def layer_costs(network: Network, reduction: Reduction) -> list[LayerCost]:
    """One entry per layer that has weights, in the order of execution."""
    ranges = channel_ranges(reduction.network)
    costs = []
    for dense, live in zip(network.layers, reduction.network.layers, strict=True):
        if not isinstance(live, Convolution):
            continue
        least, most = accumulator_ranges(live, ranges[live.input.name])
        largest = max(int(np.max(most)), ~int(np.min(least)))
        costs.append(LayerCost(
            name=dense.name, output=dense.output.name,
            dense_macs=dense.macs, live_macs=live.macs,
            dense_weight_bytes=dense.weight_bytes, live_weight_bytes=live.weight_bytes,
            live_accumulator_bits=max(largest, 0).bit_length() + 1))
    return costs
