# SPDX-License-Identifier: Apache-2.0
"""Defective pixels that are corrected, and good ones that are touched."""

from dataclasses import dataclass, replace

import numpy as np

from ..pixel_die import PixelDieParameters
from ..scenes.staircase import Staircase
from .context import Context
from .features import without_corrections
from .measurement import Measurement, at_least, at_most
from .plan import Plan
from .shot import Shot

__all__ = ["DEFECT_SHOTS", "DefectCount", "count_defects", "defects_corrected",
           "good_pixels_touched"]

PER_MILLION = 1500.0
"""Of each kind, hot, dead and stuck: many, so that a share of 99 % can be told."""
SETTLING_FRAMES = 2
DEVIATES = 8.0
RESTORED = 4.0
"""Standard deviations of the good pixels of the same light."""
DARKEST_ELECTRONS, WELLS = 20.0, 0.8

_METHOD = (
    f"A staircase of light levels, all columns from {DARKEST_ELECTRONS:g} electrons to "
    f"{WELLS:.0%} of the last capture's well, seen by a pixel die with {PER_MILLION:g} hot, dead "
    f"and stuck pixels per million of each, all noise and spreads. The same frames with the "
    f"correction of defects switched off and on; the good pixels of a column tell what each "
    f"pixel should have. ")


@dataclass(frozen=True, kw_only=True)
class DefectCount:
    """Of one capture: pixel frames."""

    defective: int
    corrected: int
    good: int
    touched: int


def defects_corrected(context: Context) -> Measurement:
    """Share of the defects that deviate clearly and are restored."""
    counts = context.once("defects", _count)
    defective = sum(count.defective for count in counts)
    return Measurement(
        key="correct.defects_corrected",
        figure=sum(count.corrected for count in counts) / defective if defective else None,
        unit="", target=at_least(0.99),
        method=_METHOD + f"Share of defective pixels that deviate by {DEVIATES:g} standard "
        f"deviations or more and are brought within {RESTORED:g}, over all captures; pixels of "
        f"saturated columns are left out.",
        details={capture.name: {"defective": count.defective, "corrected": count.corrected}
                 for capture, count in zip(context.config.captures, counts, strict=True)})


def good_pixels_touched(context: Context) -> Measurement:
    """Share of the good pixels that are changed."""
    counts = context.once("defects", _count)
    good = sum(count.good for count in counts)
    return Measurement(
        key="correct.good_pixels_touched",
        figure=sum(count.touched for count in counts) / good if good else None,
        unit="", target=at_most(0.0001),
        method=_METHOD + "Share of all other pixels whose code differs at all, over all captures.",
        details={capture.name: {"good": count.good, "touched": count.touched}
                 for capture, count in zip(context.config.captures, counts, strict=True)})


def _plan(context: Context) -> Plan:
    config = context.config
    exposure_s = config.exposure_cycles(config.captures[0]) / config.sync_clock_hz
    well = max(config.adc.full_well_codes * config.electrons_per_code(capture)
               * config.exposure_ratio(capture) for capture in config.captures)
    parameters = replace(PixelDieParameters(), hot_per_million=PER_MILLION,
                         dead_per_million=PER_MILLION, stuck_per_million=PER_MILLION,
                         couplets_per_million=0.0)
    return Plan(name="defects-on", parameters=parameters, frames=SETTLING_FRAMES + 2,
                scene=Staircase(config, DARKEST_ELECTRONS / exposure_s, WELLS * well / exposure_s))


def _corrected(context: Context) -> Shot:
    return context.once("defects on", lambda c: c.take(_plan(c)))


def _uncorrected(context: Context) -> Shot:
    switches = without_corrections(context.config, "defects_dynamic", "defects_listed")
    return context.once("defects off", lambda c: c.take(
        replace(_plan(c), name="defects-off", registers=switches)))


DEFECT_SHOTS = (_corrected, _uncorrected)


def _count(context: Context) -> list[DefectCount]:
    config = context.config
    before, after = _uncorrected(context), _corrected(context)
    defective = np.zeros((config.array.rows, config.array.columns), bool)
    for defect in _plan(context).pixel_die(config, context.seed).defects:
        defective[defect.row, defect.column] = True
    return [count_defects(before, after, capture, defective[before.array_rows])
            for capture in range(len(config.captures))]


def count_defects(before: Shot, after: Shot, capture: int, defective: np.ndarray) -> DefectCount:
    """Compare the settled frames of two shots of the same light, column by column."""
    config = before.config
    saturation = ((config.adc.maximum_code << config.hdr.fraction_bits) * 15) // 16
    total = DefectCount(defective=0, corrected=0, good=0, touched=0)
    for frame in range(SETTLING_FRAMES, len(before.numbers)):
        was = before.corrected[frame, capture].astype(np.float64)
        now = after.corrected[frame, capture].astype(np.float64)
        good = np.where(defective, np.nan, was)
        expected = np.nanmedian(good, axis=0)
        # Quartiles: what is left of column errors and a lost neighbour must not widen it.
        spread = np.subtract(*np.nanpercentile(good, [75, 25], axis=0)) / 1.349
        spread = np.maximum(spread, 1 << config.hdr.fraction_bits)
        clear = (defective & (np.abs(was - expected) >= DEVIATES * spread)
                 & (expected < saturation))
        restored = clear & (np.abs(now - expected) <= RESTORED * spread)
        total = DefectCount(
            defective=total.defective + int(clear.sum()),
            corrected=total.corrected + int(restored.sum()),
            good=total.good + int((~defective).sum()),
            touched=total.touched + int(((was != now) & ~defective).sum()))
    return total
