# SPDX-License-Identifier: Apache-2.0
"""Which corrections a frame has."""

from amaranth.lib import data

__all__ = ["CORRECTIONS", "CorrectionSwitches"]


class CorrectionSwitches(data.Struct):
    """One bit per correction; 0 bypasses it, with the same latency and the same format."""

    column: 1
    black_level: 1
    row_noise: 1
    digital_gain: 1
    lens_shading: 1
    defects_dynamic: 1
    defects_listed: 1


CORRECTIONS = tuple(name for name, _ in CorrectionSwitches.as_shape())
"""Names of the switches, in the order of their bits."""
