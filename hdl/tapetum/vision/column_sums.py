# SPDX-License-Identifier: Apache-2.0
"""Weighted sums over rows of cells: one row of accumulators, however high the region is."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..memory.code import Parity
from ..memory.health import MemoryHealth
from ..memory.word_check import WordCheck
from ..stream.delay import delayed
from .row_sums import SumAddress, cell_bits, row_sum_shape
from .settings import VisionConfig, VisionSettings, cell_pixels
from .shares import SHARE_BITS, Shares

__all__ = ["AreaSum", "ColumnSums", "area_sum_bits"]

_SPLIT = 17


def area_sum_bits(config: DieConfig) -> int:
    """Bits of the sum over an output's area, of up to four pixels in each cell."""
    cell = cell_pixels(config)
    return 24 + sum(cell_bits(config)) + 2 * (cell - 1)


class AreaSum(data.StructLayout):
    """Sum over an output pixel's area; it is the mean times the region's cells and ``pixels``.

    ``pixels_log2``: how many pixels of a cell the channel adds. What is below black counts as 0.
    """

    def __init__(self, config: DieConfig):
        super().__init__({"sum": area_sum_bits(config), "pixels_log2": 2,
                          "pixel_last": 1, "row_last": 1})

class ColumnSums(wiring.Component):
    """Adds each row of cells to the outputs that it has a share in, and hands on finished ones.

    ::

        RowSums ─► R | G + G | B  or all ─┬─► * now  ─► + accumulator ─┬─► back, or o if complete
                    of a cell             └─► * next ──────────────────┴─► back, if complete

    Works through the columns after each row of cells: four clocks for a column under a colour
    filter, one without. That is never more than the next row of cells takes to come.

    Parameters
    ----------
    config : DieConfig
    vision : VisionConfig

    Members
    -------
    restart : In(1)
        Before a region's first pixel.
    settings : In(VisionSettings)
    red_x, red_y : In(1)
        Where red lies in a cell; blue is opposite.
    row_done : In(1), half : In(1), address : Out(SumAddress), read : Out(1),
    sum : In(row_sum_shape)
        Of `RowSums`.
    valid : Out(1), o : Out(AreaSum)
        Channels of a pixel from red to blue, pixels from left to right. Holds still while not
        valid.
    memory : Out(MemoryHealth)
    """

    latency_cycles = 9

    def __init__(self, config: DieConfig, vision: VisionConfig):
        self.config, self.vision = config, vision
        super().__init__({
            "restart": In(1), "settings": In(VisionSettings), "red_x": In(1), "red_y": In(1),
            "row_done": In(1), "half": In(1),
            "address": Out(SumAddress(vision, cell_pixels(config))),
            "read": Out(1), "sum": In(row_sum_shape(config)), "memory": Out(MemoryHealth()),
            "valid": Out(1), "o": Out(AreaSum(config)),
        })

    def elaborate(self, platform):
        m = Module()
        settings, cell = self.settings, cell_pixels(self.config)
        m.submodules.shares = shares = Shares()
        m.d.comb += [shares.cells.eq(settings.cells_y), shares.outputs.eq(settings.rows),
                     shares.restart.eq(self.restart)]

        # Addresses: four words a column, red first, then green twice, then blue.
        active, fresh, half = Signal(), Signal(), Signal()
        column, word = Signal(range(self.vision.largest_columns)), Signal(2)
        word_last = word == 3 if cell == 2 else C(1)
        column_last = column + 1 == settings.columns
        m.d.comb += [self.address.column.eq(column), self.address.half.eq(half),
                     self.read.eq(active),
                     shares.step.eq(active & word_last & column_last)]
        if cell == 2:
            m.d.comb += [self.address.x.eq(self.red_x ^ word[0]),
                         self.address.y.eq(self.red_y ^ word[1])]
        with m.If(active):
            if cell == 2:
                m.d.sync += word.eq(word + 1)
            with m.If(word_last):
                m.d.sync += column.eq(Mux(column_last, 0, column + 1))
                with m.If(column_last):
                    m.d.sync += [active.eq(0), fresh.eq(0)]
        with m.If(self.row_done):
            m.d.sync += [active.eq(1), half.eq(self.half)]
        with m.If(self.restart):
            m.d.sync += [active.eq(0), fresh.eq(1), column.eq(0), word.eq(0)]

        # What a word is, on its way with it.
        step = Signal(data.StructLayout({
            "valid": 1, "begins": 1, "ends": 1, "channel": 2, "column": column.shape(),
            "completes": 1, "fresh": 1, "pixels_log2": 2, "pixel_last": 1, "row_last": 1}))
        if cell == 1:
            begins = ends = C(1)
            channel = pixels_log2 = C(0, 2)
        else:
            by_channel = settings.rgb
            begins = Mux(by_channel, word != 2, word == 0)
            ends = Mux(by_channel, word != 1, word == 3)
            channel = Mux(by_channel, word[1] + (word == 3), 0)
            pixels_log2 = Mux(by_channel, word == 2, 2)
        m.d.comb += [
            step.valid.eq(active), step.begins.eq(begins), step.ends.eq(ends),
            step.channel.eq(channel), step.column.eq(column),
            step.completes.eq(shares.completes), step.fresh.eq(fresh),
            step.pixels_log2.eq(pixels_log2), step.pixel_last.eq(word_last),
            step.row_last.eq(word_last & column_last),
        ]
        steps = [step]
        for clock in range(1, 8):
            later = Signal.like(step, name=f"step_{clock}")
            m.d.sync += later.eq(steps[-1])
            steps.append(later)
        with m.If(self.restart):
            m.d.sync += [each.valid.eq(0) for each in steps[1:]]

        # Third clock: all words of a channel.
        total = Signal(signed(row_sum_shape(self.config).width + 2), reset_less=True)
        with m.If(steps[2].valid):
            m.d.sync += total.eq(Mux(steps[2].begins, 0, total) + self.sum)
        at_3 = steps[3]
        valid_3 = at_3.valid & at_3.ends

        # Fourth to sixth: products.
        now, following = (delayed(m, share, 3, name=name) for name, share in (
            ("now", shares.now), ("next", shares.next)))
        sum_shape = signed(area_sum_bits(self.config) + 1)
        products = [self._product(m, name, total, share, valid_3, sum_shape)
                    for name, share in (("now", now), ("next", following))]

        # Seventh: the accumulator, which was read meanwhile.
        code = Parity(sum_shape.width)
        m.submodules.memory = store = memory.Memory(
            shape=code.word_bits, depth=4 * self.vision.largest_columns, init=[])
        m.submodules.check = check = WordCheck(code)
        connect(m, check.health, flipped(self.memory))
        read, write = store.read_port(), store.write_port()
        read_word = Signal(code.word_bits, reset_less=True)
        before = read_word[:code.data_bits].as_signed()
        m.d.comb += read.addr.eq(Cat(steps[4].channel, steps[4].column))
        m.d.sync += read_word.eq(read.data)
        at_6 = steps[6]
        valid_6 = at_6.valid & at_6.ends
        m.d.comb += [check.word.eq(read_word), check.read.eq(valid_6 & ~at_6.fresh)]
        summed, kept = (Signal(sum_shape, name=name, reset_less=True)
                        for name in ("summed", "kept"))
        result = Signal(sum_shape)
        m.d.comb += result.eq(Mux(at_6.fresh, 0, before) + products[0])
        with m.If(valid_6):
            m.d.sync += [summed.eq(result), kept.eq(Mux(at_6.completes, products[1], result))]
        at_7 = steps[7]
        valid_7 = at_7.valid & at_7.ends
        m.d.comb += [write.addr.eq(Cat(at_7.channel, at_7.column)),
                     write.data.eq(Cat(kept, code.encode(kept))), write.en.eq(valid_7)]

        # Eighth: a finished sum.
        m.d.sync += self.valid.eq(valid_7 & at_7.completes & ~self.restart)
        with m.If(valid_7 & at_7.completes):
            m.d.sync += [
                self.o.sum.eq(Mux(summed[-1], 0, summed)), self.o.pixels_log2.eq(at_7.pixels_log2),
                self.o.pixel_last.eq(at_7.pixel_last), self.o.row_last.eq(at_7.row_last),
            ]
        return m

    @staticmethod
    def _product(m: Module, name: str, total: Value, share: Value, valid: Value,
                 shape: Shape) -> Value:
        """Three clocks: parts that fit a multiplier, and their sum."""
        parts = []
        for start in range(0, len(total), _SPLIT):
            part = total[start:start + _SPLIT]
            if start + _SPLIT >= len(total):
                part = part.as_signed()
            product = Signal(signed(_SPLIT + SHARE_BITS + 1), name=f"{name}_part_{start}",
                             reset_less=True)
            with m.If(valid):
                m.d.sync += product.eq(part * share)
            parts.append(product)
        lower, upper = (Signal(shape, name=f"{name}_{which}", reset_less=True)
                        for which in ("lower", "upper"))
        whole = Signal(shape, name=name, reset_less=True)
        m.d.sync += [lower.eq(parts[0] + (parts[1] << _SPLIT)),
                     upper.eq(parts[2] << 2 * _SPLIT if len(parts) > 2 else 0),
                     whole.eq(lower + upper)]
        return whole
