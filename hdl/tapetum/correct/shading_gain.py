# SPDX-License-Identifier: Apache-2.0
"""The gain between four nodes."""

from typing import Any

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from ..memory.code import Parity
from ..memory.health import MemoryHealth, gather
from ..memory.word_check import WordCheck
from ..stream.delay import delayed
from .amplify import GAIN_BITS
from .shading_grid import NODE_BITS, NODE_UNITY_GAIN, ShadingGrid, ShadingWrite

__all__ = ["GAIN_FRACTION_BITS", "ShadingGain", "ShadingRow"]

GAIN_FRACTION_BITS = GAIN_BITS - 2
_MULTIPLIER_BITS = 18


class ShadingRow(data.StructLayout):
    """What the nodes above and below a row are.

    ``half_row[parity]`` counts the even or the odd rows of nodes; their ``weight[parity]`` add up
    to the pixels of a cell. ``plane_row`` is the photodiode, then the row's parity.
    """

    def __init__(self, grid: ShadingGrid):
        super().__init__({
            "half_row": data.ArrayLayout(range((grid.rows + 1) // 2), 2),
            "weight": data.ArrayLayout(grid.cell_log2 + 1, 2),
            "plane_row": len(grid.photodiodes).bit_length() - 1 + grid.plane_bits // 2,
        })


class ShadingGain(wiring.Component):
    """Interpolates the gain of one pixel per clock, first between rows, then between columns.

    ::

        nodes of even rows, even columns ─► × ┐
              of odd rows,  even columns ─► × ┴► + ─► × ┐
              of even rows, odd columns  ─► × ┐         ├► + ─► gain
              of odd rows,  odd columns  ─► × ┴► + ─► × ┘

    Of four neighbouring nodes each memory holds one. Weights are exchanged rather than nodes: an
    even node is now the left one, now the right one. Results are cut below 2**-16 and 2**-15.
    Latency 6 clocks.

    Parameters
    ----------
    grid : ShadingGrid

    Members
    -------
    row : In(ShadingRow), enable : In(1)
        Change only when no column of the row is under way. Without ``enable`` the gain is 1.
    column : In
        Array column.
    gain : Out(17)
        Unsigned 2.15.
    write : In(ShadingWrite), write_enable : In(1)
    memory : Out(MemoryHealth)
        Of nodes that are read while ``enable``.
    """

    latency_cycles = 6

    def __init__(self, grid: ShadingGrid):
        self.grid = grid
        super().__init__({
            "row": In(ShadingRow(grid)), "enable": In(1),
            "column": In(range(grid.config.array.columns)),
            "gain": Out(GAIN_BITS),
            "write": In(ShadingWrite(grid)), "write_enable": In(1),
            "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        cell_log2 = self.grid.cell_log2
        # A cell may be wider than the array.
        column = Signal(max(len(self.column), cell_log2 + 1))
        m.d.comb += column.eq(self.column)

        weights = cell_weights(column, cell_log2)
        column_weights = [delayed(m, weight, 4, name=f"column_weight_{parity}")
                          for parity, weight in enumerate(weights)]

        # Exact while it fits a multiplier; at 64 pixels per cell and less it does.
        cut = max(0, NODE_BITS + cell_log2 - _MULTIPLIER_BITS)
        fraction_bits = NODE_BITS - 2 + cell_log2 - cut
        products, self._checks = [], []
        for column_parity in range(2):
            terms = []
            for row_parity in range(2):
                node = self._node(m, column, row_parity, column_parity)
                weight = self.row.weight[row_parity]
                term = Signal(NODE_BITS + cell_log2, name=f"term_{row_parity}{column_parity}",
                              reset_less=True)
                m.d.sync += term.eq(node * weight)
                terms.append(term)
            between = Signal(NODE_BITS + cell_log2 - cut, name=f"between_{column_parity}",
                             reset_less=True)
            product = Signal(len(between) + cell_log2, name=f"product_{column_parity}",
                             reset_less=True)
            m.d.sync += [
                between.eq((terms[0] + terms[1]) >> cut),
                product.eq(between * column_weights[column_parity]),
            ]
            products.append(product)
        m.d.sync += self.gain.eq(
            (products[0] + products[1]) >> (fraction_bits + cell_log2 - GAIN_FRACTION_BITS))
        gather(m, self.memory, *(check.health for check in self._checks))
        with m.If(~self.enable):
            m.d.sync += self.gain.eq(1 << GAIN_FRACTION_BITS)
        return m

    def _node(self, m: Module, column: Value, row_parity: int, column_parity: int) -> Value:
        """The memory's node next to ``column``, two clocks later."""
        grid, bits = self.grid, self.grid.half_column_bits
        node_column = column[grid.cell_log2:]
        half_column = Signal(bits, name=f"half_column_{row_parity}{column_parity}")
        m.d.comb += half_column.eq(node_column[1:] + (0 if column_parity else node_column[0]))

        halves = (grid.rows + 1 - row_parity) // 2
        code = Parity(NODE_BITS)
        initial: Any = [code.encoded(NODE_UNITY_GAIN)] * (halves * grid.row_indices // 2)
        nodes = memory.Memory(shape=code.word_bits, depth=len(initial), init=initial,
                              attrs={"ram_style": "block"})
        m.submodules[f"nodes_{row_parity}{column_parity}"] = nodes
        read, write = nodes.read_port(), nodes.write_port()

        index = self.write.index
        row_at = (grid.row_indices - 1).bit_length()
        if grid.plane_bits:
            plane = Cat(column[0], self.row.plane_row)
        else:
            plane = self.row.plane_row
        m.d.comb += [
            read.addr.eq(Cat(half_column, plane, self.row.half_row[row_parity])),
            write.addr.eq(Cat(index[1:row_at], index[row_at + 1:])),
            write.data.eq(Cat(self.write.gain, code.encode(self.write.gain))),
            write.en.eq(self.write_enable & (index[0] == column_parity)
                        & (index[row_at] == row_parity)),
        ]
        word = delayed(m, read.data, 1, name=f"node_{row_parity}{column_parity}")
        check = WordCheck(code)
        m.submodules[f"check_{row_parity}{column_parity}"] = check
        m.d.comb += [check.word.eq(word), check.read.eq(self.enable)]
        self._checks.append(check)
        return word[:NODE_BITS]


def cell_weights(position: Value, cell_log2: int) -> tuple[Value, Value]:
    """Weights of the even and of the odd node next to ``position``, in pixels of a cell."""
    fine, cell = position[:cell_log2], 1 << cell_log2
    odd_is_left = position[cell_log2]
    complement = (cell - fine)[:cell_log2 + 1]
    return Mux(odd_is_left, fine, complement), Mux(odd_is_left, complement, fine)
