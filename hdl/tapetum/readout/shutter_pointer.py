# SPDX-License-Identifier: Apache-2.0
"""Begins the exposures of one exposure group in every other frame."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..pixel import ShutterControl
from ..row_timing import ExposureGroup
from .frame_plan import FramePlan
from .row_stepper import RowStepper

__all__ = ["ShutterPointer"]


class ShutterPointer(wiring.Component):
    """Waits for a number of lines, then resets one row per line at a fixed cycle of the line.

    Frames of even and odd number have a pointer each: the next frame may be loaded while this
    one's rows are still being reset.

    Members
    -------
    load : In(1), wait_lines : In(17), shutter_cycle : In(16)
        Strobe: the first row is reset ``wait_lines`` (at least 1) lines after this one.
    plan : In(FramePlan)
        Adopted with the first row.
    boundary : In(1), cycle : In(16)
        Of `LineSequencer`.
    control : Out(ShutterControl)
        ``reset`` is high for one cycle, one cycle after ``cycle`` has matched.
    first_begins, last_begins : Out(1)
        One cycle ahead of ``control``: the first, the last active row begins to integrate.
    """

    def __init__(self, config: DieConfig, group: ExposureGroup):
        self.config, self.group = config, group
        super().__init__({
            "load": In(1),
            "wait_lines": In(17),
            "shutter_cycle": In(16),
            "plan": In(FramePlan(config)),
            "boundary": In(1),
            "cycle": In(16),
            "control": Out(ShutterControl),
            "first_begins": Out(1),
            "last_begins": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.stepper = stepper = RowStepper(self.config)
        wait = Signal(17)
        next_cycle, current_cycle = Signal(16, reset_less=True), Signal(16, reset_less=True)
        begins_row = Signal()
        is_due = Signal()  # settled long before the next boundary

        m.d.comb += [
            stepper.step.eq(self.boundary),
            stepper.begin.eq(is_due),
            stepper.window.eq(self.plan.window),
            begins_row.eq(stepper.active & (self.cycle == current_cycle)),
            self.first_begins.eq(begins_row & stepper.first),
            self.last_begins.eq(begins_row & stepper.last),
        ]
        m.d.sync += [
            is_due.eq(wait == 1),
            self.control.reset.eq(begins_row),
            self.control.physical_row.eq(stepper.physical_row),
        ]
        with m.If(self.boundary):
            with m.If(wait != 0):
                m.d.sync += wait.eq(wait - 1)
            with m.If(is_due):
                m.d.sync += current_cycle.eq(next_cycle)
        with m.If(self.load):
            m.d.sync += [wait.eq(self.wait_lines), next_cycle.eq(self.shutter_cycle)]
        return m
