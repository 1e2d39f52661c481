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
from .column_store import part_count, plane_count, reads_in_turns
from .geometry import BLOCK_COLUMNS, column_blocks
from .row_reader import ColumnAddress

__all__ = ["MULTIPLEXER_LATENCY_CYCLES", "ColumnMultiplexer"]

MULTIPLEXER_LATENCY_CYCLES = BROADCAST_LATENCY_CYCLES + 5
_JOINED_BLOCKS = 6
"""Blocks whose bits meet in one register."""


class ColumnMultiplexer(wiring.Component):
    """Tells each block which of its columns to give, and takes what they give.

    ::

        address ─► [copy per block] ─► [select] ─► block 0 ─► [found] ─┐
                                       [select] ─► block 1 ─► [found] ─┼─ [or] ─┬─ or ─► [ ] ─► [o]
                                                   ...                 ┘   ...  ┘

    What is wide stays within its block; a wire per plane and part leaves it. Only the addressed
    block moves: any other gives zero. With one lane a pair of columns is selected for two clocks,
    and gives its signal counts in the first and its reset counts in the second.

    Latency: 7 clocks, 3 of them to ``select``. Throughput: a beat per clock.

    Members
    -------
    start, stop : In(1)
        Around the addresses of a row: see `Broadcast`.
    address : In(ColumnAddress)
    select : Out(BLOCK_COLUMNS).array(blocks)
        The columns of a beat, or of a pair of beats.
    turns : Out(blocks)
        With one lane only: see `ColumnStore`.
    found : In(parts).array(blocks, planes)
        Of each block: see `ColumnStore`.
    o : Out(bits + 1 + reset_bits).array(lanes)
        The bits of each lane's column.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        adc, blocks = config.adc, len(column_blocks(config))
        super().__init__({
            "start": In(1),
            "stop": In(1),
            "address": In(ColumnAddress(config)),
            "select": Out(BLOCK_COLUMNS).array(blocks),
            "found": In(part_count(config)).array(blocks, plane_count(config)),
            "o": Out(adc.bits + 1 + adc.reset_bits).array(config.lanes),
        } | ({"turns": Out(blocks)} if reads_in_turns(config) else {}))

    def elaborate(self, platform):
        m = Module()
        found, parts = self._select(m), part_count(self.config)
        late = MULTIPLEXER_LATENCY_CYCLES - 2
        mirror = delayed(m, self.address.mirror, late, name="mirror")
        joined = [self._joined(m, plane, [block[plane] for block in found])
                  for plane in range(plane_count(self.config))]
        if reads_in_turns(self.config):
            self._lead_out_in_turns(m, joined, mirror)
            return m
        pairs = [delayed(m, pair[:(parts // 2 - 1).bit_length()], late, name=f"pair_{number}")
                 for number, pair in enumerate(self.address.pairs)]
        for plane, bits in enumerate(joined):
            for number, pair in enumerate(pairs):
                left, right = bits.word_select(pair, 2)
                chosen = Signal(2, name=f"chosen_{plane}_{number}", reset_less=True)
                m.d.sync += [chosen.eq(Mux(mirror, Cat(right, left), Cat(left, right))),
                             self.o[2 * number][plane].eq(chosen[0]),
                             self.o[2 * number + 1][plane].eq(chosen[1])]
        return m

    def _lead_out_in_turns(self, m: Module, joined: list[Value], mirror: Value) -> None:
        """One column after the other of a pair whose reset counts follow the signal counts."""
        late = MULTIPLEXER_LATENCY_CYCLES - 2
        turn = delayed(m, self._turn, late, name="turn")
        reset_bits = self.config.adc.reset_bits
        left, right = (Cat(bits[part] for bits in joined) for part in range(2))
        kept_left, kept_right = (Signal(len(left), name=name, reset_less=True)
                                 for name in ("kept_left", "kept_right"))
        columns = Cat(kept_left, left[:reset_bits]), Cat(kept_right, right[:reset_bits])
        waiting = Signal.like(self.o[0], name="waiting", reset_less=True)
        m.d.sync += [
            kept_left.eq(left), kept_right.eq(right),
            waiting.eq(Mux(mirror, columns[0], columns[1])),
            self.o[0].eq(Mux(turn, Mux(mirror, columns[1], columns[0]), waiting)),
        ]

    @property
    def _turn(self) -> Value:
        """High with the second beat of a pair."""
        return self.address.second ^ self.address.mirror

    def _select(self, m: Module) -> list[list[Signal]]:
        """Select the columns of each block; what it gives, in registers."""
        blocks, in_turns = column_blocks(self.config), reads_in_turns(self.config)
        offset_bits = (BLOCK_COLUMNS // 2 - 1).bit_length()
        places = []
        for number, pair in enumerate(self.address.pairs):
            place = Cat(pair[:offset_bits], self._turn if in_turns else ())
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
                offset = places[number][index][:offset_bits]
                chosen = chosen | Mux(addressed, Const(3) << Cat(C(0, 1), offset), 0)
                any_addressed = any_addressed | addressed
            if in_turns:
                m.d.comb += self.turns[index].eq(places[0][index][offset_bits])
            select = Signal(len(columns), name=f"select_{index}")
            selects, gives = (Signal(name=f"{name}_{index}") for name in ("selects", "gives"))
            m.d.sync += [selects.eq(any_addressed), gives.eq(selects)]
            with m.If(any_addressed | selects):
                m.d.sync += select.eq(chosen)
            m.d.comb += self.select[index].eq(select)
            kept.append([Signal(part_count(self.config), name=f"found_{index}_{plane}")
                         for plane in range(plane_count(self.config))])
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
