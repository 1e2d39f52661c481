# SPDX-License-Identifier: Apache-2.0
"""Exposures that follow the light, between the settings guard and the readout."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import SETTLED_CYCLES, FrameSettings, adopted_settings
from .arithmetic import Calculator
from .counter_banks import COUNT_BITS
from .exposure_control import ExposureControl
from .exposure_setter import ExposureSetter
from .histogram import LevelAddress
from .scene_meter import SceneMeter

__all__ = ["AutoExposure"]


class AutoExposure(wiring.Component):
    """Splits the scene's range over the captures, anew with every frame that was measured.

    ::

        level counts ─► SceneMeter ─► ExposureSetter ─► settings_out ─► readout
                           ▲              ▲       ▲
       adopted: exposures of that frame   │       settings: the host's, with their limits
                                     last wishes

    Deadbeat: radiance is absolute, since the exposures of the measured frame are known; exposures
    follow from it alone. Measured between two frames, they are those of the frame after next.

    ``settings_out`` changes as a whole and is legal in itself at all times; for `SETTLED_CYCLES`
    behind an ``adopt``, and while ``settings`` are not ``whole``, it does not change at all. Until
    the first frame was measured since ``enable`` was low, it is otherwise ``settings`` a clock
    later. Then exposures and normalisation are worked out for the host's settings again and again,
    each pass in `pass_cycles`; all other fields are the host's. A pass in which ``settings`` change
    is of no use, and begins again.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    settings : In(FrameSettings), whole : In(1)
        They count while ``whole``, and change only while not.
    settings_out : Out(FrameSettings)
    adopted : In(adopted_settings)
    control : In(ExposureControl)
        ``enable`` and ``hold`` act at once, what has been started is finished; the others with the
        next pass.
    complete : In(1), frame : In(16)
        Of `Histogram`.
    level_address : Out(LevelAddress), level_count : In(20), 3 clocks later
    renewed : Out(1)
        Strobe: from the next clock on ``settings_out`` follows another measurement.
    ratio_overflow : Out(1)
        Pulse: the exposures in ``settings_out`` are so far apart that a gain is limited, or a full
        well lies beyond the linear scale.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        defaults = FrameSettings.defaults(config)
        super().__init__({
            "settings": In(FrameSettings(config)), "whole": In(1, init=1),
            "settings_out": Out(FrameSettings(config), init=defaults),
            "adopted": In(adopted_settings(config)),
            "control": In(ExposureControl(config), init=ExposureControl.defaults(config)),
            "complete": In(1), "frame": In(16),
            "level_address": Out(LevelAddress), "level_count": In(COUNT_BITS),
            "renewed": Out(1), "ratio_overflow": Out(1),
        })

    @property
    def longest_cycles(self) -> int:
        """From ``complete`` until ``settings_out`` has what was made of it, at most."""
        return self.reading_cycles + self.pass_cycles

    @property
    def reading_cycles(self) -> int:
        """From ``complete`` until all counts were looked at, at most."""
        return 390 * len(self.config.captures) + 20 + self.pass_cycles + SETTLED_CYCLES

    @property
    def pass_cycles(self) -> int:
        """To work out all exposures and gains, at most."""
        return 190 * len(self.config.exposure_groups) + 125 * len(self.config.captures) + 200

    def elaborate(self, platform):
        m = Module()
        config = self.config
        m.submodules.calculator = calculator = Calculator()
        m.submodules.meter = meter = SceneMeter(config)
        m.submodules.setter = setter = ExposureSetter(config)
        is_pending, is_measuring = Signal(), Signal()
        settled = Signal(range(SETTLED_CYCLES))
        with m.If(self.adopted.adopt):
            m.d.sync += settled.eq(~0)
        with m.Elif(settled != 0):
            m.d.sync += settled.eq(settled - 1)
        may_change = ~self.adopted.adopt & (settled == 0)
        enable, hold = self.control.enable, self.control.hold

        m.d.comb += [
            meter.settings.eq(self.adopted), meter.control.eq(self.control),
            self.level_address.eq(meter.level_address), meter.level_count.eq(self.level_count),
            setter.settings.eq(self.settings), setter.control.eq(self.control),
            setter.light.eq(meter.light), setter.forget.eq(~enable),
            calculator.port.calculation.eq(Mux(is_measuring, meter.calculator.calculation,
                                               setter.calculator.calculation)),
            calculator.port.start.eq(meter.calculator.start | setter.calculator.start),
        ]
        for user in (meter.calculator, setter.calculator):
            m.d.comb += [getattr(user, name).eq(getattr(calculator.port, name))
                         for name in ("done", "value", "remainder", "exponent", "logarithm")]

        stale = Signal()
        with m.FSM():
            with m.State("wait"):
                with m.If(~setter.has_wishes & may_change & self.whole):
                    m.d.sync += self.settings_out.eq(self.settings)
                with m.If(enable & is_pending & ~hold):
                    m.d.comb += meter.start.eq(1)
                    m.d.sync += [is_pending.eq(0), is_measuring.eq(1)]
                    m.next = "measure"
                with m.Elif(enable & setter.has_wishes):
                    m.d.sync += setter.is_new.eq(0)
                    m.next = "begin"
            with m.State("measure"):
                with m.If(~setter.has_wishes & may_change & self.whole):
                    m.d.sync += self.settings_out.eq(self.settings)
                with m.If(meter.done):
                    m.d.sync += [is_measuring.eq(0), setter.is_new.eq(1)]
                    m.next = "wait"
                    with m.If(meter.measured):
                        m.next = "begin"
            with m.State("begin"), m.If(self.whole):
                m.d.comb += setter.start.eq(1)
                m.d.sync += stale.eq(0)
                m.next = "set"
            with m.State("set"):
                with m.If(~self.whole):
                    m.d.sync += stale.eq(1)
                with m.If(setter.done):
                    m.next = "publish"
            with m.State("publish"):
                with m.If(stale | ~self.whole):
                    m.next = "begin"
                with m.Elif(may_change):
                    m.d.sync += self.settings_out.eq(self.settings)
                    m.d.comb += [self.ratio_overflow.eq(setter.ratio_overflow),
                                 self.renewed.eq(setter.is_new)]
                    self._set(m, setter)
                    m.next = "wait"
        with m.If(self.complete):
            m.d.sync += [is_pending.eq(1), meter.frame.eq(self.frame)]
        with m.If(~enable | hold):
            m.d.sync += is_pending.eq(0)
        return m

    def _set(self, m: Module, setter: ExposureSetter) -> None:
        made = setter.made
        for group in self.config.exposure_groups:
            for index in group.captures:
                capture = self.settings_out.captures[index]
                m.d.sync += [
                    capture.coarse_integration_lines.eq(made.coarse[group.index]),
                    capture.fine_integration_cycles.eq(made.fine[group.index]),
                    capture.normalisation_mantissa.eq(made.mantissa[index]),
                    capture.normalisation_shift.eq(made.shift[index]),
                ]
