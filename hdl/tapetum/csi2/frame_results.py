# SPDX-License-Identifier: Apache-2.0
"""What is known of a frame, kept until its embedded rows are written."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.faults import Fault
from ..control.frame_settings import FRAMES_IN_FLIGHT
from ..npu.verdict import NO_CLASS, VerdictSummary
from .embedded import EmbeddedStatus

__all__ = ["EndedFrame", "FrameResults", "ResultKeeper"]


class EndedFrame(data.Struct):
    """The last frame that ended on the link, its virtual channel and the CRC-32 of its pixels."""

    frame: 16
    channel: 2
    checksum: 32


class FrameResults(data.StructLayout):
    """What embedded rows tell of one frame besides settings; names are those of the registers."""

    def __init__(self, config: DieConfig):
        super().__init__({
            "checksum": 32,
            "fault_status": len(Fault),
            "verdict_flags": 8, "verdict_class": 8, "verdict_score": 8,
            "flicker_count": 24, "clipped_count": 24,
            "corrected": data.ArrayLayout(16, len(config.captures)),
            "black_levels": EmbeddedStatus(config)["black_levels"].shape,
        })


class ResultKeeper(wiring.Component):
    """Keeps black levels from the first row of a frame on, counts from its last one, and the
    verdicts of the frames in flight.

    Each of the frames in flight has its own set, as a link that stalls may hold several back. A
    frame without a verdict, or with one that is not known yet, has no flags and no class.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    status : In(EmbeddedStatus)
    stored_frame : In(16), opened, counted : In(1)
        Strobes: the first row of this frame has been stored, and its black levels are in
        ``status``; the last one, and its counts are.
    verdict : In(VerdictSummary), verdict_given : In(1)
    frame : In(16)
        That begins or ends; ``verdict_known`` : Out(1) says, two clocks later, whether its verdict
        or that of a later one has been given.
    close : In(1), whole : In(1), checksum : In(32)
        Strobe: the rows of ``frame`` are written now; ``whole``: it has its last row, without
        which nobody waits for its verdict.
    results : Out(FrameResults)
        Of ``frame``; what it ends with stands from the clock after ``close``.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "status": In(EmbeddedStatus(config)),
            "stored_frame": In(16), "opened": In(1), "counted": In(1),
            "verdict": In(VerdictSummary), "verdict_given": In(1),
            "frame": In(16), "verdict_known": Out(1),
            "close": In(1), "whole": In(1), "checksum": In(32),
            "results": Out(FrameResults(config)),
        })

    def elaborate(self, platform):
        m = Module()
        for strobe, names in ((self.opened, ("black_levels",)),
                              (self.counted, ("flicker_count", "clipped_count", "corrected"))):
            shape = data.StructLayout({name: self.status[name].shape() for name in names})
            kept = Memory(shape=shape, depth=FRAMES_IN_FLIGHT, init=[])
            m.submodules += kept
            write, read = kept.write_port(), kept.read_port(domain="comb")
            m.d.comb += [write.addr.eq(self.stored_frame[:2]), write.en.eq(strobe),
                         read.addr.eq(self.frame[:2])]
            for name in names:
                m.d.comb += [write.data[name].eq(self.status[name]),
                             self.results[name].eq(read.data[name])]
        with m.If(self.close):
            m.d.sync += [self.results.checksum.eq(self.checksum),
                         self.results.fault_status.eq(self.status.faults)]
        if self.config.npu:
            self._verdicts(m)
        else:
            m.d.comb += self.verdict_known.eq(1)
        return m

    def _verdicts(self, m: Module) -> None:
        m.submodules.verdicts = kept = Memory(
            shape=VerdictSummary, depth=FRAMES_IN_FLIGHT, init=[])
        write, read = kept.write_port(), kept.read_port(domain="comb")
        given = Signal(FRAMES_IN_FLIGHT)
        m.d.comb += [
            write.addr.eq(self.verdict.frame[:2]), write.data.eq(self.verdict),
            write.en.eq(self.verdict_given), read.addr.eq(self.frame[:2]),
        ]
        any_given, newest = Signal(), Signal(16, reset_less=True)
        ahead = Signal(signed(16), reset_less=True)
        # A verdict that comes out of turn, or never, must not hold the link: a later one does.
        m.d.sync += [ahead.eq(newest - self.frame), self.verdict_known.eq(any_given & (ahead >= 0))]
        own = (self.whole & given.bit_select(self.frame[:2], 1)
               & (read.data.frame == self.frame))
        with m.If(self.close):
            m.d.sync += [
                self.results.verdict_flags.eq(Mux(own, read.data.flags, 0)),
                self.results.verdict_class.eq(Mux(own, read.data.class_number, NO_CLASS)),
                self.results.verdict_score.eq(Mux(own, read.data.score, 0)),
                given.bit_select(self.frame[:2], 1).eq(0),
            ]
        with m.If(self.verdict_given):
            m.d.sync += [any_given.eq(1), newest.eq(self.verdict.frame),
                         given.bit_select(self.verdict.frame[:2], 1).eq(1)]
