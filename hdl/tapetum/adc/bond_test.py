# SPDX-License-Identifier: Apache-2.0
"""Start-up continuity test of the bonds, and the shift map that steps over broken ones."""

from amaranth import *
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from .broadcast import BROADCAST_LATENCY_CYCLES, Broadcast
from .geometry import BLOCK_COLUMNS, bond_count, bond_groups, column_blocks, group_spare

__all__ = ["SETTLE_CYCLES", "BondPattern", "BondTest", "drives_even", "drives_odd", "even_bonds"]

GROUP_CYCLES = BROADCAST_LATENCY_CYCLES + 2
"""Clocks for one group: its bits are judged, told to every block, and all rows are turned."""
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


def even_bonds(config: DieConfig) -> int:
    """Bonds at even places on the die, bit by bit: primary bonds, then spares."""
    levels, place = 0, 0
    for group, columns in enumerate(bond_groups(config)):
        for bond in (*columns, group_spare(config, group)):
            levels |= int(place % 2 == 0) << bond
            place += 1
    return levels


def drives_even(pattern) -> Value:
    """Level that a pattern asks of the bonds at even places."""
    return (pattern == BondPattern.ALL_HIGH) | (pattern == BondPattern.EVEN_HIGH)


def drives_odd(pattern) -> Value:
    """Level that a pattern asks of the bonds at odd places."""
    return (pattern == BondPattern.ALL_HIGH) | (pattern == BondPattern.ODD_HIGH)


class BondTest(wiring.Component):
    """Drives the patterns, finds the broken bonds and loads the shift map.

    Runs in the counter's domain, after every reset and on request: four clocks per group clear the
    old map; four patterns take 16 clocks and four per group each; then ``map_load`` tells both
    dies the shift of a group every four clocks, leftmost first: only a narrow bus joins them.
    The rows are as wide as the die: strobes reach every block of columns through a register of its
    own. In a group with several broken bonds the shift begins at the leftmost, which leaves the
    fewest columns broken.

    ::

        bonds ─► [sampled] ─ group by group ─► ≠ pattern ─► [broken] ─► [shift map]

    Members
    -------
    start : In(1)
    bonds : In(bond_count)
    pattern : Out(BondPattern)
    map_load : Out(1), map : Out(group columns)
    shift : Out(total_columns), shifting : Out(1)
        The whole map, and whether it is not zero; see `BondRepair`.
    repaired, unrepairable : Out(1)
        Of any group; hold until the next ``start``.
    done : Out(1)
        Strobe at the end.
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
            "shifting": Out(1),
            "repaired": Out(1),
            "unrepairable": Out(1),
            "done": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        columns, size = self.config.array.total_columns, self.config.adc.bond_group_columns
        sizes = [len(group) for group in bond_groups(self.config)]
        groups, padded = len(sizes), len(sizes) * size
        # Rows of groups: the lowest is looked at, then all of them turn by one group.
        sampled, broken = (Signal(padded, name=name, reset_less=True)
                           for name in ("sampled", "broken"))
        sampled_spares, broken_spares = (Signal(groups, name=name, reset_less=True)
                                         for name in ("sampled_spares", "broken_spares"))
        shift_map = Signal(padded)
        settle, group = Signal(range(SETTLE_CYCLES)), Signal(range(groups))
        phase, odd_group = Signal(range(GROUP_CYCLES)), Signal()
        m.d.comb += self.shift.eq(shift_map)

        # What a state decides is one group's bits; they hold still until the rows have turned.
        take, turn_sampled, turn_broken, load = (
            Signal(name=name) for name in ("take", "turn_sampled", "turn_broken", "load"))
        fresh, fresh_spare = Signal(size), Signal()
        blocks = column_blocks(self.config)
        m.submodules.strobes = strobes = Broadcast(4, len(blocks))
        m.d.comb += [
            strobes.start.eq(self.start), strobes.stop.eq(self.done),
            strobes.i.eq(Cat(take, turn_sampled, turn_broken, load)),
            self.map_load.eq(load),
        ]
        rows = (
            (0, sampled, self.bonds[:columns]), (0, sampled_spares, self.bonds[columns:]),
            (1, sampled, Cat(sampled[size:], sampled[:size])),
            (1, sampled_spares, Cat(sampled_spares[1:], sampled_spares[0])),
            (2, broken, Cat(broken[size:], fresh)),
            (2, broken_spares, Cat(broken_spares[1:], fresh_spare)),
            (3, shift_map, Cat(shift_map[size:], self.map)),
        )
        for index in range(len(blocks)):
            for strobe, row, following in rows:
                wide = BLOCK_COLUMNS if len(row) == padded else BLOCK_COLUMNS // size
                part = slice(index * wide, min((index + 1) * wide, len(row)))
                with m.If(strobes.o[index][strobe]):
                    m.d.sync += row[part].eq(following[part])

        m.d.sync += [take.eq(0), turn_sampled.eq(0), turn_broken.eq(0), load.eq(0)]
        judged, turned = phase == 0, phase == GROUP_CYCLES - 1

        def next_group(following: str, *last) -> None:
            m.d.sync += phase.eq(phase + 1)
            with m.If(turned):
                m.d.sync += [phase.eq(0), group.eq(group + 1),
                             odd_group.eq(odd_group ^ (size % 2 == 0))]
                with m.If(group == groups - 1):
                    m.d.sync += [group.eq(0), odd_group.eq(0), *last]
                    m.next = following

        with m.FSM():
            with m.State("idle"):
                with m.If(self.start):
                    m.d.sync += [
                        settle.eq(0), self.repaired.eq(0), self.unrepairable.eq(0),
                        self.shifting.eq(0), self.pattern.eq(BondPattern.ALL_LOW),
                    ]
                    m.next = "clear"

            with m.State("clear"):  # an old map would disguise the bonds behind it
                m.d.sync += [load.eq(judged), turn_broken.eq(judged),
                             self.map.eq(0), fresh.eq(0), fresh_spare.eq(0)]
                next_group("settle")

            with m.State("settle"):
                m.d.sync += [
                    settle.eq(settle + 1),
                    take.eq(settle == SETTLE_CYCLES - 2 - BROADCAST_LATENCY_CYCLES),
                ]
                with m.If(settle == SETTLE_CYCLES - 1):
                    m.next = "judge"

            with m.State("judge"):
                even, odd = drives_even(self.pattern), drives_odd(self.pattern)
                first, second = Mux(odd_group, odd, even), Mux(odd_group, even, odd)
                wrong = sampled[:size] ^ Cat([first, second] * (size // 2))
                if sizes[-1] < size:  # the last group ends early
                    here = Const((1 << sizes[-1]) - 1, size)
                    wrong = wrong & (here | (group != groups - 1).replicate(size))
                spare_wrong = sampled_spares[0] ^ (
                    first if sizes[-1] % 2 == 0 else Mux(group == groups - 1, second, first))
                with m.If(judged):
                    m.d.sync += [
                        turn_sampled.eq(1), turn_broken.eq(1),
                        fresh.eq(broken[:size] | wrong),
                        fresh_spare.eq(broken_spares[0] | spare_wrong),
                    ]
                following = Signal(BondPattern)
                with m.Switch(self.pattern):
                    with m.Case(BondPattern.ALL_LOW):
                        m.d.comb += following.eq(BondPattern.ALL_HIGH)
                    with m.Case(BondPattern.ALL_HIGH):
                        m.d.comb += following.eq(BondPattern.EVEN_HIGH)
                    with m.Case(BondPattern.EVEN_HIGH):
                        m.d.comb += following.eq(BondPattern.ODD_HIGH)
                    with m.Default():
                        m.d.comb += following.eq(BondPattern.COMPARATORS)
                m.d.sync += settle.eq(0)
                next_group("settle", self.pattern.eq(following))
                with m.If(turned & (group == groups - 1)
                          & (self.pattern == BondPattern.ODD_HIGH)):
                    m.next = "map"

            with m.State("map"):
                here, spare = broken[:size], broken_spares[0]
                several = (here & (here - 1)[:size]).any()
                # x | -x: the lowest broken bond and all to the right of it on the die.
                shifted = Signal(size)
                m.d.comb += shifted.eq(Mux(spare, 0, here | (~here + 1)[:size]))
                with m.If(judged):
                    m.d.sync += [
                        load.eq(1), turn_broken.eq(1),
                        self.map.eq(shifted), fresh.eq(0), fresh_spare.eq(0),
                        self.shifting.eq(self.shifting | shifted.any()),
                        self.repaired.eq(self.repaired | (here.any() & ~spare & ~several)),
                        self.unrepairable.eq(self.unrepairable | several | (here.any() & spare)),
                    ]
                next_group("report")

            with m.State("report"):
                m.d.comb += self.done.eq(1)
                m.next = "idle"
        return m
