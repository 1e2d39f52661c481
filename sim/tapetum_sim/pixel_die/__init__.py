# SPDX-License-Identifier: Apache-2.0
"""The pixel die: photons to electrons to the counts at which comparators trip."""

from .expectation import CaptureExpectation, expect_capture
from .fixed_pattern import Defect, DefectKind, FixedPattern
from .parameters import PixelDieParameters
from .pixel_die import PixelDie
from .programmed_levels import programmed_codes
from .schedule import exposure_window

__all__ = ["CaptureExpectation", "Defect", "DefectKind", "FixedPattern", "PixelDie",
           "PixelDieParameters", "expect_capture", "exposure_window", "programmed_codes"]
