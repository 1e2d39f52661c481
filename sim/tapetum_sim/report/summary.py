# SPDX-License-Identifier: Apache-2.0
"""``report.json``: what was measured, and enough to run it again. What was not measured is null."""

from typing import Any

from ..frame.record import RunRecord
from ..provenance import package_versions, revision

__all__ = ["summarise"]


def summarise(record: RunRecord) -> dict[str, Any]:
    """Build the JSON object of a run."""
    config = record.config
    return {
        "preset": config.name,
        "scene": record.scene_name,
        "seed": record.seed,
        "options": record.options,
        "frames": len(record.frames),
        "dropped_frames": record.dropped_frames,
        "frame_outcomes": [{"frame": frame.frame, "outcome": frame.outcome,
                            "start_s": frame.start_s} for frame in record.frames],
        "pixels_compared": record.compared,
        "mismatches": record.mismatches,
        "boundaries": [{"name": boundary.name, "compared": boundary.compared,
                        "mismatches": boundary.mismatches, "first": boundary.first}
                       for boundary in record.boundaries],
        "cycles": record.cycles,
        "wall_s": round(record.walls.total, 3),
        "walls_s": {
            "build": round(record.walls.build, 3),
            "simulation": round(record.walls.simulation, 3),
            "of which pixel die": round(record.walls.pixel_die, 3),
            "models": round(record.walls.models, 3),
            "report": round(record.walls.report, 3),
        },
        "simulator_was_cached": record.walls.simulator_was_cached,
        "csi2": {
            "packets": len(record.packets),
            "bytes": len(record.packet_bytes),
            "ecc_errors": record.ecc_errors,
            "crc_errors": record.crc_errors,
            "frame_crcs": record.frame_crcs,
            "frame_crc_errors": record.frame_crc_errors,
            "sequence_errors": record.sequence_errors,
        },
        "hdr": {
            "dynamic_range_db": None,
            "snr_min_db": None,
            "radiance_error_rms": None,
            "lsb_electrons": config.lsb_electrons,
            "pedestal_lsb": config.hdr.pedestal_lsb,
        },
        "lfm": {"detection": None, "mmp": None},
        "npu": _npu(record),
        "faults": record.faults,
        "notices": record.notices,
        "versions": package_versions(),
        "revision": revision(),
    }


def _npu(record: RunRecord) -> dict[str, Any]:
    """Of the last frame, and what was said of each; all null without an array."""
    last = record.verdicts[-1] if record.verdicts else None
    return {
        "verdict": last.class_name if last else None,
        "cycles": last.cycles if last else None,
        "decision_latency_us": _microseconds(last.latency_s) if last else None,
        "verdicts": [{
            "frame": verdict.frame, "verdict": verdict.class_name, "flags": list(verdict.flags),
            "class": verdict.class_number, "scores": list(verdict.scores),
            "cycles": verdict.cycles, "decision_latency_us": _microseconds(verdict.latency_s),
            "region": list(verdict.region), "model_id": verdict.model_id,
        } for verdict in record.verdicts] if last else None,
    }


def _microseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1e6, 3)
