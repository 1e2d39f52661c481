# SPDX-License-Identifier: Apache-2.0
"""What is known of a network before it runs, and what that saves."""

from .constants import ChannelMap, Reduction, drop_constants
from .costs import LayerCost, layer_costs
from .ranges import Range, accumulator_ranges, channel_ranges

__all__ = [
    "ChannelMap",
    "LayerCost",
    "Range",
    "Reduction",
    "accumulator_ranges",
    "channel_ranges",
    "drop_constants",
    "layer_costs",
]
