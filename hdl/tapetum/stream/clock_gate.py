# SPDX-License-Identifier: Apache-2.0
"""Rooms whose clock stands still while nothing moves in them."""

from amaranth import *

__all__ = ["AwakeFor", "Gated"]


class AwakeFor(Elaboratable):
    """High from a cause on, and for ``hold_cycles`` clocks after the last one.

    Parameters
    ----------
    cause : value castable
    hold_cycles : int
        A power of two.

    Attributes
    ----------
    awake : Signal
        Combinational: high in the clock of the cause.
    """

    def __init__(self, cause, *, hold_cycles: int):
        if hold_cycles < 2 or hold_cycles & (hold_cycles - 1):
            raise ValueError(f"hold_cycles must be a power of two of at least 2, "
                             f"not {hold_cycles}.")
        self.cause, self.hold_cycles = Value.cast(cause), hold_cycles
        self.awake = Signal()

    def elaborate(self, platform):
        m = Module()
        elapsed = Signal(range(self.hold_cycles))
        holds = Signal(init=1)
        with m.If(self.cause.any()):
            m.d.sync += [elapsed.eq(0), holds.eq(1)]
        with m.Elif(holds):
            m.d.sync += [elapsed.eq(elapsed + 1), holds.eq(~elapsed.all())]
        m.d.comb += self.awake.eq(self.cause.any() | holds)
        return m


class Gated(Elaboratable):
    """A part of the die with a clock of its own that stands still while it is not ``awake``.

    ::

        awake ─► [at the falling edge] ─ & ─► clock of the part
        clock ─────────┴─────────────────┘

    The clock that passes is the same one, so the part and its surroundings are not asynchronous to
    each other. ``awake`` must be high in every clock in which an input that matters changes and as
    long as anything moves inside; then the part computes the same as without the gate. It may be
    combinational, but must settle within half a clock. Reset opens the gate.

    A platform that can stop clocks says so by a true attribute ``gates_clocks``; on any other, such
    as an FPGA, the clock always runs.

    Parameters
    ----------
    part : Elaboratable
        Uses no clock but ``sync``.
    awake : value castable
    domain : str
        The clock that the part is given.
    """

    def __init__(self, part: Elaboratable, *, awake, domain: str = "sync"):
        self.part, self.awake, self.domain = part, Value.cast(awake), domain

    def elaborate(self, platform):
        m = Module()
        if not getattr(platform, "gates_clocks", False):
            m.submodules.part = DomainRenamer(self.domain)(self.part)
            return m
        gated = ClockDomain("gated", local=True)
        falling = ClockDomain("falling", clk_edge="neg", reset_less=True, local=True)
        m.domains += gated, falling
        passes = Signal()
        m.d.falling += passes.eq(self.awake.any() | ResetSignal(self.domain))
        m.d.comb += [
            falling.clk.eq(ClockSignal(self.domain)),
            gated.clk.eq(ClockSignal(self.domain) & passes),
            gated.rst.eq(ResetSignal(self.domain)),
        ]
        m.submodules.part = DomainRenamer("gated")(self.part)
        return m
