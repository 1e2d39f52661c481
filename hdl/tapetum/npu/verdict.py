# SPDX-License-Identifier: Apache-2.0
"""What the die has to say about a frame; the same bytes on the link and in the registers."""

from amaranth import signed
from amaranth.lib import data

__all__ = ["NO_CLASS", "SCORES", "VERDICT_BYTES", "VERDICT_LAYOUT_VERSION", "Region", "Verdict",
           "VerdictFlags", "VerdictSummary"]

VERDICT_LAYOUT_VERSION = 1
SCORES = 16
"""A verdict tells the scores of so many classes; the class itself may be any of 255."""
NO_CLASS = 255


class VerdictFlags(data.Struct):
    """``valid``, or why there is no class.

    ``late``: not ready by the deadline or the next frame. ``overrun``: rows came faster than the
    array could take them. ``incomplete``: rows of the frame were lost. ``not_run``: there was no
    program, it was being changed, or the array was not ready.
    """

    valid: 1
    late: 1
    overrun: 1
    incomplete: 1
    not_run: 1
    spare: 3


class Region(data.Struct):
    """What the network saw, in pixels of the combined frame."""

    x_start: 16
    y_start: 16
    columns: 16
    rows: 16


class Verdict(data.Struct):
    """40 bytes, low byte first, in this order.

    ``layout`` is `VERDICT_LAYOUT_VERSION`. ``class_number`` is the first class with the highest
    score, `NO_CLASS` unless valid; then the scores are zero as well. ``cycles`` are ``sync`` clocks
    from the region's first pixel to the last score, or until it was given up.
    """

    layout: 8
    flags: VerdictFlags
    frame: 16
    model_id: 32
    cycles: 32
    region: Region
    class_number: 8
    score_count: 8
    spare: 16
    scores: data.ArrayLayout(signed(8), SCORES)


class VerdictSummary(data.Struct):
    """A verdict in short; ``score`` is that of the class, zero without one."""

    frame: 16
    flags: 8
    class_number: 8
    score: signed(8)


VERDICT_BYTES = Verdict.as_shape().size // 8
