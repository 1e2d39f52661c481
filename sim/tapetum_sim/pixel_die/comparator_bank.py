# SPDX-License-Identifier: Apache-2.0
"""The pixel die's column comparators, as the logic die sees them through the bonds."""

from functools import reduce
from itertools import pairwise
from operator import or_

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from tapetum.adc.bond_test import BondPattern, drives_even, drives_odd, even_bonds
from tapetum.adc.geometry import bond_count, bond_groups, column_blocks
from tapetum.config import DieConfig

__all__ = ["ComparatorBank"]

_LOWER_BITS = 4


class ComparatorBank(wiring.Component):
    """Every comparator rises when the ramp code equals its column's trip code.

    Synthesisable: the same bank is the pixel die of the FPGA. Runs in ``sync``; rename it to the
    counter's domain. Latency: a comparator rises 2 clocks after its code. Trip codes are taken in
    the first clock of ``ramp_active`` and may change after it.

    Parameters
    ----------
    inject_faults : bool
        Adds the ports that break bonds.

    Members
    -------
    trips : In((bits + 1) * total_columns)
        Plane k, bits ``[k * total_columns, (k + 1) * total_columns)``, is bit k of every column's
        trip code; a code of 2**bits or more never trips.
    ramp_code : In(bits), ramp_active : In(1)
    bond_pattern : In(BondPattern)
    bond_map_load : In(1), bond_map : In(bond_group_columns)
        Which columns move to their right neighbour's bond, one group per clock from the left.
    bonds : Out(bond_count)
        Primary bonds of all columns, then one spare per group.
    stuck_low, stuck_high, shorted : In(bond_count)
        Only with ``inject_faults``: an open bond reads low; a shorted one is joined (wired or)
        with its right neighbour on the die, each group being followed by its spare.
    """

    def __init__(self, config: DieConfig, *, inject_faults: bool = False):
        self.config, self.inject_faults = config, inject_faults
        count = bond_count(config)
        ports = {
            "trips": In((config.adc.bits + 1) * config.array.total_columns),
            "ramp_code": In(config.adc.bits),
            "ramp_active": In(1),
            "bond_pattern": In(BondPattern),
            "bond_map_load": In(1),
            "bond_map": In(config.adc.bond_group_columns),
            "bonds": Out(count),
        }
        if inject_faults:
            ports |= {"stuck_low": In(count), "stuck_high": In(count), "shorted": In(count)}
        super().__init__(ports)

    def elaborate(self, platform):
        m = Module()
        total = self.config.array.total_columns
        groups = bond_groups(self.config)
        shift = Signal(len(groups) * self.config.adc.bond_group_columns)
        shifting, before = Signal(), Signal()
        m.d.sync += before.eq(self.ramp_active)
        with m.If(self.bond_map_load):
            m.d.sync += [shift.eq(Cat(shift, self.bond_map)[len(self.bond_map):]),
                         shifting.eq(shifting | self.bond_map.any())]

        tested = self.bond_pattern != BondPattern.COMPARATORS
        even, odd = drives_even(self.bond_pattern), drives_odd(self.bond_pattern)
        places = even_bonds(self.config)

        def tested_levels(first: int, width: int) -> Value:
            at_even = Const(places >> first & ((1 << width) - 1), width)
            return (at_even & even.replicate(width)) | (~at_even & odd.replicate(width))

        tripped, bonds = [], []
        for index, columns in enumerate(column_blocks(self.config)):
            block = self._block(m, index, columns, before)
            driven = Mux(shifting, self._shifted(columns, block, shift), block)
            tripped.append(block)
            # A choice that simulators skip: the bonds are tested once.
            bonds.append(Mux(tested, tested_levels(columns.start, len(columns)), driven))
        spares = Cat(Cat(tripped)[group[-1]] & shift[group[-1]] for group in groups)
        bonds.append(Mux(tested, tested_levels(total, len(groups)), Mux(shifting, spares, 0)))
        driven_bonds = Signal(len(self.bonds))
        m.d.comb += [
            driven_bonds.eq(Cat(bonds)),
            self.bonds.eq(self._damaged(driven_bonds) if self.inject_faults else driven_bonds),
        ]
        return m

    def _block(self, m: Module, index: int, columns: range, before: Signal) -> Signal:
        """Bit-sliced comparison of one block of columns with its own copy of the ramp code.

        The upper bits of the code change every 16 clocks: which columns agree with them is worked
        out a clock ahead and kept, so that most clocks compare only the lower bits.
        """
        bits, total, width = self.config.adc.bits, self.config.array.total_columns, len(columns)
        active = Signal(name=f"active_{index}")
        code = Signal(_LOWER_BITS, name=f"code_{index}", reset_less=True)
        upper = Signal(bits + 1 - _LOWER_BITS, name=f"upper_{index}", reset_less=True)
        near = Signal(width, name=f"near_{index}", reset_less=True)
        tripped = Signal(width, name=f"tripped_{index}", reset_less=True)
        trips = [Signal(width, name=f"trip_{index}_{bit}", reset_less=True)
                 for bit in range(bits + 1)]
        given = [self.trips[bit * total + columns.start:bit * total + columns.stop]
                 for bit in range(bits + 1)]

        def differs(planes, word) -> Value:
            return reduce(or_, (plane ^ word[bit].replicate(width)
                                for bit, plane in enumerate(planes)))

        # Each block's flag holds itself, so that synthesis does not merge the copies of the code.
        listens = self.ramp_active & (active | ~before)
        m.d.sync += [
            active.eq(listens),
            code.eq(Mux(listens, self.ramp_code[:_LOWER_BITS], 0)),
            upper.eq(Mux(listens, (self.ramp_code + 1)[_LOWER_BITS:], 0)),
        ]
        with m.If(self.ramp_active & ~active):
            m.d.sync += [trip.eq(plane) for trip, plane in zip(trips, given, strict=True)]
            m.d.sync += near.eq(~reduce(or_, given[_LOWER_BITS:]))
        with m.Elif(code.all()):
            m.d.sync += near.eq(~differs(trips[_LOWER_BITS:], upper))
        with m.If(active):
            m.d.sync += tripped.eq(tripped | (near & ~differs(trips[:_LOWER_BITS], code)))
        with m.Else():
            m.d.sync += tripped.eq(0)
        return tripped

    def _shifted(self, columns: range, tripped: Signal, shift: Signal) -> Value:
        """Columns right of a broken bond drive their right neighbour's."""
        size = self.config.adc.bond_group_columns
        starts = Const(sum(1 << place for place in range(0, len(columns), size)), len(columns))
        from_left = (shift[columns.start:columns.stop] << 1)[:len(columns)] & ~starts
        return (tripped & ~from_left) | ((tripped << 1)[:len(columns)] & from_left)

    def _damaged(self, bonds: Signal) -> Value:
        order = [bond for number, group in enumerate(bond_groups(self.config))
                 for bond in (*group, self.config.array.total_columns + number)]
        joined = {bond: bonds[bond] for bond in order}
        for left, right in pairwise(order):
            either = (bonds[left] | bonds[right]) & self.shorted[left]
            joined[left], joined[right] = joined[left] | either, joined[right] | either
        return (Cat(joined[bond] for bond in sorted(joined)) | self.stuck_high) & ~self.stuck_low
