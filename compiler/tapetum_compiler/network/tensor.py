# SPDX-License-Identifier: Apache-2.0
"""What flows from layer to layer: maps of 8-bit codes."""

import math
from dataclasses import dataclass

from tapetum_compiler.arithmetic import INT8_MAX, INT8_MIN
from tapetum_compiler.errors import require

__all__ = ["LARGEST_DIMENSION", "Tensor"]

LARGEST_DIMENSION = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """A map of int8 codes; the number that a code stands for is ``scale * (code - zero_point)``.

    Members
    -------
    name : str
        As in the file it was read from.
    height, width, channels : int
        1 to `LARGEST_DIMENSION`. A vector is a map of one pixel.
    scale : float
        Positive; as exact as the file has it (32-bit).
    zero_point : int
        -128 to 127.
    """

    name: str
    height: int
    width: int
    channels: int
    scale: float
    zero_point: int

    def __post_init__(self) -> None:
        require(1 <= min(self.shape) <= max(self.shape) <= LARGEST_DIMENSION,
                f"tensor '{self.name}' has the shape {self.shape}, of which a dimension is not "
                f"from 1 to {LARGEST_DIMENSION}; export the model with fixed, smaller dimensions")
        require(math.isfinite(self.scale) and self.scale > 0,
                f"tensor '{self.name}' has the scale {self.scale}, which is not positive; quantise "
                "the model again with representative data")
        require(INT8_MIN <= self.zero_point <= INT8_MAX,
                f"tensor '{self.name}' has the zero point {self.zero_point}, which is no int8; "
                "quantise its activations to 8 bits")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, channels; in memory, channels come first."""
        return self.height, self.width, self.channels

    @property
    def values(self) -> int:
        return self.height * self.width * self.channels

    def is_quantised_like(self, other: "Tensor") -> bool:
        """Equal codes stand for equal numbers."""
        return (self.scale, self.zero_point) == (other.scale, other.zero_point)
