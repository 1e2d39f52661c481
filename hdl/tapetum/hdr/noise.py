# SPDX-License-Identifier: Apache-2.0
"""How far apart noise alone may bring two captures: from codes to the linear scale."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from .ranking import RankSettings

__all__ = ["NoiseBound", "NoiseScale"]


class NoiseBound(data.Struct):
    """Square of the difference that noise explains, ``((slope * level) >> 7) + floor``.

    Differences and levels are linear values shifted down by ``quarter_shift``, which leaves them
    in about quarters of a code of the capture that is judged, at most 18 bits.
    """

    quarter_shift: 5
    slope: 18
    floor: 18


class NoiseScale(wiring.Component):
    """Noise of the capture at one rank, on the linear scale.

    A quarter of a code is ``unit / 256`` of what ``quarter_shift`` leaves, with a ``unit`` from
    256 to 511; less if the linear LSB is coarser than a quarter of a code. Shot noise follows the
    unit, the rest its square. ``bound`` follows ``rank`` after 5 clocks; three multipliers.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    rank : In(RankSettings)
    bound : Out(NoiseBound)
    """

    latency_cycles = 5

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({"rank": In(RankSettings), "bound": Out(NoiseBound)})

    def elaborate(self, platform):
        m = Module()
        rank, bound = self.rank, self.bound
        whole = 13 + self.config.hdr.fraction_bits  # the shift that makes a quarter of a code one
        lacking = Signal(5, reset_less=True)
        unit = Signal(9, reset_less=True)
        slope_product = Signal(16 + 9, reset_less=True)
        unit_square = Signal(18, reset_less=True)
        floor_product = Signal(16 + 10, reset_less=True)
        with m.If(rank.shift > whole):
            m.d.sync += [bound.quarter_shift.eq(0), lacking.eq(rank.shift - whole)]
        with m.Else():
            m.d.sync += [bound.quarter_shift.eq(whole - rank.shift), lacking.eq(0)]
        m.d.sync += [
            unit.eq(rank.mantissa[7:] >> lacking),
            slope_product.eq(rank.noise_slope * unit),
            unit_square.eq(unit * unit),
            bound.slope.eq(slope_product >> 7),
            floor_product.eq(rank.noise_floor * unit_square[8:]),
            bound.floor.eq(floor_product >> 8),
        ]
        return m
