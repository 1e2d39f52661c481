# SPDX-License-Identifier: Apache-2.0
"""The readout controller: which row is reset, read and converted at which cycle."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import FrameSettings
from ..memory.health import MemoryHealth, gather
from ..pixel import RampCommand, RowControl, ShutterControl
from .lockstep import SequencerLockstep
from .row_event import ROW_EVENT_BYTES
from .row_event_table import RowEventTable
from .sequencer import Sequencer
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
        For the next frame; valid at all times, and still for `SETTLED_CYCLES` behind ``adopt``.
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
    line_start : Out(1)
        Strobe in the first cycle of a line.
    frame_start : Out(1)
        Strobe, one cycle before the line in which a frame's first row is read.
    busy : Out(1), frame : Out(16), row : Out(12)
        Lines are running; frame and physical row of the first group's read pointer.
    conversion_overrun, sync_during_frame, line_too_short : Out(1)
        Strobes for the fault collector.
    sequencer_inject : In(1), sequencer_differs : Out(1)
        See `SequencerLockstep`.
    memory : Out(MemoryHealth)
        Of the table of row events.
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
            "line_start": Out(1),
            "frame_start": Out(1),
            "sync_output": Out(1),
            "strobe": Out(1),
            "busy": Out(1),
            "frame": Out(16),
            "row": Out(12),
            "conversion_overrun": Out(1),
            "sync_during_frame": Out(1),
            "line_too_short": Out(1),
            "sequencer_inject": In(1),
            "sequencer_differs": Out(1),
            "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        config = self.config
        m.submodules.sync_input = sync_input = self._sync_input
        m.submodules.sync_output = sync_output = SyncOutput()
        m.submodules.table = table = RowEventTable(config)
        m.submodules.sequencer = sequencer = Sequencer(config)
        m.submodules.lockstep = lockstep = SequencerLockstep(config)
        m.submodules.strobe = strobe = Strobe(config)
        inputs, outputs = sequencer.i, sequencer.o
        gather(m, self.memory, table.health)

        m.d.comb += [
            sync_input.pin.eq(self.external_sync),
            sync_output.trigger.eq(outputs.adopt),
            sync_output.width_cycles.eq(self.sync_output_width_cycles),
            self.sync_output.eq(sync_output.pulse),

            table.address.eq(self.row_event_address),
            table.write_data.eq(self.row_event_write_data),
            table.write.eq(self.row_event_write),
            self.row_event_read_data.eq(table.read_data),
            table.locked.eq(outputs.busy),
            table.play_address.eq(outputs.play_address),

            inputs.settings.eq(self.settings),
            inputs.streaming.eq(self.streaming),
            inputs.triggered.eq(self.triggered),
            inputs.sync_pulse.eq(sync_input.pulse),
            inputs.table_event.eq(table.event),
            inputs.transfer_cycles.eq(table.transfer_cycles),
            inputs.ramp_ready.eq(self.ramp.ready),

            self.adopt.eq(outputs.adopt),
            self.adopt_frame.eq(outputs.adopt_frame),
            self.row_control.eq(outputs.row_control),
            self.shutters.eq(outputs.shutters),
            self.ramp.valid.eq(outputs.ramp_valid),
            self.ramp.payload.eq(outputs.ramp),
            self.line_start.eq(outputs.line_start),
            self.frame_start.eq(outputs.frame_start),
            self.busy.eq(outputs.busy),
            self.conversion_overrun.eq(sequencer.conversion_overrun),
            self.sync_during_frame.eq(sequencer.sync_during_frame),
            self.line_too_short.eq(sequencer.line_too_short),

            strobe.mode.eq(self.strobe_mode),
            strobe.capture.eq(self.strobe_capture),
            strobe.busy.eq(outputs.busy),
            strobe.together.eq(sequencer.together),
            strobe.transfers.eq(sequencer.transfers),
            strobe.positions.eq(sequencer.positions),
            strobe.first_begins.eq(sequencer.first_begins),
            strobe.last_begins.eq(sequencer.last_begins),
            self.strobe.eq(strobe.strobe),

            self.frame.eq(sequencer.positions[0].frame),
            self.row.eq(sequencer.positions[0].physical_row),

            lockstep.inputs.eq(inputs), lockstep.outputs.eq(outputs),
            lockstep.inject.eq(self.sequencer_inject),
            self.sequencer_differs.eq(lockstep.raised),
        ]
        return m
