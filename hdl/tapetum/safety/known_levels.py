# SPDX-License-Identifier: Apache-2.0
"""Compares the test rows of every frame with the levels that the pixel die drives in them."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..pixel import CodePixels, RowKind
from ..stream.delay import delayed

__all__ = ["CLAMP_LOG2", "KnownLevelCheck", "default_tolerance_log2"]

CLAMP_LOG2 = 4
"""A pixel counts as off by no more than 1/16 of the scale: a broken column is no broken row."""


def default_tolerance_log2(config: DieConfig) -> int:
    """1/64 of the scale: four standard deviations of the row noise at its worst."""
    return config.adc.bits - 6


class KnownLevelCheck(wiring.Component):
    """The mean deviation of each test row of each capture from its level, before any correction.

    Ramp, count, latches, bonds in their masses, sampling and multiplexer all have a part in it.
    The pixel die drives a quarter of the full well in even test rows, three quarters in odd ones.
    Latency: 5 cycles from a row's last beat to ``raised``.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of CodePixels), always ready
        As converted: all rows, all columns; only looked at.
    tolerance_log2 : In(4)
        A mean deviation of more than 2**tolerance_log2 codes is an error.
    inject : In(1)
        The top bit of every code is seen inverted. As the injection begins, a row of one beat is
        put in, so that there is one in standby.
    raised : Out(1)
        Pulse.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "i": In(stream.Signature(CodePixels(config.lanes, config.adc.bits),
                                     always_ready=True)),
            "tolerance_log2": In(4, init=default_tolerance_log2(config)),
            "inject": In(1),
            "raised": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        adc, lanes = self.config.adc, self.config.lanes
        pixels = self.i.payload
        injected_before, puts_in = Signal(), Signal()
        m.d.sync += injected_before.eq(self.inject)
        m.d.comb += puts_in.eq(self.inject & ~injected_before & ~self.i.valid)

        # Clocks 1 and 2: deviation of each pixel, at most a sixteenth of the scale.
        low, high = (adc.pedestal_codes + adc.full_well_codes * quarters // 4
                     for quarters in (1, 3))
        clamp = 1 << (adc.bits - CLAMP_LOG2)
        deviations = []
        for lane in range(lanes):
            code = Signal(adc.bits, name=f"code_{lane}")
            m.d.comb += code.eq(Mux(puts_in, low, pixels.codes[lane])
                                ^ (self.inject << (adc.bits - 1)))
            difference = Signal(signed(adc.bits + 1), name=f"difference_{lane}", reset_less=True)
            deviation = Signal(signed(adc.bits - CLAMP_LOG2 + 2), name=f"deviation_{lane}",
                               reset_less=True)
            m.d.sync += [
                difference.eq(code - Mux(pixels.tag.array_row[0] & ~puts_in, high, low)),
                deviation.eq(Mux(difference > clamp, clamp,
                                 Mux(difference < -clamp, -clamp, difference))),
            ]
            deviations.append(deviation)

        # Clocks 3 and 4: of the whole row.
        counts_log2 = self.config.array.total_columns.bit_length()
        total = Signal(signed(adc.bits - CLAMP_LOG2 + 2 + counts_log2), reset_less=True)
        count, begins = Signal(counts_log2, reset_less=True), Signal(init=1)
        valid, last = Signal(3), Signal(3)
        is_test = (pixels.tag.row_kind == RowKind.TEST) & self.i.valid
        m.d.sync += [valid.eq(Cat(is_test | puts_in, valid)),
                     last.eq(Cat((is_test & pixels.line_last) | puts_in, last))]
        with m.If(valid[1]):
            m.d.sync += [
                total.eq(Mux(begins, 0, total) + sum(deviations)),
                count.eq(Mux(begins, 0, count) + lanes),
                begins.eq(last[1]),
            ]
        magnitude = Signal(len(total), reset_less=True)
        allowed = Signal(counts_log2 + 15, reset_less=True)
        m.d.sync += [magnitude.eq(Mux(total[-1], -total, total)),
                     allowed.eq(count << self.tolerance_log2)]
        ended = delayed(m, last[2], 1, name="ended")
        m.d.sync += self.raised.eq(ended & (magnitude > allowed))
        return m
