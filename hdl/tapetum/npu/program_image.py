# SPDX-License-Identifier: Apache-2.0
"""A program as the die takes it: words of nine bytes, checked as a whole."""

import zlib
from collections.abc import Iterator
from itertools import groupby

from amaranth.lib import data

from .program import Program, Target

__all__ = ["ENTRY_BITS", "HEADER_LAYOUT", "HEADER_WORDS", "IMAGE_MAGIC", "IMAGE_VERSION",
           "IMAGE_WORD_BITS", "IMAGE_WORD_BYTES", "LARGEST_CLASSES", "SEGMENT_LAYOUT",
           "program_image"]

IMAGE_WORD_BYTES = 9
IMAGE_WORD_BITS = 8 * IMAGE_WORD_BYTES
IMAGE_MAGIC = int.from_bytes(b"TPTM", "little")
IMAGE_VERSION = 2
HEADER_WORDS = 4
LARGEST_CLASSES = 255
"""Class 255 of a verdict means none."""

HEADER_LAYOUT = data.StructLayout({
    "magic": 32, "version": 8, "cells": 6, "further_pixels": 2, "classes": 8, "spare_0": 16,
    "model_id": 32, "words": 24, "spare_1": 16,
    "rows": 12, "spare_2": 4, "columns": 12, "spare_3": 4, "channels": 8, "row_words": 16,
    "spare_4": 16, "signature": 64, "has_signature": 1, "spare_5": 7,
})
"""`HEADER_WORDS` words. ``words`` counts all of them, the last one too, which holds the CRC-32
(that of Ethernet and zlib) of all bytes before it. ``rows`` to ``row_words`` are the network's
input; ``signature`` is for `GoldenInference`."""

SEGMENT_LAYOUT = data.StructLayout({
    "target": Target, "spare_0": 5, "cell": 8, "index": 16, "entries": 16, "words": 16,
    "spare_1": 8,
})
"""Stands before ``words`` words with ``entries`` entries of one memory, from ``index`` on."""

ENTRY_BITS = dict.fromkeys(Target, IMAGE_WORD_BITS) | {
    Target.SCHEDULE: 8, Target.TABLES: 32}
"""A word holds as many entries as fit, the first one lowest."""


def program_image(program: Program) -> bytes:
    """The bytes that a host writes.

    Raises
    ------
    ValueError
        The network has more classes than a verdict can name.
    """
    lanes = 8 * program.result_words
    classes = program.classes or lanes
    if not 1 <= classes <= min(lanes, LARGEST_CLASSES):
        raise ValueError(f"a verdict tells 1 to {min(lanes, LARGEST_CLASSES)} classes apart, "
                         f"not {classes}.")
    body = [word for segment in _segments(program) for word in segment]
    rows, columns, channels = program.input_shape
    header = HEADER_LAYOUT.const({
        "magic": IMAGE_MAGIC, "version": IMAGE_VERSION, "cells": program.cells,
        "further_pixels": program.pixels - 1, "classes": classes,
        "model_id": program.model_id & 0xFFFFFFFF, "words": HEADER_WORDS + len(body) + 1,
        "rows": rows, "columns": columns, "channels": channels,
        "row_words": program.input_row_words,
        "signature": program.signature or 0, "has_signature": program.signature is not None,
    }).as_bits()
    content = (header.to_bytes(HEADER_WORDS * IMAGE_WORD_BYTES, "little")
               + b"".join(word.to_bytes(IMAGE_WORD_BYTES, "little") for word in body))
    return content + zlib.crc32(content).to_bytes(IMAGE_WORD_BYTES, "little")


def _segments(program: Program) -> Iterator[list[int]]:
    """Each memory of each cell: what it is, then its words."""
    for (target, cell), writes in groupby(program.writes(), lambda write: write[:2]):
        taken = list(writes)
        # The records of layers leave out words of the table; a segment has no gaps.
        start = 0
        for end in range(1, len(taken) + 1):
            if end < len(taken) and taken[end].index == taken[end - 1].index + 1:
                continue
            part, bits = taken[start:end], ENTRY_BITS[target]
            per_word, start = IMAGE_WORD_BITS // bits, end
            words = [sum((write.data & (1 << bits) - 1) << bits * place
                         for place, write in enumerate(part[first:first + per_word]))
                     for first in range(0, len(part), per_word)]
            yield [SEGMENT_LAYOUT.const({
                "target": target, "cell": cell, "index": part[0].index, "entries": len(part),
                "words": len(words)}).as_bits(), *words]
