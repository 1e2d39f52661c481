# SPDX-License-Identifier: Apache-2.0
"""How bright the dark and the bright part of a scene are, from the histograms of one frame."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import adopted_settings, settings_of
from .arithmetic import LOG_ONE, CalculatorPort, Caller, Operation, log_shape, logarithm_of
from .counter_banks import COUNT_BITS
from .exposure_control import ExposureControl
from .histogram import LevelAddress
from .level_search import LevelSearch
from .levels import LEVELS, level_of_octave, logarithm_of_level, saturation_code

__all__ = ["SceneLight", "SceneMeter"]

BIG_STEP = 4 * LOG_ONE
"""A factor of 16: where nothing can be measured."""
STEADY = LOG_ONE
"""Where the dark part changes by more within a frame, the light did."""
FAINT_OCTAVE = 3
"""Below eight ADC codes a percentile is not certain to a quarter of an octave."""
ALIKE = LOG_ONE // 2
"""What two estimates of one radiance may differ by."""


class SceneLight(data.Struct):
    """Radiance of the two percentiles: logarithm of linear LSB per clock of exposure."""

    dark: log_shape
    bright: log_shape


class SceneMeter(wiring.Component):
    """Absolute radiance of two percentiles, whatever exposures the frame was taken with.

    ::

        radiance = level of the percentile + unit gain - exposure      (logarithms)

    of the most sensitive capture that is not saturated at the percentile. If all are, radiance is
    taken as 16 times that at which the least sensitive one saturates; if the level is below half
    an ADC code, as a sixteenth of that. Before it comes to this, where only one of the two can be
    measured, the other one keeps its distance from it, as it was when both were last measured
    under steady light: a light that is switched on brightens all. So does a dark part of less than
    eight codes, if its own level does not contradict.

    Takes about 360 clocks per capture.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    start : In(1), frame : In(16)
        Strobe: measure this frame, whose counts can be read until ``done``.
    settings : In(adopted_settings)
    control : In(ExposureControl)
    calculator : Out(CalculatorPort)
    level_address : Out(LevelAddress), level_count : In(20), 3 clocks later
    done : Out(1)
        Strobe.
    light : Out(SceneLight), measured : Out(1)
        With ``done``; not ``measured``: no pixel was counted.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "start": In(1), "frame": In(16),
            "settings": In(adopted_settings(config)),
            "control": In(ExposureControl(config)),
            "calculator": Out(CalculatorPort()),
            "level_address": Out(LevelAddress), "level_count": In(COUNT_BITS),
            "done": Out(1), "light": Out(SceneLight), "measured": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        captures = len(self.config.captures)
        m.submodules.search = search = LevelSearch()
        caller, answer = Caller(m, self.calculator), self.calculator
        capture = Signal(range(captures))
        frame = settings_of(
            m, self.settings, self.frame, "line_length_cycles", "capture_mask",
            captures=("coarse_integration_lines", "fine_integration_cycles"))
        own = [frame.captures[index] for index in range(captures)]
        gains = [self.control.unit_gains[index] for index in range(captures)]

        coarse, fine, line, mantissa = (Signal(16, name=name, reset_less=True)
                                        for name in ("coarse", "fine", "line", "mantissa"))
        shift, is_converted = Signal(6, reset_less=True), Signal(reset_less=True)
        unit, sensitivity = (Signal(log_shape, name=name, reset_less=True)
                             for name in ("unit", "sensitivity"))
        m.d.comb += [
            self.level_address.capture.eq(capture), self.level_address.level.eq(search.level),
            search.count.eq(self.level_count),
        ]
        thresholds = Signal.like(search.thresholds, reset_less=True)
        m.d.comb += search.thresholds.eq(thresholds)

        # Over all captures: for each percentile the most sensitive that is of use, and the least.
        least = Signal(log_shape, reset_less=True)
        best = [Signal(log_shape, name=f"best_{name}", reset_less=True)
                for name in ("dark", "bright")]
        levels = [Signal(range(LEVELS), name=f"level_{name}", reset_less=True)
                  for name in ("dark", "bright")]
        is_usable, is_any = Signal(2), Signal()

        with m.FSM():
            with m.State("idle"):
                m.d.sync += [capture.eq(0), is_usable.eq(0), is_any.eq(0)]
                with m.If(self.start):
                    m.next = "fetch"
            with m.State("fetch"):
                chosen, gain = Array(own)[capture], Array(gains)[capture]
                m.d.sync += [
                    coarse.eq(chosen.coarse_integration_lines),
                    fine.eq(chosen.fine_integration_cycles),
                    line.eq(frame.line_length_cycles),
                    mantissa.eq(gain.mantissa), shift.eq(gain.shift),
                    is_converted.eq(frame.capture_mask.bit_select(capture, 1)),
                ]
                m.next = "begin"
            with m.State("begin"):
                m.d.comb += search.start.eq(is_converted)
                m.next = "next capture"
                with m.If(is_converted):
                    m.next = "add up"
            with m.State("add up"), m.If(search.done):
                m.next = "find unit gain"
                with m.If(search.total == 0):
                    m.next = "next capture"
            with caller.call("find unit gain", Operation.LOGARITHM, mantissa):
                m.d.sync += unit.eq(answer.logarithm - (shift << 8))
                m.next = "multiply exposure"
            with caller.call("multiply exposure", Operation.MULTIPLY, coarse, line, fine):
                m.next = "find exposure"
            with caller.call("find exposure", Operation.LOGARITHM, answer.value):
                m.d.sync += sensitivity.eq(answer.logarithm - unit)
                m.next = "find dark threshold"
            with caller.call("find dark threshold", Operation.MULTIPLY,
                             self.control.dark_percentile, search.total):
                m.d.sync += thresholds[0].eq(answer.value >> 16)
                m.next = "find bright threshold"
            with caller.call("find bright threshold", Operation.MULTIPLY,
                             self.control.bright_percentile, search.total):
                m.d.sync += thresholds[1].eq(answer.value >> 16)
                m.d.comb += search.start.eq(1)
                m.next = "search"
            with m.State("search"), m.If(search.done):
                m.next = "rank"
            with m.State("rank"):
                for which in range(2):
                    with m.If((search.found[which] != LEVELS - 1)
                              & (~is_usable[which] | (sensitivity > best[which]))):
                        m.d.sync += [
                            is_usable[which].eq(1), best[which].eq(sensitivity),
                            levels[which].eq(search.found[which]),
                        ]
                with m.If(~is_any | (sensitivity < least)):
                    m.d.sync += least.eq(sensitivity)
                m.d.sync += is_any.eq(1)
                m.next = "next capture"
            with m.State("next capture"):
                m.d.sync += capture.eq(capture + 1)
                m.next = "fetch"
                with m.If(capture == captures - 1):
                    m.next = "read"
            self._conclude(m, least, best, levels, is_usable, is_any)
        return m

    def _conclude(self, m: Module, least: Value, best, levels, is_usable: Value,
                  is_any: Value) -> None:
        """States that turn the best captures' levels into radiance."""
        config = self.config
        floor_octave = max(config.hdr.fraction_bits - 1, 0)
        floor_level = max(level_of_octave(config, floor_octave), 1)
        saturation = logarithm_of(saturation_code(config))

        def log(name: str) -> Signal:
            return Signal(log_shape, name=name, reset_less=True)

        level, origin = [log("level_log_dark"), log("level_log_bright")], [log("origin_dark"),
                                                                           log("origin_bright")]
        light = [self.light.dark, self.light.bright]
        faint_level = level_of_octave(config, config.hdr.fraction_bits + FAINT_OCTAVE)
        is_black, is_measured, is_faint = (Signal(2, name=name, reset_less=True)
                                           for name in ("is_black", "is_measured", "is_faint"))
        saturation_edge, black_edge = log("saturation_edge"), log("black_edge")
        guesses = [log("guess_dark"), log("guess_bright")]
        change, distance, mismatch = log("change"), log("distance"), log("mismatch")
        dark_before, has_before = log("dark_before"), Signal()
        contrast, has_contrast = log("contrast"), Signal()

        with m.State("read"):
            for which in range(2):
                black = levels[which] < floor_level
                m.d.sync += [is_black[which].eq(is_usable[which] & black),
                             is_measured[which].eq(is_usable[which] & ~black),
                             is_faint[which].eq(levels[which] < faint_level)]
                with m.If(~is_usable[which]):
                    m.d.sync += [level[which].eq(saturation + BIG_STEP), origin[which].eq(least)]
                with m.Else():
                    m.d.sync += [
                        level[which].eq(Mux(black, LOG_ONE * floor_octave - BIG_STEP,
                                            logarithm_of_level(config, levels[which]))),
                        origin[which].eq(best[which]),
                    ]
            m.d.sync += saturation_edge.eq(saturation - least)
            m.next = "subtract"
        with m.State("subtract"):
            m.d.sync += [light[which].eq(level[which] - origin[which]) for which in range(2)]
            m.next = "compare"
        with m.State("compare"):
            m.d.sync += [
                change.eq(light[0] - dark_before), distance.eq(light[1] - light[0]),
                guesses[0].eq(light[1] - contrast), guesses[1].eq(light[0] + contrast),
                black_edge.eq(light[0] + BIG_STEP),
            ]
            m.next = "compare guess"
        with m.State("compare guess"):
            m.d.sync += mismatch.eq(guesses[0] - light[0])
            m.next = "decide"
        with m.State("decide"):
            is_steady = has_before & (change < STEADY) & (change > -STEADY)
            is_alike = has_contrast & (mismatch < ALIKE) & (mismatch > -ALIKE)
            is_saturated = ~is_usable
            with m.If(is_any):
                m.d.sync += [dark_before.eq(light[0]), has_before.eq(1)]
            with m.If(is_measured.all()):
                with m.If(is_faint[0] & ~is_faint[1] & is_alike):
                    m.d.sync += light[0].eq(guesses[0])
                with m.Elif(is_steady | ~has_contrast):
                    m.d.sync += [contrast.eq(distance), has_contrast.eq(1)]
            with m.Elif(has_contrast & is_measured[0] & is_saturated[1]
                        & (guesses[1] >= saturation_edge)):
                m.d.sync += light[1].eq(guesses[1])
            with m.Elif(has_contrast & is_measured[1] & is_black[0]
                        & (guesses[0] <= black_edge)):
                m.d.sync += light[0].eq(guesses[0])
            m.next = "tell"
        with m.State("tell"):
            m.d.comb += [self.done.eq(1), self.measured.eq(is_any)]
            m.next = "idle"
