# SPDX-License-Identifier: Apache-2.0
"""The latches of one block of columns, kept as bit planes."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import AdcConfig
from ..pixel import RampKind
from .comparator_edges import ComparatorEdges

__all__ = ["ColumnLatches"]


class ColumnLatches(wiring.Component):
    """Each column keeps the count of its comparator's rising edge; runs in the counter's domain.

    A plane holds one count bit of all columns: simulators then work on machine words, and the
    block's planes are clocked only after one of its comparators moved.

    ::

        comparators ─ ComparatorEdges ─ moved ─┐
                                               ▼
        gray ─────────────────────────► planes (signal, reset 0, reset 1)

    Latency: an edge is stored 4 clocks later, with the ``gray`` of the clock before.

    Parameters
    ----------
    columns : int
    reset_banks : int
        1, or 2 where two captures share a charge transfer.

    Members
    -------
    comparators : In(columns), open : In(1)
        See `ComparatorEdges`.
    gray : In(bits + 1)
    kind : In(RampKind), bank : In(1)
        Which planes the ramp fills; stable from start to end of a ramp.
    signal : Out(columns).array(bits + 1)
    reset : Out(columns).array(reset_banks, reset_bits)
    """

    def __init__(self, config: AdcConfig, *, columns: int, reset_banks: int):
        if reset_banks not in (1, 2):
            raise ValueError(f"there are one or two reset banks, not {reset_banks}.")
        self.config, self.columns, self.reset_banks = config, columns, reset_banks
        self.edges = ComparatorEdges(columns)
        super().__init__({
            "comparators": In(columns),
            "open": In(1),
            "gray": In(config.bits + 1),
            "kind": In(RampKind),
            "bank": In(1),
            "signal": Out(columns).array(config.bits + 1),
            "reset": Out(columns).array(reset_banks, config.reset_bits),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.edges = edges = self.edges
        m.d.comb += [edges.comparators.eq(self.comparators), edges.open.eq(self.open)]

        def latch(ports, enable, name: str) -> None:
            planes = [Signal(self.columns, name=f"{name}_{bit}", reset_less=True)
                      for bit in range(len(ports))]
            m.d.comb += [port.eq(plane) for port, plane in zip(ports, planes, strict=True)]
            any_moved = Signal(name=f"moved_{name}")
            m.d.sync += any_moved.eq(edges.edges.any() & enable)
            with m.If(any_moved):
                for bit, plane in enumerate(planes):
                    count_bit = self.gray[bit].replicate(self.columns)
                    # Nothing here is common to two planes: a simulator would work that out ahead of
                    # the condition, in every clock.
                    m.d.sync += plane.eq(plane ^ ((plane ^ count_bit) & edges.moved))

        latch(self.signal, self.kind == RampKind.SIGNAL, "signal")
        for bank, planes in enumerate(self.reset):
            latch(planes, (self.kind == RampKind.RESET) & (self.bank == bank), f"reset_{bank}")
        return m
