# SPDX-License-Identifier: Apache-2.0
"""Which corrections a frame is taken with."""

from amaranth.lib import data

__all__ = ["CorrectionSwitches"]


class CorrectionSwitches(data.Struct):
    """One bit per correction, in the order of the chain; a correction that is off lets pass."""

    column: 1
    black_level: 1
    row_noise: 1
    digital_gain: 1
    lens_shading: 1
    defects_dynamic: 1
    defects_listed: 1
