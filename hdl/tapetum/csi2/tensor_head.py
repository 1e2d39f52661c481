# SPDX-License-Identifier: Apache-2.0
"""What every row of a network's input or output begins with."""

from amaranth.lib import data

from ..npu.verdict import Region, VerdictFlags

__all__ = ["TENSOR_HEAD_BYTES", "TENSOR_LAYOUT_VERSION", "TensorExtent", "TensorHead"]

TENSOR_LAYOUT_VERSION = 1


class TensorExtent(data.Struct):
    """Which row of a tensor, and its size: ``columns * channels`` bytes are in a row.

    An output is one row of one column, and has a channel for each class; none if there is no valid
    result.
    """

    row: 8
    rows: 8
    columns: 8
    channels: 8


class TensorHead(data.Struct):
    """20 bytes, low byte first, in this order: those of a verdict, but the extent for its cycles.

    ``layout`` is `TENSOR_LAYOUT_VERSION`. ``flags`` are those of the frame's verdict; rows of an
    input, which leave before there is one, have none set.
    """

    layout: 8
    flags: VerdictFlags
    frame: 16
    model_id: 32
    extent: TensorExtent
    region: Region


TENSOR_HEAD_BYTES = TensorHead.as_shape().size // 8
