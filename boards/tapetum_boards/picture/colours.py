# SPDX-License-Identifier: Apache-2.0
"""Colours of the picture, as red, green and blue."""

__all__ = ["BACKGROUND", "CLASSES", "FAULT", "MARK", "NO_VERDICT", "TEXT", "TRACK"]

BACKGROUND = 0x0A0E16
TRACK = 0x232A38
"""Behind the bar of the score."""
TEXT = 0xE8ECF4
FAULT = 0xFF5040
MARK = 0xFF
"""Red of a pixel that flickers; green is half its level, blue none."""
NO_VERDICT = 0x586070
CLASSES = (0x3DA5F4, 0x39D98A, 0xFFB020, 0xE0559B, 0x9B7BFF, 0x30D0D0, 0xF08050, 0xC0D040)
"""By the lower bits of the class."""
