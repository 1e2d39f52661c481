# SPDX-License-Identifier: Apache-2.0
"""A quantised network as the compiler sees it: tensors, layers, and what connects them."""

from .layers import Add, Concat, Convolution, Layer, Padding, Pool, PoolKind, Softmax
from .network import Alias, Network
from .tensor import Tensor

__all__ = [
    "Add",
    "Alias",
    "Concat",
    "Convolution",
    "Layer",
    "Network",
    "Padding",
    "Pool",
    "PoolKind",
    "Softmax",
    "Tensor",
]
