# SPDX-License-Identifier: Apache-2.0
"""How fast whole frames simulate, and where the time goes."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..provenance import package_versions, revision
from .machine import describe_machine

__all__ = ["SPEED_PRESETS", "bench_speed", "speed_of"]

SPEED_PRESETS = ("tiny", "qvga", "vga")

Progress = Callable[[str, float, float], None]


def bench_speed(presets: Sequence[str], frames: int, out: Path,
                progress: Progress = lambda text, done, total: None) -> dict[str, Any]:
    """Simulate `frames` frames of each preset and write ``report.json`` into `out`.

    The first run of a preset builds its simulator; later ones find it, and their build is short.
    """
    from ..frame.session import simulate

    report: dict[str, Any] = {
        "frames": frames, "scene": "tunnel", "machine": describe_machine(),
        "versions": package_versions(), "revision": revision(), "presets": {},
    }
    out.mkdir(parents=True, exist_ok=True)
    for name in presets:
        def show(text: str, done: float = 0, total: float = 0, name: str = name) -> None:
            progress(f"{name}: {text}", done, total)

        summary = simulate(preset=name, scene="tunnel", frames=frames, seed=1,
                           out=out / "run" / name, registers={}, progress=show)
        report["presets"][name] = speed_of(summary)
        (out / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report


def speed_of(summary: dict[str, Any]) -> dict[str, Any]:
    """The figures of one run's ``report.json``.

    ``direct`` is for conversions whose trip codes are loaded into the latches without a ramp;
    null as long as the simulation cannot do that.
    """
    walls, frames = summary["walls_s"], summary["frames"]
    pixel_die = walls["of which pixel die"]
    return {
        "full_adc": {
            "cycles": summary["cycles"],
            "cycles_per_second": round(summary["cycles"] / walls["simulation"]),
            "seconds_per_frame": round(walls["simulation"] / frames, 3),
            "mismatches": summary["mismatches"],
            "dropped_frames": summary["dropped_frames"],
        },
        "direct": None,
        "cost_s": {
            "build": walls["build"],
            "build_was_cached": summary["simulator_was_cached"],
            "simulation": round(walls["simulation"] - pixel_die, 3),
            "pixel_die": pixel_die,
            "models": walls["models"],
            "report": walls["report"],
            "total": summary["wall_s"],
        },
    }
