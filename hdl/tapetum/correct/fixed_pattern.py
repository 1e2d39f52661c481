# SPDX-License-Identifier: Apache-2.0
"""What columns, black and rows add to every pixel is taken away again."""

from typing import Any

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..memory.health import MemoryHealth, gather
from ..pixel import CodePixels, corrected_bits
from .active_window import ActiveWindow
from .black_level import BlackLevel
from .black_subtract import BlackSubtract
from .column_correction import ColumnCorrection
from .row_noise import FULL_STRENGTH, RowNoise
from .switches import CorrectionSwitches

__all__ = ["FixedPattern"]

ALL_ON: Any = {"column": 1, "black_level": 1, "row_noise": 1}


class FixedPattern(wiring.Component):
    """Corrects what belongs to columns, rows and captures, and lets active pixels pass.

    ::

        i ─► ColumnCorrection ─► BlackSubtract ─┬─► RowNoise ─► ActiveWindow ─► o
                                     ^          └─► BlackLevel ─┐
                                     └───────── levels ─────────┘

    Latency `latency_cycles` at full rate, one beat per clock.

    Shielded pixels tell less and less as the die warms, since their dark current has a pattern and
    shot noise of its own. In a capture whose black level exceeds the pedestal by 1/256 of the
    scale, columns are not learnt from dark rows; beyond 1/128, row noise is left alone.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of CodePixels), always ready
        ADC codes: rows of every kind and capture; the rows of one capture are contiguous.
    switches : In(CorrectionSwitches), row_noise_strength : In(5)
        Of the beat's frame, valid with its tag. Strength in sixteenths.
    column_freeze, column_restart, black_restart : In(1)
        See `ColumnCorrection` and `BlackLevel`.
    o : Out(stream of CodePixels), always ready
        Corrected codes: active rows and columns only.
    phase_levels : Out(one corrected code per capture and phase)
        Black levels, in units of ``2**-fraction_bits`` ADC codes.
    column_limit : Out(1)
        Pulse: the estimate of a column is at its limit.
    memory : Out(MemoryHealth)
    """

    def __init__(self, config: DieConfig):
        self.config = config
        bits, captures = corrected_bits(config), len(config.captures)
        self.column = ColumnCorrection(config)
        self.black_subtract, self.black_level = BlackSubtract(config), BlackLevel(config)
        self.row_noise = RowNoise(config)
        super().__init__({
            "i": In(stream.Signature(CodePixels(config.lanes, config.adc.bits),
                                     always_ready=True)),
            "switches": In(CorrectionSwitches, init=ALL_ON),
            "row_noise_strength": In(5, init=FULL_STRENGTH),
            "column_freeze": In(1),
            "column_restart": In(1), "black_restart": In(1),
            "o": Out(stream.Signature(CodePixels(config.lanes, bits), always_ready=True)),
            "phase_levels": Out(data.ArrayLayout(data.ArrayLayout(bits, 4), captures)),
            "column_limit": Out(1),
            "memory": Out(MemoryHealth()),
        })

    @property
    def latency_cycles(self) -> int:
        """Clocks from a beat at ``i`` to the same beat at ``o``."""
        return (ColumnCorrection.latency_cycles + BlackSubtract.latency_cycles
                + self.row_noise.latency_cycles + 1)

    def elaborate(self, platform):
        m = Module()
        config, captures = self.config, len(self.config.captures)
        m.submodules.column = column = self.column
        m.submodules.black_subtract = black_subtract = self.black_subtract
        m.submodules.black_level = black_level = self.black_level
        m.submodules.row_noise = row_noise = self.row_noise
        m.submodules.active_window = active_window = ActiveWindow(config)
        connect(m, flipped(self.i), column.i)
        connect(m, column.o, black_subtract.i)
        connect(m, black_subtract.o, row_noise.i)
        connect(m, row_noise.o, active_window.i)
        connect(m, active_window.o, flipped(self.o))
        gather(m, self.memory, column.memory, black_subtract.memory, row_noise.memory)

        # Switches are held until the next row begins, 12 clocks after the last beat: by then it
        # has passed the stages, whose latency up to the row noise is less.
        switches = Signal(CorrectionSwitches, init=ALL_ON)
        strength = Signal(5, reset_less=True)
        with m.If(self.i.valid):
            m.d.sync += [switches.eq(self.switches), strength.eq(self.row_noise_strength)]
        # A row is judged by its capture's level as it passes the black level.
        warm, hot = Signal(captures), Signal(captures)
        capture = black_subtract.o.payload.tag.capture
        m.d.comb += [
            column.enable.eq(self.switches.column), column.freeze.eq(self.column_freeze),
            column.restart.eq(self.column_restart),
            column.is_hot.eq(warm),
            self.column_limit.eq(column.column_limit),
            black_subtract.enable.eq(switches.black_level),
            black_subtract.write.eq(black_level.write),
            black_level.i.valid.eq(black_subtract.o.valid),
            black_level.i.payload.eq(black_subtract.o.payload),
            black_level.above_black.eq(black_subtract.above_black),
            black_level.enable.eq(switches.black_level), black_level.restart.eq(self.black_restart),
            row_noise.enable.eq(switches.row_noise & ~hot.bit_select(capture, 1)),
            row_noise.strength.eq(strength),
            self.phase_levels.eq(black_level.levels),
        ]
        adc, fraction_bits = config.adc, config.hdr.fraction_bits
        for index in range(captures):
            for flag, share in ((warm, 256), (hot, 128)):
                limit = (adc.pedestal_codes + adc.signal_counts // share) << fraction_bits
                m.d.sync += flag[index].eq(black_level.levels[index][0] > limit)
        return m
