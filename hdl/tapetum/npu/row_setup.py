# SPDX-License-Identifier: Apache-2.0
"""Prepares the next row while the array computes this one."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from ..memory.block_memory import BlockMemory
from .npu_config import NpuConfig
from .program import TABLE_WORD_BITS, TENSOR_LAYOUT
from .read_path import KernelRow
from .scoreboard import Scoreboard
from .step import RowCommand

__all__ = ["KERNEL_ROWS", "RowSetup"]

KERNEL_ROWS = 16
_LAYER_READS = 5
_PROGRESS, _OUTPUT_PROGRESS = 5, 6
"""Words of a layer's record that the array writes itself."""
_READ_CYCLES = 1 + BlockMemory.latency_cycles
_SETTLE_CYCLES = 2 + Scoreboard.latency_cycles


class _Place(data.Struct):
    """A row in a ring: its slot, and the first word of all slots of the same rank."""

    slot: 8
    base: 13


class _Progress(data.Struct):
    """What a layer has come to; kept between its rows."""

    begun: 1
    row: signed(13)
    source: _Place
    output: _Place


class _OutputProgress(data.Struct):
    """The second word of it."""

    residual: _Place
    out_row: 12


class RowSetup(wiring.Component):
    """Reads the schedule and the records, finds all addresses of a row, waits for its inputs.

    Rows of a layer come in order, so that each continues from where the one before stood: slots
    are counted on, never divided. Takes 25 clocks and one per row of the kernel, in the background
    of the row that is being computed.

    Members
    -------
    run : In(1)
        Rises at the start of an inference, falls after it.
    last_entry : In
        Number of schedule entries minus one.
    write_records, write_schedule : In(1), write_index : In(16), write_data : In(64)
        Records: layers from word 0, tensors from word 512.
    tensor : Out(6), rows : In(12), answers : In(1), clear : In(1), cleared : In(6)
        Of the scoreboard; layers are cleared with tensors.
    busy : In(2)
        Contexts that have not drained.
    valid : Out(1), take : In(1), command : Out(RowCommand)
        The command stays for 5 clocks after it has been taken.
    finished : Out(1)
        The last entry of the schedule has been taken.
    row_context : In(1), row : In(4), kernel_row : Out(KernelRow)
        Asked and answered in one clock.
    """

    def __init__(self, config: NpuConfig):
        self.config = config
        super().__init__({
            "run": In(1),
            "last_entry": In(range(config.schedule_entries)),
            "write_records": In(1), "write_schedule": In(1),
            "write_index": In(16), "write_data": In(TABLE_WORD_BITS),
            "tensor": Out(6), "rows": In(12), "answers": In(1), "clear": In(1), "cleared": In(6),
            "busy": In(2),
            "valid": Out(1), "take": In(1), "command": Out(RowCommand),
            "finished": Out(1),
            "row_context": In(1), "row": In(4), "kernel_row": Out(KernelRow),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.schedule = schedule = BlockMemory(
            6, depth=self.config.schedule_entries)
        m.submodules.records = records = BlockMemory(TABLE_WORD_BITS, depth=1024)
        m.submodules.kernel_rows = kernel_rows = memory.Memory(
            shape=KernelRow, depth=2 * KERNEL_ROWS, init=[])
        row_write, row_read = kernel_rows.write_port(), kernel_rows.read_port(domain="comb")
        entry = Signal(range(self.config.schedule_entries))
        # A register of its own: the memory may stand far from the state that asks it.
        address = Signal(10, reset_less=True)
        layer_number, read = schedule.word, records.word
        m.d.comb += [
            schedule.write_address.eq(self.write_index),
            schedule.write_word.eq(self.write_data),
            schedule.write_enable.eq(self.write_schedule), schedule.address.eq(entry),
            records.address.eq(address),
            row_read.addr.eq(Cat(self.row, self.row_context)), self.kernel_row.eq(row_read.data),
        ]

        command, layer = self.command, self.command.layer
        source, target, residual = (Signal(TENSOR_LAYOUT, name=name, reset_less=True)
                                    for name in ("source", "target", "residual"))
        # Of the rings' slots the last, a clock later: what follows them has none to spare.
        source_last, target_last, residual_last = (
            Signal(8, name=f"{name}_last", reset_less=True)
            for name in ("source", "target", "residual"))
        m.d.sync += [source_last.eq(source.ring_rows - 1), target_last.eq(target.ring_rows - 1),
                     residual_last.eq(residual.ring_rows - 1)]
        progress, later = Signal(_Progress, reset_less=True), Signal(_OutputProgress,
                                                                     reset_less=True)
        saved = Signal(_Progress, reset_less=True)
        needed, enough, beyond = Signal(13, reset_less=True), Signal(), Signal()
        count = Signal(5)
        step = Signal(5)
        walk_steps = Signal(5, reset_less=True)
        inside = (progress.row >= 0) & (progress.row < layer.in_height)
        bank = Signal(2)
        # A row that the walk has found, a clock later.
        found, found_step = Signal(), Signal.like(step, reset_less=True)
        found_row = Signal(KernelRow, reset_less=True)
        m.d.comb += [
            bank.eq(source.first_bank + progress.source.slot[:2]),
            row_write.addr.eq(Cat(found_step[:4], command.context)),
            row_write.en.eq(found), row_write.data.eq(found_row),
        ]
        m.d.sync += [
            found.eq(0), found_step.eq(step), found_row.base.eq(progress.source.base),
            found_row.bank.eq(bank), found_row.outside.eq(~inside),
        ]
        with m.If(found & (found_step < 3)):
            m.d.sync += command.window_outside.bit_select(found_step[:2], 1).eq(
                found_row.outside)
            with m.If(~found_row.outside):
                m.d.sync += command.window_bases[found_row.bank].eq(found_row.base)
                with m.If(command.window_outside[0] | (found_step == 0)):
                    # Rows above the map have no slot; the bank is that of the first row.
                    m.d.sync += command.window_bank.eq(found_row.bank - found_step[:2])
        # What is written stands in registers as well.
        m.d.sync += records.write_enable.eq(self.write_records | self.clear)
        with m.If(self.write_records):
            m.d.sync += [records.write_address.eq(self.write_index),
                         records.write_word.eq(self.write_data)]
        with m.Else():
            m.d.sync += [records.write_address.eq(Cat(C(_PROGRESS, 3), self.cleared)),
                         records.write_word.eq(0)]
        rows_there = Signal(12, reset_less=True)
        with m.If(self.answers):
            m.d.sync += rows_there.eq(self.rows)
        m.d.sync += [enough.eq(rows_there >= needed), beyond.eq(needed > layer.in_height)]
        drained = ~self.busy.bit_select(command.context, 1)

        # Words of the records come, one a clock; a bit for each clock of it.
        arriving = Signal(_READ_CYCLES + _LAYER_READS + 5)
        m.d.sync += arriving.eq(arriving << 1)
        for word in range(_LAYER_READS):
            low = word * TABLE_WORD_BITS
            with m.If(arriving[_READ_CYCLES + word]):
                m.d.sync += Value.cast(layer)[low:low + TABLE_WORD_BITS].eq(read)
        for index, record in enumerate((progress, later, source, target, residual)):
            with m.If(arriving[_READ_CYCLES + _LAYER_READS + index]):
                m.d.sync += record.eq(read)

        with m.FSM():
            with m.State("idle"):
                m.d.sync += [entry.eq(0), count.eq(0), self.finished.eq(0),
                             command.context.eq(1)]
                with m.If(self.run):
                    m.next = "schedule"
            with m.State("schedule"):
                # The memory's own clock, one for its output.
                m.d.sync += count.eq(count + 1)
                with m.If(count == 1):
                    m.d.sync += [count.eq(0), arriving.eq(1)]
                    m.next = "fetch"
            with m.State("fetch"):
                m.d.sync += count.eq(count + 1)
                m.d.sync += address.eq(Cat(count[:3], layer_number, C(0, 1)))
                for index, tensor in enumerate((layer.in_tensor, layer.out_tensor,
                                                layer.residual_tensor)):
                    with m.If(arriving[_LAYER_READS + 2 + index]):
                        m.d.sync += address.eq(Cat(tensor, C(0b1000, 4)))
                with m.If(arriving[-1]):
                    m.next = "begin"
            with m.State("begin"):
                m.d.sync += [
                    command.context.eq(~command.context), self.tensor.eq(layer.in_tensor),
                    step.eq(0), walk_steps.eq(Mux(layer.kernel_height > layer.stride_y,
                                                  layer.kernel_height, layer.stride_y))]
                with m.If(~progress.begun):
                    m.d.sync += [
                        progress.begun.eq(1), progress.row.eq(-layer.pad_top), later.out_row.eq(0),
                        progress.source.slot.eq(0), progress.source.base.eq(source.base),
                        progress.output.slot.eq(0), progress.output.base.eq(target.base),
                        later.residual.slot.eq(0), later.residual.base.eq(residual.base),
                    ]
                m.next = "places"
            with m.State("places"):
                m.d.sync += [
                    needed.eq(progress.row + layer.kernel_height),
                    command.out_bank.eq(target.first_bank + progress.output.slot[:2]),
                    command.out_base.eq(progress.output.base + layer.out_word_offset),
                    command.residual_bank.eq(residual.first_bank + later.residual.slot[:2]),
                    command.residual_base.eq(later.residual.base),
                    command.residual_pixel_words.eq(residual.pixel_words),
                    command.window_bank.eq(bank),
                ]
                self._follow(m, progress.output, target, target_last)
                self._follow(m, later.residual, residual, residual_last)
                m.d.sync += later.out_row.eq(later.out_row + 1)
                m.next = "walk"
            with m.State("walk"):
                m.d.sync += [step.eq(step + 1), progress.row.eq(progress.row + 1),
                             found.eq(step < layer.kernel_height)]
                with m.If(progress.row >= 0):
                    self._follow(m, progress.source, source, source_last)
                with m.If(step == layer.stride_y):
                    m.d.sync += saved.eq(progress)
                with m.If(step == walk_steps):
                    m.next = "save"
            with m.State("save"):
                m.d.sync += [
                    records.write_address.eq(Cat(C(_PROGRESS, 3), layer_number)),
                    records.write_word.eq(saved), records.write_enable.eq(1),
                    needed.eq(Mux(beyond, layer.in_height, needed)),
                    command.released_rows.eq(Mux(saved.row < 0, 0, saved.row)),
                ]
                with m.If(later.out_row == layer.out_height):
                    m.d.sync += command.released_rows.eq(layer.in_height)
                m.next = "save_output"
            with m.State("save_output"):
                m.d.sync += [
                    records.write_address.eq(Cat(C(_OUTPUT_PROGRESS, 3), layer_number)),
                    records.write_word.eq(later), records.write_enable.eq(1), count.eq(0),
                ]
                m.next = "inputs"
            with m.State("inputs"):
                with m.If(enough & layer.has_residual):
                    m.d.sync += [needed.eq(later.out_row), self.tensor.eq(layer.residual_tensor)]
                    m.next = "residual"
                with m.Elif(enough & drained):
                    m.d.sync += self.valid.eq(1)
                    m.next = "ready"
            with m.State("residual"):
                m.d.sync += count.eq(Mux(count == _SETTLE_CYCLES, count, count + self.answers))
                with m.If((count == _SETTLE_CYCLES) & enough & drained):
                    m.d.sync += self.valid.eq(1)
                    m.next = "ready"
            with m.State("ready"):
                with m.If(self.take):
                    m.d.sync += [self.valid.eq(0), count.eq(0), entry.eq(entry + 1)]
                    with m.If(entry == self.last_entry):
                        m.d.sync += self.finished.eq(1)
                        m.next = "end"
                    with m.Else():
                        m.next = "schedule"
            with m.State("end"):
                with m.If(~self.run):
                    m.next = "idle"
        return m

    @staticmethod
    def _follow(m: Module, place, tensor, last: Value) -> None:
        """Go on to the next row of the ring, whose last slot is `last`."""
        with m.If(place.slot == last):
            m.d.sync += [place.slot.eq(0), place.base.eq(tensor.base)]
        with m.Else():
            m.d.sync += place.slot.eq(place.slot + 1)
            with m.If(place.slot[:2] == 3):
                m.d.sync += place.base.eq(place.base + tensor.row_words)
