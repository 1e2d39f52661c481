# SPDX-License-Identifier: Apache-2.0
"""From radiance to exposures that the readout can take, and the gains that go with them."""

from collections.abc import Iterable

from amaranth import *
from amaranth.hdl import ValueLike
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import ConversionGain, DieConfig
from ..control.frame_settings import FrameSettings, lines_since_read
from .arithmetic import LOG_ONE, CalculatorPort, Caller, Operation, log_shape, logarithm_of
from .exposure_control import Banding, ExposureControl, banding_period_cycles
from .exposure_limits import ExposureLimits
from .gain_scaler import GainScaler
from .scene_meter import SceneLight

__all__ = ["ExposureSetter", "SetExposures"]

TARGET_ONE_LOG2 = 12
"""Targets are in 1/4096 of the full well."""
LINEAR_TOP = 24 * LOG_ONE - 4
"""Top of the linear scale, less what exposures are rounded by."""
LONGEST = 32 * LOG_ONE - 1


class SetExposures(data.StructLayout):
    """What `ExposureSetter` replaces in the settings of each capture."""

    def __init__(self, config: DieConfig):
        super().__init__({
            "coarse": data.ArrayLayout(16, len(config.exposure_groups)),
            "fine": data.ArrayLayout(16, len(config.exposure_groups)),
            "mantissa": data.ArrayLayout(16, len(config.captures)),
            "shift": data.ArrayLayout(5, len(config.captures)),
        })


class ExposureSetter(wiring.Component):
    """Gives each exposure group what its part of the scene needs, within the limits of `settings`.

    ::

        wish = full well * target / radiance                first group: dark, others: bright
             │ a small change is not made
        exposure = 2**wish in clocks ► lines and clocks ► limits ► whole periods of the mains
             │ later groups: at least minimum_ratio below the first of the same photodiode,
             │               not below what still fits the linear scale
        gain of a capture = unit gain * first exposure / own exposure

    Between the first and the last group of a photodiode further ones divide the distance evenly,
    in octaves. Takes about 140 clocks per group, 40 more with new light, 160 more for whole
    periods, and 115 per capture.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    start : In(1), is_new : In(1)
        Strobe; ``light`` is new. Inputs must stand still until ``done``.
    light : In(SceneLight)
    settings : In(FrameSettings)
    control : In(ExposureControl)
    forget : In(1)
        The next light is taken whatever was before.
    calculator : Out(CalculatorPort)
    done : Out(1)
        Strobe.
    made : Out(SetExposures)
        Valid from ``done`` until the next ``start``.
    ratio_overflow : Out(1)
        Likewise: a gain is limited, or a full well lies beyond the linear scale.
    has_wishes : Out(1)
        There was light since ``forget``.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "start": In(1), "is_new": In(1),
            "light": In(SceneLight),
            "settings": In(FrameSettings(config)),
            "control": In(ExposureControl(config)),
            "forget": In(1),
            "calculator": Out(CalculatorPort()),
            "done": Out(1), "made": Out(SetExposures(config)),
            "ratio_overflow": Out(1), "has_wishes": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        groups = self.config.exposure_groups
        m.submodules.limits = limits = ExposureLimits()
        caller, answer = Caller(m, self.calculator), self.calculator
        settings, control = self.settings, self.control
        references = [_reference(self.config, group.captures) for group in groups]
        group, wait = Signal(range(len(groups))), Signal(3)
        is_first, is_whole = group == 0, Signal()

        def log(name: str) -> Signal:
            return Signal(log_shape, name=name, reset_less=True)

        def of_group(values: Iterable[ValueLike]) -> Value:
            return Array(values)[group]

        mantissa, shift = Signal(16, reset_less=True), Signal(6, reset_less=True)
        cycles, first = Signal(32, reset_less=True), Signal(32, reset_less=True)
        wishes = [log(f"wish_{g.index}") for g in groups]
        unit, wish, wanted, change, first_log = (log(name) for name in (
            "unit", "wish", "wanted", "change", "first_log"))
        exposures = [Signal(32, name=f"exposure_{g.index}", reset_less=True) for g in groups]
        target = Signal(12, reset_less=True)

        m.d.comb += [
            limits.line_length.eq(settings.line_length_cycles),
            limits.coarse.eq(answer.value), limits.fine.eq(answer.remainder),
            limits.minimum_cycles.eq(control.minimum_cycles),
            first.eq(exposures[0]),
        ]
        since = [lines_since_read(self.config, settings.lag_lines, group) for group in groups]
        m.d.sync += [
            limits.longest_lines.eq(settings.frame_length_lines
                                    - settings.lag_lines[self.config.last_read_capture] - 1),
            limits.shares.eq(of_group(lines is not None for lines in since)),
            limits.lines_since.eq(of_group(0 if lines is None else lines for lines in since)),
            limits.minimum_lines.eq(of_group(control.minimum_lines[g.index] for g in groups)),
            limits.maximum_lines.eq(of_group(control.maximum_lines[g.index] for g in groups)),
        ]
        with m.If(self.forget):
            m.d.sync += self.has_wishes.eq(0)

        with m.FSM():
            with m.State("idle"):
                m.d.sync += group.eq(0)
                with m.If(self.start):
                    m.d.sync += self.ratio_overflow.eq(0)
                    m.next = "fetch"
            with m.State("fetch"):
                gains = [control.unit_gains[reference] for reference in references]
                m.d.sync += [
                    mantissa.eq(of_group(gain.mantissa for gain in gains)),
                    shift.eq(of_group(gain.shift for gain in gains)),
                    target.eq(Mux(is_first, control.dark_target, control.bright_target)),
                    wish.eq(of_group(wishes)),
                ]
                m.next = "find unit gain"
            with caller.call("find unit gain", Operation.LOGARITHM, mantissa):
                m.d.sync += unit.eq(answer.logarithm - (shift << 8))
                m.next = "bound"
                with m.If(self.is_new):
                    m.next = "find target"

            # New light: a new wish, unless it is as good as the old one.
            full_well = self.config.adc.full_well_codes << self.config.hdr.fraction_bits
            target_one = logarithm_of(full_well) - TARGET_ONE_LOG2 * LOG_ONE
            with caller.call("find target", Operation.LOGARITHM, target):
                m.d.sync += wanted.eq(answer.logarithm + target_one)
                m.next = "subtract light"
            with m.State("subtract light"):
                m.d.sync += wanted.eq(wanted - Mux(is_first, self.light.dark, self.light.bright))
                m.next = "add unit gain"
            with m.State("add unit gain"):
                m.d.sync += wanted.eq(wanted + unit)
                m.next = "compare"
            with m.State("compare"):
                m.d.sync += change.eq(wanted - wish)
                m.next = "keep or change"
            with m.State("keep or change"):
                is_small = (change < control.hysteresis) & (change > -control.hysteresis)
                with m.If(~(self.has_wishes & is_small)):
                    m.d.sync += wish.eq(wanted)
                    for g in groups:
                        with m.If(group == g.index):
                            m.d.sync += wishes[g.index].eq(wanted)
                m.next = "bound"
            self._bound(m, group, wish, first_log, unit)

            with caller.call("raise", Operation.POWER, wish[:13]):
                m.d.sync += [cycles.eq(answer.value), is_whole.eq(0)]
                m.next = "count lines"
            with caller.call("count lines", Operation.DIVIDE, cycles,
                             settings.line_length_cycles):
                m.d.sync += wait.eq(limits.latency_cycles)
                m.next = "limit"
            with m.State("limit"):
                m.d.sync += wait.eq(wait - 1)
                with m.If(wait == 0):
                    for g in groups:
                        with m.If(group == g.index):
                            m.d.sync += [self.made.coarse[g.index].eq(limits.limited_coarse),
                                         self.made.fine[g.index].eq(limits.limited_fine)]
                    m.next = "multiply"
            with caller.call("multiply", Operation.MULTIPLY, limits.limited_coarse,
                             settings.line_length_cycles, limits.limited_fine):
                m.d.sync += cycles.eq(answer.value)
                for g in groups:
                    with m.If(group == g.index):
                        m.d.sync += exposures[g.index].eq(answer.value)
                m.next = "next group"
                with m.If(is_first):
                    m.next = "find first"
                    with m.If((control.banding != Banding.OFF) & ~is_whole):
                        m.next = "count periods"

            # What is within the limits is cut to whole periods, and limited once more.
            periods = [banding_period_cycles(self.config, banding) for banding in Banding]
            with caller.call("count periods", Operation.DIVIDE, cycles,
                             Array(Const(period, 32) for period in periods)[
                                 control.banding.as_value()]):
                m.d.sync += is_whole.eq(1)
                m.next = "find first"
                with m.If(answer.value != 0):
                    m.d.sync += cycles.eq(cycles - answer.remainder)
                    m.next = "count lines"
            with caller.call("find first", Operation.LOGARITHM, first):
                m.d.sync += first_log.eq(answer.logarithm)
                m.next = "next group"
            with m.State("next group"):
                m.d.sync += group.eq(group + 1)
                m.next = "fetch"
                with m.If(group == len(groups) - 1):
                    m.next = "fetch capture"
            self._scale(m, caller, first, exposures, references)
            with m.State("tell"):
                m.d.comb += self.done.eq(1)
                m.d.sync += self.has_wishes.eq(~self.forget)
                m.next = "idle"
        return m

    def _bound(self, m: Module, group: Signal, wish: Signal, first: Signal, unit: Signal) -> None:
        """States that keep later groups apart from the first, and on the linear scale."""
        groups = self.config.exposure_groups
        alike = [g.index for g in groups if g.is_large == groups[0].is_large]
        full_well = self.config.adc.full_well_codes << self.config.hdr.fraction_bits
        above_scale = logarithm_of(full_well) - LINEAR_TOP
        span, floor = (Signal(log_shape, name=name, reset_less=True) for name in ("span", "floor"))
        nearest = -(self.control.minimum_ratio << 4)

        with m.State("bound"):
            m.d.sync += [span.eq(wish - first), floor.eq(first + unit)]
            m.next = "clip"
            with m.If(group != 0):
                m.next = "keep apart"
        with m.State("keep apart"):
            is_alike = Array(Const(g.index in alike, 1) for g in groups)[group]
            m.d.sync += floor.eq(floor + above_scale)
            with m.If(is_alike & (span > nearest)):
                m.d.sync += span.eq(nearest)
            m.next = "divide evenly"
        with m.State("divide evenly"):
            for place, index in enumerate(alike[1:-1], 1):
                share = round(256 * place / (len(alike) - 1))
                with m.If(group == index):
                    m.d.sync += span.eq((span * share) >> 8)
            m.next = "add first"
        with m.State("add first"):
            m.d.sync += wish.eq(first + span)
            m.next = "stay on scale"
        with m.State("stay on scale"):
            with m.If(wish < floor):
                m.d.sync += wish.eq(floor)
            m.next = "clip"
        with m.State("clip"):
            with m.If(wish < 0):
                m.d.sync += wish.eq(0)
            with m.Elif(wish > LONGEST):
                m.d.sync += wish.eq(LONGEST)
            m.next = "raise"

    def _scale(self, m: Module, caller: Caller, first: Signal, exposures: list[Signal],
               references: list[int]) -> None:
        """States that work out the gain of each capture."""
        captures, answer = len(self.config.captures), self.calculator
        m.submodules.scaler = scaler = GainScaler(self.config)
        group_of = {index: group.index for group in self.config.exposure_groups
                    for index in group.captures}
        capture, wait = Signal(range(captures)), Signal(3)
        own, product = Signal(32, reset_less=True), Signal(50, reset_less=True)
        mantissa = Signal(16, reset_less=True)
        is_reference = Signal(reset_less=True)
        gains = self.control.unit_gains
        m.d.comb += scaler.quotient.eq(answer.value)

        with m.State("fetch capture"):
            m.d.sync += [
                own.eq(Array(exposures[group_of[c]] for c in range(captures))[capture]),
                mantissa.eq(Array(gains[c].mantissa for c in range(captures))[capture]),
                scaler.unit_shift.eq(Array(gains[c].shift for c in range(captures))[capture]),
                is_reference.eq(Array(Const(c in references, 1)
                                      for c in range(captures))[capture]),
            ]
            m.next = "multiply gain"
        with caller.call("multiply gain", Operation.MULTIPLY, mantissa, first):
            m.next = "normalise product"
        with caller.call("normalise product", Operation.LOGARITHM, answer.value):
            m.d.sync += [product.eq(answer.value), scaler.numerator.eq(answer.exponent)]
            m.next = "normalise exposure"
        with caller.call("normalise exposure", Operation.LOGARITHM, own):
            m.d.sync += scaler.denominator.eq(answer.exponent)
            m.next = "divide gain"
        with caller.call("divide gain", Operation.DIVIDE, product, answer.value[-32:]):
            m.d.sync += wait.eq(scaler.latency_cycles)
            m.next = "round"
        with m.State("round"):
            m.d.sync += wait.eq(wait - 1)
            with m.If(wait == 0):
                for index in range(captures):
                    with m.If(capture == index):
                        m.d.sync += [self.made.mantissa[index].eq(scaler.mantissa),
                                     self.made.shift[index].eq(scaler.shift)]
                with m.If(scaler.is_limited | (is_reference & scaler.exceeds_scale)):
                    m.d.sync += self.ratio_overflow.eq(1)
                m.next = "next capture"
        with m.State("next capture"):
            m.d.sync += capture.eq(capture + 1)
            m.next = "fetch capture"
            with m.If(capture == captures - 1):
                m.d.sync += capture.eq(0)
                m.next = "tell"


def _reference(config: DieConfig, captures: Iterable[int]) -> int:
    """The least sensitive capture of a group: its full well is the group's."""
    return min(captures, key=lambda c: (config.captures[c].conversion_gain is ConversionGain.HIGH,
                                        c))
