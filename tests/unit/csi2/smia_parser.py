# SPDX-License-Identifier: Apache-2.0
"""Reads embedded rows as hosts do: by the rules of libcamera's parser for SMIA sensors.

Ref: https://git.libcamera.org, src/ipa/rpi/cam_helper/md_parser_smia.cpp, whose behaviour this
follows: a walk over a buffer of rows, each with its stride, that looks for some registers.
"""

from collections.abc import Collection, Iterator

__all__ = ["SmiaError", "parse_rows"]

_CELLS = {8: (1, ()), 10: (5, (4,)), 12: (3, (2,)), 14: (7, (4, 5, 6)), 16: (2, (1,)),
          20: (5, (1, 3, 4)), 24: (3, (1, 2))}
"""Bytes that repeat, and which of them are dummies. libcamera knows formats up to 14 bits."""


class SmiaError(Exception):
    """Why libcamera would have refused the buffer, in its own words."""


def parse_rows(buffer: bytes, bits: int, *, wanted: Collection[int], line_length: int,
               lines: int) -> dict[int, int]:
    """Values of the bytes at the addresses ``wanted``; the walk ends with the last one it misses.

    Raises
    ------
    SmiaError
        ``no line start``, ``bad dummy``, ``bad line end``, ``illegal tag``, ``missing registers``.
    """
    found: dict[int, int] = {}
    address = 0
    for line in range(lines):
        row = buffer[line * line_length:(line + 1) * line_length]
        if not row or row[0] != 0x0A:
            raise SmiaError("no line start")
        for tag, value in _pairs(row, bits):
            match tag:
                case 0x07:
                    if value != 0x07:
                        raise SmiaError("bad line end")
                    break
                case 0xAA:
                    address = value << 8 | address & 0xFF
                case 0xA5:
                    address = address & 0xFF00 | value
                case 0x55:
                    address += 1
                case 0x5A:
                    if address in wanted:
                        found[address] = value
                        if len(found) == len(wanted):
                            return found
                    address += 1
                case _:
                    raise SmiaError("illegal tag")
    raise SmiaError("missing registers")


def _pairs(row: bytes, bits: int) -> Iterator[tuple[int, int]]:
    """Tags with their values. Up to 14 bits dummies stand between the two, and nowhere else."""
    size, dummies = _CELLS[bits]
    position = 1

    def skip() -> int:
        nonlocal position
        start = position
        while position % size in dummies:
            if row[position] != 0x55:
                raise SmiaError("bad dummy")
            position += 1
        return position - start

    while True:
        if skip() and bits <= 14:
            raise SmiaError("a dummy stands where libcamera does not look for it")
        tag = row[position]
        position += 1
        skip()
        yield tag, row[position]
        position += 1
