# SPDX-License-Identifier: Apache-2.0
"""Where the rows of the network's input go."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .npu_config import NpuConfig
from .program import TENSOR_LAYOUT

__all__ = ["InputRows"]


class InputRows(wiring.Component):
    """Addresses of the input's words, row by row through the ring of tensor 0.

    A row that would overwrite one that is still needed is dropped as a whole, and counted all the
    same: the inference ends, late and marked by ``overrun``. Rows beyond the map are dropped.

    Members
    -------
    restart : In(1)
        Begins an inference.
    tensor : In(TENSOR_LAYOUT)
        Tensor 0.
    released_rows : In(12)
        First row that is still needed.
    ready : Out(1), take : In(1), row_last : In(1)
        A word is placed; ``row_last`` marks the last one of its row.
    bank : Out(2), address : Out(13), column : Out, keep : Out(1), row_done : Out(1)
        In the clock of ``take``; ``column`` is that of the map modulo `NpuConfig.bank_columns`.
    room : Out(1)
        A row that begins now overwrites none that is needed.
    overrun : Out(1)
        Stays until ``restart``.
    """

    def __init__(self, config: NpuConfig):
        self.config = config
        super().__init__({
            "restart": In(1), "tensor": In(TENSOR_LAYOUT), "released_rows": In(12),
            "ready": Out(1), "take": In(1), "row_last": In(1),
            "bank": Out(2), "address": Out(13), "column": Out(range(config.bank_columns)),
            "keep": Out(1), "row_done": Out(1),
            "room": Out(1), "overrun": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        rows, slot = Signal(12), Signal(8)
        base, address = Signal(13, reset_less=True), Signal(13, reset_less=True)
        # A row's fate, and where it begins, are known some clocks after the row before.
        settling = Signal(4, init=~0)
        wraps, following = Signal(), Signal(13, reset_less=True)
        # Negative where strides leave out rows that are still to come.
        held, full, extra = Signal(signed(13), reset_less=True), Signal(), Signal()
        m.d.sync += [
            settling.eq(settling << 1),
            held.eq(rows - self.released_rows), full.eq(held >= self.tensor.ring_rows),
            extra.eq(rows >= self.tensor.height), wraps.eq(slot + 1 == self.tensor.ring_rows),
            following.eq(Mux(wraps, self.tensor.base,
                             Mux(slot[:2] == 3, base + self.tensor.row_words, base))),
        ]
        first, dropped = Signal(init=1), Signal()
        drops = Mux(first, full | extra, dropped)
        m.d.comb += [
            self.ready.eq(~settling[-1]), self.room.eq(first & self.ready & ~full),
            self.address.eq(address), self.keep.eq(~drops),
            self.bank.eq(self.tensor.first_bank + slot[:2]),
            self.row_done.eq(self.row_last & ~extra),
        ]
        following_word = self._following_word(m, address)
        with m.If(self.take):
            m.d.sync += [address.eq(following_word), first.eq(self.row_last),
                         dropped.eq(drops)]
            with m.If(first & full & ~extra):
                m.d.sync += self.overrun.eq(1)
            with m.If(self.row_last):
                m.d.sync += settling.eq(~0)
                with m.If(~extra):
                    m.d.sync += rows.eq(rows + 1)
                m.d.sync += [slot.eq(Mux(wraps, 0, slot + 1)), base.eq(following),
                             address.eq(following)]
        with m.If(self.restart):
            m.d.sync += [
                rows.eq(0), slot.eq(0), base.eq(self.tensor.base), address.eq(self.tensor.base),
                first.eq(1), self.overrun.eq(0), settling.eq(~0),
            ]
        return m

    def _following_word(self, m: Module, address: Signal) -> Value:
        """Address of the pixel's next word, or the next pixel's first: four have the same."""
        if self.config.bank_columns == 1:
            return address + 1
        word = Signal(8)
        pixel_ends = word + 1 == self.tensor.pixel_words
        with m.If(self.take):
            m.d.sync += [word.eq(Mux(pixel_ends, 0, word + 1)),
                         self.column.eq(self.column + pixel_ends)]
        with m.If((self.take & self.row_last) | self.restart):
            m.d.sync += [word.eq(0), self.column.eq(0)]
        return address - Mux(pixel_ends & (self.column != self.config.bank_columns - 1), word, -1)
