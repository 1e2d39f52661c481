# SPDX-License-Identifier: Apache-2.0
"""What travels between the blocks of the array."""

from amaranth import signed
from amaranth.lib import data

from .npu_config import NpuConfig
from .program import LAYER_LAYOUT

__all__ = ["Clamp", "InputWord", "LateToken", "ProgramPort", "ReadStep", "RowCommand",
           "StepToken"]


class StepToken(data.StructLayout):
    """Marches from cell to cell with its vector.

    ``valid`` steps add their products to the sum, from ``first`` to ``last``; ``maximum`` keeps
    the largest instead. ``move`` loads the march register: from the cell before, or with ``window``
    by shifting a column in; ``clear`` takes the older columns from the cell before all the same.
    Of a vector that ``adds`` the bytes go to a sum.
    """

    def __init__(self, config: NpuConfig):
        super().__init__({
            "valid": 1, "first": 1, "last": 1, "maximum": 1, "move": 1, "window": 1, "clear": 1,
            "adds": 1, "context": range(config.rows_under_way),
            "parameter": range(config.parameter_words),
        })


class LateToken(data.StructLayout):
    """Marches behind the sums: whose parameters come next, and whether an addend takes their place.
    """

    def __init__(self, config: NpuConfig):
        super().__init__({"parameter": range(config.parameter_words), "takes_addend": 1})


class ReadStep(data.StructLayout):
    """A step as its generator issues it, in front of the activation memory.

    ``column`` and ``word`` count from the left edge of the map and may be negative; ``row`` is the
    row of the kernel, ``part`` that of the word which the cells take, ``weight`` the place of the
    step's weights. ``push`` marks a column for
    the window of a kernel row, ``load`` the step that begins with what this window holds,
    ``residual`` the read of an addend.

    With two pixels, ``column`` is the first of those that are read, and ``word`` the place of that
    column and the three from the last multiple of 4 on. A step that is ``beside`` may read the
    addend as well, from ``residual_word`` in the upper half of these if ``residual_half``.
    """

    def __init__(self, config: NpuConfig):
        super().__init__({
            "token": StepToken(config), "weight": range(config.weight_words),
            "row": 4, "column": signed(14), "word": signed(15), "part": 2,
            "push": 1, "load": 1, "residual": 1,
        } | ({} if config.pixels == 1 else {
            "beside": 1, "residual_word": 13, "residual_half": 1,
        }))


class RowCommand(data.Struct):
    """One row of one layer, all addresses found.

    Parameters
    ----------
    context
        Below `NpuConfig.rows_under_way`, in turn.
    window_bases
        By bank: where the row of a 3x3 window begins that lies there.
    window_bank, window_outside
        Bank of the window's first row; which of its rows lie outside the map.
    released_rows
        Rows of the input tensor that no later command reads.
    """

    layer: LAYER_LAYOUT
    context: 2
    window_bases: data.ArrayLayout(13, 4)
    window_bank: 2
    window_outside: 3
    residual_bank: 2
    residual_base: 13
    residual_pixel_words: 8
    out_bank: 2
    out_base: 13
    released_rows: 12


class Clamp(data.Struct):
    """How a layer's outputs end."""

    zero_point: signed(8)
    minimum: signed(8)
    maximum: signed(8)


class InputWord(data.Struct):
    """Eight channels of an input pixel; ``row_last`` with the last word of a row."""

    word: 64
    row_last: 1


class ProgramPort(data.Struct):
    """A write into one cell's memories.

    ``multiplier_sum`` is what the data hold if they are parameters: the lower 16 bits of the
    multiplier plus the upper 15, worked out once for all cells.
    """

    index: 16
    data: 72
    multiplier_sum: 17
