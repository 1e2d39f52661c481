# SPDX-License-Identifier: Apache-2.0
"""Start-up continuity test of the bonds, and the shift map that steps over broken ones."""

from amaranth import *
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from .geometry import bond_count, bond_groups, group_spare

__all__ = ["SETTLE_CYCLES", "BondPattern", "BondTest", "pattern_levels"]

SETTLE_CYCLES = 16
"""Clocks that a pattern stands before it is judged."""


class BondPattern(enum.Enum, shape=3):
    """What the pixel die drives onto the bonds instead of its comparators.

    ``EVEN_HIGH`` and ``ODD_HIGH`` alternate from bond to bond as they lie on the die, each group
    followed by its spare, so that a short between neighbours shows.
    """

    COMPARATORS = 0
    ALL_LOW = 1
    ALL_HIGH = 2
    EVEN_HIGH = 3
    ODD_HIGH = 4


def pattern_levels(config: DieConfig, pattern: BondPattern) -> int:
    """Expected level of every bond, bit by bit: primary bonds, then spares."""
    if pattern is BondPattern.ALL_LOW:
        return 0
    if pattern is BondPattern.ALL_HIGH:
        return (1 << bond_count(config)) - 1
    parity = 0 if pattern is BondPattern.EVEN_HIGH else 1
    levels, place = 0, 0
    for group, columns in enumerate(bond_groups(config)):
        for bond in (*columns, group_spare(config, group)):
            levels |= int(place % 2 == parity) << bond
            place += 1
    return levels


class BondTest(wiring.Component):
    """Drives the patterns, finds the broken bonds and loads the shift map.

    Runs in the counter's domain, once at start-up. Four patterns of 17 clocks, then a clock per
    group: ``map_load`` tells both dies the shift of one group at a time, leftmost first, so that
    only a narrow bus crosses between them. In a group with several broken bonds the shift begins
    at the leftmost, which leaves the fewest columns broken.

    Members
    -------
    start : In(1)
    bonds : In(bond_count)
    pattern : Out(BondPattern)
    map_load : Out(1), map : Out(group columns)
    shift : Out(total_columns)
        The whole map; see `BondRepair`.
    repaired, unrepairable : Out(1)
        Of any group; hold until the next ``start``.
    busy : Out(1), done : Out(1)
        ``done`` is high for the last clock of ``busy``.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "start": In(1),
            "bonds": In(bond_count(config)),
            "pattern": Out(BondPattern),
            "map_load": Out(1),
            "map": Out(config.adc.bond_group_columns),
            "shift": Out(config.array.total_columns),
            "repaired": Out(1),
            "unrepairable": Out(1),
            "busy": Out(1),
            "done": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        columns, size = self.config.array.total_columns, self.config.adc.bond_group_columns
        groups = len(bond_groups(self.config))
        sampled = Signal(len(self.bonds), reset_less=True)
        expected = Signal(len(self.bonds), reset_less=True)
        broken = Signal(groups * size)
        broken_spares = Signal(groups)
        shift_map = Signal(groups * size)
        settle = Signal(range(SETTLE_CYCLES))
        group = Signal(range(groups))
        m.d.comb += [self.shift.eq(shift_map), self.busy.eq(1)]

        with m.FSM():
            with m.State("idle"):
                m.d.comb += self.busy.eq(0)
                with m.If(self.start):
                    m.d.sync += [
                        broken.eq(0), broken_spares.eq(0), shift_map.eq(0), settle.eq(0),
                        self.repaired.eq(0), self.unrepairable.eq(0),
                        self.pattern.eq(BondPattern.ALL_LOW),
                    ]
                    m.next = "clear"

            with m.State("clear"):  # an old map would disguise the bonds behind it
                self._load(m, Const(0, size), group, groups, "settle")

            with m.State("settle"):
                m.d.sync += [settle.eq(settle + 1), sampled.eq(self.bonds)]
                for pattern in list(BondPattern)[1:]:
                    with m.If(self.pattern == pattern):
                        m.d.sync += expected.eq(pattern_levels(self.config, pattern))
                with m.If(settle == SETTLE_CYCLES - 1):
                    m.next = "judge"

            with m.State("judge"):
                wrong = sampled ^ expected
                m.d.sync += [
                    settle.eq(0),
                    broken.eq(broken | wrong[:columns]),
                    broken_spares.eq(broken_spares | wrong[columns:]),
                ]
                with m.Switch(self.pattern):
                    with m.Case(BondPattern.ALL_LOW):
                        m.d.sync += self.pattern.eq(BondPattern.ALL_HIGH)
                        m.next = "settle"
                    with m.Case(BondPattern.ALL_HIGH):
                        m.d.sync += self.pattern.eq(BondPattern.EVEN_HIGH)
                        m.next = "settle"
                    with m.Case(BondPattern.EVEN_HIGH):
                        m.d.sync += self.pattern.eq(BondPattern.ODD_HIGH)
                        m.next = "settle"
                    with m.Default():
                        m.d.sync += self.pattern.eq(BondPattern.COMPARATORS)
                        m.next = "map"

            with m.State("map"):
                here, spare = broken[:size], broken_spares[0]
                # x | -x: the lowest broken bond and all to the right of it on the die.
                from_lowest = Signal(size)
                m.d.comb += from_lowest.eq(here | (~here + 1))
                several = (here & (here - 1)[:size]).any()
                self._load(m, Mux(spare, 0, from_lowest), group, groups, "report")
                m.d.sync += [
                    broken.eq(broken >> size),
                    broken_spares.eq(broken_spares >> 1),
                    shift_map.eq(Cat(shift_map, Mux(spare, 0, from_lowest))[size:]),
                    self.repaired.eq(self.repaired | (here.any() & ~spare & ~several)),
                    self.unrepairable.eq(self.unrepairable | several | (here.any() & spare)),
                ]

            with m.State("report"):
                m.d.comb += self.done.eq(1)
                m.next = "idle"
        return m

    def _load(self, m: Module, word, group: Signal, groups: int, following: str) -> None:
        """Send ``word`` for each group in turn."""
        m.d.comb += [self.map_load.eq(1), self.map.eq(word)]
        m.d.sync += group.eq(group + 1)
        with m.If(group == groups - 1):
            m.d.sync += group.eq(0)
            m.next = following
