# SPDX-License-Identifier: Apache-2.0
"""Measures in every frame how long each exposure really was."""

from typing import Any

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import FRAMES_IN_FLIGHT, FrameSettings
from ..pixel import RampCommand, RampKind, RowControl, ShutterControl
from ..stream.delay import delayed

__all__ = ["ExposureCheck"]


class ExposureCheck(wiring.Component):
    """From the pulse that empties row 0 to the transfer of its charge, for each exposure group.

    Row 0 is read in every frame, whatever its region. Its exposure must be as many lines and
    clocks as the settings say with which the frame was planned. The lines are counted here, apart
    from those of the sequencer. Latency: 5 cycles from the signal ramp of row 0 to ``raised``.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    adopt : In(1), adopt_frame : In(16), settings : In(FrameSettings)
        Strobe: this frame is planned, with these settings; they stand still for a clock more than
        there are exposure groups.
    row_control : In(RowControl), shutters : In(ShutterControl, two per exposure group)
    ramp : In(RampCommand), ramp_start : In(1)
        Strobe: this conversion begins. It tells whose charge was transferred.
    inject : In(1)
        Every exposure is seen one line longer. As the injection begins, one of nothing is put in,
        so that there is one in standby.
    raised : Out(1)
        Pulse.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        self.shutter_count = 2 * len(config.exposure_groups)
        super().__init__({
            "adopt": In(1), "adopt_frame": In(16), "settings": In(FrameSettings(config)),
            "row_control": In(RowControl),
            "shutters": In(data.ArrayLayout(ShutterControl, self.shutter_count)),
            "ramp": In(RampCommand), "ramp_start": In(1),
            "inject": In(1),
            "raised": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        groups, settings = self.config.exposure_groups, self.settings
        moment = data.StructLayout({"cycle": 16, "line": 16})

        # Lines keep their length while frames are under way; where in a line they begin is alike.
        now: Any = Signal(moment)
        length, ends = Signal(16, init=self.config.timing.line_length_cycles), Signal()
        m.d.sync += [ends.eq(now.cycle == length - 2), now.cycle.eq(now.cycle + 1)]
        with m.If(ends):
            m.d.sync += [now.cycle.eq(0), now.line.eq(now.line + 1)]
        with m.If(self.adopt & (settings.line_length_cycles != length)):
            m.d.sync += [length.eq(settings.line_length_cycles), now.cycle.eq(0), ends.eq(0)]

        # What was planned, by frame and group: kept one by one, while settings stand still.
        group_bits = (max(len(groups), 2) - 1).bit_length()
        planned: Any = memory.Memory(shape=moment, depth=FRAMES_IN_FLIGHT << group_bits, init=[])
        m.submodules.planned = planned
        keep, read = planned.write_port(), planned.read_port()
        adopted, turn = Signal(2, reset_less=True), Signal(len(groups))
        m.d.sync += turn.eq(turn << 1)
        with m.If(self.adopt):
            m.d.sync += [turn.eq(1), adopted.eq(self.adopt_frame)]
        m.d.comb += keep.en.eq(turn.any())
        for group in groups:
            first = settings.captures[min(group.captures)]
            with m.If(turn[group.index]):
                m.d.comb += [keep.addr.eq(group.index | adopted << group_bits),
                             keep.data.line.eq(first.coarse_integration_lines),
                             keep.data.cycle.eq(first.fine_integration_cycles)]

        # When row 0 was emptied, by each shutter, and when its charge was transferred.
        emptied: Any = Signal(data.ArrayLayout(moment, self.shutter_count), reset_less=True)
        for number in range(self.shutter_count):
            pulse = self.shutters[number]
            with m.If(pulse.reset & (pulse.physical_row == 0)):
                m.d.sync += emptied[number].eq(now)
        lines = self.row_control
        transfers, before = lines.transfer_large | lines.transfer_small, Signal()
        transferred: Any = Signal(moment, reset_less=True)
        pending = Signal()
        m.d.sync += before.eq(transfers)
        with m.If(transfers & ~before):
            m.d.sync += [transferred.eq(now), pending.eq(lines.physical_row == 0)]

        # Clock 1: whose it was, by the ramp that measures it.
        injected_before, puts_in, put_in, begins = (Signal(name=name) for name in (
            "injected_before", "puts_in", "put_in", "begins"))
        taken = pending & self.ramp_start & (self.ramp.kind == RampKind.SIGNAL)
        group, frame = Signal(group_bits, reset_less=True), Signal(2, reset_less=True)
        m.d.comb += puts_in.eq(self.inject & ~injected_before & ~taken)
        m.d.sync += [injected_before.eq(self.inject), put_in.eq(puts_in),
                     begins.eq(taken | puts_in), frame.eq(self.ramp.tag.frame)]
        with m.Switch(self.ramp.tag.capture):
            for each in groups:
                with m.Case(*each.captures):
                    m.d.sync += group.eq(each.index)
        with m.If(taken):
            m.d.sync += pending.eq(0)

        # Clocks 2 to 4: as lines and clocks of a line; then against the plan.
        wanted: Any = Signal(moment, reset_less=True)
        start: Any = Signal(moment, reset_less=True)
        elapsed_lines, elapsed = Signal(16, reset_less=True), Signal(signed(17), reset_less=True)
        lines_seen, cycles_seen = Signal(16, reset_less=True), Signal(17, reset_less=True)
        valid, nothing = Signal(3), Signal()
        m.d.comb += read.addr.eq(Cat(group, frame))
        m.d.sync += [
            valid.eq(Cat(begins, valid)), nothing.eq(put_in),
            start.eq(Mux(put_in, transferred, emptied[Cat(frame[0], group)])),
            wanted.eq(Mux(nothing, 0, read.data)),
            elapsed_lines.eq(transferred.line - start.line),
            elapsed.eq(transferred.cycle - start.cycle),
            lines_seen.eq(elapsed_lines - elapsed[-1] + self.inject),
            cycles_seen.eq(elapsed + Mux(elapsed[-1], length, 0)),
        ]
        later = delayed(m, wanted, 1, name="wanted")
        m.d.sync += self.raised.eq(valid[2] & (Cat(cycles_seen, lines_seen)
                                               != Cat(later.cycle, C(0, 1), later.line)))
        return m
