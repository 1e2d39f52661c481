# SPDX-License-Identifier: Apache-2.0
"""Settings of the pins that start frames and mark them."""

from amaranth.lib import data

__all__ = ["PinSettings"]


class PinSettings(data.Struct):
    """Apply at once, not with a frame.

    ``triggered``: a frame starts with a sync pulse instead of by itself. The sync output is a
    pulse of ``sync_output_width_cycles`` (0: none) as each frame is planned. The strobe
    follows the exposures of the capture ``strobe_capture``; ``strobe_mode`` 0 is off, 1 common
    to all rows, 2 rolling.
    """

    triggered: 1
    sync_output_width_cycles: 16
    strobe_mode: 2
    strobe_capture: 2
