# SPDX-License-Identifier: Apache-2.0
"""Letters of 5x7 dots, and the words that the picture needs."""

from collections.abc import Sequence

from tapetum.config import DieConfig

__all__ = ["CAPTION_CHARACTERS", "FIRST_CHARACTER", "FONT_PLACE", "GLYPH_ROWS", "TEXT_BYTES",
           "Caption", "caption_bytes", "class_captions", "text_memory"]

GLYPH_ROWS = 8
CAPTION_CHARACTERS = 16
FIRST_CHARACTER = 0x20
"""ASCII; the font ends with 0x5F, so there are no small letters."""
TEXT_BYTES = 1024
FONT_PLACE = 512
"""Captions lie below, the font from here on: `GLYPH_ROWS` bytes a letter."""
_CLASSES, _CAPTIONS = 16, 32

# A row of dots is five bits, the leftmost one highest; seven rows from the top.
_GLYPHS = {
    " ": "00000000000000", "!": "04040404040004", '"': "0a0a0000000000", "#": "0a1f0a0a0a1f0a",
    "%": "18190204081303", "'": "04040000000000", "(": "02040808080402", ")": "08040202020408",
    "*": "00150e1f0e1500", "+": "0004041f040400", ",": "00000000000408", "-": "0000001f000000",
    ".": "00000000000004", "/": "01010204081010", "0": "0e11131519110e", "1": "040c040404040e",
    "2": "0e11010204081f", "3": "0e11010601110e", "4": "02060a121f0202", "5": "1f101e0101110e",
    "6": "06081e1111110e", "7": "1f010204080808", "8": "0e11110e11110e", "9": "0e11110f01020c",
    ":": "00000400040000", ";": "00000400040408", "<": "02040810080402", "=": "00001f001f0000",
    ">": "08040201020408", "?": "0e110102040004", "A": "0e11111f111111", "B": "1e11111e11111e",
    "C": "0e11101010110e", "D": "1c12111111121c", "E": "1f10101e10101f", "F": "1f10101e101010",
    "G": "0e11101711110f", "H": "1111111f111111", "I": "0e04040404040e", "J": "0702020202120c",
    "K": "11121418141211", "L": "1010101010101f", "M": "111b1515111111", "N": "11111915131111",
    "O": "0e11111111110e", "P": "1e11111e101010", "Q": "0e11111115120d", "R": "1e11111e141211",
    "S": "0f10100e01011e", "T": "1f040404040404", "U": "1111111111110e", "V": "11111111110a04",
    "W": "11111115151b11", "X": "11110a040a1111", "Y": "11110a04040404", "Z": "1f01020408101f",
    "_": "0000000000001f",
}


class Caption:
    """Numbers of the captions behind those of the classes."""

    CAPTURES = _CLASSES
    COMBINED = _CLASSES + 4
    NO_VERDICT = _CLASSES + 5
    FAULT = _CLASSES + 6
    FLICKER_MAP = _CLASSES + 7
    NO_FAULT = _CLASSES + 8
    BLANK = _CLASSES + 9
    OTHER_CLASS = _CAPTIONS - 1


def caption_bytes(text: str) -> bytes:
    """As the memory holds it: cut or filled up, in capitals, what has no letter as a space."""
    known = "".join(letter if letter in _GLYPHS else " " for letter in text.upper())
    return known[:CAPTION_CHARACTERS].ljust(CAPTION_CHARACTERS).encode("ascii")


def class_captions(names: Sequence[str]) -> bytes:
    """Bytes from the start of the memory on: the captions of all classes that have a place."""
    whole = [*names[:_CLASSES], *(f"CLASS {number}" for number in range(len(names), _CLASSES))]
    return b"".join(map(caption_bytes, whole))


def text_memory(config: DieConfig) -> bytes:
    """What the memory holds after power-up."""
    captions = [b" " * CAPTION_CHARACTERS] * (_CAPTIONS - _CLASSES)
    for number, capture in enumerate(config.captures):
        captions[Caption.CAPTURES - _CLASSES + number] = caption_bytes(f"CAPTURE {capture.name}")
    for number, text in ((Caption.COMBINED, "COMBINED"), (Caption.NO_VERDICT, "NO VERDICT"),
                         (Caption.FAULT, "FAULT"), (Caption.FLICKER_MAP, "FLICKER MAP"),
                         (Caption.NO_FAULT, "NO FAULT"), (Caption.OTHER_CLASS, "OTHER CLASS")):
        captions[number - _CLASSES] = caption_bytes(text)
    font = b"".join(_rows(chr(FIRST_CHARACTER + place)) for place in range(64))
    return class_captions([]) + b"".join(captions) + font


def _rows(letter: str) -> bytes:
    """Eight dots a row, the leftmost one highest, with one column before the letter."""
    dots = bytes.fromhex(_GLYPHS.get(letter, _GLYPHS[" "]))
    return bytes(row << 2 for row in dots) + b"\0"
