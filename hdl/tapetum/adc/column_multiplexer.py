# SPDX-License-Identifier: Apache-2.0
"""Column multiplexer: bit planes of a row in, the bits of one beat's columns out."""

from functools import reduce
from operator import or_

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from .broadcast import BROADCAST_LATENCY_CYCLES, Broadcast
from .geometry import BLOCK_COLUMNS, column_blocks
from .row_reader import ColumnAddress

__all__ = ["MULTIPLEXER_LATENCY_CYCLES", "ColumnMultiplexer"]

MULTIPLEXER_LATENCY_CYCLES = BROADCAST_LATENCY_CYCLES + 4
_SLICE_COLUMNS = 8
_JOINED_BLOCKS = 6
"""Blocks whose pairs meet in one register."""


class ColumnMultiplexer(wiring.Component):
    """Selects 8 columns of a block, then a pair (or one column) of these, then the block.

    ::

        row ─┬─ block 0: 32 ─► 8 ─► pair ─┐
             ├─ block 1: 32 ─► 8 ─► pair ─┼─ or ─┬─ or ─► o
             ╰─ ...                       ┘  ... ┘

    What is wide stays within its block; two wires per plane leave it. Only the addressed block
    moves: the pair of any other is zero. Pairs of a beat are selected independently, since skipping
    moves them apart.

    Latency: 6 clocks. Throughput: a beat per clock.

    Parameters
    ----------
    planes : int

    Members
    -------
    start, stop : In(1)
        Around the addresses of a row: see `Broadcast`.
    address : In(ColumnAddress)
    row : In(total_columns).array(planes)
    o : Out(planes).array(lanes)
        The bits of each lane's column.
    """

    def __init__(self, config: DieConfig, *, planes: int):
        self.config, self.planes = config, planes
        super().__init__({
            "start": In(1),
            "stop": In(1),
            "address": In(ColumnAddress(config)),
            "row": In(config.array.total_columns).array(planes),
            "o": Out(planes).array(config.lanes),
        })

    def elaborate(self, platform):
        m = Module()
        blocks = column_blocks(self.config)
        offset_bits = (BLOCK_COLUMNS // 2 - 1).bit_length()
        for number, pair in enumerate(self.address.pairs):
            place = Cat(self.address.second, self.address.mirror, pair[:offset_bits])
            m.submodules[f"places_{number}"] = places = Broadcast(len(place), len(blocks))
            m.d.comb += [places.start.eq(self.start), places.stop.eq(self.stop),
                         places.i.eq(place)]
            pairs = []
            for index, columns in enumerate(blocks):
                # As many registers as a place has on its way, each with one wire to drive.
                decoded, addressed = (Signal(name=f"{name}_{number}_{index}")
                                      for name in ("decoded", "addressed"))
                m.d.sync += [decoded.eq(self.address.valid & (pair[offset_bits:] == index)),
                             addressed.eq(decoded)]
                pairs.append(self._pair(m, f"{number}_{index}", columns, addressed,
                                        places.o[index]))
            for plane in range(self.planes):
                found = self._joined(m, f"{number}_{plane}", [block[plane] for block in pairs])
                for lane in range(min(self.config.lanes, 2)):
                    m.d.sync += self.o[2 * number + lane][plane].eq(found[lane])
        return m

    def _joined(self, m: Module, name: str, pairs: list[Signal]) -> Value:
        """The pair of the one block that gave one."""
        groups = []
        for first in range(0, len(pairs), _JOINED_BLOCKS):
            group = Signal.like(pairs[0], name=f"group_{name}_{first // _JOINED_BLOCKS}")
            m.d.sync += group.eq(reduce(or_, pairs[first:first + _JOINED_BLOCKS]))
            groups.append(group)
        return reduce(or_, groups)

    def _pair(self, m: Module, name: str, columns: range, addressed: Value, place: Value
              ) -> list[Signal]:
        """Of each plane, the bits that a block gives; zero if it was not addressed."""
        word = place[2:]
        fine = Signal(4, name=f"fine_{name}", reset_less=True)
        has_slice, has_pair = Signal(name=f"has_slice_{name}"), Signal(name=f"has_pair_{name}")
        m.d.sync += [fine.eq(place[:4]), has_slice.eq(addressed), has_pair.eq(has_slice)]
        second, mirror, offset = fine[0], fine[1], fine[2:]
        lanes = min(self.config.lanes, 2)
        found = []
        for plane, row in enumerate(self.row):
            part = row[columns.start:columns.stop]
            slice_ = Signal(_SLICE_COLUMNS, name=f"slice_{name}_{plane}", reset_less=True)
            pair = Signal(lanes, name=f"pair_{name}_{plane}")
            with m.If(addressed):
                m.d.sync += slice_.eq(part.word_select(word[2:], _SLICE_COLUMNS))
            chosen = slice_.word_select(offset, 2)
            with m.If(has_slice):
                if lanes == 1:
                    m.d.sync += pair.eq(Mux(second, chosen[1], chosen[0]))
                else:
                    m.d.sync += pair.eq(Mux(mirror, Cat(chosen[1], chosen[0]), chosen))
            with m.Elif(has_pair):
                m.d.sync += pair.eq(0)
            found.append(pair)
        return found
