# SPDX-License-Identifier: Apache-2.0
"""Holds what the RTL sent against what the models say, boundary by boundary."""

from collections.abc import Sequence

import numpy as np

from .record import Boundary
from .recordings import Row

__all__ = ["compare_packets", "compare_rows", "compare_values"]

_KINDS = ("active", "optical-black", "test", "unknown")


def compare_rows(name: str, expected: Sequence[Row], received: Sequence[Row]) -> Boundary:
    """Compare rows in order: what they are, every value, every flag.

    A row that is missing or too much counts all of its values; so does a row with another tag.
    """
    compared = mismatches = 0
    first = ""
    for index in range(max(len(expected), len(received))):
        want = expected[index] if index < len(expected) else None
        got = received[index] if index < len(received) else None
        size = max(row.values.size for row in (want, got) if row is not None)
        compared += size
        if want is None:
            wrong, reason = size, f"{_name(got)} is too much"
        elif got is None:
            wrong, reason = size, f"{_name(want)} is missing"
        elif got.key != want.key or got.values.size != want.values.size:
            wrong, reason = size, (f"{_name(got)} of {got.values.size} instead of {_name(want)} "
                                   f"of {want.values.size}")
        else:
            wrong, reason = _differences(want, got)
        mismatches += wrong
        first = first or reason
    return Boundary(name=name, compared=compared, mismatches=mismatches, first=first)


def compare_packets(name: str, expected: bytes, received: bytes) -> Boundary:
    """Compare byte by byte each virtual channel of two links; their packets may interleave freely.

    What one side lacks counts as different.
    """
    want, got = _channels(expected), _channels(received)
    parts = [_compare_channel(name, channel, want.get(channel, b""), got.get(channel, b""))
             for channel in sorted(want | got)]
    return Boundary(name=name, compared=sum(part.compared for part in parts),
                    mismatches=sum(part.mismatches for part in parts),
                    first=next((part.first for part in parts if part.first), ""))


def _channels(link: bytes) -> dict[int, bytes]:
    """The bytes of each virtual channel, in order.

    Headers are taken at their word, as two links that agree on all channels consist of the same
    packets: what an error misleads turns up as a difference.
    """
    channels: dict[int, bytearray] = {}
    position = 0
    while position < len(link):
        first = link[position]
        is_long = first & 0x3F >= 0x10
        count = int.from_bytes(link[position + 1:position + 3], "little")
        end = position + 4 + (count + 2 if is_long else 0)
        channels.setdefault(first >> 6, bytearray()).extend(link[position:end])
        position = end
    return {channel: bytes(content) for channel, content in channels.items()}


def _compare_channel(name: str, channel: int, expected: bytes, received: bytes) -> Boundary:
    want, got = np.frombuffer(expected, np.uint8), np.frombuffer(received, np.uint8)
    common = min(want.size, got.size)
    wrong = np.flatnonzero(want[:common] != got[:common])
    mismatches = wrong.size + abs(want.size - got.size)
    first = ""
    if wrong.size:
        first = (f"virtual channel {channel}, byte {wrong[0]}: {got[wrong[0]]:#04x} instead of "
                 f"{want[wrong[0]]:#04x}")
    elif mismatches:
        first = f"virtual channel {channel}: {got.size} bytes instead of {want.size}"
    return Boundary(name=name, compared=max(want.size, got.size), mismatches=mismatches,
                    first=first)


def compare_values(name: str, expected: Sequence, received: Sequence) -> Boundary:
    """Compare two lists of anything, element by element."""
    pairs = [(expected[i] if i < len(expected) else None,
              received[i] if i < len(received) else None)
             for i in range(max(len(expected), len(received)))]
    wrong = [(index, want, got) for index, (want, got) in enumerate(pairs) if want != got]
    first = f"number {wrong[0][0]}: {wrong[0][2]} instead of {wrong[0][1]}" if wrong else ""
    return Boundary(name=name, compared=len(pairs), mismatches=len(wrong), first=first)


def _differences(want: Row, got: Row) -> tuple[int, str]:
    different = want.values.astype(np.int64) != got.values.astype(np.int64)
    reason = ""
    for name, expected in want.marks.items():
        found = got.marks[name]
        if isinstance(expected, np.ndarray):
            different = different | (expected != found)
        elif expected != found:
            return want.values.size, f"{_name(want)}: {name} is {found} instead of {expected}"
    if different.any():
        column = int(np.argmax(different))
        reason = (f"{_name(want)}, column {column}: {got.values[column]} instead of "
                  f"{want.values[column]}")
    return int(different.sum()), reason


def _name(row: Row | None) -> str:
    if row is None:
        return "nothing"
    frame, capture, kind, number = row.key
    return f"frame {frame} capture {capture} {_KINDS[kind]} row {number}"
