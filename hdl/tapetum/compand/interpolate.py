# SPDX-License-Identifier: Apache-2.0
"""A point on a segment."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..stream.delay import delayed
from .table_memory import SegmentRecord
from .tables import LINEAR_BITS

__all__ = ["Interpolate"]


class Interpolate(wiring.Component):
    """``start_y + (((x - start_x) * step) >> width_log2)``, saturated to 20 bits.

    Latency 6 clocks, one pixel per clock.

    Members
    -------
    x : In(24)
    segment : In(SegmentRecord)
    y : Out(20)
    """

    latency_cycles = 6

    x: In(24)
    segment: In(SegmentRecord)
    y: Out(20)

    def elaborate(self, platform):
        m = Module()
        segment, half = self.segment, LINEAR_BITS // 2
        offset = Signal(LINEAR_BITS, reset_less=True)
        step = Signal(17, reset_less=True)
        # Two products that fit a multiplier each; their sum has a clock of its own.
        product_high, product_low = (Signal(half + 17, reset_less=True, name=f"product_{part}")
                                     for part in ("high", "low"))
        product = Signal(LINEAR_BITS + 17, reset_less=True)
        coarse = Signal.like(product, reset_less=True)
        rise = Signal.like(product, reset_less=True)
        shift_coarse = delayed(m, segment.width_log2, 3, name="shift")
        shift_fine = delayed(m, shift_coarse, 1, name="shift_fine")
        start_y = delayed(m, segment.start_y, 5, name="start_y")
        total = Signal(22)
        m.d.sync += [
            offset.eq(self.x - segment.start_x), step.eq(segment.step),
            product_high.eq(offset[half:] * step), product_low.eq(offset[:half] * step),
            product.eq((product_high << half) + product_low),
            coarse.eq(product >> (shift_coarse[2:] << 2)),
            rise.eq(coarse >> shift_fine[:2]),
            self.y.eq(Mux(total[20:].any(), ~0, total)),
        ]
        m.d.comb += total.eq(start_y + rise[:21])
        return m
