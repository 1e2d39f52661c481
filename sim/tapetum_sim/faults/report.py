# SPDX-License-Identifier: Apache-2.0
"""``report.json`` and ``report.html`` of a campaign."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from ..pages import data_url, render_page
from ..provenance import package_versions, revision
from .die import Campaign
from .outcome import Outcome, Result
from .pictures import latency_picture, rooms_picture
from .sample import Stratum
from .shares import CONFIDENCE, Tally, tally, tally_by, worst_places

__all__ = ["summarise", "write_report"]

_COVERAGE_TARGET = 0.9


def summarise(campaign: Campaign, wall_s: float) -> dict[str, Any]:
    """Build the JSON object."""
    results = campaign.results
    strata = {stratum: [r for r in results if r.injection.stratum is stratum]
              for stratum in Stratum}
    everything = strata[Stratum.ALL]
    scenario = campaign.scenario
    return {
        "preset": campaign.config.name, "options": campaign.options,
        "scenario": scenario.description, "injections": len(results), "wanted": campaign.wanted,
        "complete": len(results) == campaign.wanted, "confidence": CONFIDENCE,
        "interval": "Wilson (scipy.stats.binomtest)", "wall_s": round(wall_s, 1),
        "state_bits": _state_bits(campaign), "always_raised": list(campaign.always_raised),
        "coverage_target": _COVERAGE_TARGET,
        "strata": {str(stratum): _tally(tally(str(stratum), found))
                   for stratum, found in strata.items()},
        "rooms": {str(stratum): [_tally(one) for one in tally_by(found, lambda r: r.element.room)]
                  for stratum, found in strata.items()},
        "kinds": [_tally(one) for one in tally_by(
            everything, lambda r: str(r.injection.kind))],
        "storage": [_tally(one) for one in tally_by(
            everything, lambda r: "memories" if r.element.is_memory else "flip-flops")],
        "mechanisms": _mechanisms(results),
        "harm": {str(stratum): dict(Counter(
            r.harm or r.end for r in found if r.outcome.is_dangerous).most_common())
            for stratum, found in strata.items()},
        "latency": _latency(results, scenario.frame_ps, scenario.row_ps),
        "directed": campaign.directed, "worst": worst_places(results),
        "ends": dict(Counter(r.end for r in results)),
        "versions": package_versions(), "revision": revision(),
    }


def write_report(campaign: Campaign, directory: Path, wall_s: float) -> dict[str, Any]:
    """Write page, pictures and, last, ``report.json``; return what that holds."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "report.json").unlink(missing_ok=True)
    summary = summarise(campaign, wall_s)
    scenario = campaign.scenario
    drawn = {stratum: [r for r in campaign.results if r.injection.stratum is stratum]
             for stratum in Stratum}
    pictures = [
        ("rooms-all", "Outcomes by room, all state bits", rooms_picture(drawn[Stratum.ALL])),
        ("rooms-flip-flops", "Outcomes by room, flip-flops",
         rooms_picture(drawn[Stratum.FLIP_FLOPS])),
        ("latency", "From the fault to its detection, and on to the error pin",
         latency_picture(campaign.results, scenario.frame_ps, scenario.row_ps)),
    ]
    for name, _, content in pictures:
        (directory / f"{name}.png").write_bytes(content)
    (directory / "report.html").write_text(render_page(
        "faults/page.html", summary=summary, outcomes=[str(outcome) for outcome in Outcome],
        pictures={caption: data_url(content) for _, caption, content in pictures}),
        encoding="utf-8")
    text = json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False)
    (directory / "report.json").write_text(text + "\n", encoding="utf-8")
    return summary


def _tally(one: Tally) -> dict[str, Any]:
    return {"name": one.name, "injections": one.injections,
            "outcomes": {str(outcome): asdict(share) for outcome, share in one.outcomes.items()},
            "coverage": asdict(one.coverage), "with_receiver": asdict(one.with_receiver)}


def _state_bits(campaign: Campaign) -> dict[str, dict[str, int]]:
    """Flip-flops and memory bits of each room."""
    rooms: dict[str, dict[str, int]] = {}
    for element in campaign.simulator.elements:
        if element.on_die:
            bits = rooms.setdefault(element.room, {"flip_flops": 0, "memory_bits": 0})
            bits["memory_bits" if element.is_memory else "flip_flops"] += element.state_bits
    return dict(sorted(rooms.items()))


def _mechanisms(results: Sequence[Result]) -> list[dict[str, Any]]:
    """How often each one was the first to tell, and of what."""
    first: dict[str, Counter] = {}
    for result in results:
        if result.detected_ps is not None:
            for name in result.mechanisms or ("error pin alone",):
                first.setdefault(name, Counter())[result.outcome] += 1
    return [{"name": name,
             "dangerous": counts[Outcome.DANGEROUS_DETECTED] + counts[Outcome.DANGEROUS_LATE],
             "safe": counts[Outcome.SAFE_DETECTED]}
            for name, counts in sorted(first.items(), key=lambda item: -item[1].total())]


def _latency(results: Sequence[Result], frame_ps: int, row_ps: int) -> dict[str, Any]:
    """Of dangerous faults; detection counts in frames, the pin in rows."""
    told = [r for r in results if r.outcome.is_dangerous]
    detected = sorted(r.latency_ps / frame_ps for r in told if r.latency_ps is not None)
    pin = sorted((r.error_ps - r.detected_ps) / row_ps for r in told
                 if r.error_ps is not None and r.detected_ps is not None)
    return {
        "detection_frames_median": median(detected) if detected else None,
        "detection_frames_max": detected[-1] if detected else None,
        "detected_within_a_frame": sum(value <= 1 for value in detected),
        "detected": len(detected),
        "pin_rows_max": pin[-1] if pin else None,
        "pin_within_a_row": sum(value <= 1 for value in pin),
        "pin_raised": len(pin),
    }
