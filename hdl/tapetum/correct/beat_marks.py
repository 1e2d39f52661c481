# SPDX-License-Identifier: Apache-2.0
"""What accompanies the codes of a beat past a pipeline."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..pixel import CodePixels, corrected_bits
from ..stream.delay import delayed

__all__ = ["BeatMarks"]

LONGEST_HOLD_CYCLES = 8
"""Rows are further apart than that, so that a held tag is never overtaken by the next one."""


class BeatMarks(wiring.Component):
    """All of a beat but its codes, some clocks later.

    The tag is the same throughout a row and rows are at least 12 clocks apart: instead of a
    register per clock, one keeps it for 8 clocks.

    Parameters
    ----------
    config : DieConfig
    cycles : int
        Latency in clocks, at least 2.

    Members
    -------
    i : In(stream of CodePixels), always ready
        Corrected codes, which are not looked at.
    codes : In(one per lane)
        Those of the beat that is leaving.
    o : Out(stream of CodePixels), always ready

    Raises
    ------
    ValueError
        If ``cycles`` is below 2.
    """

    def __init__(self, config: DieConfig, cycles: int):
        if cycles < 2:
            raise ValueError(f"the marks of a beat take at least 2 cycles, not {cycles}.")
        self.cycles = cycles
        bits = corrected_bits(config)
        shape = CodePixels(config.lanes, bits)
        super().__init__({
            "i": In(stream.Signature(shape, always_ready=True)),
            "codes": In(data.ArrayLayout(bits, config.lanes)),
            "o": Out(stream.Signature(shape, always_ready=True)),
        })

    def elaborate(self, platform):
        m = Module()
        pixels, out = self.i.payload, self.o.payload
        valid = [self.i.valid]
        for stage in range(self.cycles):
            valid.append(delayed(m, valid[-1], 1, name=f"valid_{stage}", reset_less=False))
        flags = delayed(m, Cat(pixels.line_last, pixels.optical_black), self.cycles, name="flags")

        row = Cat(pixels.frame_last, pixels.tag)
        for clock in (*range(1, self.cycles, LONGEST_HOLD_CYCLES), self.cycles):
            held = Signal(len(row), name=f"row_{clock}", reset_less=True)
            with m.If(valid[clock - 1]):
                m.d.sync += held.eq(row)
            row = held
        m.d.comb += [
            self.o.valid.eq(valid[-1]),
            out.codes.eq(self.codes),
            Cat(out.line_last, out.optical_black).eq(flags),
            Cat(out.frame_last, out.tag).eq(row),
        ]
        return m
