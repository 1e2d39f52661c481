# SPDX-License-Identifier: Apache-2.0
"""Whether a pixel stays."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ...config import DieConfig
from ...pixel import corrected_bits
from ...stream.delay import delayed
from .levels import ThresholdWrite
from .threshold_table import ThresholdTable

__all__ = ["PixelJudge"]


class PixelJudge(wiring.Component):
    """Compares a pixel with the second largest and second smallest of its neighbours.

    Their mean, rounded half up, is what the pixel should be: it gives the level of the noise, and
    takes the place of a pixel that is defective. Such a pixel lies further outside than noise
    explains, and further than the two differ: neighbours that differ are a picture. Latency
    `latency_cycles`, one pixel per clock.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    capture : In(2)
    enable : In(1)
        Pixels may be replaced; stable as long as a row is under way.
    high, low, pixel : In(code)
    supported : In(1)
        Neighbours of other colours show a picture.
    blind : In(1)
        They are saturated: nothing is known, unless the pixel's own colour is saturated all around
        and the pixel reaches less than half the scale.
    estimate, kept : Out(code)
        The mean and the pixel itself.
    deviates : Out(1)
        The pixel is defective.
    write : In(ThresholdWrite), write_enable : In(1)
    """

    latency_cycles = ThresholdTable.latency_cycles + 2

    def __init__(self, config: DieConfig):
        self.config = config
        bits = corrected_bits(config)
        super().__init__({
            "capture": In(2), "enable": In(1),
            "high": In(bits), "low": In(bits), "pixel": In(bits),
            "supported": In(1), "blind": In(1),
            "estimate": Out(bits), "kept": Out(bits), "deviates": Out(1),
            "write": In(ThresholdWrite(config)), "write_enable": In(1),
        })

    def elaborate(self, platform):
        m = Module()
        bits = len(self.pixel)
        m.submodules.table = table = ThresholdTable(self.config, "defect")
        wait = table.latency_cycles
        estimate, difference = (Signal(bits, name=name, reset_less=True)
                                for name in ("estimate", "difference"))
        over, under = (Signal(signed(bits + 1), name=name, reset_less=True)
                       for name in ("over", "under"))
        m.d.sync += [
            estimate.eq((self.high + self.low + 1) >> 1), difference.eq(self.high - self.low),
            over.eq(self.pixel - self.high), under.eq(self.low - self.pixel),
        ]
        m.d.comb += [table.capture.eq(self.capture), table.code.eq(estimate),
                     table.write.eq(self.write), table.write_enable.eq(self.write_enable)]

        # At most one of the two is positive; a pixel in between lies nowhere outside.
        beyond, stays = Signal(bits, reset_less=True), Signal(reset_less=True)
        supported, blind, bright = (
            delayed(m, value, 1, name=name) for value, name in
            ((self.supported, "supported"), (self.blind, "blind"), (self.pixel[-1], "bright")))
        dark_in_white = Cat(estimate, ~bright).all()
        m.d.sync += [
            beyond.eq((over[:bits] & (~over[-1]).replicate(bits))
                      | (under[:bits] & (~under[-1]).replicate(bits))),
            stays.eq(supported | (blind & ~dark_in_white) | ~self.enable),
        ]

        # What does not count becomes 0, which exceeds nothing: registers are cleared for nothing.
        outside, counted = (Signal(bits, name=name, reset_less=True)
                            for name in ("outside", "counted"))
        exceeds, deviates = Signal(reset_less=True), Signal(reset_less=True)
        m.d.sync += [
            outside.eq(beyond), counted.eq(outside),
            exceeds.eq(delayed(m, difference, 1, name="difference") < beyond),
            deviates.eq(table.threshold < delayed(m, counted, wait - 3, name="counted")),
        ]
        with m.If(stays):
            m.d.sync += outside.eq(0)
        with m.If(~exceeds):
            m.d.sync += counted.eq(0)
        m.d.comb += [
            self.estimate.eq(delayed(m, estimate, wait + 1, name="estimate")),
            self.kept.eq(delayed(m, self.pixel, self.latency_cycles, name="kept")),
            self.deviates.eq(deviates),
        ]
        return m
