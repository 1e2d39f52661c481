# SPDX-License-Identifier: Apache-2.0
"""Scenes that need no memory: a step chart, a tunnel's exit, a sign of pulsed lamps."""

import enum

from amaranth import *
from amaranth.lib import enum as amaranth_enum
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from tapetum.config import PixelArrayConfig

from .constant_product import times
from .noise import LANES
from .radiance import Radiance, encode_radiance

__all__ = ["CHART_PATCHES", "CHART_STEPS", "DRAWN_LATENCY_CYCLES", "DRAWN_SCENES", "TUNNEL_DEPTHS",
           "DrawnScene", "Tables"]

DRAWN_LATENCY_CYCLES = 2
CHART_PATCHES = 8, 6
"""Across and down."""


class DRAWN_SCENES(amaranth_enum.Enum, shape=2):
    """Number of each in the board's registers."""

    STEP_CHART = 0
    TUNNEL_EXIT = 1
    PULSED_SIGN = 2
    UPLOADED = 3


class Tables(enum.Enum):
    """Radiances, in units of the mantissa's LSB."""

    CHART = tuple(8 * 2 ** (step / 2) for step in range(CHART_PATCHES[0] * CHART_PATCHES[1]))
    TUNNEL = tuple(2.0 ** 25 if depth < 4 else 2.0 ** (17 - depth / 2.4) for depth in range(32))
    SIGN = (12.0, 2.0 ** 15)


CHART_STEPS = tuple(int(word) for word in encode_radiance(Tables.CHART.value))
"""3 dB from patch to patch, 141 dB over all."""
TUNNEL_DEPTHS = tuple(int(word) for word in encode_radiance(Tables.TUNNEL.value))
"""By eighths of the way from the middle of the picture to its upper and lower edge, and on."""
_SIGN_DARK, _SIGN_LIT = (int(word) for word in encode_radiance(Tables.SIGN.value))
_LAMP = 1 << 15


class DrawnScene(wiring.Component):
    """Radiance at four neighbouring columns; latency 2 clocks, one place per clock.

    The chart has patches of equal size in rising order. In the tunnel light falls off by frames
    around the exit, which is 200,000 times as bright as the near wall; a pulsed sign hangs above
    the right-hand lane. The sign alone is a field of dots on a dark ground.

    Parameters
    ----------
    array : PixelArrayConfig

    Members
    -------
    scene : In(DRAWN_SCENES)
    row : In, column : In
        Active row, and first of the active columns, a multiple of four.
    radiance : Out(Radiance).array(4)
    """

    def __init__(self, array: PixelArrayConfig):
        self.array = array
        super().__init__({
            "scene": In(DRAWN_SCENES), "row": In(range(array.rows)),
            "column": In(range(array.columns)), "radiance": Out(Radiance).array(LANES),
        })

    def elaborate(self, platform):
        m = Module()
        array = self.array
        across, down = CHART_PATCHES
        patch_columns, patch_rows = array.columns // across, array.rows // down

        def band(value: Value, size: int, count: int) -> Value:
            return sum(((value >= size * edge) for edge in range(1, count)), Const(0, 3))

        patch_row = Signal(range(down))
        from_middle_row = Signal(range(array.rows))
        m.d.sync += patch_row.eq(band(self.row, patch_rows, down))
        middle = array.rows // 2
        m.d.sync += from_middle_row.eq(Mux(self.row >= middle, self.row - middle,
                                           middle - 1 - self.row))
        depth_pixels = array.rows // 16
        reciprocal = (1 << 12) // max(depth_pixels, 1)
        sign_rows = self.row < array.rows // 4
        sign_dot = self.row[:3] < 5
        lit_row = Signal()
        in_sign_rows = Signal()
        m.d.sync += [lit_row.eq(sign_dot), in_sign_rows.eq(sign_rows)]
        scene = Signal(DRAWN_SCENES, reset_less=True)
        m.d.sync += scene.eq(self.scene)

        charts, tunnel = Array(CHART_STEPS), Array(TUNNEL_DEPTHS)
        for lane, found in enumerate(self.radiance):
            column = Signal(range(array.columns), name=f"column_{lane}")
            m.d.comb += column.eq(self.column | lane)
            patch_column = Signal(range(across), name=f"patch_column_{lane}")
            half = array.columns // 2
            from_middle = Signal(range(array.columns), name=f"from_middle_{lane}")
            lit = Signal(name=f"lit_{lane}")
            in_sign = Signal(name=f"in_sign_{lane}")
            m.d.sync += [
                patch_column.eq(band(column, patch_columns, across)),
                from_middle.eq(Mux(column >= half, column - half, half - 1 - column)),
                lit.eq(column[:3] < 5), in_sign.eq(column >= array.columns * 11 // 16),
            ]
            distance = Signal(range(array.columns), name=f"distance_{lane}")
            depth = Signal(5, name=f"depth_{lane}")
            steps = times(distance, reciprocal) >> 12
            dot = Mux(lit & lit_row, _SIGN_LIT | _LAMP, _SIGN_DARK)
            m.d.comb += [
                distance.eq(Mux(from_middle > from_middle_row, from_middle, from_middle_row)),
                depth.eq(Mux(steps > 31, 31, steps)),
            ]
            word = Value.cast(found)
            with m.Switch(scene):
                with m.Case(DRAWN_SCENES.STEP_CHART):
                    m.d.sync += word.eq(charts[patch_row * across + patch_column])
                with m.Case(DRAWN_SCENES.TUNNEL_EXIT):
                    m.d.sync += word.eq(Mux(in_sign & in_sign_rows, dot, tunnel[depth]))
                with m.Default():
                    m.d.sync += word.eq(dot)
        return m
