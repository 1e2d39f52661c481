# SPDX-License-Identifier: Apache-2.0
"""Column multiplexer: selects the columns of a beat, and brings their bits together."""

from functools import reduce
from operator import or_

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..stream.delay import delayed
from .broadcast import BROADCAST_LATENCY_CYCLES, Broadcast
from .column_store import part_count
from .geometry import BLOCK_COLUMNS, column_blocks
from .row_reader import ColumnAddress

__all__ = ["MULTIPLEXER_LATENCY_CYCLES", "ColumnMultiplexer"]

MULTIPLEXER_LATENCY_CYCLES = BROADCAST_LATENCY_CYCLES + 4
_JOINED_BLOCKS = 6
"""Blocks whose bits meet in one register."""


class ColumnMultiplexer(wiring.Component):
    """Tells each block which of its columns to give, and takes what they give.

    ::

        address ─► [copy per block] ─► [select] ─► block 0 ─► [found] ─┐
                                       [select] ─► block 1 ─► [found] ─┼─ [or] ─┬─ or ─► [o]
                                                   ...                 ┘   ...  ┘

    What is wide stays within its block; a wire per plane and part leaves it. Only the addressed
    block moves: any other gives zero.

    Latency: 6 clocks, 3 of them to ``select``. Throughput: a beat per clock.

    Parameters
    ----------
    planes : int

    Members
    -------
    start, stop : In(1)
        Around the addresses of a row: see `Broadcast`.
    address : In(ColumnAddress)
    select : Out(total_columns)
        The columns of a beat.
    found : In(parts).array(blocks, planes)
        Of each block: see `ColumnStore`.
    o : Out(planes).array(lanes)
        The bits of each lane's column.
    """

    def __init__(self, config: DieConfig, *, planes: int):
        self.config, self.planes = config, planes
        super().__init__({
            "start": In(1),
            "stop": In(1),
            "address": In(ColumnAddress(config)),
            "select": Out(config.array.total_columns),
            "found": In(part_count(config)).array(len(column_blocks(config)), planes),
            "o": Out(planes).array(config.lanes),
        })

    def elaborate(self, platform):
        m = Module()
        found, parts = self._select(m), part_count(self.config)
        mirror, *pairs = (
            delayed(m, value, MULTIPLEXER_LATENCY_CYCLES - 1, name=name) for name, value in (
                ("mirror", self.address.mirror),
                *((f"pair_{number}", pair[:(parts // 2 - 1).bit_length()])
                  for number, pair in enumerate(self.address.pairs))))
        for plane in range(self.planes):
            joined = self._joined(m, plane, [block[plane] for block in found])
            if self.config.lanes == 1:
                m.d.sync += self.o[0][plane].eq(joined.any())
                continue
            for number, pair in enumerate(pairs):
                left, right = joined.word_select(pair, 2)
                m.d.sync += [self.o[2 * number][plane].eq(Mux(mirror, right, left)),
                             self.o[2 * number + 1][plane].eq(Mux(mirror, left, right))]
        return m

    def _select(self, m: Module) -> list[list[Signal]]:
        """Select the columns of each block; what it gives, in registers."""
        blocks, lanes = column_blocks(self.config), self.config.lanes
        offset_bits = (BLOCK_COLUMNS // 2 - 1).bit_length()
        places = []
        for number, pair in enumerate(self.address.pairs):
            place = Cat(self.address.second & (lanes == 1), pair[:offset_bits])
            m.submodules[f"places_{number}"] = copies = Broadcast(len(place), len(blocks))
            m.d.comb += [copies.start.eq(self.start), copies.stop.eq(self.stop),
                         copies.i.eq(place)]
            places.append(copies.o)
        kept = []
        for index, columns in enumerate(blocks):
            chosen, any_addressed = Const(0, len(columns)), Const(0)
            for number, pair in enumerate(self.address.pairs):
                # As many registers as a place has on its way, each with one wire to drive.
                decoded, addressed = (Signal(name=f"{name}_{number}_{index}")
                                      for name in ("decoded", "addressed"))
                m.d.sync += [decoded.eq(self.address.valid & (pair[offset_bits:] == index)),
                             addressed.eq(decoded)]
                columns_of_pair = Const(1 if lanes == 1 else 3) << places[number][index]
                chosen = chosen | Mux(addressed, columns_of_pair, 0)
                any_addressed = any_addressed | addressed
            select = Signal(len(columns), name=f"select_{index}")
            selects, gives = (Signal(name=f"{name}_{index}") for name in ("selects", "gives"))
            m.d.sync += [selects.eq(any_addressed), gives.eq(selects)]
            with m.If(any_addressed | selects):
                m.d.sync += select.eq(chosen)
            m.d.comb += self.select[columns.start:columns.stop].eq(select)
            kept.append([Signal(part_count(self.config), name=f"found_{index}_{plane}")
                         for plane in range(self.planes)])
            with m.If(selects | gives):
                m.d.sync += [register.eq(plane) for register, plane in zip(
                    kept[-1], self.found[index], strict=True)]
        return kept

    def _joined(self, m: Module, plane: int, found: list[Signal]) -> Value:
        """Of each part, the bit of the one block that gave one."""
        groups = []
        for first in range(0, len(found), _JOINED_BLOCKS):
            group = Signal.like(found[0], name=f"group_{plane}_{first // _JOINED_BLOCKS}")
            m.d.sync += group.eq(reduce(or_, found[first:first + _JOINED_BLOCKS]))
            groups.append(group)
        return reduce(or_, groups)
