# SPDX-License-Identifier: Apache-2.0
"""Defective pixels that are corrected, and good ones that are touched."""

from dataclasses import dataclass, replace

import numpy as np

from ..pixel_die import PixelDieParameters
from ..scenes.switched_light import SwitchedLight
from .context import Context
from .features import without_corrections
from .flat_fields import rate_that_fills
from .measurement import Measurement, at_least, at_most
from .plan import Plan, short_frame
from .shot import Shot

__all__ = ["DEFECT_SHOTS", "DefectCount", "count_defects", "defects_corrected",
           "good_pixels_touched"]

PER_MILLION = 150.0
"""Of each kind, hot, dead and stuck: more than on a good die, yet seldom side by side."""
SETTLING_FRAMES = 8
"""Until columns have been learnt: what is left of their errors is no business of this stage."""
DEVIATES = 8.0
RESTORED = 4.0
"""Standard deviations of the good pixels of the same light."""
WELLS = 0.3
ROWS = 160

_METHOD = (
    f"Flat fields of {ROWS} rows, one for each capture at {WELLS:.0%} of its well, seen by a pixel "
    f"die with {PER_MILLION:g} hot, dead and stuck pixels per million of each, all noise and "
    f"spreads. The same frames with the correction of defects switched off and on; the good pixels "
    f"of a column tell what each pixel should have. ")


@dataclass(frozen=True, kw_only=True)
class DefectCount:
    """Of one capture: pixel frames.

    ``good`` and ``touched`` leave out pixels that were saturated and still are; those of them that
    changed are ``touched_saturated``: in a column of high offset a conversion clips, beside it the
    pixel.
    """

    defective: int = 0
    corrected: int = 0
    good: int = 0
    touched: int = 0
    touched_saturated: int = 0

    def __add__(self, other: "DefectCount") -> "DefectCount":
        return DefectCount(
            defective=self.defective + other.defective, corrected=self.corrected + other.corrected,
            good=self.good + other.good, touched=self.touched + other.touched,
            touched_saturated=self.touched_saturated + other.touched_saturated)


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
        method=_METHOD + "Share of all other pixels whose code differs at all, over all captures; "
        "those that are saturated with and without the correction are left out, and counted apart.",
        details={capture.name: {"good": count.good, "touched": count.touched,
                                "touched_saturated": count.touched_saturated}
                 for capture, count in zip(context.config.captures, counts, strict=True)})


def _plan(context: Context, level: int) -> Plan:
    config = context.config
    capture = config.captures[level]
    registers = short_frame(config, ROWS)
    parameters = replace(PixelDieParameters(), hot_per_million=PER_MILLION,
                         dead_per_million=PER_MILLION, stuck_per_million=PER_MILLION,
                         couplets_per_million=0.0)
    return Plan(name=f"defects-on-{capture.name}", parameters=parameters,
                frames=SETTLING_FRAMES + 1, registers=registers,
                scene=SwitchedLight(
                    config, [(0.0, rate_that_fills(config, registers, level, WELLS))]))


def _shots(context: Context, is_on: bool) -> list[Shot]:
    config = context.config
    switches = {} if is_on else without_corrections(config, "defects_dynamic", "defects_listed")
    state = "on" if is_on else "off"

    def take(level: int) -> Shot:
        name = f"defects-{state}-{config.captures[level].name}"
        plan = _plan(context, level)
        return context.once(name, lambda c: c.take(
            replace(plan, name=name, registers={**plan.registers, **switches})))

    return [take(level) for level in range(len(config.captures))]


def _corrected(context: Context) -> list[Shot]:
    return _shots(context, True)


def _uncorrected(context: Context) -> list[Shot]:
    return _shots(context, False)


DEFECT_SHOTS = (_corrected, _uncorrected)


def _count(context: Context) -> list[DefectCount]:
    config = context.config
    counts = [DefectCount() for _ in config.captures]
    shots = zip(_uncorrected(context), _corrected(context), strict=True)
    for level, (before, after) in enumerate(shots):
        defective = np.zeros((config.array.rows, config.array.columns), bool)
        for defect in _plan(context, level).pixel_die(config, context.seed).defects:
            defective[defect.row, defect.column] = True
        counts = [count + count_defects(before, after, capture, defective[before.array_rows])
                  for capture, count in enumerate(counts)]
    return counts


def count_defects(before: Shot, after: Shot, capture: int, defective: np.ndarray) -> DefectCount:
    """Compare the settled frames of two shots of the same light, column by column."""
    config = before.config
    saturation = ((config.adc.maximum_code << config.hdr.fraction_bits) * 15) // 16
    total = DefectCount()
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
        saturated = (was >= saturation) & (now >= saturation)
        changed = (was != now) & ~defective
        total += DefectCount(
            defective=int(clear.sum()), corrected=int(restored.sum()),
            good=int((~defective & ~saturated).sum()), touched=int((changed & ~saturated).sum()),
            touched_saturated=int((changed & saturated).sum()))
    return total
