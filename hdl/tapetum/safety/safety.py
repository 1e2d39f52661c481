# SPDX-License-Identifier: Apache-2.0
"""The room's way in and out: what the rooms show, and what the host learns of it."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..control.frame_settings import FrameSettings
from ..pixel import (
    CodePixels,
    OutputPixels,
    RampCommand,
    RowControl,
    RowReadBack,
    ShutterControl,
    ShutterReadBack,
)
from ..registers.bus import RegisterWatch
from ..registers.layout import RegisterLayout
from ..registers.table import register_table
from .digital_test_frame import SIGNATURE_BITS
from .exposure_check import ExposureCheck
from .frame_count import FrameCount
from .host_ports import SafetyControl, SafetyStatus
from .known_levels import KnownLevelCheck
from .mechanism import Mechanism, self_tested
from .monitor import SafetyMonitor
from .register_map import RegisterMapCheck
from .row_read_back import RowReadBackCheck
from .temperature import TemperatureMonitor
from .temperature_step import TemperatureStep

__all__ = ["Safety"]


class Safety(wiring.Component):
    """All safety mechanisms that only watch, and the bits of all others.

    ::

        what the rooms show ─► mechanisms ─┬─ raised ─► SafetyMonitor ─► status, alarm
                                   ▲       │                 │
                  other rooms ─────┼───────┘                 │
                                   └──────── inject ─────────┘

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    control : In(SafetyControl), status : Out(SafetyStatus)
    standby : In(1)
        Nothing streams: the self-test may begin.
    raised : In(len(Mechanism)), inject : Out(len(Mechanism))
        Of mechanisms that live in other rooms.
    alarm : Out(1)
        A level: any bit that the mask lets through.
    temperature : In(signed(16))
        Of the sensor; see `TemperatureMonitor`.
    temperature_stepped : Out(1)
        Strobe; see `TemperatureStep`.
    row_control, row_read_back, shutters, shutter_read_back : In
        See `RowReadBackCheck`.
    registers : In(RegisterWatch), adopt : In(1)
        See `RegisterMapCheck`; a walk begins as a frame is planned.
    adopt_frame : In(16), settings : In(FrameSettings), sent : In(stream of OutputPixels)
        See `FrameCount`; what the link is given.
    ramp : In(RampCommand), ramp_start : In(1)
        See `ExposureCheck`.
    converted : In(stream of CodePixels), always ready
        What `adc` sends; only looked at, as all streams here.
    test_frame_signature : In(32)
        Of `DigitalTestFrame`.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        shutters = 2 * len(config.exposure_groups)
        self.layout = RegisterLayout(register_table(config))
        super().__init__({
            "control": In(SafetyControl), "status": Out(SafetyStatus),
            "standby": In(1),
            "raised": In(len(Mechanism)), "inject": Out(len(Mechanism)),
            "alarm": Out(1),
            "temperature": In(signed(16)), "temperature_stepped": Out(1),
            "row_control": In(RowControl), "row_read_back": In(RowReadBack),
            "shutters": In(data.ArrayLayout(ShutterControl, shutters)),
            "shutter_read_back": In(data.ArrayLayout(ShutterReadBack, shutters)),
            "registers": In(RegisterWatch(self.layout)), "adopt": In(1),
            "ramp": In(RampCommand), "ramp_start": In(1),
            "adopt_frame": In(16), "settings": In(FrameSettings(config)),
            "test_frame_signature": In(SIGNATURE_BITS),
            "sent": In(stream.Signature(OutputPixels(config.lanes), always_ready=True)),
            "converted": In(stream.Signature(CodePixels(config.lanes, config.adc.bits),
                                             always_ready=True)),
        })

    def elaborate(self, platform):
        m = Module()
        control, status = self.control, self.status
        m.submodules.monitor = monitor = SafetyMonitor(self_tested(self.config))
        m.submodules.temperature = temperature = TemperatureMonitor()
        m.submodules.temperature_step = step = TemperatureStep()
        m.submodules.rows = rows = RowReadBackCheck(self.config)
        m.submodules.register_map = register_map = RegisterMapCheck(self.layout)
        connect(m, flipped(self.registers), register_map.registers)
        m.submodules.exposure = exposure = ExposureCheck(self.config)
        m.submodules.frames = frames = FrameCount(self.config)
        m.submodules.levels = levels = KnownLevelCheck(self.config)
        m.d.comb += [
            temperature.sensor.eq(self.temperature),
            temperature.minimum.eq(control.temperature_minimum),
            temperature.maximum.eq(control.temperature_maximum),
            status.temperature.eq(temperature.temperature),
            status.test_frame_signature.eq(self.test_frame_signature),
            step.temperature.eq(temperature.temperature), step.injected.eq(temperature.inject),
            self.temperature_stepped.eq(step.stepped),
            frames.adopt.eq(self.adopt), frames.adopt_frame.eq(self.adopt_frame),
            frames.settings.eq(self.settings), frames.i.valid.eq(self.sent.valid),
            frames.i.payload.eq(self.sent.payload),
            exposure.adopt.eq(self.adopt), exposure.adopt_frame.eq(self.adopt_frame),
            exposure.settings.eq(self.settings), exposure.row_control.eq(self.row_control),
            exposure.shutters.eq(self.shutters), exposure.ramp.eq(self.ramp),
            exposure.ramp_start.eq(self.ramp_start),
            register_map.start.eq(self.adopt), status.register_crc.eq(register_map.crc),
            levels.i.valid.eq(self.converted.valid),
            levels.i.payload.eq(self.converted.payload),
            levels.tolerance_log2.eq(control.test_row_tolerance_log2),
            rows.row_control.eq(self.row_control), rows.row_read_back.eq(self.row_read_back),
            rows.shutters.eq(self.shutters),
            rows.shutter_read_back.eq(self.shutter_read_back),
        ]

        raised = Signal(len(Mechanism))
        watching = {Mechanism.TEMPERATURE: temperature, Mechanism.ROW_READ_BACK: rows,
                    Mechanism.TEST_ROWS: levels, Mechanism.REGISTER_MAP: register_map,
                    Mechanism.FRAME_COUNT: frames, Mechanism.EXPOSURE: exposure}
        for mechanism, watch in watching.items():
            m.d.comb += [watch.inject.eq(monitor.inject[mechanism]),
                         raised[mechanism].eq(watch.raised)]
        m.d.comb += [
            monitor.raised.eq(raised | self.raised), self.inject.eq(monitor.inject),
            monitor.request.eq(control.inject), monitor.mask.eq(control.mask),
            monitor.clear.eq(control.clear | control.clear_all.replicate(len(Mechanism))),
            monitor.start.eq(control.start), monitor.standby.eq(self.standby),
            status.found.eq(monitor.found), status.running.eq(monitor.running),
            status.done.eq(monitor.done), status.passed.eq(monitor.passed),
            self.alarm.eq(monitor.alarm),
        ]
        return m
