# SPDX-License-Identifier: Apache-2.0
"""Reads a network's input and output as a host receives them."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .decoder import read_packets

__all__ = ["INPUT_TYPE", "OUTPUT_TYPE", "TENSOR_CHANNEL", "DecodedTensor",
           "decode_tensors", "read_tensors"]

TENSOR_CHANNEL, INPUT_TYPE, OUTPUT_TYPE = 3, 0x31, 0x33
_HEAD = struct.Struct("<BBHI4B4H")
_VERSION = 1
_FLAGS = ("valid", "late", "overrun", "incomplete", "not_run")


@dataclass(kw_only=True)
class DecodedTensor:
    """A network's input, or its output, which has one row, one column and a channel per class.

    Members
    -------
    values : int8 array of (rows, columns, channels)
        Zero in rows that did not come.
    missing_rows : list of int
    flags : tuple of str
        Of the verdict; empty of an input.
    region : (x, y, columns, rows)
        Pixels of the combined frame.
    """

    frame: int
    model_id: int
    is_output: bool
    flags: tuple[str, ...]
    region: tuple[int, int, int, int]
    values: NDArray[np.int8]
    missing_rows: list[int] = field(default_factory=list)


def decode_tensors(rows: Iterable[tuple[int, bytes]]) -> list[DecodedTensor]:
    """From the data types and payloads of the packets of virtual channel 3, in order.

    Raises
    ------
    ValueError
        Another layout than this reads, or a row whose size is not what its head says.
    """
    tensors: list[DecodedTensor] = []
    for data_type, payload in rows:
        if len(payload) < _HEAD.size:
            raise ValueError(f"a row of a tensor begins with {_HEAD.size} bytes, not with "
                             f"{len(payload)}.")
        layout, flags, frame, model_id, row, height, columns, channels, *region = (
            _HEAD.unpack_from(payload))
        if layout != _VERSION:
            raise ValueError(f"this reads tensors of layout {_VERSION}, not {layout}.")
        content = np.frombuffer(payload, np.int8, offset=_HEAD.size)
        if content.size != columns * channels or row >= height:
            raise ValueError(f"row {row} of {height} has {content.size} bytes instead of "
                             f"{columns} x {channels}.")
        is_output = data_type == OUTPUT_TYPE
        if (not tensors or row == 0 or tensors[-1].frame != frame
                or tensors[-1].is_output != is_output
                or tensors[-1].values.shape != (height, columns, channels)):
            tensors.append(DecodedTensor(
                frame=frame, model_id=model_id, is_output=is_output,
                flags=tuple(name for bit, name in enumerate(_FLAGS) if flags >> bit & 1),
                region=(region[0], region[1], region[2], region[3]),
                values=np.zeros((height, columns, channels), np.int8),
                missing_rows=list(range(height))))
        tensors[-1].values[row] = content.reshape(columns, channels)
        tensors[-1].missing_rows.remove(row)
    return tensors


def read_tensors(stream: bytes) -> list[DecodedTensor]:
    """Those of a recording of packets back to back; none of one with a row that cannot be read."""
    try:
        return decode_tensors(
            (packet.data_type, packet.payload) for packet in read_packets(stream)
            if packet.virtual_channel == TENSOR_CHANNEL and packet.payload is not None
            and packet.data_type in (INPUT_TYPE, OUTPUT_TYPE))
    except ValueError:
        return []
