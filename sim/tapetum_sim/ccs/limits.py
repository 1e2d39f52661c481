# SPDX-License-Identifier: Apache-2.0
"""The capabilities and limits that the driver reads, in its order: 230 of them, 668 bytes."""

from dataclasses import dataclass

from .bus import Read, Sequence

__all__ = ["LIMITS", "Limit", "read_limits"]


@dataclass(frozen=True)
class Limit:
    """One entry: a register, or an array of ``count`` that ends before its first zero."""

    address: int
    width_bytes: int
    count: int = 1


def _run(first: int, width_bytes: int, registers: int) -> list[Limit]:
    return [Limit(first + width_bytes * index, width_bytes) for index in range(registers)]


LIMITS: tuple[Limit, ...] = (
    # frame format, analogue gain, data format
    *_run(0x0040, 1, 2), Limit(0x0042, 2, 15), Limit(0x0060, 4, 8),
    *_run(0x0080, 2, 1), *_run(0x0084, 2, 14),
    *_run(0x00C0, 1, 2), Limit(0x00C2, 2, 16),
    # exposure, digital gain, converter
    *_run(0x1000, 2, 1), *_run(0x1004, 2, 4), *_run(0x1081, 1, 1), *_run(0x1084, 2, 3),
    *_run(0x10E0, 1, 1), *_run(0x10F0, 1, 1), *_run(0x10F4, 4, 1),
    # clocks of the array
    *_run(0x1100, 4, 2), *_run(0x1108, 2, 2), *_run(0x110C, 4, 2), *_run(0x1114, 2, 2),
    *_run(0x1118, 4, 2), *_run(0x1120, 2, 2), *_run(0x1124, 4, 4), *_run(0x1134, 2, 2),
    *_run(0x1138, 1, 4),
    # timing of frames
    *_run(0x1140, 2, 6), *_run(0x114C, 1, 2), *_run(0x114E, 2, 1), *_run(0x1150, 1, 2),
    # clocks of the link
    *_run(0x1160, 2, 2), *_run(0x1164, 4, 2), *_run(0x116C, 2, 2), *_run(0x1170, 4, 2),
    # regions; a second PLL; subsampling
    *_run(0x1180, 2, 8), *_run(0x1190, 1, 9),
    *_run(0x11A0, 2, 2), *_run(0x11A4, 4, 2), *_run(0x11AC, 2, 2), *_run(0x11B0, 4, 2),
    *_run(0x11B8, 1, 2), *_run(0x11C0, 2, 4), *_run(0x11C8, 1, 4), *_run(0x11CC, 2, 10),
    *_run(0x11F0, 2, 2),
    # scaling, high dynamic range, back channel
    *_run(0x1200, 2, 1), *_run(0x1204, 2, 4), *_run(0x120E, 1, 1),
    *_run(0x1210, 1, 3), Limit(0x1213, 1, 2), *_run(0x121B, 1, 2),
    *_run(0x1230, 1, 2), *(Limit(address, 1) for address in range(0x1234, 0x123C, 2)),
    *_run(0x123C, 4, 6),
    # compression, test patterns, buffers
    *_run(0x1300, 1, 1), *_run(0x1310, 2, 1), *_run(0x1312, 1, 7), *_run(0x1502, 1, 1),
    # the link and its PHY
    *_run(0x1600, 1, 8), Limit(0x1608, 4, 4), Limit(0x163A, 4, 4), *_run(0x1618, 1, 1),
    Limit(0x161A, 4, 4), Limit(0x164A, 4, 4), *_run(0x162B, 1, 15), *_run(0x165C, 1, 12),
    # binning
    *_run(0x1700, 2, 7), *_run(0x1710, 1, 3), Limit(0x1713, 1, 64), *_run(0x1771, 1, 2),
    Limit(0x1773, 1, 64),
    # corrections, strobes and the rest
    *_run(0x1800, 1, 1), *_run(0x1900, 1, 2), *_run(0x1903, 1, 1), *_run(0x1904, 2, 2),
    *_run(0x1908, 1, 1), *_run(0x1980, 1, 1), *_run(0x1987, 1, 1), *_run(0x1990, 1, 2),
    *_run(0x1A02, 1, 2), *_run(0x1A10, 1, 2), *_run(0x1B80, 1, 2), *_run(0x1C00, 1, 3),
)


def read_limits() -> "Sequence[dict[int, int]]":
    """Read all of them, each register by itself; values by address."""
    values: dict[int, int] = {}
    for limit in LIMITS:
        for index in range(limit.count):
            address = limit.address + limit.width_bytes * index
            data = yield Read(address, limit.width_bytes)
            values[address] = int.from_bytes(data, "big")
            if index and not values[address]:
                break
    return values
