# SPDX-License-Identifier: Apache-2.0
"""What has been learnt, as plain data."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["CODE_SCALE", "Layer"]

CODE_SCALE = 128
"""Codes of the camera that are 1 to the network."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """Weights (outputs, inputs, height, width) and bias of a convolution, batch norm folded in."""

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    stride: int = 1
