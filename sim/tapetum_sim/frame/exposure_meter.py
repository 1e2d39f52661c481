# SPDX-License-Identifier: Apache-2.0
"""Measures what the pixels really see: when each row's photodiodes were emptied and read."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from tapetum.config import DieConfig
from tapetum.pixel import RampCommand, RowControl, ShutterControl

__all__ = ["ExposureMeter", "TripRequest"]


class TripRequest(data.Struct):
    """What the pixel die must know to answer one ramp.

    ``exposure_start_cycles`` and ``exposure_end_cycles`` count ``sync`` cycles since the start of
    the simulation; they mean something for signal ramps only.
    """

    command: RampCommand
    physical_row: 12
    exposure_start_cycles: 40
    exposure_end_cycles: 40


class ExposureMeter(wiring.Component):
    """Stands on the row lines, as the photodiodes do, and times their charge.

    Simulation only: the memories have one write port per shutter.

    Members
    -------
    row_control, shutters : In
        The row lines of the die.
    ramp : In(RampCommand), ramp_start : In(1)
        Strobe of an accepted command.
    request : Out(TripRequest), request_toggle : Out(1)
        The toggle changes in the cycle after ``ramp_start``; ``request`` holds until the next.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        self.groups = config.exposure_groups
        super().__init__({
            "row_control": In(RowControl),
            "shutters": In(data.ArrayLayout(ShutterControl, 2 * len(self.groups))),
            "ramp": In(RampCommand),
            "ramp_start": In(1),
            "request": Out(TripRequest),
            "request_toggle": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        now = Signal(40)
        m.d.sync += now.eq(now + 1)

        start_cycles, end_cycles = Signal(40), Signal(40)
        for is_large, name in ((True, "large"), (False, "small")):
            emptied_at = memory.Memory(shape=40, depth=1 << 12, init=[])
            m.submodules[f"emptied_{name}"] = emptied_at
            for index in range(2 * len(self.groups)):
                if self.groups[index // 2].is_large is not is_large:
                    continue
                port = emptied_at.write_port()
                m.d.comb += [
                    port.addr.eq(self.shutters[index].physical_row),
                    port.data.eq(now),
                    port.en.eq(self.shutters[index].reset),
                ]
            transfer = (self.row_control.transfer_large if is_large
                        else self.row_control.transfer_small)
            transfer_before = Signal(name=f"transfer_{name}_before")
            m.d.sync += transfer_before.eq(transfer)
            transferred = emptied_at.write_port()
            last_emptied = emptied_at.read_port(domain="comb")
            m.d.comb += [
                last_emptied.addr.eq(self.row_control.physical_row),
                transferred.addr.eq(self.row_control.physical_row),
                transferred.data.eq(now),
                transferred.en.eq(transfer & ~transfer_before),
            ]
            with m.If(transferred.en):
                m.d.sync += [start_cycles.eq(last_emptied.data), end_cycles.eq(now)]

        with m.If(self.ramp_start):
            m.d.sync += [
                self.request.command.eq(self.ramp),
                self.request.physical_row.eq(self.row_control.physical_row),
                self.request.exposure_start_cycles.eq(start_cycles),
                self.request.exposure_end_cycles.eq(end_cycles),
                self.request_toggle.eq(~self.request_toggle),
            ]
        return m
