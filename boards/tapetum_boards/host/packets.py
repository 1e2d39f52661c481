# SPDX-License-Identifier: Apache-2.0
"""Packets as the board keeps them."""

from collections.abc import Iterator

from tapetum_sim.csi2.decoder import Frame, decode
from tapetum_sim.errors import UserError

__all__ = ["first_frame", "of_channel_0", "split_frames", "without_padding"]

_FRAME_START, _LONG = 0x00, 0x10
_HEADER_BYTES, _CHECKSUM_BYTES = 4, 2


def without_padding(kept: bytes) -> bytes:
    """Packets back to back, without the byte that fills up those of an odd length."""
    return b"".join(_packets(kept, padded=True))


def first_frame(packets: bytes) -> Frame:
    """The first frame in packets back to back; raises `UserError` if there is none with pixels."""
    frames = decode(packets).frames
    if not frames or not frames[0].pixels.size:
        raise UserError("there is no frame in what was captured; capture another.")
    return frames[0]


def split_frames(packets: bytes) -> list[bytes]:
    """Packets back to back, cut ahead of each frame start of virtual channel 0."""
    frames: list[bytes] = []
    for packet in _packets(packets, padded=False):
        if packet[0] == _FRAME_START:
            frames.append(b"")
        if frames:
            frames[-1] += packet
    return frames


def of_channel_0(packets: bytes) -> bytes:
    """Packets of virtual channel 0, in their order."""
    return b"".join(packet for packet in _packets(packets, padded=False) if packet[0] >> 6 == 0)


def _packets(content: bytes, *, padded: bool) -> Iterator[bytes]:
    place = 0
    while place + _HEADER_BYTES <= len(content):
        length = _HEADER_BYTES
        if content[place] & 0x3F >= _LONG:
            length += int.from_bytes(content[place + 1:place + 3], "little") + _CHECKSUM_BYTES
        yield content[place:place + length]
        place += length + (length % 2 if padded else 0)
