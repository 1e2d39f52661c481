# SPDX-License-Identifier: Apache-2.0
"""Lanes back to one sequence of bytes (CSI-2 §6.1)."""

from collections.abc import Sequence

__all__ = ["merge_lanes"]


def merge_lanes(bursts: Sequence[Sequence[bytes | bytearray]]) -> bytes:
    """Packets from what each lane carried in each burst: ``bursts[burst][lane]``.

    Raises
    ------
    ValueError
        If a lane goes on after a lane with a lower number has ended: bytes would be missing.
    """
    packets = bytearray()
    for number, lanes in enumerate(bursts):
        lengths = [len(lane) for lane in lanes]
        if sorted(lengths, reverse=True) != lengths or lengths[0] - lengths[-1] > 1:
            raise ValueError(f"burst {number} has lanes of {lengths} bytes: some are missing.")
        merged = bytearray(sum(lengths))
        for index, lane in enumerate(lanes):
            merged[index::len(lanes)] = lane
        packets += merged
    return bytes(packets)
