# SPDX-License-Identifier: Apache-2.0
"""Notices rows that deliver nothing."""

from amaranth import *
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..pixel import CodePixels, corrected_bits

__all__ = ["RowMonitor"]

LIGHT_CODES = 16
"""ADC codes above black, on average, below which a neighbour is too dark to judge by."""
FEWEST_PIXELS = 32
"""A shorter row may well be dark by itself."""
DARKER_LOG2 = 3
"""A row counts as dead if it has less than an eighth of its darker neighbour's light."""


class RowMonitor(wiring.Component):
    """Compares the light of each active row with the rows two above and two below it.

    These have the same colours. At the border the one neighbour decides. What noise brings below
    black counts as none. Rows of fewer than 32 pixels are not judged. A row that is dark among lit
    ones is the mark of a broken row driver; a scene whose only dark row fills the width of the
    array looks the same.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of CodePixels), always ready
        Corrected active rows; only looked at. Rows of a frame are numbered without gaps.
    dead_row : Out(1)
        Pulse, at most 12 clocks behind the end of a row.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "i": In(stream.Signature(CodePixels(config.lanes, corrected_bits(config)),
                                     always_ready=True)),
            "dead_row": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        config, bits = self.config, self.config.adc.bits
        pixels = self.i.payload
        columns_log2 = config.array.columns.bit_length()
        width = bits + columns_log2

        # Light of a beat, then of the row.
        lights = [Signal(bits, name=f"light_{lane}", reset_less=True)
                  for lane in range(config.lanes)]
        for lane, light in enumerate(lights):
            above = Signal(signed(bits + 1), name=f"above_{lane}")
            m.d.comb += above.eq((pixels.codes[lane] >> config.hdr.fraction_bits)
                                 - config.adc.pedestal_codes)
            m.d.sync += light.eq(Mux(above < 0, 0, above))
        beat = Signal(bits + 2, reset_less=True)
        valid, last = Signal(2), Signal(2)
        total, count = Signal(width, reset_less=True), Signal(columns_log2, reset_less=True)
        begins = Signal(init=1)
        m.d.sync += [
            beat.eq(sum(lights)),
            valid.eq(Cat(self.i.valid, valid)), last.eq(Cat(pixels.line_last, last)),
        ]
        with m.If(valid[1]):
            m.d.sync += [
                total.eq(Mux(begins, 0, total) + beat),
                count.eq(Mux(begins, 0, count) + config.lanes),
                begins.eq(last[1]),
            ]

        # The sums of the last four rows of each capture lie where their low row bits say.
        m.submodules.sums = sums = memory.Memory(
            shape=width, depth=4 * len(config.captures), init=[],
            attrs={"ram_style": "distributed"})
        write, read = sums.write_port(), sums.read_port(domain="comb")
        capture, row, frame_last = Signal(2), Signal(12), Signal()
        with m.If(self.i.valid):
            m.d.sync += [capture.eq(pixels.tag.capture), row.eq(pixels.tag.row),
                         frame_last.eq(pixels.frame_last)]
        ago = Signal(2)
        m.d.comb += [
            read.addr.eq(Cat((row - ago)[:2], capture)),
            write.addr.eq(Cat(row[:2], capture)), write.data.eq(total),
        ]

        judged, above_row, below_row, darker = (
            Signal(width, name=name, reset_less=True)
            for name in ("judged", "above_row", "below_row", "darker"))
        is_dark = Signal()
        m.d.sync += [darker.eq(Mux(above_row < below_row, above_row, below_row)),
                     self.dead_row.eq(0)]
        m.d.comb += is_dark.eq((count >= FEWEST_PIXELS) & (darker >= count * LIGHT_CODES)
                               & (judged < darker >> DARKER_LOG2))

        # One comparison after the other; `darker` follows its rows by a clock.
        with m.FSM():
            with m.State("accumulate"):
                with m.If(valid[1] & last[1]):
                    m.next = "row and four before"
            with m.State("row and four before"):  # which lies where this row goes
                m.d.comb += write.en.eq(1)
                m.d.sync += [above_row.eq(Mux(row >= 4, read.data, total)), below_row.eq(total)]
                m.next = "two before"
            with m.State("two before"):
                m.d.comb += ago.eq(2)
                m.d.sync += judged.eq(read.data)
                m.next = "judge two before"
            with m.State("judge two before"):
                m.d.sync += self.dead_row.eq(is_dark & (row >= 2))
                m.next = "accumulate"
                with m.If(frame_last):
                    m.next = "last"
            with m.State("last"):  # the last two rows have but one neighbour
                m.d.comb += ago.eq(2)
                m.d.sync += [above_row.eq(read.data), below_row.eq(read.data), judged.eq(total)]
                m.next = "its neighbour"
            with m.State("its neighbour"):
                m.next = "judge last"
            with m.State("judge last"):
                m.d.comb += ago.eq(3)
                m.d.sync += [self.dead_row.eq(is_dark & (row >= 2)),
                             above_row.eq(read.data), below_row.eq(read.data)]
                m.next = "last but one"
            with m.State("last but one"):
                m.d.comb += ago.eq(1)
                m.d.sync += judged.eq(read.data)
                m.next = "judge last but one"
            with m.State("judge last but one"):
                m.d.sync += self.dead_row.eq(is_dark & (row >= 3))
                m.next = "accumulate"
        return m
