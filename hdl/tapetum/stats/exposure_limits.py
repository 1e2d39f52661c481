# SPDX-License-Identifier: Apache-2.0
"""No exposure that the readout cannot take, nor one that the host does not want."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..stream.delay import delayed

__all__ = ["ExposureLimits"]


class ExposureLimits(wiring.Component):
    """Limits an exposure as `control.settings_guard` limits the host's.

    In this order: the host's minimum; what the readout allows (at most ``longest_lines``, and less
    than ``lines_since + 1`` where the photodiode was read before in the frame) and the host's
    maximum; at least ``minimum_cycles``, within the first line. Latency `latency_cycles`.

    Members
    -------
    coarse : In(32), fine : In(16)
        Lines and clocks, the latter less than a line.
    line_length : In(16), longest_lines : In(16)
    shares : In(1), lines_since : In(8)
    minimum_lines, maximum_lines : In(16), minimum_cycles : In(8)
    limited_coarse, limited_fine : Out(16)
    """

    latency_cycles = 4

    coarse: In(32)
    fine: In(16)
    line_length: In(16)
    longest_lines: In(16)
    shares: In(1)
    lines_since: In(8)
    minimum_lines: In(16)
    maximum_lines: In(16)
    minimum_cycles: In(8)
    limited_coarse: Out(16)
    limited_fine: Out(16)

    def elaborate(self, platform):
        m = Module()
        last_fine = Signal(16, reset_less=True)
        shortest = Signal(16, reset_less=True)
        top_coarse, top_fine = Signal(16, reset_less=True), Signal(16, reset_less=True)
        coarse, fine = Signal(32, reset_less=True), Signal(16, reset_less=True)

        is_since = self.shares & (self.lines_since < self.longest_lines)
        is_short = self.coarse < self.minimum_lines
        m.d.sync += [
            last_fine.eq(self.line_length - 1),
            top_coarse.eq(Mux(is_since, self.lines_since, self.longest_lines)),
            top_fine.eq(Mux(is_since, self.line_length - 1, 0)),
            coarse.eq(Mux(is_short, self.minimum_lines, self.coarse)),
            fine.eq(Mux(is_short, 0, self.fine)),
        ]

        least = Mux(self.minimum_cycles == 0, 1, self.minimum_cycles)
        ceiling_coarse, ceiling_fine = Signal(16, reset_less=True), Signal(16, reset_less=True)
        is_wanted = self.maximum_lines <= top_coarse
        m.d.sync += [
            ceiling_coarse.eq(Mux(is_wanted, self.maximum_lines, top_coarse)),
            ceiling_fine.eq(Mux(is_wanted, 0, top_fine)),
            shortest.eq(Mux(last_fine < least, last_fine, least)),
        ]

        coarse_before = delayed(m, coarse, 1, name="coarse_before")
        fine_before = delayed(m, fine, 1, name="fine_before")
        is_above, is_equal, is_finer = (Signal(name=name, reset_less=True)
                                        for name in ("is_above", "is_equal", "is_finer"))
        m.d.sync += [
            is_above.eq(coarse_before > ceiling_coarse),
            is_equal.eq(coarse_before == ceiling_coarse),
            is_finer.eq(fine_before > ceiling_fine),
        ]

        with m.If(is_above | (is_equal & is_finer)):
            m.d.sync += [self.limited_coarse.eq(ceiling_coarse),
                         self.limited_fine.eq(ceiling_fine)]
            with m.If((ceiling_coarse == 0) & (ceiling_fine < shortest)):
                m.d.sync += self.limited_fine.eq(shortest)
        with m.Else():
            m.d.sync += [self.limited_coarse.eq(coarse_before),
                         self.limited_fine.eq(fine_before)]
            with m.If((coarse_before == 0) & (fine_before < shortest)):
                m.d.sync += self.limited_fine.eq(shortest)
        return m
