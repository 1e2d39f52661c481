# SPDX-License-Identifier: Apache-2.0
"""How fast whole frames simulate, and where the time goes."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..provenance import package_versions, revision
from .machine import describe_machine

__all__ = ["CONVERSIONS", "SPEED_PRESETS", "bench_speed", "speed_of"]

SPEED_PRESETS = ("tiny", "qvga", "vga")

CONVERSIONS = {"full_adc": False, "direct": True}
"""Every ramp simulated, or trip codes loaded as counts: what `simulate` takes as ``direct``."""

Progress = Callable[[str, float, float], None]


def bench_speed(presets: Sequence[str], frames: int, out: Path,
                progress: Progress = lambda text, done, total: None) -> dict[str, Any]:
    """Simulate `frames` frames of each preset, with and without ramps; write ``report.json``.

    The file is written after each run; a run that is still to come is null in it. The first run
    of a preset builds its simulator; later ones find it, and their build is short.
    """
    from ..frame.session import simulate

    report: dict[str, Any] = {
        "frames": frames, "scene": "tunnel", "machine": describe_machine(),
        "versions": package_versions(), "revision": revision(), "presets": {},
    }
    out.mkdir(parents=True, exist_ok=True)
    for name in presets:
        report["presets"][name] = dict.fromkeys(CONVERSIONS)
        for conversion, direct in CONVERSIONS.items():
            def show(text: str, done: float = 0, total: float = 0,
                     run: str = f"{name}, {conversion}") -> None:
                progress(f"{run}: {text}", done, total)

            summary = simulate(preset=name, scene="tunnel", frames=frames, seed=1,
                               out=out / "run" / f"{name}_{conversion}", registers={},
                               direct=direct, progress=show)
            report["presets"][name][conversion] = speed_of(summary)
            (out / "report.json").write_text(json.dumps(report, indent=2) + "\n",
                                             encoding="utf-8")
    return report


def speed_of(summary: dict[str, Any]) -> dict[str, Any]:
    """The figures of one run's ``report.json``; ``cost_s`` adds up to its total.

    Speed counts all of the simulation, the pixel die's Python included.
    """
    walls, frames = summary["walls_s"], summary["frames"]
    pixel_die = walls["of which pixel die"]
    return {
        "cycles": summary["cycles"],
        "cycles_per_second": round(summary["cycles"] / walls["simulation"]),
        "seconds_per_frame": round(walls["simulation"] / frames, 3),
        "mismatches": summary["mismatches"],
        "dropped_frames": summary["dropped_frames"],
        "build_was_cached": summary["simulator_was_cached"],
        "cost_s": {
            "build": walls["build"],
            "simulation": round(walls["simulation"] - pixel_die, 3),
            "pixel_die": pixel_die,
            "models": walls["models"],
            "report": walls["report"],
            "total": summary["wall_s"],
        },
    }
