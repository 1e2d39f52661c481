# SPDX-License-Identifier: Apache-2.0
"""The verdict that scores make, and its packets."""

from collections.abc import Sequence

import numpy as np

from .csi2 import long_packet, short_packet

__all__ = ["FLAGS", "verdict_bytes", "verdict_packets", "verdict_summary"]

FLAGS = ("valid", "late", "overrun", "incomplete", "not_run")
CHANNEL, DATA_TYPE = 2, 0x32
_SCORES = 16


def verdict_bytes(*, frame: int, flags: Sequence[str], model_id: int, cycles: int,
                  region: Sequence[int], scores: Sequence[int]) -> bytes:
    """40 bytes; ``scores`` of all classes, of which a verdict that is not valid tells nothing."""
    told = list(scores) if tuple(flags) == ("valid",) else []
    content = bytearray([1, sum(1 << FLAGS.index(name) for name in flags)])
    content += frame.to_bytes(2, "little") + model_id.to_bytes(4, "little")
    content += cycles.to_bytes(4, "little")
    for length in region:
        content += length.to_bytes(2, "little")
    content += bytes([int(np.argmax(told)) if told else 255, min(len(told), _SCORES), 0, 0])
    content += np.array(told[:_SCORES], np.int8).tobytes()
    return bytes(content.ljust(40, b"\0"))


def verdict_summary(flags: Sequence[str], scores: Sequence[int]) -> dict[str, int]:
    """The registers of a verdict."""
    is_valid = tuple(flags) == ("valid",) and len(scores) > 0
    return {"verdict_flags": sum(1 << FLAGS.index(name) for name in flags),
            "verdict_class": int(np.argmax(scores)) if is_valid else 255,
            "verdict_score": max(scores) if is_valid else 0}


def verdict_packets(frame: int, content: bytes) -> bytes:
    """A frame of its own on the verdict's virtual channel."""
    number = frame % 32768 + 1
    return (short_packet(CHANNEL, 0x00, number) + long_packet(CHANNEL, DATA_TYPE, content)
            + short_packet(CHANNEL, 0x01, number))
