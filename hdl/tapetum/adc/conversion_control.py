# SPDX-License-Identifier: Apache-2.0
"""Takes ramp commands, hands them to the counter's domain and starts the read of finished rows."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..pixel import RampCommand, RampKind, RowTag
from .geometry import reset_banks

__all__ = ["ConversionControl"]


class ConversionControl(wiring.Component):
    """One conversion after the other; reads overlap the next conversion.

    A request is a change of ``request``; its answer the same change of ``answer``, both through
    synchronisers outside. ``kind`` and ``bank`` hold still in between.

    Members
    -------
    ramp : In(stream of RampCommand)
        Ready only when the ramp starts at once; a signal ramp only after a reset ramp of its
        capture, with none of another capture played into the same latches since. `RowDriver`
        offers none whose own reset ramp was dropped: so no row leaves with the level of another.
    request : Out(1), answer : In(1)
    kind : Out(RampKind), bank : Out(1)
    hold : In(1)
        The bonds are to be tested: accept nothing.
    held : Out(1)
        No ramp is under way and none will be accepted: follows ``hold`` a clock later, or when the
        ramp has ended.
    busy : Out(1)
    copy : Out(1)
        The row buffers take the latches three clocks later; the reader starts.
    reading : In(1)
        The reader still needs the row buffers.
    tag : Out(RowTag), frame_last : Out(1)
        Of the row being read.
    read_overrun : Out(1)
        A row was lost: it was converted while the previous one was still being read.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "ramp": In(stream.Signature(RampCommand)),
            "request": Out(1),
            "answer": In(1),
            "kind": Out(RampKind),
            "bank": Out(1),
            "hold": In(1),
            "held": Out(1),
            "busy": Out(1),
            "copy": Out(1),
            "reading": In(1),
            "tag": Out(RowTag),
            "frame_last": Out(1),
            "read_overrun": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        command = Signal(RampCommand, reset_less=True)
        offered = self.ramp.payload
        has_reset = Signal(len(self.config.captures))
        mine = Signal.like(has_reset)
        idle, taken, begins = Signal(), Signal(), Signal()
        finished, ends, settles = Signal(), Signal(), Signal()
        m.d.comb += [
            mine.eq(1 << offered.tag.capture),
            self.ramp.ready.eq(idle & ((offered.kind == RampKind.RESET)
                                       | (has_reset & mine).any())),
            taken.eq(self.ramp.valid & self.ramp.ready),
            self.held.eq(~idle & ~self.busy),
            self.kind.eq(command.kind),
        ]
        # Registers of their own: what decides leaves the room, and has a long way to go.
        m.d.sync += [idle.eq((~self.busy | settles) & ~taken & ~self.hold), begins.eq(taken)]
        with m.If(idle & self.ramp.valid):
            m.d.sync += command.eq(offered)
        with m.If(taken):
            m.d.sync += self.busy.eq(1)
        banks = reset_banks(self.config)
        its_own, sharers = Signal.like(has_reset), Signal.like(has_reset)
        m.d.comb += its_own.eq(1 << command.tag.capture)
        with m.If(begins):
            m.d.sync += [self.request.eq(~self.request),
                         has_reset.eq(Mux(command.kind == RampKind.RESET,
                                          has_reset & ~sharers | its_own, has_reset & ~its_own))]
            with m.Switch(command.tag.capture):
                for capture, bank in enumerate(banks):
                    with m.Case(capture):
                        m.d.sync += self.bank.eq(bank)
                        m.d.comb += sharers.eq(sum(1 << other for other, its in enumerate(banks)
                                                   if its == bank))

        m.d.comb += finished.eq(self.busy & ~begins & ~ends & ~settles
                                & (self.answer == self.request))
        # The next ramp waits until it finds the latches copied.
        m.d.sync += [ends.eq(finished), settles.eq(ends)]
        with m.If(settles):
            m.d.sync += self.busy.eq(0)
        # From registers: all blocks of columns listen to them.
        is_signal = finished & (command.kind == RampKind.SIGNAL)
        m.d.sync += [self.copy.eq(is_signal & ~self.reading),
                     self.read_overrun.eq(is_signal & self.reading)]
        with m.If(self.copy):
            m.d.sync += [self.tag.eq(command.tag), self.frame_last.eq(command.frame_last)]
        return m
