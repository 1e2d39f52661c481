# SPDX-License-Identifier: Apache-2.0
"""Reads a verdict as a host receives it."""

import struct
from dataclasses import dataclass

__all__ = ["DecodedVerdict", "decode_verdict"]

_LAYOUT = struct.Struct("<BBHIIHHHHBBH16b")
_VERSION = 1
_FLAGS = ("valid", "late", "overrun", "incomplete", "not_run")
_NO_CLASS = 255


@dataclass(frozen=True, kw_only=True)
class DecodedVerdict:
    """What the die said of a frame.

    Members
    -------
    flags : tuple of str
        ``valid``, or what went wrong.
    class_number : int or None
        None unless valid.
    scores : tuple of int
        Of the first classes, at most 16; empty unless valid.
    region : (x, y, columns, rows)
        Pixels of the combined frame.
    """

    frame: int
    model_id: int
    flags: tuple[str, ...]
    class_number: int | None
    scores: tuple[int, ...]
    cycles: int
    region: tuple[int, int, int, int]

    @property
    def is_valid(self) -> bool:
        return self.flags == ("valid",)


def decode_verdict(payload: bytes) -> DecodedVerdict:
    """From the payload of a packet of type 0x32, or the bytes of the window verdict_bytes.

    Raises
    ------
    ValueError
        Another size or layout than this reads.
    """
    if len(payload) != _LAYOUT.size:
        raise ValueError(f"a verdict has {_LAYOUT.size} bytes, not {len(payload)}.")
    (layout, flags, frame, model_id, cycles, x, y, columns, rows, number, count, _,
     *scores) = _LAYOUT.unpack(payload)
    if layout != _VERSION:
        raise ValueError(f"this reads verdicts of layout {_VERSION}, not {layout}.")
    return DecodedVerdict(
        frame=frame, model_id=model_id, cycles=cycles, region=(x, y, columns, rows),
        flags=tuple(name for bit, name in enumerate(_FLAGS) if flags >> bit & 1),
        class_number=None if number == _NO_CLASS else number, scores=tuple(scores[:count]))
