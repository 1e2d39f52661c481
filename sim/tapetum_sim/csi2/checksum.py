# SPDX-License-Identifier: Apache-2.0
"""Checksum of a payload (CSI-2 §9.6), at the speed of the standard library."""

from binascii import crc_hqx

__all__ = ["payload_checksum"]

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def payload_checksum(payload: bytes) -> int:
    """CRC-16 with polynomial x^16 + x^12 + x^5 + 1, low bit first, start value 0xFFFF.

    The library's function takes the high bit first; with all bytes mirrored it is the same one.
    """
    mirrored = crc_hqx(bytes(payload).translate(_REVERSED), 0xFFFF)
    return _REVERSED[mirrored & 0xFF] << 8 | _REVERSED[mirrored >> 8]
