# SPDX-License-Identifier: Apache-2.0
"""A register at every port of a room, so that place and route times the room alone."""

from collections.abc import Callable
from typing import Any, cast

from amaranth import *
from amaranth.back import rtlil
from amaranth.hdl._ir import PortDirection  # not exported, though `convert(ports=)` takes it
from amaranth.lib import wiring

__all__ = ["OutOfContext", "harness_rtlil"]


class OutOfContext:
    """An FPGA without a board: its look-up tables are memories too."""

    distributed_memory = True


def harness_rtlil(room: wiring.Component, domain_of: Callable[[str], str | None],
                  domains: tuple[str, ...]) -> str:
    """Lower `room`, with a register before each input and behind each output.

    Clocks and resets are ports of their own: how a reset is spread is the board's business.

    Parameters
    ----------
    domain_of : function
        Clock domain of a port by the name of its first member; None leaves it without a register.
    domains : tuple of str
        All that the room uses.
    """
    m = Module()
    m.submodules.room = cast(Any, room)
    ports: dict[str, tuple[Value, PortDirection]] = {}
    for name in domains:
        m.domains += (domain := ClockDomain(name))
        ports[domain.clk.name] = (domain.clk, PortDirection.Input)
        ports[cast(Signal, domain.rst).name] = (cast(Signal, domain.rst), PortDirection.Input)
    for path, member, value in room.signature.flatten(room):
        bits = Value.cast(value)
        if isinstance(bits, Const) or not len(bits):
            continue
        name = "__".join(map(str, path))
        domain = domain_of(str(path[0]))
        if domain is None:
            flow = PortDirection.Input if member.flow == wiring.In else PortDirection.Output
            ports[name] = (bits, flow)
            continue
        pin = Signal(len(bits), name=name)
        register = Signal(len(bits), name=f"harness__{name}", reset_less=True)
        if member.flow == wiring.In:
            m.d.comb += bits.eq(register)
            m.d[domain] += register.eq(pin)
            ports[name] = (pin, PortDirection.Input)
        else:
            m.d[domain] += register.eq(bits)
            m.d.comb += pin.eq(register)
            ports[name] = (pin, PortDirection.Output)
    return rtlil.convert(m, name="top", ports=ports, emit_src=False,
                         platform=cast(Any, OutOfContext()))
