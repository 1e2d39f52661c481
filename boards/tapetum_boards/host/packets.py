# SPDX-License-Identifier: Apache-2.0
"""Packets as the board keeps them."""

__all__ = ["without_padding"]

_LONG = 0x10
_HEADER_BYTES, _CHECKSUM_BYTES = 4, 2


def without_padding(kept: bytes) -> bytes:
    """Packets back to back, without the byte that fills up those of an odd length."""
    packets, place = [], 0
    while place + _HEADER_BYTES <= len(kept):
        length = _HEADER_BYTES
        if kept[place] & 0x3F >= _LONG:
            length += int.from_bytes(kept[place + 1:place + 3], "little") + _CHECKSUM_BYTES
        packets.append(kept[place:place + length])
        place += length + length % 2
    return b"".join(packets)
