# SPDX-License-Identifier: Apache-2.0
"""Turns row events into the lines of the row being read, and into ramps."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..pixel import RampCommand, RampKind, RowControl
from ..row_timing import Ramp
from .frame_plan import RowPosition
from .row_event import RowEventWord

__all__ = ["RowDriver"]


class RowDriver(wiring.Component):
    """Latency: one cycle from ``due`` to ``row_control`` and ``ramp``.

    Members
    -------
    line_start : In(1), due : In(1), event : In(RowEventWord)
        Of `LineSequencer`; levels never outlive their line.
    positions : In(RowPosition of each group)
        Events of a group that reads no row in this line, or all of whose captures are masked,
        leave the lines low.
    row_control : Out(RowControl)
    ramp : Out(stream of RampCommand)
        Valid in the one cycle in which it is due: a ramp that starts late would measure nothing. A
        signal ramp whose capture's last reset ramp was dropped is dropped as well.
    conversion_overrun : Out(1)
        Strobe: a ramp was dropped.
    transfers : Out(1 bit per group)
        One cycle ahead of ``row_control``: charge of the group's row is being transferred.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        groups = len(config.exposure_groups)
        super().__init__({
            "line_start": In(1),
            "due": In(1),
            "event": In(RowEventWord),
            "positions": In(data.ArrayLayout(RowPosition(config), groups)),
            "row_control": Out(RowControl),
            "ramp": Out(stream.Signature(RampCommand)),
            "conversion_overrun": Out(1),
            "transfers": Out(groups),
        })

    def elaborate(self, platform):
        m = Module()
        position = Signal(RowPosition(self.config))
        drives, is_large = Signal(), Signal()
        for group in self.config.exposure_groups:
            with m.If(self.event.group == group.index):
                m.d.comb += [
                    position.eq(self.positions[group.index]),
                    drives.eq(position.active & position.enabled),
                    is_large.eq(group.is_large),
                    self.transfers[group.index].eq(self.due & drives & self.event.transfer),
                ]
        # A capture that this die does not have is one that is masked.
        unmasked = Cat(position.capture_mask, Const(0, 4)).bit_select(self.event.capture, 1)

        levels, event = self.row_control, self.event
        with m.If(self.line_start):
            m.d.sync += [levels.select.eq(0), levels.reset.eq(0), levels.transfer_large.eq(0),
                         levels.transfer_small.eq(0), levels.high_gain.eq(0)]
        with m.If(self.due):
            m.d.sync += [
                levels.select.eq(event.select & drives),
                levels.reset.eq(event.reset & drives),
                levels.transfer_large.eq(event.transfer & drives & is_large),
                levels.transfer_small.eq(event.transfer & drives & ~is_large),
                levels.high_gain.eq(event.high_gain & drives),
            ]
            with m.If(drives):
                m.d.sync += levels.physical_row.eq(position.physical_row)

        command, due = Signal(RampCommand, reset_less=True), Signal()
        reset_dropped = Signal(len(self.config.captures))
        is_signal, has_reset = event.ramp == Ramp.SIGNAL, Signal()
        m.d.comb += [
            self.ramp.payload.eq(command),
            self.conversion_overrun.eq(due & ~(self.ramp.valid & self.ramp.ready)),
            has_reset.eq(~reset_dropped.bit_select(event.capture, 1)),
        ]
        with m.If(due & (command.kind == RampKind.RESET)):
            m.d.sync += reset_dropped.bit_select(command.tag.capture, 1).eq(~self.ramp.ready)
        offers = self.due & drives & unmasked & (event.ramp != Ramp.NONE)
        m.d.sync += [
            due.eq(offers), self.ramp.valid.eq(offers & (~is_signal | has_reset)),
            command.kind.eq(Mux(is_signal, RampKind.SIGNAL, RampKind.RESET)),
            command.frame_last.eq(position.last),
            command.tag.frame.eq(position.frame),
            command.tag.row.eq(position.row),
            command.tag.array_row.eq(position.array_row),
            command.tag.capture.eq(event.capture),
            command.tag.row_kind.eq(position.row_kind),
        ]
        return m
