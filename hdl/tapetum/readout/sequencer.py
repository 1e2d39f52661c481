# SPDX-License-Identifier: Apache-2.0
"""All that decides which row is emptied, read and converted at which cycle."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import FrameSettings
from ..pixel import RampCommand, RowControl, ShutterControl
from .frame_plan import RowPosition
from .frame_planner import FramePlanner
from .frame_scheduler import FrameScheduler
from .line_sequencer import LineSequencer
from .read_pointer import ReadPointer
from .row_driver import RowDriver
from .row_event import RowEventWord
from .shutter_pointer import ShutterPointer

__all__ = ["Sequencer", "SequencerInputs", "SequencerOutputs"]


class SequencerInputs(data.StructLayout):
    """What a `Sequencer` acts on.

    ``table_event`` and ``transfer_cycles`` are those of `RowEventTable`; ``ramp_ready`` says that
    the converters can take a ramp. The others are as in `Readout`; ``sync_pulse`` is a strobe.
    """

    def __init__(self, config: DieConfig):
        super().__init__({
            "settings": FrameSettings(config),
            "streaming": 1, "triggered": 1, "sync_pulse": 1,
            "table_event": RowEventWord,
            "transfer_cycles": data.ArrayLayout(16, len(config.exposure_groups)),
            "ramp_ready": 1,
        })


class SequencerOutputs(data.StructLayout):
    """What it does with pixels and converters; the members are those of `Readout`.

    ``play_address`` belongs to `RowEventTable`.
    """

    def __init__(self, config: DieConfig):
        super().__init__({
            "play_address": range(config.timing.row_event_capacity),
            "busy": 1, "line_start": 1, "frame_start": 1, "adopt": 1, "adopt_frame": 16,
            "row_control": RowControl,
            "shutters": data.ArrayLayout(ShutterControl, 2 * len(config.exposure_groups)),
            "ramp_valid": 1, "ramp": RampCommand,
        })


class Sequencer(wiring.Component):
    """Lines, plans and pointers, without the table of events and the pins: what is built twice.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(SequencerInputs), o : Out(SequencerOutputs)
    renumber : In(1), number : In(16)
        While idle: the next frame gets this number.
    positions : Out(RowPosition of each group), transfers : Out(1 bit per group)
    first_begins, last_begins, together : Out(2 bit per group)
        For `Strobe`.
    conversion_overrun, sync_during_frame, line_too_short : Out(1)
        Strobes.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        groups = len(config.exposure_groups)
        per_parity = data.ArrayLayout(2, groups)
        super().__init__({
            "i": In(SequencerInputs(config)), "o": Out(SequencerOutputs(config)),
            "renumber": In(1), "number": In(16),
            "positions": Out(data.ArrayLayout(RowPosition(config), groups)),
            "transfers": Out(groups),
            "first_begins": Out(per_parity), "last_begins": Out(per_parity),
            "together": Out(per_parity),
            "conversion_overrun": Out(1), "sync_during_frame": Out(1), "line_too_short": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        config, i, o = self.config, self.i, self.o
        m.submodules.lines = lines = LineSequencer(config)
        m.submodules.scheduler = scheduler = FrameScheduler()
        m.submodules.planner = planner = FramePlanner(config)
        m.submodules.row_driver = row_driver = RowDriver(config)
        # Kept apart from the other wires, which would else be simulated anew in every cycle.
        m.submodules.cycle_bus = cycle_bus = Module()
        readers = []

        for group in config.exposure_groups:
            m.submodules[f"reader_{group.index}"] = reader = ReadPointer(config, group)
            readers.append(reader)
            m.d.comb += [
                reader.boundary.eq(lines.boundary),
                reader.first_read.eq(scheduler.first_read),
                reader.lag_lines.eq(planner.lag_lines[group.index]),
                reader.parity.eq(~planner.next_frame[0]),
                reader.plans.eq(planner.plans),
                row_driver.positions[group.index].eq(reader.position),
                self.positions[group.index].eq(reader.position),
            ]
            for parity, name in enumerate(("even", "odd")):
                shutter = ShutterPointer(config, group)
                m.submodules[f"shutter_{group.index}_{name}"] = shutter
                cycle_bus.d.comb += shutter.cycle.eq(lines.cycle)
                m.d.comb += [
                    shutter.load.eq(planner.load_shutter[group.index][parity]),
                    shutter.wait_lines.eq(planner.wait_lines),
                    shutter.shutter_cycle.eq(planner.shutter_cycle),
                    shutter.plan.eq(planner.plans[parity]),
                    shutter.boundary.eq(lines.boundary),
                    o.shutters[2 * group.index + parity].eq(shutter.control),
                    self.first_begins[group.index][parity].eq(shutter.first_begins),
                    self.last_begins[group.index][parity].eq(shutter.last_begins),
                ]

        ramp = row_driver.ramp
        m.d.comb += [
            o.play_address.eq(lines.play_address),
            lines.table_event.eq(i.table_event),

            lines.start.eq(scheduler.start),
            lines.halt.eq(scheduler.halt),
            lines.line_length_cycles.eq(i.settings.line_length_cycles),
            o.busy.eq(lines.running),
            o.line_start.eq(lines.line_start),
            self.line_too_short.eq(lines.line_too_short),

            scheduler.streaming.eq(i.streaming),
            scheduler.triggered.eq(i.triggered),
            scheduler.sync_pulse.eq(i.sync_pulse),
            scheduler.settings_line_length.eq(i.settings.line_length_cycles),
            scheduler.line_length.eq(lines.line_length),
            scheduler.running.eq(lines.running),
            scheduler.boundary.eq(lines.boundary),
            scheduler.line_start.eq(lines.line_start),
            scheduler.pointers_busy.eq(Cat(reader.busy for reader in readers).any()),
            scheduler.planned.eq(planner.planned),
            scheduler.read_wait_lines.eq(planner.read_wait_lines),
            o.frame_start.eq(scheduler.frame_start),
            self.sync_during_frame.eq(scheduler.sync_during_frame),

            planner.settings.eq(i.settings),
            planner.plan.eq(scheduler.plan),
            planner.fresh.eq(scheduler.fresh),
            planner.free_running.eq(~i.triggered),
            planner.lines_since_read.eq(scheduler.lines_since_read),
            planner.line_length.eq(lines.line_length),
            planner.transfer_cycles.eq(i.transfer_cycles),
            planner.renumber.eq(self.renumber), planner.number.eq(self.number),
            o.adopt.eq(scheduler.plan),
            o.adopt_frame.eq(planner.next_frame),
            self.together.eq(planner.exposes_together),

            row_driver.line_start.eq(lines.line_start),
            row_driver.due.eq(lines.due),
            row_driver.event.eq(lines.event),
            o.row_control.eq(row_driver.row_control),
            self.transfers.eq(row_driver.transfers),
            self.conversion_overrun.eq(row_driver.conversion_overrun),
            o.ramp_valid.eq(ramp.valid), o.ramp.eq(ramp.payload), ramp.ready.eq(i.ramp_ready),
        ]
        return m
