# SPDX-License-Identifier: Apache-2.0
"""Walks over the rows that one exposure group reads."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..row_timing import ExposureGroup
from .frame_plan import FramePlan, RowPosition
from .row_stepper import RowStepper

__all__ = ["ReadPointer"]


class ReadPointer(wiring.Component):
    """Starts ``lag_lines`` after the first read of a frame; adopts the frame's plan there.

    Members
    -------
    boundary : In(1)
    first_read : In(1), lag_lines : In(8), parity : In(1)
        With ``boundary``: the first read of a frame is in the line that begins; lowest bit of its
        number.
    plans : In(FramePlan, of the even and of the odd frame)
    position : Out(RowPosition)
    busy : Out(1)
        Reads, or waits for its lag to pass.
    """

    def __init__(self, config: DieConfig, group: ExposureGroup):
        self.config, self.group = config, group
        super().__init__({
            "boundary": In(1),
            "first_read": In(1),
            "lag_lines": In(8),
            "parity": In(1),
            "plans": In(data.ArrayLayout(FramePlan(config), 2)),
            "position": Out(RowPosition(config)),
            "busy": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.stepper = stepper = RowStepper(self.config)
        group_mask = sum(1 << capture for capture in self.group.captures)
        wait = Signal(8)
        # Both are settled long before the next boundary.
        has_no_lag, lag_is_over = Signal(), Signal()
        waiting_parity = Signal(reset_less=True)
        parity = Mux(self.first_read, self.parity, waiting_parity)
        plan = Signal(FramePlan(self.config))
        frame = Signal(16, reset_less=True)
        capture_mask = Signal(len(self.config.captures), reset_less=True)

        m.d.comb += [
            plan.eq(Mux(parity, self.plans[1], self.plans[0])),
            stepper.step.eq(self.boundary),
            stepper.begin.eq(Mux(self.first_read, has_no_lag, lag_is_over)),
            stepper.window.eq(plan.window),
            self.busy.eq(stepper.active | (wait != 0)),
            self.position.active.eq(stepper.active),
            self.position.enabled.eq((capture_mask & group_mask) != 0),
            self.position.frame.eq(frame),
            self.position.capture_mask.eq(capture_mask),
        ]
        for name in ("physical_row", "array_row", "row", "row_kind", "first", "last"):
            m.d.comb += getattr(self.position, name).eq(getattr(stepper, name))
        m.d.sync += [has_no_lag.eq(self.lag_lines == 0), lag_is_over.eq(wait == 1)]
        with m.If(self.boundary):
            with m.If(self.first_read):
                m.d.sync += [wait.eq(self.lag_lines), waiting_parity.eq(self.parity)]
            with m.Elif(wait != 0):
                m.d.sync += wait.eq(wait - 1)
            with m.If(stepper.begin):
                m.d.sync += [frame.eq(plan.frame), capture_mask.eq(plan.capture_mask)]
        return m
