# SPDX-License-Identifier: Apache-2.0
"""The top level around a component under simulation: clock ports, resets, named ports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

from amaranth import *
from amaranth.back import rtlil
from amaranth.hdl._ir import PortDirection  # not exported, though `convert(ports=)` takes it
from amaranth.lib import wiring

__all__ = ["RESET_CYCLES", "TopLevel", "elaborate"]

RESET_CYCLES = 8


class SimulationPlatform:
    """What the simulator can do that an FPGA cannot: clocks stand still where nothing moves."""

    gates_clocks = True


@dataclass(frozen=True, kw_only=True, slots=True)
class TopLevel:
    """An elaborated simulation top.

    Parameters
    ----------
    rtlil : str
        The design, without source locations, so that the text depends on the design alone.
    clocks : tuple of (str, str)
        Clock domains and the names of their clock ports.
    inputs, outputs : tuple of str
        Names of the top ports other than clocks.
    clock_requests : mapping
        Of a domain whose clock may stand still, the output that says when it must not.
    """

    rtlil: str
    clocks: tuple[tuple[str, str], ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    clock_requests: Mapping[str, str]


def elaborate(component: wiring.Component, domains: Sequence[str],
              clock_requests: Mapping[str, str] = MappingProxyType({})) -> TopLevel:
    """Wrap ``component`` in a top level and lower it to RTLIL.

    Ports of the component keep their names (members of nested interfaces joined by ``__``). Each
    domain adds a clock input (``clk`` for ``sync``, ``<domain>_clk`` otherwise) and a reset output
    (``rst``, ``<domain>_rst``). A reset is high for the first :data:`RESET_CYCLES` edges of its
    clock, and again for as long as the input ``reset_request`` is high and that many edges more.

    Resets are registers, not inputs, because Verilator evaluates everything that depends on a
    top-level input a second time in every evaluation, and every next state depends on its reset.
    """
    m = Module()
    m.submodules.dut = cast(Any, component)
    reset_request = Signal()
    ports: dict[str, tuple[Value, PortDirection]] = {
        "reset_request": (reset_request, PortDirection.Input)}
    clocks = []
    for name in domains:
        domain = ClockDomain(name)
        domain.rst = Signal(init=1, name=domain.rst.name)
        always_on = ClockDomain(f"{name}_always_on", reset_less=True)
        always_on.clk = domain.clk
        m.domains += domain, always_on
        _generate_reset(m, always_on.name, domain.rst, reset_request)
        clocks.append((name, domain.clk.name))
        ports[domain.clk.name] = (domain.clk, PortDirection.Input)
        ports[domain.rst.name] = (domain.rst, PortDirection.Output)
    for path, member, value in component.signature.flatten(component):
        name = "__".join(map(str, path))
        if name in ports:
            raise ValueError(f"port {name!r} of the component has the name of a clock or reset")
        direction = PortDirection.Input if member.flow == wiring.In else PortDirection.Output
        ports[name] = (Value.cast(value), direction)
    ports = {name: port for name, port in ports.items() if len(port[0])}
    for name, request in clock_requests.items():
        if name not in domains or request not in ports:
            raise ValueError(f"the clock of {name!r} cannot follow {request!r}: a domain and an "
                             f"output of the component are needed")
    text = rtlil.convert(m, name="top", ports=ports, emit_src=False,
                         platform=cast(Any, SimulationPlatform()))
    clock_ports = {port for _, port in clocks}
    return TopLevel(
        rtlil=text,
        clocks=tuple(clocks),
        inputs=tuple(name for name, (_, direction) in ports.items()
                     if direction is PortDirection.Input and name not in clock_ports),
        outputs=tuple(name for name, (_, direction) in ports.items()
                      if direction is PortDirection.Output),
        clock_requests=dict(clock_requests),
    )


def _generate_reset(m: Module, domain: str, reset: Signal, request: Signal) -> None:
    requested = Signal(name=f"{domain}_requested")
    cycles = Signal(range(RESET_CYCLES), name=f"{domain}_cycles")
    m.d[domain] += requested.eq(request)
    with m.If(requested):
        m.d[domain] += [cycles.eq(0), reset.eq(1)]
    with m.Elif(cycles == RESET_CYCLES - 1):
        m.d[domain] += reset.eq(0)
    with m.Else():
        m.d[domain] += cycles.eq(cycles + 1)
