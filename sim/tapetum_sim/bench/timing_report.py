# SPDX-License-Identifier: Apache-2.0
"""What nextpnr's report says of clocks, in the design's own names."""

import re
from collections import Counter
from typing import Any

__all__ = ["clock_name", "critical_paths"]


def clock_name(net: str) -> str:
    """The name that the design gave to a clock."""
    return net.removeprefix("posedge ").removeprefix("$glbnet$").split("$TRELLIS")[0]


def critical_paths(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By clock: where the slowest path begins and ends, nanoseconds of logic and of routing."""
    clocks = {clock_name(net) for net in report["fmax"]}
    found = {}
    for path in report["critical_paths"]:
        source, sink = path["from"].split(" ")[-1], path["to"].split(" ")[-1]
        if source == sink and clock_name(source) in clocks:
            found[clock_name(source)] = _describe_path(path["path"])
    return found


def _describe_path(steps: list[dict[str, Any]]) -> dict[str, Any]:
    delay = Counter[str]()
    for step in steps:
        delay["routing" if step["type"] == "routing" else "logic"] += step["delay"]
    nets = [step["net"] for step in steps if step["type"] == "routing"]
    return {
        "begins": _register(steps[0]["from"]["cell"]), "ends": _register(steps[-1]["to"]["cell"]),
        "logic_ns": round(delay["logic"], 2), "routing_ns": round(delay["routing"], 2),
        "levels": len(nets) - 1, "nets": nets,
    }


def _register(cell: str) -> str:
    """The name that the design gave, without what the tools appended."""
    return re.sub(r"_(TRELLIS_|DI|LSR|CE|LUT4|PFUMX|L6MUX|DP16KD|CCU2C).*", "", cell)
