# SPDX-License-Identifier: Apache-2.0
"""Writes a run's folder: numbers, page, pictures and arrays."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..frame.record import RunRecord
from .page import render
from .pictures import (
    capture_picture,
    combined_picture,
    error_map,
    judged_png,
    png,
    scene_picture,
)
from .summary import summarise
from .tensors import write_tensors
from .timeline import timeline

__all__ = ["write_report"]


def write_report(record: RunRecord, directory: Path, *,
                 progress: Callable[[str], None] = lambda text: None) -> dict[str, Any]:
    """Write everything into ``directory`` and return what ``report.json`` holds.

    ``report.json`` is written last: where it stands, the rest is complete.
    """
    started = time.perf_counter()
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "report.json").unlink(missing_ok=True)
    # A capture that is masked now has no picture; only files that a run writes are touched.
    captures = (f"{capture.name}.png" for capture in record.config.captures)
    for stale in ("scene.png", "combined.png", "error.png", "timeline.svg", *captures):
        (directory / stale).unlink(missing_ok=True)
    progress("arrays")
    np.save(directory / "captures.npy", record.captures)
    np.save(directory / "linear.npy", record.linear)
    (directory / "packets.bin").write_bytes(record.packet_bytes)
    write_tensors(record.tensors, directory / "tensors")
    progress("pictures")
    pictures = _pictures(record)
    for name, content in pictures.items():
        (directory / f"{name}.png").write_bytes(content)
    drawing = timeline(record)
    if drawing:
        (directory / "timeline.svg").write_bytes(drawing)
    record.walls.report += time.perf_counter() - started
    summary = summarise(record)
    progress("page")
    (directory / "report.html").write_text(
        render(record, summary, pictures, drawing), encoding="utf-8")
    (directory / "report.json").write_text(
        json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return summary


def _pictures(record: RunRecord) -> dict[str, bytes]:
    pictures = {"scene": png(scene_picture(record))}
    if len(record.linear) and record.linear.any():
        combined = combined_picture(record.config, record.linear[-1])
        last = record.verdicts[-1] if record.verdicts else None
        shown = last if last and last.frame == record.frames[-1].frame else None
        pictures["combined"] = judged_png(combined, shown) if shown else png(combined)
    if len(record.captures):
        for index, capture in enumerate(record.config.captures):
            if record.captures[-1, index].any():
                pictures[capture.name] = png(
                    capture_picture(record.config, record.captures[-1, index]))
    error = error_map(record)
    if error is not None:
        pictures["error"] = png(error)
    return pictures
