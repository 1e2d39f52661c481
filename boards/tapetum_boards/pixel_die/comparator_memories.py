# SPDX-License-Identifier: Apache-2.0
"""The comparators of an FPGA's pixel die: trip codes in memories of look-up tables."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from tapetum.adc.bond_test import (
    SETTLE_CYCLES,
    BondPattern,
    drives_even,
    drives_odd,
    even_bonds,
)
from tapetum.adc.geometry import BLOCK_COLUMNS, bond_count, bond_groups, column_blocks
from tapetum.config import DieConfig

from .noise import LANES

__all__ = ["WRITE_CYCLES", "ComparatorMemories"]

_FINE_BITS = 3
_FINE_CODES = 1 << _FINE_BITS
_AT_START = _FINE_CODES
"""Word that tells which columns trip within the first `_FINE_CODES` codes."""
_WORDS = _FINE_CODES + 1
_MOST_BLOCKS = SETTLE_CYCLES - 4
"""Of columns: the last one has a bond test's pattern in time."""
_DEPTH = 16
WRITE_CYCLES = 1 + _WORDS
"""From a group's trip codes to the last of its words."""


class ComparatorMemories(wiring.Component):
    """Every comparator rises when the ramp code equals its column's trip code.

    A column takes seven look-up tables and three registers: a bit of two memories of 16 words,
    which four columns share. ::

        fine     word 0-7    trips at a code that ends so
                 word 8      trips at one of the codes 0 to 7
        coarse   word 0-6    a bit of the trip code above these three

    While the ramp runs through eight codes, the coarse bits are held one after the other against
    those of the eight codes to come. Trip codes arrive a group per clock; nine groups are written
    at once, each word by word.

    Latency: a comparator rises 2 clocks of the counter after its code. Its trip code is there
    `WRITE_CYCLES` of ``sync`` after the group arrived, and a clock of the counter; no ramp may run
    meanwhile. Ramps begin with code 0. Bonds on an FPGA do not break: spares are driven by bond
    tests alone, whose pattern reaches a block of columns a clock after the one before.

    Parameters
    ----------
    config : DieConfig
        At most 10 bits, and so many columns that a pattern stands long enough.
    counter_domain : str

    Members
    -------
    arrived : In(1)
        High for as many clocks as there are groups of `LANES` columns, then low for
        `WRITE_CYCLES` at least.
    trips : In(bits + 1).array(LANES)
        ``2**bits`` never trips.
    ramp_code : In(bits), ramp_active : In(1), bond_pattern : In(BondPattern)
        In ``counter_domain``.
    bonds : Out(bond_count)
        Primary bonds of all columns, then one spare per group of bonds.
    """

    def __init__(self, config: DieConfig, *, counter_domain: str = "adc"):
        bits = config.adc.bits
        # Between two groups of codes there is time for a bit less than codes.
        if bits >= _FINE_BITS + _FINE_CODES:
            raise ValueError(f"these comparators have at most {_FINE_BITS + _FINE_CODES - 1} bits, "
                             f"not {bits}.")
        if len(column_blocks(config)) > _MOST_BLOCKS:
            raise ValueError(f"these comparators have at most {_MOST_BLOCKS * BLOCK_COLUMNS} "
                             f"columns, not {config.array.total_columns}.")
        self.config, self.counter_domain = config, counter_domain
        super().__init__({
            "arrived": In(1), "trips": In(bits + 1).array(LANES),
            "ramp_code": In(bits), "ramp_active": In(1), "bond_pattern": In(BondPattern),
            "bonds": Out(bond_count(config)),
        })

    def elaborate(self, platform):
        m = Module()
        fine, coarse = self._memories(m)
        before = Signal()
        # Bits of the next eight codes: those of eight more than a clock ago, which are right but
        # for the lowest at the first of the eight.
        ahead = Signal(self.config.adc.bits - _FINE_BITS, reset_less=True)
        counter = m.d[self.counter_domain]
        counter += [before.eq(self.ramp_active), ahead.eq(self.ramp_code[_FINE_BITS:] + 1)]
        ahead_bits = Cat(~self.ramp_code[_FINE_BITS], ahead[1:])
        ahead_bit = Signal()
        m.d.comb += ahead_bit.eq(ahead_bits.bit_select(self.ramp_code[:_FINE_BITS], 1))

        tripped = Cat(self._block(m, index, fine, coarse, columns, before, ahead_bit)
                      for index, columns in enumerate(column_blocks(self.config)))
        # Ramps rest while bonds are tested.
        m.d.comb += self.bonds.eq(tripped | self._tested(m))
        return m

    def _tested(self, m: Module) -> Value:
        """What a bond test drives, handed on from block to block: no wire is as wide as the die."""
        places, counter = even_bonds(self.config), m.d[self.counter_domain]
        levels = Cat(drives_even(self.bond_pattern), drives_odd(self.bond_pattern))
        driven = []
        for index in range(len(column_blocks(self.config))):
            counter += (mine := Signal(2, name=f"tested_{index}")).eq(levels)
            driven.append(mine)
            levels = mine
        groups, total = bond_groups(self.config), self.config.array.total_columns
        tested = []
        for bond in range(len(self.bonds)):
            column = bond if bond < total else groups[bond - total].start
            even, odd = driven[column // BLOCK_COLUMNS]
            tested.append(even if places >> bond & 1 else odd)
        return Cat(tested)

    def _memories(self, m: Module) -> tuple[list, list]:
        """Read ports of each group's two memories, which writers in turn fill."""
        groups = self.config.array.total_columns // LANES
        before = Signal()
        left = Signal(range(_WORDS + 1))
        turn = Signal(_WORDS, init=1)
        m.d.sync += before.eq(self.arrived)
        with m.If(self.arrived & ~before):
            m.d.sync += left.eq(_WORDS)
        with m.Elif(left != 0):
            m.d.sync += left.eq(left - 1)
        with m.If(self.arrived):
            m.d.sync += turn.eq(turn.rotate_left(1))
        with m.Else():
            m.d.sync += turn.eq(1)
        writes = Signal(groups)
        m.d.comb += writes[0].eq(left != 0)
        m.d.sync += writes[1:].eq(writes)

        writers = [self._writer(m, number, self.arrived & turn[number]) for number in range(_WORDS)]
        fine, coarse = [], []
        for group in range(groups):
            address, *words = writers[group % _WORDS]
            for name, word, ports in zip(("fine", "coarse"), words, (fine, coarse), strict=True):
                m.submodules[f"{name}_{group}"] = store = memory.Memory(
                    shape=LANES, depth=_DEPTH, init=[], attrs={"ram_style": "distributed"})
                write = store.write_port()
                ports.append(store.read_port(domain="comb"))
                m.d.comb += [write.addr.eq(address), write.en.eq(writes[group]),
                             write.data.eq(word)]
        return fine, coarse

    def _writer(self, m: Module, number: int, takes: Value) -> tuple[Signal, Signal, Signal]:
        """Address and the words of both memories, one after the other, of the group it took."""
        bits = self.config.adc.bits
        address = Signal(range(_DEPTH), name=f"address_{number}", reset_less=True)
        kept = [Signal(data.StructLayout({"fine": _FINE_BITS, "coarse": bits - _FINE_BITS,
                                          "never": 1, "at_start": 1}),
                       name=f"kept_{number}_{lane}", reset_less=True) for lane in range(LANES)]
        m.d.sync += address.eq(address + 1)
        for trip, trip_kept in zip(self.trips, kept, strict=True):
            m.d.sync += trip_kept.coarse.eq(trip_kept.coarse >> 1)
            with m.If(takes):
                m.d.sync += [Value.cast(trip_kept).eq(trip),
                             trip_kept.at_start.eq(trip[_FINE_BITS:] == 0)]
        with m.If(takes):
            m.d.sync += address.eq(0)
        words = [Signal(LANES, name=f"{name}_{number}") for name in ("fine", "coarse")]
        m.d.comb += [
            words[0].eq(Mux(address == _AT_START, Cat(trip.at_start for trip in kept), Cat(
                (trip.fine == address[:_FINE_BITS]) & ~trip.never for trip in kept))),
            words[1].eq(Cat(trip.coarse[0] for trip in kept)),
        ]
        return address, words[0], words[1]

    def _block(self, m: Module, index: int, fine: list, coarse: list, columns: range,
               before: Signal, ahead_bit: Signal) -> Signal:
        """Comparison of one block of columns, with its own copy of what all of them need."""
        width, groups = len(columns), range(columns.start // LANES, columns.stop // LANES)
        active, begins, ends, ahead = (Signal(name=f"{name}_{index}")
                                       for name in ("active", "begins", "ends", "ahead"))
        place = Signal(range(_DEPTH), name=f"place_{index}")
        near, nearing, tripped = (Signal(width, name=f"{name}_{index}", reset_less=True)
                                  for name in ("near", "nearing", "tripped"))
        for group in groups:
            m.d.comb += [fine[group].addr.eq(place), coarse[group].addr.eq(place)]
        fine_bits, coarse_bits = (Cat(ports[group].data for group in groups)
                                  for ports in (fine, coarse))
        counter = m.d[self.counter_domain]
        # Each block's flag holds itself, so that synthesis does not merge the copies.
        listens = self.ramp_active & (active | ~before)
        code = self.ramp_code[:_FINE_BITS]
        counter += [
            active.eq(listens), place.eq(Mux(listens, code, _AT_START)),
            begins.eq(listens & (code == 0)), ends.eq(listens & (code == _FINE_CODES - 1)),
            ahead.eq(listens & ahead_bit),
            nearing.eq((nearing | begins.replicate(width))
                       & ~(coarse_bits ^ ahead.replicate(width))),
            tripped.eq(active.replicate(width) & (tripped | (near & fine_bits))),
        ]
        with m.If(~active | ends):
            counter += near.eq(Mux(active, nearing, fine_bits))
        return tripped
