# SPDX-License-Identifier: Apache-2.0
"""Prepares the next row while the array computes this one."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from .npu_config import NpuConfig
from .program import TABLE_WORD_BITS, TENSOR_LAYOUT
from .read_path import KernelRow
from .record_fetch import OutputProgress, Progress, RecordFetch
from .scoreboard import Scoreboard
from .step import RowCommand

__all__ = ["KERNEL_ROWS", "RowSetup"]

KERNEL_ROWS = 16


class RowSetup(wiring.Component):
    """Finds all addresses of a row, waits for its inputs, while the array computes the one before.

    ::

        schedule, records ─► RecordFetch ─► hand over ─► walk through the rings ─► wait ─► command
                              row n + 2      row n + 1                                     row n

    Rows of a layer come in order, so that each continues from where the one before stood: slots
    are counted on, never divided. Takes `cycles` of the window's rows from the beginning of the
    row before, and no less than `RecordFetch.fetch_cycles` behind its own for that one.

    Members
    -------
    run, last_entry, write_records, write_schedule, write_index, write_data, clear, cleared : In
        Of `RecordFetch`; layers are cleared with tensors.
    tensor : Out(6), rows : In(12), answers : In(1)
        Of the scoreboard.
    busy : In(one bit per context)
        Contexts that have not drained.
    valid : Out(1), take : In(1), begun : In(1), command : Out(RowCommand)
        The command stays until the row that has been taken has ``begun``.
    finished : Out(1)
        The last entry of the schedule has been taken.
    row_context : In(1), row : In(4), kernel_row : Out(KernelRow)
        Of a command whose context is even or odd; asked and answered in one clock.
    """

    def __init__(self, config: NpuConfig):
        self.config = config
        super().__init__({
            "run": In(1),
            "last_entry": In(range(config.schedule_entries)),
            "write_records": In(1), "write_schedule": In(1),
            "write_index": In(16), "write_data": In(TABLE_WORD_BITS),
            "tensor": Out(6), "rows": In(12), "answers": In(1), "clear": In(1), "cleared": In(6),
            "busy": In(config.rows_under_way),
            "valid": Out(1), "take": In(1), "begun": In(1), "command": Out(RowCommand),
            "finished": Out(1),
            "row_context": In(1), "row": In(4), "kernel_row": Out(KernelRow),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.fetch = fetch = RecordFetch(self.config)
        m.submodules.kernel_rows = kernel_rows = memory.Memory(
            shape=KernelRow, depth=2 * KERNEL_ROWS, init=[])
        row_write, row_read = kernel_rows.write_port(), kernel_rows.read_port(domain="comb")
        m.d.comb += [
            row_read.addr.eq(Cat(self.row, self.row_context)), self.kernel_row.eq(row_read.data),
            *(getattr(fetch, name).eq(getattr(self, name)) for name in (
                "run", "last_entry", "write_records", "write_schedule", "write_index",
                "write_data", "clear", "cleared")),
        ]

        command, layer, fetched = self.command, self.command.layer, fetch.row
        source, target, residual = (Signal(TENSOR_LAYOUT, name=name, reset_less=True)
                                    for name in ("source", "target", "residual"))
        # Of the rings' slots the last, a clock later: what follows them has none to spare.
        source_last, target_last, residual_last = (
            Signal(8, name=f"{name}_last", reset_less=True)
            for name in ("source", "target", "residual"))
        m.d.sync += [source_last.eq(source.ring_rows - 1), target_last.eq(target.ring_rows - 1),
                     residual_last.eq(residual.ring_rows - 1)]
        number = Signal(6, reset_less=True)
        is_last, same_layer = Signal(reset_less=True), Signal(reset_less=True)
        progress, later = Signal(Progress, reset_less=True), Signal(OutputProgress,
                                                                    reset_less=True)
        saved = Signal(Progress, reset_less=True)
        needed, beyond = Signal(13, reset_less=True), Signal()
        context = command.context[:Shape.cast(range(self.config.rows_under_way)).width]
        step, walk_steps = Signal(5), Signal(5, reset_less=True)
        inside = (progress.row >= 0) & (progress.row < layer.in_height)
        bank = Signal(2)
        # A row that the walk has found, a clock later.
        found, found_step = Signal(), Signal.like(step, reset_less=True)
        found_row = Signal(KernelRow, reset_less=True)
        m.d.comb += [
            bank.eq(source.first_bank + progress.source.slot[:2]),
            row_write.addr.eq(Cat(found_step[:4], context[0])),
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
        asks = Signal()
        enough = self._enough(m, asks, needed)
        m.d.sync += beyond.eq(needed > layer.in_height)
        drained = ~self.busy.bit_select(context, 1)
        ready = enough & drained

        # One clock after the other, each with a register of its own: what it enables is many.
        hands, begins, places, walks = (Signal(name=name) for name in (
            "hands", "begins", "places", "walks"))
        ends, placed, walked = Signal(), Signal(2), Signal(2)
        m.d.sync += [hands.eq(fetch.take), begins.eq(hands), places.eq(begins),
                     walks.eq(places | (walks & ~ends)), walked.eq(Cat(ends, walked)),
                     placed.eq(Cat(places, placed))]
        with m.If(fetch.take):
            m.d.sync += [number.eq(fetched.number), is_last.eq(fetched.is_last),
                         same_layer.eq(fetched.same_layer)]
        with m.If(hands):
            m.d.sync += [
                layer.eq(fetched.layer), source.eq(fetched.source), target.eq(fetched.target),
                residual.eq(fetched.residual), progress.eq(saved),
            ]
            with m.If(~same_layer):
                m.d.sync += [progress.eq(fetched.progress), later.eq(fetched.later)]
        with m.If(begins):
            m.d.comb += asks.eq(1)
            m.d.sync += [
                context.eq(context + 1), self.tensor.eq(layer.in_tensor), step.eq(0),
                walk_steps.eq(Mux(layer.kernel_height > layer.stride_y,
                                  layer.kernel_height - 1, layer.stride_y))]
            with m.If(~progress.begun):
                m.d.sync += [
                    progress.begun.eq(1), progress.row.eq(-layer.pad_top), later.out_row.eq(0),
                    progress.source.slot.eq(0), progress.source.base.eq(source.base),
                    progress.output.slot.eq(0), progress.output.base.eq(target.base),
                    later.residual.slot.eq(0), later.residual.base.eq(residual.base),
                ]
        with m.If(places):
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
        with m.If(walks):
            m.d.comb += ends.eq(step == walk_steps)
            m.d.sync += [step.eq(step + 1), progress.row.eq(progress.row + 1),
                         found.eq(step < layer.kernel_height)]
            with m.If(progress.row >= 0):
                self._follow(m, progress.source, source, source_last)
            with m.If(step == layer.stride_y):
                m.d.sync += saved.eq(progress)
        with m.If(placed[1] & beyond):
            m.d.sync += needed.eq(layer.in_height)
        m.d.comb += [
            fetch.save.eq(walked.any()), fetch.saved.number.eq(number),
            fetch.saved.is_output.eq(walked[1]),
            fetch.saved.word.eq(Mux(walked[1], Value.cast(later), Value.cast(saved))),
        ]
        with m.If(walked[0]):
            m.d.sync += command.released_rows.eq(Mux(saved.row < 0, 0, saved.row))
            with m.If(later.out_row == layer.out_height):
                m.d.sync += command.released_rows.eq(layer.in_height)

        with m.FSM():
            with m.State("idle"):
                m.d.sync += [self.finished.eq(0), context.eq(~0)]
                with m.If(self.run):
                    m.next = "fetched"
            with m.State("fetched"):
                m.d.comb += fetch.take.eq(fetch.valid)
                with m.If(fetch.valid):
                    m.next = "walk"
            with m.State("walk"):
                with m.If(ends):
                    m.next = "inputs"
            with m.State("inputs"):
                with m.If(enough & layer.has_residual):
                    m.d.comb += asks.eq(1)
                    m.d.sync += [needed.eq(later.out_row), self.tensor.eq(layer.residual_tensor)]
                    m.next = "residual"
                with m.Elif(ready):
                    m.d.sync += self.valid.eq(1)
                    m.next = "ready"
            with m.State("residual"):
                with m.If(ready):
                    m.d.sync += self.valid.eq(1)
                    m.next = "ready"
            with m.State("ready"):
                with m.If(self.take):
                    m.d.sync += [self.valid.eq(0), self.finished.eq(is_last)]
                with m.If(self.begun):
                    m.d.comb += fetch.take.eq(fetch.valid)
                    m.next = "fetched"
                    with m.If(is_last):
                        m.next = "end"
                    with m.Elif(fetch.valid):
                        m.next = "walk"
            with m.State("end"):
                with m.If(~self.run):
                    m.next = "idle"
        return m

    def _enough(self, m: Module, asks: Value, needed: Value) -> Value:
        """Whether the tensor that was last asked for has the rows, and has been heard of at all."""
        rows_there, enough = Signal(12, reset_less=True), Signal()
        asked, heard = Signal(Scoreboard.latency_cycles), Signal(2)
        with m.If(self.answers):
            m.d.sync += rows_there.eq(self.rows)
        m.d.sync += [
            enough.eq(rows_there >= needed), asked.eq(Cat(C(1, 1), asked)),
            heard.eq(Cat(heard[0] | (asked[-1] & self.answers), heard[0])),
        ]
        with m.If(asks):
            m.d.sync += [asked.eq(0), heard.eq(0)]
        return enough & heard[1]

    @staticmethod
    def _follow(m: Module, place, tensor, last: Value) -> None:
        """Go on to the next row of the ring, whose last slot is `last`."""
        with m.If(place.slot == last):
            m.d.sync += [place.slot.eq(0), place.base.eq(tensor.base)]
        with m.Else():
            m.d.sync += place.slot.eq(place.slot + 1)
            with m.If(place.slot[:2] == 3):
                m.d.sync += place.base.eq(place.base + tensor.row_words)
