# SPDX-License-Identifier: Apache-2.0
"""Column multiplexer: bit planes of a row in, the bits of one beat's columns out."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from .broadcast import Broadcast
from .geometry import BLOCK_COLUMNS, column_blocks
from .row_reader import ColumnAddress

__all__ = ["MULTIPLEXER_LATENCY_CYCLES", "ColumnMultiplexer"]

MULTIPLEXER_LATENCY_CYCLES = 4
_PLANES_PER_COPY = 3
_SLICE_COLUMNS = 8


class ColumnMultiplexer(wiring.Component):
    """Selects block, then 8 columns, then a pair (or one column), a register after each.

    The address is copied for every three planes, to keep its nets short. Pairs are selected
    independently, since skipping moves the pairs of a beat apart.

    Latency: 4 clocks. Throughput: a beat per clock.

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
        blocks, lanes = column_blocks(self.config), self.config.lanes
        copies = -(-self.planes // _PLANES_PER_COPY)
        lane_width = min(lanes, 2)
        offset_bits = (BLOCK_COLUMNS // 2 - 1).bit_length()

        for number, lane_pair in enumerate(self.address.pairs):
            # Column of the first lane, in units of what one selection takes out.
            word = Cat(self.address.valid, self.address.second, self.address.mirror, lane_pair)
            m.submodules[f"addresses_{number}"] = addresses = Broadcast(len(word), copies)
            m.d.comb += [addresses.start.eq(self.start), addresses.stop.eq(self.stop),
                         addresses.i.eq(word)]
            for copy in range(copies):
                leaf = addresses.o[copy]
                valid, second, mirror, pair = leaf[0], leaf[1], leaf[2], leaf[3:]
                block, offset = pair[offset_bits:], pair[:offset_bits]
                name = f"{number}_{copy}"
                place = Cat(second, mirror, offset)
                places = [Signal(len(place), name=f"place_{name}_{stage}", reset_less=True)
                          for stage in range(2)]
                valids = [Signal(name=f"valid_{name}_{stage}") for stage in range(2)]
                m.d.sync += [places[0].eq(place), places[1].eq(places[0]),
                             valids[0].eq(valid), valids[1].eq(valids[0])]
                for plane in range(copy * _PLANES_PER_COPY,
                                   min(self.planes, (copy + 1) * _PLANES_PER_COPY)):
                    row = self.row[plane]
                    word64 = Signal(BLOCK_COLUMNS, name=f"block_{number}_{plane}",
                                    reset_less=True)
                    word8 = Signal(_SLICE_COLUMNS, name=f"slice_{number}_{plane}",
                                   reset_less=True)
                    with m.If(valid), m.Switch(block):
                        for index, columns in enumerate(blocks):
                            with m.Case(index):
                                m.d.sync += word64.eq(row[columns.start:columns.stop])
                    with m.If(valids[0]):
                        m.d.sync += word8.eq(word64.word_select(places[0][4:], _SLICE_COLUMNS))
                    with m.If(valids[1]):
                        second, mirror, offset = places[1][0], places[1][1], places[1][2:4]
                        chosen = word8.word_select(offset, 2)
                        if lanes == 1:
                            m.d.sync += self.o[0][plane].eq(Mux(second, chosen[1], chosen[0]))
                        else:
                            for lane in range(lane_width):
                                m.d.sync += self.o[2 * number + lane][plane].eq(
                                    Mux(mirror, chosen[1 - lane], chosen[lane]))
        return m
