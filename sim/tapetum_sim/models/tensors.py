# SPDX-License-Identifier: Apache-2.0
"""The packets that carry a network's input and output."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .csi2 import long_packet, short_packet
from .verdict import FLAGS

__all__ = ["FrameTensors", "tensor_packets"]

CHANNEL, INPUT_TYPE, OUTPUT_TYPE = 3, 0x31, 0x33


@dataclass(frozen=True, kw_only=True)
class FrameTensors:
    """What is to be sent of one frame.

    Parameters
    ----------
    region : (x, y, columns, rows)
        Pixels of the combined frame.
    picture : int8 array of (rows, columns, channels), optional
        The network's input; None if it is not wanted.
    output : sequence of int, optional
        Scores of all classes, none of a verdict that is not valid; None if it is not wanted.
    output_model : int, optional
        Of the verdict, by default ``model_id``.
    flags : sequence of str
        Of the verdict.
    lost_rows : collection of int
        Of the input, which the link had no time for.
    """

    frame: int
    model_id: int
    region: Sequence[int]
    picture: NDArray[np.int8] | None = None
    output: Sequence[int] | None = None
    output_model: int | None = None
    flags: Sequence[str] = ("valid",)
    lost_rows: Collection[int] = ()


def tensor_packets(frames: Iterable[FrameTensors]) -> bytes:
    """All packets of virtual channel 3, frame by frame; a frame without a row leaves none."""
    sent = bytearray()
    for frame in frames:
        packets = bytearray()
        if frame.picture is not None:
            rows, columns, channels = frame.picture.shape
            for row in sorted(set(range(rows)) - set(frame.lost_rows)):
                packets += long_packet(CHANNEL, INPUT_TYPE, _head(
                    frame, (), frame.model_id, (row, rows, columns, channels))
                    + frame.picture[row].tobytes())
        if frame.output is not None:
            model_id = frame.model_id if frame.output_model is None else frame.output_model
            packets += long_packet(CHANNEL, OUTPUT_TYPE, _head(
                frame, frame.flags, model_id, (0, 1, 1, len(frame.output)))
                + np.array(frame.output, np.int8).tobytes())
        if packets:
            number = frame.frame % 32768 + 1
            sent += short_packet(CHANNEL, 0x00, number) + packets
            sent += short_packet(CHANNEL, 0x01, number)
    return bytes(sent)


def _head(frame: FrameTensors, flags: Sequence[str], model_id: int,
          extent: Sequence[int]) -> bytes:
    head = bytearray([1, sum(1 << FLAGS.index(name) for name in flags)])
    head += frame.frame.to_bytes(2, "little") + model_id.to_bytes(4, "little") + bytes(extent)
    for length in frame.region:
        head += length.to_bytes(2, "little")
    return bytes(head)
