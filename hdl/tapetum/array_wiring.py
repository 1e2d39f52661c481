# SPDX-License-Identifier: Apache-2.0
"""The array within the die: from the combined frame to its verdict."""

from amaranth import *
from amaranth.lib.wiring import connect

from .control.faults import Fault
from .npu.verdict import VerdictSummary
from .stream.clock_gate import AwakeFor, Gated
from .vision.settings import cell_pixels

__all__ = ["wire_array"]

VISION_HOLD_CYCLES = 1 << 10
"""Longer than a row of outputs takes behind the pixels that complete it."""


def wire_array(m: Module, die, stirred: Signal) -> None:
    """Rooms of ``die`` that a die without an array does not have; ``stirred``: the host acts."""
    control, readout, hdr, csi2 = die.control, die.readout, die.hdr, die.csi2
    vision, npu, verdicts, tensors = die.vision, die.npu, die.verdicts, die.tensors
    m.submodules.verdicts, m.submodules.npu = verdicts, npu
    m.submodules.tensors = tensors
    m.submodules.looking = looking = AwakeFor(
        stirred | hdr.o.valid | vision.o.valid | vision.memory.inject.any(),
        hold_cycles=VISION_HOLD_CYCLES)
    m.submodules.vision = Gated(vision, awake=looking.awake)
    host, seen, cell = control.array_control, vision.active, cell_pixels(die.config) - 1
    summary = Signal(VerdictSummary)
    wanted = control.flags.verdict
    m.d.comb += [
        vision.i.valid.eq(hdr.o.valid), vision.i.payload.eq(hdr.o.payload),
        vision.settings.eq(host.vision), vision.settings.enable.eq(wanted.any()),
        vision.adopted.eq(control.adopted),

        npu.first.eq(vision.frame_first), npu.first_frame.eq(vision.frame),
        npu.rows.eq(seen.rows), npu.columns.eq(seen.columns),
        npu.rgb.eq(seen.rgb),
        npu.region.x_start.eq(seen.column_start), npu.region.y_start.eq(seen.row_start),
        npu.region.columns.eq(seen.cells_x << cell), npu.region.rows.eq(seen.cells_y << cell),
        npu.lost.eq(vision.incomplete), npu.lost_frame.eq(vision.frame),
        npu.last.eq(hdr.o.valid & hdr.o.payload.frame_last),
        npu.last_frame.eq(hdr.o.payload.tag.frame),
        npu.wanted.eq(wanted), npu.deadline.eq(host.deadline),
        npu.quiet.eq(~control.streaming & ~readout.busy),
        npu.program_bank.eq(host.bank), npu.restart.eq(host.restart), npu.load.eq(host.load),
        npu.hold.eq(host.hold), npu.clear_interrupt.eq(host.interrupt_clear),
        npu.interrupt_settings.classes.eq(host.interrupt_classes),
        npu.interrupt_settings.score.eq(host.interrupt_score),

        verdicts.verdict.eq(npu.verdict), verdicts.given.eq(npu.given),
        tensors.verdict.eq(npu.verdict), tensors.given.eq(npu.given),
        tensors.first.eq(vision.frame_first), tensors.lost.eq(vision.incomplete),
        tensors.frame.eq(vision.frame), tensors.settings.eq(seen),
        tensors.region.eq(npu.region), tensors.model_id.eq(npu.program.model_id),
        tensors.inputs.eq(control.flags.network_input),
        tensors.outputs.eq(control.flags.network_output),
        csi2.verdict_wanted.eq(wanted), csi2.verdict_sent.eq(verdicts.sent),
        summary.frame.eq(npu.verdict.frame), summary.flags.eq(npu.verdict.flags),
        summary.class_number.eq(npu.verdict.class_number), summary.score.eq(npu.best),
        csi2.verdict.eq(summary), csi2.verdict_given.eq(npu.given),

        control.array_status.verdict.eq(summary),
        control.array_status.received.eq(npu.received),
        control.array_status.loading.eq(npu.loading),
        control.array_status.loaded.eq(npu.loaded),
        control.array_status.refused.eq(npu.refused),
        control.array_status.model_id.eq(npu.program.model_id),
        control.array_status.interrupt.eq(npu.interrupt),
        control.array_status.tests.eq(npu.tests),
        control.array_status.test_given_up.eq(npu.test_given_up),
        control.array_status.has_signature.eq(npu.program.has_signature),
        control.raised[Fault.VERDICT_WITHHELD].eq(npu.withheld),
        control.raised[Fault.VERDICT_LOST].eq(verdicts.lost),
        control.raised[Fault.TENSOR_LOST].eq(tensors.overflow),
        control.raised[Fault.PROGRAM_REFUSED].eq(npu.refusal),
        control.raised[Fault.VISION_OVERFLOW].eq(vision.overflow),
        die.interrupt_request.eq(npu.interrupt),
    ]
    connect(m, vision.o, npu.words)
    connect(m, verdicts.packets, csi2.results[1])
    connect(m, vision.codes, tensors.codes)
    connect(m, npu.logits, tensors.logits)
    connect(m, tensors.packets, csi2.results[2])
    connect(m, control.windows.vision_tone_curve, vision.tone)
    connect(m, control.windows.program, npu.program_window)
    connect(m, control.windows.verdict_bytes, npu.verdict_window)
