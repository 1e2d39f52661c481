# SPDX-License-Identifier: Apache-2.0
"""The latches of one block of columns, kept as bit planes."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import AdcConfig
from ..pixel import RampKind

__all__ = ["ColumnLatches"]


class ColumnLatches(wiring.Component):
    """Each column keeps the count of its comparator's rising edge; runs in the counter's domain.

    A plane holds one count bit of all columns: simulators then work on machine words, and the
    block's planes are clocked only after one of its comparators moved.

    ::

        comparators ─ | ─ [synchroniser 2x] ─ edge ─ [moved] ─┐
              not open ┘                                      ▼
        gray ────────────────────────────────────────► planes (signal, reset 0, reset 1)

    Closing (``open`` falls) looks to a column that never tripped like its edge.
    Latency: an edge is stored 4 clocks later, with the ``gray`` of the clock before.

    Parameters
    ----------
    columns : int
    reset_banks : int
        1, or 2 where two captures share a charge transfer.

    Members
    -------
    comparators : In(columns)
        Asynchronous.
    open : In(1), gray : In(bits + 1)
    kind : In(RampKind), bank : In(1)
        Which planes the ramp fills; stable from start to end of a ramp.
    signal : Out(columns).array(bits + 1)
    reset : Out(columns).array(reset_banks, reset_bits)
    """

    def __init__(self, config: AdcConfig, *, columns: int, reset_banks: int):
        if columns < 1:
            raise ValueError(f"a block needs at least one column, not {columns}.")
        if reset_banks not in (1, 2):
            raise ValueError(f"there are one or two reset banks, not {reset_banks}.")
        self.config, self.columns, self.reset_banks = config, columns, reset_banks
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
        first = Signal(self.columns, reset_less=True)
        second = Signal(self.columns, reset_less=True)
        before = Signal(self.columns, reset_less=True)
        moved = Signal(self.columns, reset_less=True)
        edges = Signal(self.columns)
        closed = (~self.open).replicate(self.columns)
        was_open = Signal()
        m.d.sync += was_open.eq(self.open)
        # A comparator that is high already shows an edge as well: it counts about 0, not what the
        # ramp before left behind.
        opened = (self.open & ~was_open).replicate(self.columns)
        # `edges` looks only at synchronised levels: a metastable first stage read twice could
        # clock the planes without a column, or a column without its planes.
        m.d.comb += edges.eq(second & ~before)
        m.d.sync += [
            first.eq((self.comparators | closed) & ~opened),
            second.eq(first),
            before.eq(second),
            moved.eq(edges),
        ]

        def latch(ports, enable, name: str) -> None:
            planes = [Signal(self.columns, name=f"{name}_{bit}", reset_less=True)
                      for bit in range(len(ports))]
            m.d.comb += [port.eq(plane) for port, plane in zip(ports, planes, strict=True)]
            any_moved = Signal(name=f"moved_{name}")
            m.d.sync += any_moved.eq(edges.any() & enable)
            with m.If(any_moved):
                for bit, plane in enumerate(planes):
                    count_bit = self.gray[bit].replicate(self.columns)
                    # Nothing here is common to two planes: a simulator would work that out ahead of
                    # the condition, in every clock.
                    m.d.sync += plane.eq(plane ^ ((plane ^ count_bit) & moved))

        latch(self.signal, self.kind == RampKind.SIGNAL, "signal")
        for bank, planes in enumerate(self.reset):
            latch(planes, (self.kind == RampKind.RESET) & (self.bank == bank), f"reset_{bank}")
        return m
