# SPDX-License-Identifier: Apache-2.0
"""The files that tell the simulator's C++ where the state of a design is."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..simulator.builder import clock_ports
from ..simulator.toplevel import TopLevel
from .netlist import Netlist

__all__ = ["write_listing"]


def write_listing(top: TopLevel, netlist: Netlist, sinks: Sequence[str], folder: Path) -> None:
    """Write ``ports.vlt``, which keeps Verilator from doing away with state, and the rest."""
    probes = [name for port in netlist.memory_ports for name in (port.address, port.enable)]
    states = [element.variable for element in netlist.elements]
    shown = (*(port for _, port in top.clocks), *top.outputs, *states, *probes)
    _write(folder / "ports.vlt", [
        "`verilator_config",
        *(f'public_flat_rw -module "top" -var "{name}"' for name in top.inputs),
        *(f'public_flat_rd -module "top" -var "{name}"' for name in shown)])
    (folder / "clock_ports.h").write_text(clock_ports(top))
    _write(folder / "states.inc", (
        _braces(f"&{_variable(element.variable)}", element.width, element.depth,
                f"sizeof {_variable(element.variable)}", int(element.on_die),
                int(element.is_memory), int(any(re.search(sink, element.path) for sink in sinks)))
        for element in netlist.elements))
    _write(folder / "probes.inc", (
        _braces(port.memory, f"&{_variable(port.address)}", f"sizeof {_variable(port.address)}",
                f"&{_variable(port.enable)}", port.address_bits, port.enable_bits, port.ports)
        for port in netlist.memory_ports))
    _write(folder / "ports.inc", (
        _braces(f'"{name}"', f"&top.{name}", f"sizeof top.{name}", netlist.port_widths[name])
        for name in (*top.inputs, *top.outputs)))


def _variable(name: str) -> str:
    return f"root.top__DOT__{name}"


def _braces(*items: object) -> str:
    return "{" + ", ".join(map(str, items)) + "},"


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("\n".join(lines) + "\n")
