# SPDX-License-Identifier: Apache-2.0
"""Small netlists for an ECP5, and yosys' proof that two of them are equal."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tapetum_sim.tools import find_tool

__all__ = ["prove_equal", "synthesised"]


def synthesised(folder: Path, ports: str, expression: str) -> dict[str, Any]:
    """What yosys makes of ``assign expression``: the whole design, its module named top."""
    (folder / "top.v").write_text(f"module top({ports}); assign {expression}; endmodule",
                                  encoding="utf-8")
    _yosys(folder, "read_verilog top.v; synth_ecp5 -nowidelut -top top -json top.json")
    return json.loads((folder / "top.json").read_text(encoding="utf-8"))


def prove_equal(folder: Path, design: dict[str, Any], made: dict[str, Any]) -> None:
    """Whatever a carry is that is not connected.

    Raises
    ------
    AssertionError
        With yosys' words, if there is a difference.
    """
    given = design["modules"]["top"]
    given, made = (module | {"ports": dict(module["ports"]), "attributes": {}}
                   for module in (given, made))
    # What is not connected becomes an input: the outputs must not depend on it.
    loose = max(bit for net in made["netnames"].values() for bit in net["bits"]
                if isinstance(bit, int)) + 1000
    for module in (given, made):
        module["ports"]["anything"] = {"direction": "input", "bits": [loose]}
    chains = [cell for cell in made["cells"].values() if cell["type"] == "CCU2C"]
    for cell in chains:
        pins = cell["connections"]
        pins["CIN"] = [loose] if pins["CIN"] == ["x"] else pins["CIN"]
        for number, pin in enumerate(("COUT", "S0")):
            if pins[pin] == ["x"]:
                pins[pin] = [loose + 1 + number + 2 * chains.index(cell)]
    # Without the blackboxes that yosys writes along: their models come from its library.
    both = design | {"modules": {"given": given, "made": made}}
    (folder / "both.json").write_text(json.dumps(both), encoding="utf-8")
    _yosys(folder, "read_verilog -D NO_INCLUDES +/ecp5/cells_sim.v; read_json both.json; "
                   "miter -equiv -make_assert given made miter; "
                   "hierarchy -top miter; proc; flatten; "
                   "sat -verify -prove-asserts -set-def-inputs miter")


def _yosys(folder: Path, script: str) -> None:
    result = subprocess.run([find_tool("yosys"), "-q", "-p", script], cwd=folder, text=True,
                            capture_output=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
