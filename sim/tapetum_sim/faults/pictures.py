# SPDX-License-Identifier: Apache-2.0
"""Plots of a campaign, as PNG."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from ..characterise.drawing import draw
from .outcome import Outcome, Result

__all__ = ["latency_picture", "rooms_picture"]

_COLOURS = {
    Outcome.DANGEROUS_UNDETECTED: "#c92a2a", Outcome.DANGEROUS_LATE: "#f08c00",
    Outcome.DANGEROUS_DETECTED: "#2b8a3e",
    Outcome.SAFE_DETECTED: "#8ce99a", Outcome.SAFE_LATENT: "#ced4da", Outcome.SAFE: "#f1f3f5",
}


def rooms_picture(results: Sequence[Result]) -> bytes:
    """One bar for each room, the share of each outcome in it."""
    rooms: dict[str, Counter] = defaultdict(Counter)
    for result in results:
        rooms[result.element.room][result.outcome] += 1
    names = sorted(rooms, reverse=True)
    with draw(width=9.0, height=1.2 + 0.32 * max(len(names), 1)) as (figure, picture):
        axes = figure.subplots()
        left = np.zeros(len(names))
        for outcome, colour in _COLOURS.items():
            shares = np.array([rooms[name][outcome] / rooms[name].total() for name in names])
            axes.barh(names, shares, left=left, color=colour, label=str(outcome),
                      edgecolor="#868e96", linewidth=0.3)
            left = left + shares
        for place, name in enumerate(names):
            axes.text(1.01, place, f"{rooms[name].total():,}", va="center", fontsize=8)
        axes.set_xlim(0, 1)
        axes.set_xlabel("share of the injected faults; their number at the right")
        if names:
            axes.legend(ncols=3, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1.0))
    return picture.getvalue()


def latency_picture(results: Sequence[Result], frame_ps: int, row_ps: int) -> bytes:
    """Histograms of both latencies of dangerous faults."""
    told = [r for r in results if r.outcome.is_dangerous]
    detected = [r.latency_ps / frame_ps for r in told if r.latency_ps is not None]
    pin = [(r.error_ps - r.detected_ps) / row_ps for r in told
           if r.error_ps is not None and r.detected_ps is not None]
    with draw(width=9.0, height=3.2) as (figure, picture):
        for axes, values, label, limit in zip(
                figure.subplots(1, 2), (detected, pin),
                ("frames from the first wrong value to detection",
                 "rows from detection to the pin"),
                (2.0, 1.0), strict=True):
            axes.hist(np.clip(values, 0, limit), bins=40, range=(0, limit), color="#2b8a3e")
            axes.axvline(1, color="#c92a2a", linestyle="--", linewidth=1)
            axes.set_xlabel(label)
            axes.set_ylabel("faults")
    return picture.getvalue()
