# SPDX-License-Identifier: Apache-2.0
"""What is left of column errors and row noise."""

import numpy as np

from .context import Context
from .drawing import draw
from .emva import FixedPatternNoise, fixed_pattern_noise
from .flat_fields import COLUMN_GAIN, COLUMN_OFFSET_LSB12, SETTLING_FRAMES, FlatFields, flat_fields
from .measurement import Measurement, at_least, at_most

__all__ = ["column_dsnu", "column_prnu", "row_noise_reduction"]

_FIELDS = (
    f"Flat fields of every capture, dark and at half of its range, with a column offset of "
    f"{COLUMN_OFFSET_LSB12:g} LSB (12 bit) and a column gain of {COLUMN_GAIN:.0%} (standard "
    f"deviations), row noise and the pixels' own spread; no defects. A small region in a short "
    f"frame; {SETTLING_FRAMES} frames to settle. ")


def column_dsnu(context: Context) -> Measurement:
    """Column offsets that remain, of the worst capture."""
    fields, before, after = _judged(context)
    scale = [fields.lsb12(noise.dsnu_column, corrected=True) for noise in after]
    return Measurement(
        key="correct.column_dsnu_lsb", figure=max(scale), unit="LSB12", target=at_most(0.2),
        method=_FIELDS + "DSNU of the columns after EMVA 1288 (release 4: columns, rows and "
        "pixels apart), computed by the package emva1288 from corrected codes; the worst capture.",
        details={
            "after": _by_capture(fields, scale),
            "before": _by_capture(fields, [
                fields.lsb12(noise.dsnu_column, corrected=False) for noise in before]),
            "rows_after": _by_capture(fields, [
                fields.lsb12(noise.dsnu_row, corrected=True) for noise in after]),
            "pixels_after": _by_capture(fields, [
                fields.lsb12(noise.dsnu_pixel, corrected=True) for noise in after]),
            "by_frame": _by_capture(fields, [_by_frame(fields, index)
                                             for index in range(len(after))])},
        pictures={"fixed pattern": _picture(fields, before, after)})


def column_prnu(context: Context) -> Measurement:
    """Column gains that remain, of the worst capture."""
    fields, before, after = _judged(context)
    return Measurement(
        key="correct.column_prnu_percent", figure=max(noise.prnu_column for noise in after),
        unit="%", target=at_most(0.05),
        method=_FIELDS + "PRNU of the columns after EMVA 1288, as above.",
        details={
            "after": _by_capture(fields, [noise.prnu_column for noise in after]),
            "before": _by_capture(fields, [noise.prnu_column for noise in before]),
            "rows_after": _by_capture(fields, [noise.prnu_row for noise in after]),
            "pixels_after": _by_capture(fields, [noise.prnu_pixel for noise in after])})


def row_noise_reduction(context: Context) -> Measurement:
    """How much smaller row noise is after correction, of the worst capture."""
    fields = flat_fields(context)
    before = [fields.lsb12(_row_noise(codes), corrected=False) for codes in fields.dark_codes]
    after = [fields.lsb12(_row_noise(codes), corrected=True) for codes in fields.dark]
    reduction = [20 * np.log10(was / max(left, 1e-9))
                 for was, left in zip(before, after, strict=True)]
    return Measurement(
        key="correct.row_noise_reduction_db", figure=float(min(reduction)), unit="dB",
        target=at_least(10),
        method=_FIELDS + "Standard deviation of the means of dark rows from frame to frame, "
        "before over after correction, in the same frames; the worst capture.",
        details={"before_lsb12": _by_capture(fields, before),
                 "after_lsb12": _by_capture(fields, after),
                 "reduction_db": _by_capture(fields, reduction)})


def _judged(context: Context
            ) -> tuple[FlatFields, list[FixedPatternNoise], list[FixedPatternNoise]]:
    return context.once("emva1288", _judge)


def _judge(context: Context
           ) -> tuple[FlatFields, list[FixedPatternNoise], list[FixedPatternNoise]]:
    fields = flat_fields(context)
    return (fields,
            [fixed_pattern_noise(*pair) for pair in zip(
                fields.dark_codes, fields.bright_codes, strict=True)],
            [fixed_pattern_noise(*pair) for pair in zip(fields.dark, fields.bright, strict=True)])


def _by_frame(fields: FlatFields, capture: int) -> list[float]:
    """Column DSNU of single frames, from the first on: what is left, single-frame noise taken off.

    Variance of column means less what the noise within columns makes of it.
    """
    result = []
    for frame in fields.first_dark[capture].astype(np.float64):
        centred = frame - frame.mean(axis=1, keepdims=True)
        within = centred.var(axis=0, ddof=1).mean() / len(frame)
        left = np.sqrt(max(0.0, centred.mean(axis=0).var(ddof=1) - within))
        result.append(round(fields.lsb12(float(left), corrected=True), 3))
    return result


def _row_noise(frames: np.ndarray) -> float:
    """Standard deviation of row means in time; what is fixed in a row is taken off."""
    means = frames.mean(axis=-1)
    return float(np.sqrt(means.var(axis=0, ddof=1).mean()))


def _picture(fields: FlatFields, before: list[FixedPatternNoise],
             after: list[FixedPatternNoise]) -> bytes:
    """DSNU and PRNU by columns, rows and pixels of each capture, before and after correction."""
    names = [capture.name for capture in fields.config.captures]
    places = np.arange(len(names))
    with draw(height=4.2) as (figure, picture):
        axes = figure.subplots(2, 3, sharex=True)
        for column, part in enumerate(("column", "row", "pixel")):
            for row, kind in enumerate(("dsnu", "prnu")):
                drawn = axes[row, column]
                for offset, noises, corrected in ((-0.2, before, False), (0.2, after, True)):
                    values = [getattr(noise, f"{kind}_{part}") for noise in noises]
                    if kind == "dsnu":
                        values = [fields.lsb12(value, corrected=corrected) for value in values]
                    drawn.bar(places + offset, values, width=0.4,
                              label="corrected" if corrected else "converted")
                drawn.set_yscale("symlog", linthresh=0.01)
                drawn.set_xticks(places, names)
                drawn.set_title(f"{kind.upper()} of {part}s", loc="left", fontsize=8)
                drawn.grid(alpha=0.25)
        axes[0, 0].set_ylabel("LSB12")
        axes[1, 0].set_ylabel("%")
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=2,
                      frameon=False, fontsize=8)
    return picture.getvalue()


def _by_capture(fields: FlatFields, values: list) -> dict:
    return {capture.name: value for capture, value in zip(
        fields.config.captures, values, strict=True)}
