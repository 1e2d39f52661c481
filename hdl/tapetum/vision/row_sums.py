# SPDX-License-Identifier: Apache-2.0
"""Weighted sums along the rows: as many as the network has columns."""

from itertools import pairwise

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..memory.code import Parity
from ..memory.health import MemoryHealth
from ..memory.word_check import WordCheck
from ..stream.delay import delayed
from .settings import VisionConfig, VisionSettings, cell_pixels
from .shares import SHARE_BITS, Shares

__all__ = ["RowSums", "SumAddress", "cell_bits", "row_sum_shape"]

VALUE_SHAPE = signed(25)
"""A pixel above the pedestal; black scatters around zero."""
_SPLIT = 17


def cell_bits(config: DieConfig) -> tuple[int, int]:
    """Bits that the sum over a whole line of cells adds, along the row and along the column."""
    cell = cell_pixels(config)
    return ((config.array.columns // cell).bit_length(), (config.array.rows // cell).bit_length())


def row_sum_shape(config: DieConfig) -> Shape:
    """Shares of an output add up to the line's cells."""
    return signed(VALUE_SHAPE.width + cell_bits(config)[0])


class SumAddress(data.StructLayout):
    """A sum of a row: by column of the network, column and row within the cell.

    ``half`` alternates between rows of cells.
    """

    def __init__(self, vision: VisionConfig, cell: int):
        bits = cell - 1
        super().__init__({"x": bits, "y": bits, "column": range(vision.largest_columns),
                          "half": 1})


class RowSums(wiring.Component):
    """Adds up a row's pixels for each output, separately for each column of the cell.

    ::

        value - pedestal ─┬─► * now  ─► sum of this output ──► memory
                          └─► * next ─► first part of the next one

    The sums of two rows of cells stay in memory: one is read while the other is made. One pixel
    per clock; ``row_done`` comes `latency_cycles` behind the row's last pixel.

    Parameters
    ----------
    config : DieConfig
    vision : VisionConfig

    Members
    -------
    restart : In(1)
        Before a region's first pixel.
    settings : In(VisionSettings), pedestal : In(8)
        Steady from two clocks before ``restart`` on.
    valid : In(1), value : In(24)
    row_done : Out(1), half : Out(1)
        The sums of a whole row of cells stand in that half.
    address : In(SumAddress), read : In(1), sum : Out(row_sum_shape)
        `read_cycles` later; ``read`` says that it counts.
    memory : Out(MemoryHealth)
    """

    latency_cycles = 5
    read_cycles = 2

    def __init__(self, config: DieConfig, vision: VisionConfig):
        self.config, self.vision = config, vision
        self.address_shape = SumAddress(vision, cell_pixels(config))
        super().__init__({
            "restart": In(1), "settings": In(VisionSettings), "pedestal": In(8),
            "valid": In(1), "value": In(24),
            "row_done": Out(1), "half": Out(1),
            "address": In(self.address_shape), "read": In(1), "sum": Out(row_sum_shape(config)),
            "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        cell, settings = cell_pixels(self.config), self.settings
        m.submodules.shares = shares = Shares()
        m.d.comb += [shares.cells.eq(settings.cells_x), shares.outputs.eq(settings.columns)]

        # First clock: where in the cell and in the row of cells the pixel lies.
        place, cells_left = Signal(self.address_shape), Signal(13)
        x_last, y_last = (place[axis].all() if cell == 2 else C(1) for axis in "xy")
        row_ends = Signal()
        m.d.comb += [
            row_ends.eq(x_last & (cells_left == 1)),
            shares.restart.eq(self.restart), shares.step.eq(self.valid & x_last),
        ]
        at = Signal(self.address_shape, reset_less=True)
        value = Signal(VALUE_SHAPE, reset_less=True)
        now, following = (Signal(SHARE_BITS, name=name, reset_less=True)
                          for name in ("now", "following"))
        # Of the pixel in each clock: it completes a sum; it ends a row of cells.
        flags = data.StructLayout({"valid": 1, "completes": 1, "ends": 1})
        marks = [Signal(flags, name=f"marks_{clock}") for clock in range(1, 5)]
        m.d.sync += [marks[0].eq(Cat(self.valid, shares.completes, row_ends & y_last)),
                     *(later.eq(earlier) for earlier, later in pairwise(marks))]
        with m.If(self.valid):
            m.d.sync += [
                at.eq(place), value.eq(self.value - self.pedestal),
                now.eq(shares.now), following.eq(shares.next),
            ]
            if cell == 2:
                m.d.sync += place.x.eq(~place.x)
            with m.If(x_last):
                m.d.sync += [cells_left.eq(cells_left - 1),
                             place.column.eq(place.column + shares.completes)]
            with m.If(row_ends):
                m.d.sync += [cells_left.eq(settings.cells_x), place.column.eq(0),
                             place.half.eq(place.half ^ y_last)]
                if cell == 2:
                    m.d.sync += place.y.eq(~place.y)

        # Second and third: products, in parts that fit a multiplier.
        products = []
        for name, share in (("now", now), ("next", following)):
            low, high, whole = (Signal(signed(VALUE_SHAPE.width + SHARE_BITS),
                                       name=f"product_{name}_{part}", reset_less=True)
                                for part in ("low", "high", "whole"))
            m.d.sync += [low.eq(value[:_SPLIT] * share),
                         high.eq(value[_SPLIT:].as_signed() * share),
                         whole.eq((high << _SPLIT) + low)]
            products.append(whole)
        at_3 = delayed(m, at, 2, name="at_3")

        # Fourth: sums, those of the cell's columns in turn.
        sums = [Signal(row_sum_shape(self.config), name=f"sum_{number}") for number in range(cell)]
        total = Signal.like(sums[0])
        written, write_at = Signal.like(total, reset_less=True), Signal.like(at, reset_less=True)
        m.d.comb += total.eq(sums[0] + products[0])
        with m.If(marks[2].valid):
            m.d.sync += [written.eq(total), write_at.eq(at_3)]
            m.d.sync += [behind.eq(ahead) for behind, ahead in zip(
                sums, [*sums[1:], Mux(marks[2].completes, products[1], total)], strict=True)]

        code = Parity(len(written))
        m.submodules.memory = store = memory.Memory(
            shape=code.word_bits, depth=1 << Shape.cast(self.address_shape).width, init=[])
        read_word = Signal(code.word_bits, reset_less=True)
        m.submodules.check = check = WordCheck(code)
        connect(m, check.health, flipped(self.memory))
        port, read = store.write_port(), store.read_port()
        m.d.comb += [
            port.addr.eq(write_at), port.data.eq(Cat(written, code.encode(written))),
            self.sum.eq(read_word[:code.data_bits]), check.word.eq(read_word),
            check.read.eq(delayed(m, self.read, self.read_cycles, name="read",
                                  reset_less=False)),
            port.en.eq(marks[3].valid & marks[3].completes), read.addr.eq(self.address),
        ]
        m.d.sync += [read_word.eq(read.data), self.half.eq(write_at.half),
                     self.row_done.eq(marks[3].valid & marks[3].ends)]
        with m.If(self.restart):
            m.d.sync += [place.eq(0), cells_left.eq(settings.cells_x), self.row_done.eq(0),
                         *(each.eq(0) for each in (*sums, *marks))]
        return m
