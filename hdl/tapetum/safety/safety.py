# SPDX-License-Identifier: Apache-2.0
"""The room's way in and out: what the rooms show, and what the host learns of it."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..pixel import RowControl, RowReadBack, ShutterControl, ShutterReadBack
from .host_ports import SafetyControl, SafetyStatus
from .mechanism import Mechanism
from .monitor import SafetyMonitor
from .row_read_back import RowReadBackCheck
from .temperature import TemperatureMonitor

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
    row_control, row_read_back, shutters, shutter_read_back : In
        See `RowReadBackCheck`.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        shutters = 2 * len(config.exposure_groups)
        super().__init__({
            "control": In(SafetyControl), "status": Out(SafetyStatus),
            "standby": In(1),
            "raised": In(len(Mechanism)), "inject": Out(len(Mechanism)),
            "alarm": Out(1),
            "temperature": In(signed(16)),
            "row_control": In(RowControl), "row_read_back": In(RowReadBack),
            "shutters": In(data.ArrayLayout(ShutterControl, shutters)),
            "shutter_read_back": In(data.ArrayLayout(ShutterReadBack, shutters)),
        })

    def elaborate(self, platform):
        m = Module()
        control, status = self.control, self.status
        m.submodules.monitor = monitor = SafetyMonitor()
        m.submodules.temperature = temperature = TemperatureMonitor()
        m.submodules.rows = rows = RowReadBackCheck(self.config)
        m.d.comb += [
            temperature.sensor.eq(self.temperature),
            temperature.minimum.eq(control.temperature_minimum),
            temperature.maximum.eq(control.temperature_maximum),
            status.temperature.eq(temperature.temperature),
            rows.row_control.eq(self.row_control), rows.row_read_back.eq(self.row_read_back),
            rows.shutters.eq(self.shutters),
            rows.shutter_read_back.eq(self.shutter_read_back),
        ]

        raised = Signal(len(Mechanism))
        watching = {Mechanism.TEMPERATURE: temperature, Mechanism.ROW_READ_BACK: rows}
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
