# SPDX-License-Identifier: Apache-2.0
"""The chain of corrections from ADC codes to corrected ones."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..pixel import CodePixels, corrected_bits
from .active_window import ActiveWindow
from .black_level import BlackLevel
from .black_subtract import BlackSubtract

__all__ = ["Correction"]


class Correction(wiring.Component):
    """Corrects every capture, row by row, on its own.

    ::

        i ─┬─────────────► BlackSubtract ─► (further stages) ─► ActiveWindow ─► o
           └► BlackLevel ──── levels ──┘

    A further stage has the ports of `BlackSubtract`'s output and stands before `ActiveWindow`, so
    that it still sees optical-black columns and test rows. Latency `latency_cycles`, one beat per
    clock.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of CodePixels), always ready
        ADC codes: rows of every kind and capture; the rows of one capture are contiguous.
    o : Out(stream of CodePixels), always ready
        Corrected codes: active rows and columns only.
    black_levels : Out(one corrected code per capture)
        In units of ``2**-fraction_bits`` ADC codes.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        bits = corrected_bits(config)
        super().__init__({
            "i": In(stream.Signature(CodePixels(config.lanes, config.adc.bits),
                                     always_ready=True)),
            "o": Out(stream.Signature(CodePixels(config.lanes, bits), always_ready=True)),
            "black_levels": Out(data.ArrayLayout(bits, len(config.captures))),
        })

    @property
    def latency_cycles(self) -> int:
        """Clocks from a beat at ``i`` to the same beat at ``o``."""
        return 3

    def elaborate(self, platform):
        m = Module()
        m.submodules.black_level = black_level = BlackLevel(self.config)
        m.submodules.black_subtract = black_subtract = BlackSubtract(self.config)
        m.submodules.active_window = active_window = ActiveWindow(self.config)
        m.d.comb += [
            black_level.i.valid.eq(self.i.valid), black_level.i.payload.eq(self.i.payload),
            black_subtract.levels.eq(black_level.levels),
            self.black_levels.eq(black_level.levels),
        ]
        connect(m, flipped(self.i), black_subtract.i)
        connect(m, black_subtract.o, active_window.i)
        connect(m, active_window.o, flipped(self.o))
        return m
