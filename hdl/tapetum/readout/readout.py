# SPDX-License-Identifier: Apache-2.0
"""The readout controller: which row is reset, read and converted at which cycle."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..control.frame_settings import FrameSettings
from ..pixel import RampCommand, RowControl, ShutterControl
from .frame_planner import FramePlanner
from .frame_scheduler import FrameScheduler
from .line_sequencer import LineSequencer
from .read_pointer import ReadPointer
from .row_driver import RowDriver
from .row_event import ROW_EVENT_BYTES
from .row_event_table import RowEventTable
from .shutter_pointer import ShutterPointer
from .strobe import Strobe, StrobeMode
from .sync_pins import SyncInput, SyncOutput

__all__ = ["Readout"]


class Readout(wiring.Component):
    """Rolling shutter with one read pointer and two reset pointers per exposure group.

    The exposure of every row of every frame, from its ``shutters`` pulse to the rise of its
    transfer line, is exactly ``coarse * line_length + fine`` cycles of the settings that the frame
    adopted, whatever the frames around it do. See ``docs/readout/readout.md``.

    Parameters
    ----------
    config : DieConfig
    synchroniser_stages : int
        Flip-flops between ``external_sync`` and the logic, at least 2.

    Members
    -------
    settings : In(FrameSettings)
        For the next frame; valid at all times.
    streaming : In(1)
        Low: frames that were begun are completed, then ``busy`` falls.
    triggered : In(1), external_sync : In(1)
        High: a rising edge of the asynchronous pin plans one frame.
    row_event_address, row_event_write_data, row_event_write, row_event_read_data
        Byte window on the table of row events, see `RowEventTable`; written while not ``busy``.
    sync_output_width_cycles : In(16), sync_output : Out(1)
        Pulse with the planning of each frame: another sensor, triggered by it, exposes together
        with this one. 0 turns it off.
    strobe_mode : In(StrobeMode), strobe_capture : In(2), strobe : Out(1)
        Lamp, aligned to the exposure of that capture.
    adopt : Out(1), adopt_frame : Out(16)
        Strobe: this frame takes ``settings`` in this cycle.
    row_control : Out(RowControl), shutters : Out(ShutterControl, 2 per exposure group)
        Of group g: ``shutters[2 * g]`` in even frames, ``shutters[2 * g + 1]`` in odd ones.
    ramp : Out(stream of RampCommand)
        Valid in the one cycle in which it is due, aligned to ``row_control``; dropped if not ready.
    frame_start : Out(1)
        Strobe, one cycle before the line in which a frame's first row is read.
    busy : Out(1), frame : Out(16), row : Out(12)
        Lines are running; frame and physical row of the first group's read pointer.
    conversion_overrun, sync_during_frame, line_too_short : Out(1)
        Strobes for the fault collector.
    """

    def __init__(self, config: DieConfig, *, synchroniser_stages: int = 2):
        self.config = config
        self._sync_input = SyncInput(stages=synchroniser_stages)
        groups = len(config.exposure_groups)
        table_bytes = config.timing.row_event_capacity * ROW_EVENT_BYTES
        super().__init__({
            "settings": In(FrameSettings(config)),
            "streaming": In(1),
            "triggered": In(1),
            "external_sync": In(1),
            "row_event_address": In(range(table_bytes)),
            "row_event_write_data": In(8),
            "row_event_write": In(1),
            "row_event_read_data": Out(8),
            "sync_output_width_cycles": In(16),
            "strobe_mode": In(StrobeMode),
            "strobe_capture": In(2),
            "adopt": Out(1),
            "adopt_frame": Out(16),
            "row_control": Out(RowControl),
            "shutters": Out(data.ArrayLayout(ShutterControl, 2 * groups)),
            "ramp": Out(stream.Signature(RampCommand)),
            "frame_start": Out(1),
            "sync_output": Out(1),
            "strobe": Out(1),
            "busy": Out(1),
            "frame": Out(16),
            "row": Out(12),
            "conversion_overrun": Out(1),
            "sync_during_frame": Out(1),
            "line_too_short": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        config = self.config
        m.submodules.sync_input = sync_input = self._sync_input
        m.submodules.sync_output = sync_output = SyncOutput()
        m.submodules.table = table = RowEventTable(config)
        m.submodules.lines = lines = LineSequencer(config)
        m.submodules.scheduler = scheduler = FrameScheduler()
        m.submodules.planner = planner = FramePlanner(config)
        m.submodules.row_driver = row_driver = RowDriver(config)
        m.submodules.strobe = strobe = Strobe(config)
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
                strobe.positions[group.index].eq(reader.position),
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
                    self.shutters[2 * group.index + parity].eq(shutter.control),
                    strobe.first_begins[group.index][parity].eq(shutter.first_begins),
                    strobe.last_begins[group.index][parity].eq(shutter.last_begins),
                ]

        m.d.comb += [
            sync_input.pin.eq(self.external_sync),
            sync_output.trigger.eq(scheduler.plan),
            sync_output.width_cycles.eq(self.sync_output_width_cycles),
            self.sync_output.eq(sync_output.pulse),

            table.address.eq(self.row_event_address),
            table.write_data.eq(self.row_event_write_data),
            table.write.eq(self.row_event_write),
            self.row_event_read_data.eq(table.read_data),
            table.locked.eq(lines.running),
            table.play_address.eq(lines.play_address),
            lines.table_event.eq(table.event),

            lines.start.eq(scheduler.start),
            lines.halt.eq(scheduler.halt),
            lines.line_length_cycles.eq(self.settings.line_length_cycles),
            self.busy.eq(lines.running),
            self.line_too_short.eq(lines.line_too_short),

            scheduler.streaming.eq(self.streaming),
            scheduler.triggered.eq(self.triggered),
            scheduler.sync_pulse.eq(sync_input.pulse),
            scheduler.settings_line_length.eq(self.settings.line_length_cycles),
            scheduler.line_length.eq(lines.line_length),
            scheduler.running.eq(lines.running),
            scheduler.boundary.eq(lines.boundary),
            scheduler.line_start.eq(lines.line_start),
            scheduler.pointers_busy.eq(Cat(reader.busy for reader in readers).any()),
            scheduler.planned.eq(planner.planned),
            scheduler.read_wait_lines.eq(planner.read_wait_lines),
            self.frame_start.eq(scheduler.frame_start),
            self.sync_during_frame.eq(scheduler.sync_during_frame),

            planner.settings.eq(self.settings),
            planner.plan.eq(scheduler.plan),
            planner.fresh.eq(scheduler.fresh),
            planner.free_running.eq(~self.triggered),
            planner.lines_since_read.eq(scheduler.lines_since_read),
            planner.line_length.eq(lines.line_length),
            planner.transfer_cycles.eq(table.transfer_cycles),
            self.adopt.eq(scheduler.plan),
            self.adopt_frame.eq(planner.next_frame),

            row_driver.line_start.eq(lines.line_start),
            row_driver.due.eq(lines.due),
            row_driver.event.eq(lines.event),
            self.row_control.eq(row_driver.row_control),
            self.conversion_overrun.eq(row_driver.conversion_overrun),

            strobe.mode.eq(self.strobe_mode),
            strobe.capture.eq(self.strobe_capture),
            strobe.busy.eq(lines.running),
            strobe.together.eq(planner.exposes_together),
            strobe.transfers.eq(row_driver.transfers),
            self.strobe.eq(strobe.strobe),

            self.frame.eq(readers[0].position.frame),
            self.row.eq(readers[0].position.physical_row),
        ]
        connect(m, row_driver.ramp, flipped(self.ramp))
        return m
