# SPDX-License-Identifier: Apache-2.0
"""Captures in order of sensitivity, with the settings that go with each place."""

from math import log2

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import adopted_settings, settings_of
from .fixed_settings import fixed_settings

__all__ = ["RankSettings", "Ranking", "light_eighths"]

_OF_CAPTURES = ("normalisation_mantissa", "normalisation_shift", "hand_over_start",
                "hand_over_end", "noise_slope", "noise_floor")


class RankSettings(data.Struct):
    """Of the capture at one place of the order.

    The ramp is ``2**hand_over_width_log2`` codes wide. ``gain_eighths`` is its gain onto the linear
    scale in eighths of an octave above the smallest, ``light_eighths`` its electrons per code
    likewise. See `CaptureSettings` for the others.
    """

    mantissa: 16
    shift: 5
    hand_over_start: 14
    hand_over_width_log2: 4
    noise_slope: 16
    noise_floor: 16
    gain_eighths: 8
    light_eighths: signed(9)
    is_flicker_capture: 1


def light_eighths(config: DieConfig) -> list[int]:
    """Electrons per code of each capture in eighths of an octave; exposures do not change them."""
    return [round(8 * log2(config.electrons_per_code(capture))) for capture in config.captures]


class Ranking(wiring.Component):
    """Orders the captures of a frame from the least to the most sensitive.

    The larger its gain onto the linear scale, the less sensitive a capture; of equal ones the
    later listed counts as less sensitive. Exposures change at run time, so the order does.
    Outputs follow ``frame`` after 3 clocks.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    settings : In(adopted_settings)
    frame : In(2), enable : In(1)
        Frame of the beat, low bits; nothing changes without ``enable``.
    fixed : In(1)
        With ``enable``: `fixed_settings` instead of the frame's.
    select : Out(one-hot capture per rank)
        Rank 0 is the least sensitive capture.
    ranks : Out(RankSettings per rank), one clock after ``select``
    pedestal_lsb : Out(8), tolerance_log2 : Out(4), flicker_enable : Out(1)
        One clock after ``frame``.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        captures = len(config.captures)
        super().__init__({
            "settings": In(adopted_settings(config)),
            "frame": In(2), "enable": In(1), "fixed": In(1),
            "select": Out(data.ArrayLayout(captures, captures)),
            "ranks": Out(data.ArrayLayout(RankSettings, captures)),
            "pedestal_lsb": Out(8),
            "tolerance_log2": Out(4),
            "flicker_enable": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        captures = len(self.config.captures)
        frame = settings_of(m, self.settings, self.frame, "flicker_capture", "pedestal_lsb",
                            "tolerance_log2", "flicker_enable", captures=_OF_CAPTURES)
        chosen = Signal.like(frame.captures, name="chosen", reset_less=True)
        flicker_capture = Signal(2, reset_less=True)
        with m.If(self.enable):
            m.d.sync += [
                chosen.eq(frame.captures), flicker_capture.eq(frame.flicker_capture),
                self.pedestal_lsb.eq(frame.pedestal_lsb),
                self.tolerance_log2.eq(frame.tolerance_log2),
                self.flicker_enable.eq(frame.flicker_enable),
            ]
        with m.If(self.enable & self.fixed):
            fixed = fixed_settings(self.config)
            m.d.sync += [
                *(chosen[index][name].eq(capture[name]) for index, capture in
                  enumerate(fixed["captures"]) for name in _OF_CAPTURES),
                *(register.eq(fixed[name]) for name, register in (
                    ("flicker_capture", flicker_capture), ("pedestal_lsb", self.pedestal_lsb),
                    ("tolerance_log2", self.tolerance_log2),
                    ("flicker_enable", self.flicker_enable))),
            ]

        # Mantissas are normalised: the smaller shift is the larger gain.
        gains = [Cat(chosen[capture].normalisation_mantissa,
                     ~chosen[capture].normalisation_shift) for capture in range(captures)]
        less_sensitive = {}
        for later in range(captures):
            for earlier in range(later):
                bit = Signal(name=f"less_sensitive_{later}_{earlier}", reset_less=True)
                m.d.sync += bit.eq(gains[later] >= gains[earlier])
                less_sensitive[later, earlier] = bit
                less_sensitive[earlier, later] = ~bit

        for capture in range(captures):
            before = sum((less_sensitive[other, capture]
                          for other in range(captures) if other != capture), Const(0, 1))
            for rank in range(captures):
                m.d.sync += self.select[rank][capture].eq(before == rank)

        # A ramp whose width is a power of two needs no divider.
        widths_log2 = []
        for capture in range(captures):
            span = Signal(signed(15), name=f"span_{capture}", reset_less=True)
            width_log2 = Signal(4, name=f"width_log2_{capture}", reset_less=True)
            highest = Signal(4, name=f"highest_{capture}")
            for bit in range(14):
                with m.If(~span[-1] & span[bit]):
                    m.d.comb += highest.eq(bit)
            m.d.sync += [
                span.eq(chosen[capture].hand_over_end - chosen[capture].hand_over_start),
                width_log2.eq(highest),
            ]
            widths_log2.append(width_log2)

        light_of = light_eighths(self.config)
        for rank in range(captures):
            picked = Signal(chosen.shape().elem_shape, name=f"picked_{rank}")
            picked_width_log2 = Signal(4, name=f"picked_width_log2_{rank}")
            light, is_flicker_capture = Signal(signed(9), name=f"light_{rank}"), Const(0, 1)
            for capture in range(captures):
                with m.If(self.select[rank][capture]):
                    m.d.comb += [picked.eq(chosen[capture]), light.eq(light_of[capture]),
                                 picked_width_log2.eq(widths_log2[capture])]
                is_flicker_capture |= self.select[rank][capture] & (flicker_capture == capture)
            place = self.ranks[rank]
            m.d.sync += [
                place.mantissa.eq(picked.normalisation_mantissa),
                place.shift.eq(picked.normalisation_shift),
                place.hand_over_start.eq(picked.hand_over_start),
                place.hand_over_width_log2.eq(picked_width_log2),
                place.noise_slope.eq(picked.noise_slope),
                place.noise_floor.eq(picked.noise_floor),
                place.gain_eighths.eq(Cat(picked.normalisation_mantissa[12:15],
                                          ~picked.normalisation_shift)),
                place.light_eighths.eq(light),
                place.is_flicker_capture.eq(is_flicker_capture),
            ]
        return m
