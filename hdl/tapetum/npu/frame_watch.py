# SPDX-License-Identifier: Apache-2.0
"""Gives every frame its verdict: one, in time, and never a wrong one."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..control.frame_settings import FRAMES_IN_FLIGHT
from .verdict import Region, VerdictFlags

__all__ = ["DEADLINE_UNIT_CYCLES", "FrameWatch"]

DEADLINE_UNIT_CYCLES = 16
_SPACING_CYCLES = 64
"""Between two verdicts, so that each can be passed on."""


class FrameWatch(wiring.Component):
    """Follows one frame from the first pixel of its region until its verdict is given.

    ::

        frame_first ─► start ─► done ─► valid ───────────────────┐
             │           └─ overrun ─────────────────────────────┤
             │   rows lost, or the last pixel without a first one ├─► give, with a flag
             │   no program, or the array is not ready ──────────┤
             └─► last pixel ─► deadline, or the next frame ──────┘

    What is given up still runs to its end.

    Members
    -------
    wanted : In(FRAMES_IN_FLIGHT)
        Frames to have a verdict, by the low bits of their number.
    first : In(1), first_frame : In(16), region : In(Region)
        The first pixel of the region.
    waited : In(7)
        Clocks that it has waited for the array; they count as those of its inference.
    last : In(1), last_frame : In(16)
        The last pixel of the combined frame.
    lost : In(1), lost_frame : In(16)
        Rows of this frame are made up.
    deadline : In(16)
        From the last pixel on, in units of `DEADLINE_UNIT_CYCLES`.
    can_start : In(1), start : Out(1)
    finished : In(1), overrun : In(1)
        The result of the inference is there.
    running, abandoned : Out(1)
        An inference for this frame is under way; it is, and nobody waits for it.
    frame : Out(16), seen : Out(Region), flags : Out(VerdictFlags), cycles : Out(32)
        Of the verdict, with ``give`` : Out(1).
    """

    def __init__(self):
        super().__init__({
            "wanted": In(FRAMES_IN_FLIGHT),
            "first": In(1), "first_frame": In(16), "region": In(Region), "waited": In(7),
            "last": In(1), "last_frame": In(16), "lost": In(1), "lost_frame": In(16),
            "deadline": In(16), "can_start": In(1), "start": Out(1),
            "finished": In(1), "overrun": In(1), "running": Out(1), "abandoned": Out(1),
            "frame": Out(16), "seen": Out(Region), "flags": Out(VerdictFlags),
            "cycles": Out(32), "give": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        owed, ever = Signal(), Signal()
        complete, incomplete, not_run, past_last = Signal(), Signal(), Signal(), Signal()
        left = Signal(len(self.deadline) + DEADLINE_UNIT_CYCLES.bit_length() - 1, reset_less=True)
        spacing = Signal(range(_SPACING_CYCLES + 1))

        # A frame begins with its region, or is noticed at its end.
        begins, unseen = Signal(), Signal()
        m.d.comb += [
            begins.eq(self.first & self.wanted.bit_select(self.first_frame[:2], 1)),
            unseen.eq(self.last & self.wanted.bit_select(self.last_frame[:2], 1)
                      & ~(ever & (self.last_frame == self.frame))),
            self.start.eq(begins & self.can_start),
        ]

        # Its verdict.
        is_lost = self.lost & (self.lost_frame == self.frame)
        too_late = past_last & (left == 0)
        reasons = Signal()
        m.d.comb += [
            reasons.eq(complete | incomplete | not_run | too_late),
            self.give.eq(owed & ((reasons & (spacing == 0)) | begins | unseen)),
            self.flags.overrun.eq(complete & self.overrun),
            self.flags.incomplete.eq(incomplete),
            self.flags.not_run.eq(not_run),
            self.flags.late.eq(~complete & ~incomplete & ~not_run),
            self.flags.valid.eq(complete & ~incomplete & ~self.overrun),
        ]
        with m.If(spacing != 0):
            m.d.sync += spacing.eq(spacing - 1)
        with m.If(owed & self.running & ~self.abandoned):
            m.d.sync += self.cycles.eq(self.cycles + 1)
        with m.If(owed & is_lost):
            m.d.sync += incomplete.eq(1)
        with m.If(past_last & (left != 0)):
            m.d.sync += left.eq(left - 1)
        with m.If(owed & self.last & (self.last_frame == self.frame)):
            m.d.sync += [past_last.eq(1), left.eq(self.deadline * DEADLINE_UNIT_CYCLES)]
        with m.If(self.finished):
            m.d.sync += [self.running.eq(0), self.abandoned.eq(0),
                         complete.eq(owed & self.running & ~self.abandoned)]
        with m.If(self.give):
            m.d.sync += [owed.eq(0), past_last.eq(0), complete.eq(0),
                         spacing.eq(_SPACING_CYCLES),
                         self.abandoned.eq(self.running & ~self.finished)]

        # The next one.
        with m.If(begins | unseen):
            m.d.sync += [
                owed.eq(1), ever.eq(1), past_last.eq(0), complete.eq(0),
                self.cycles.eq(Mux(begins, self.waited, 0)),
                self.frame.eq(Mux(begins, self.first_frame, self.last_frame)),
                self.seen.eq(self.region), incomplete.eq(~begins),
                not_run.eq(begins & ~self.can_start),
            ]
        with m.If(self.start):
            m.d.sync += self.running.eq(1)
        return m
