# SPDX-License-Identifier: Apache-2.0
"""What the array runs: maps with lanes for their channels, and layers that fill them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tapetum.npu.program import Mode

__all__ = ["CELLS", "CHANNEL_LANES", "TABLE_WORDS", "ArrayLayer", "ArrayMap", "ArrayTensor",
           "Parameters", "Residual"]

CELLS = (2, 4, 8)
"""Sizes of the array that there are; 8 cells also of two pixels."""
CHANNEL_LANES = 8
"""Channels in a word of activations."""
TABLE_WORDS = 512
"""Of one sum of two maps."""


@dataclass(kw_only=True, eq=False)
class ArrayMap:
    """Storage for one map, row by row.

    Members
    -------
    pixel_words : int
        Words of a pixel; grows while the parts of a joined map find their places.
    columns : int
        That share an address of a bank, `NpuConfig.bank_columns`.
    is_input : bool
        Filled from outside.
    """

    name: str
    height: int
    width: int
    pixel_words: int
    columns: int
    is_input: bool = False

    @property
    def row_words(self) -> int:
        """Addresses of a bank that a row takes."""
        return -(-self.width // self.columns) * self.pixel_words

    @property
    def row_bytes(self) -> int:
        return self.row_words * self.columns * CHANNEL_LANES


@dataclass(frozen=True, kw_only=True, eq=False)
class ArrayTensor:
    """Where the channels of a tensor of the network lie in a map.

    Members
    -------
    places : intp array (channels,)
        Lane of each channel in a pixel of `map`.
    """

    map: ArrayMap
    places: NDArray[np.intp]

    @property
    def lanes(self) -> int:
        """How many lanes from the first of the map reach the last channel."""
        return int(self.places.max()) + 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Residual:
    """A tensor that is added to what a layer makes.

    Members
    -------
    table : int32 array (512,)
        Addend by code + 128 of the layer's own output, then by that of the other tensor.
    """

    source: ArrayMap
    table: NDArray[np.int32]
    multiplier: int
    shift: int
    zero_point: int
    act_min: int
    act_max: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Parameters:
    """How each cell rescales its sums; int64 arrays (cells, words).

    Members
    -------
    bias : -2**31 to 2**31 - 1
        Holds ``-zero_point_in * sum(weights)``.
    multiplier : 0 to 2**31 - 1
    shift : 0 to 31
        To the right, after the one by 31.
    single : 0 or 1
        Rounded once.
    """

    bias: NDArray[np.int64]
    multiplier: NDArray[np.int64]
    shift: NDArray[np.int64]
    single: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class ArrayLayer:
    """One layer as the cells see it.

    Members
    -------
    name, kind : str
        Operation of the network, and what it is here, for reports.
    tensor : str
        Of the network, which this layer makes.
    weights : int8 array (cells, words, 9)
    parameters : Parameters
        Arrays (cells, groups); with a residual one word more, for the sums.
    macs : int
        Products that the network asks for.
    pixels : int
        That a step computes.
    """

    name: str
    kind: str
    tensor: str
    mode: Mode
    grouped: bool
    maximum: bool
    window: tuple[int, int]
    stride: tuple[int, int]
    pad_top: int
    pad_left: int
    source: ArrayMap
    target: ArrayMap
    out_word_offset: int
    vectors: int
    groups: int
    weights: NDArray[np.int8]
    parameters: Parameters
    zero_point_in: int
    zero_point_out: int
    act_min: int
    act_max: int
    residual: Residual | None
    macs: int
    pixels: int

    @property
    def cells(self) -> int:
        return self.weights.shape[0]

    @property
    def rows(self) -> int:
        """Commands: one for each row of the target, or one for a whole map."""
        return 1 if self.mode is Mode.WHOLE_MAP else self.target.height

    @property
    def row_pixels(self) -> int:
        """Pixels that a command makes."""
        return self.target.height * self.target.width // self.rows

    @property
    def steps_across(self) -> int:
        """Steps that these take, per group and tap."""
        return -(-self.row_pixels // self.pixels)

    def rows_needed(self, row: int) -> int:
        """Rows of the source that must be there before command `row` is computed."""
        return min(row * self.stride[0] + self.window[0] - self.pad_top, self.source.height)

    def first_row_read(self, row: int) -> int:
        """The first row of the source that command `row` or a later one reads."""
        return min(max(row * self.stride[0] - self.pad_top, 0), self.source.height)
