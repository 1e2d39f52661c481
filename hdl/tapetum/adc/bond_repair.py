# SPDX-License-Identifier: Apache-2.0
"""Steps over one broken bond per group, onto the group's spare."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["BondRepair"]


class BondRepair(wiring.Component):
    """The shift of one block of columns, combinational.

    ::

        bond      0   1   2 x 3   spare        bond 2 of a group of four is broken
                  │   │    ┌──┘ ┌──┘
        column    0   1   2   3                shift = 0b1100

    Parameters
    ----------
    groups : list of int
        Columns of each group of this block.

    Members
    -------
    bonds : In(columns), spares : In(groups)
    shift : In(columns)
        Columns that use their right neighbour's bond, the last of a group its spare.
    enable : In(1)
        Low while ``shift`` is zero everywhere.
    comparators : Out(columns)
    """

    def __init__(self, groups: list[int]):
        if not groups or min(groups) < 1:
            raise ValueError("every bond group of a block needs at least one column.")
        self.groups = list(groups)
        super().__init__({
            "bonds": In(sum(groups)),
            "spares": In(len(groups)),
            "shift": In(sum(groups)),
            "enable": In(1),
            "comparators": Out(sum(groups)),
        })

    def elaborate(self, platform):
        m = Module()
        neighbours, first = [], 0
        for group, columns in enumerate(self.groups):
            neighbours += [self.bonds[first + 1:first + columns], self.spares[group]]
            first += columns
        shifted = (self.bonds & ~self.shift) | (Cat(neighbours) & self.shift)
        # A die without broken bonds, the usual one, costs a simulator only this choice.
        m.d.comb += self.comparators.eq(Mux(self.enable, shifted, self.bonds))
        return m
