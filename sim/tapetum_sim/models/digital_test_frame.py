# SPDX-License-Identifier: Apache-2.0
"""The test frame of the blanking, and the signature that it must come to at the link."""

import numpy as np
from numpy.typing import NDArray

from tapetum.compand.compander import TEST_SLOT, Compander
from tapetum.compand.output_selector import OutputSelector
from tapetum.compand.tables import BUILT_IN_TABLES
from tapetum.config import DieConfig
from tapetum.hdr.fixed_settings import fixed_settings
from tapetum.pixel import corrected_bits
from tapetum.safety.digital_test_frame import BEATS, POLYNOMIAL, SEED, SHIFTS

from .compand import compand
from .hdr import combine_marked

__all__ = ["frame_codes", "signature"]

_WORD = (1 << 32) - 1


def frame_codes(config: DieConfig) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Codes (captures, beats, lanes), and which captures are there (captures, beats)."""
    captures, lanes = len(config.captures), config.lanes
    largest = (1 << corrected_bits(config)) - 1
    codes = np.zeros((captures, BEATS, lanes), np.int64)
    present = np.ones((captures, BEATS), np.bool_)
    state = SEED
    for beat in range(BEATS):
        for capture in range(captures):
            if capture != captures - 1:
                present[capture, beat] = bool(_turned(state, 3 * capture) & 15)
            for lane in range(lanes):
                turn = 7 * lane if state >> 31 else 7 * lane + 5 * capture
                codes[capture, beat, lane] = _turned(state, turn) & largest
        for shift in SHIFTS:
            state ^= (state << shift if shift > 0 else state >> -shift) & _WORD
    return codes, present


def signature(config: DieConfig) -> int:
    """What `DigitalTestFrame` of this die finds in every frame, if the die is well."""
    codes, present = frame_codes(config)
    combined = combine_marked(codes, config, fixed_settings(config), present[:, :, None])
    values = compand(combined.values, BUILT_IN_TABLES[TEST_SLOT])
    # Values come to the link some clocks after the marks have left the combination.
    behind = Compander(config).latency_cycles + OutputSelector.latency_cycles
    told = [0] * (behind + BEATS)
    for beat in range(BEATS):
        for lane in range(config.lanes):
            told[behind + beat] ^= _turned(int(values[beat, lane]), -8 * lane)
            for kind, marks in enumerate((combined.flicker, combined.clipped)):
                place = 32 - (2 - kind) * config.lanes + lane
                told[beat] ^= int(marks[beat, lane]) << place
    state = 0
    for word in told:
        state = (state << 1 & _WORD) ^ (POLYNOMIAL if state >> 31 else 0) ^ word
    return state


def _turned(word: int, places: int) -> int:
    """To the right."""
    places %= 32
    return (word >> places | word << 32 - places) & _WORD
