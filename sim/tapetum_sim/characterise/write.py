# SPDX-License-Identifier: Apache-2.0
"""Writes the report's folder: numbers, page and plots."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..pages import data_url, render_page
from ..provenance import package_versions, revision
from .catalogue import KEYS
from .context import Context
from .measurement import Measurement
from .scene_error import SceneResult

__all__ = ["Outcome", "command_of", "summarise", "write_report"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A finished characterisation."""

    context: Context
    preset: str
    options: dict[str, Any]
    measurements: list[Measurement]
    scenes: list[SceneResult]
    wall_s: float

    @property
    def missed(self) -> list[Measurement]:
        """Measurements that do not meet their targets."""
        return [measurement for measurement in self.measurements if measurement.met is False]


def command_of(outcome: Outcome, measurement: Measurement) -> str:
    """The command that makes this one measurement again."""
    context = outcome.context
    return (f"tapetum characterise --preset {outcome.preset} --only {measurement.key} "
            f"--backend {context.backend.value} --frames {context.frames} "
            f"--seed {context.seed}")


def summarise(outcome: Outcome) -> dict[str, Any]:
    """Build the JSON object; keys with dots become nested ones, and are null if not measured."""
    context = outcome.context
    summary: dict[str, Any] = {
        "preset": outcome.preset, "backend": context.backend.value, "seed": context.seed,
        "options": outcome.options, "pixels_compared": context.compared,
        "mismatches": context.mismatches, "wall_s": round(outcome.wall_s, 1)}
    for key in KEYS:
        _put(summary, key, None)
    for measurement in outcome.measurements:
        _put(summary, measurement.key, measurement.figure)
    summary["measurements"] = [{
        "key": measurement.key, "figure": measurement.figure, "unit": measurement.unit,
        "target": str(measurement.target) if measurement.target else None,
        "met": measurement.met, "command": command_of(outcome, measurement),
        "method": measurement.method, "details": dict(measurement.details),
    } for measurement in outcome.measurements]
    summary["scenes"] = [dict(scene.figures()) for scene in outcome.scenes]
    summary["shots"] = [asdict(shot) for shot in context.shots]
    return summary | {"versions": package_versions(), "revision": revision()}


def write_report(outcome: Outcome, directory: Path) -> dict[str, Any]:
    """Write ``report.html``, plots and, last, ``report.json``; return what that holds."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "report.json").unlink(missing_ok=True)
    for stale in directory.glob("*.png"):
        stale.unlink()
    pictures = {name: content for measurement in outcome.measurements
                for name, content in measurement.pictures.items()}
    pictures |= {f"error on {Path(scene.scene).name}": scene.picture for scene in outcome.scenes}
    for name, content in pictures.items():
        (directory / f"{name.replace(' ', '-').replace('/', '-')}.png").write_bytes(content)
    summary = summarise(outcome)
    (directory / "report.html").write_text(_render(outcome, summary, pictures), encoding="utf-8")
    # Infinities and NaN are no JSON: a figure that is none must be null.
    text = json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False)
    (directory / "report.json").write_text(text + "\n", encoding="utf-8")
    return summary


def _render(outcome: Outcome, summary: dict[str, Any], pictures: dict[str, bytes]) -> str:
    return render_page(
        "characterise/page.html", summary=summary, config=outcome.context.config,
        pictures={name: data_url(content) for name, content in pictures.items()})


def _put(summary: dict[str, Any], key: str, value: Any) -> None:
    *folders, name = key.split(".")
    for folder in folders:
        summary = summary.setdefault(folder, {})
    summary[name] = value
