# SPDX-License-Identifier: Apache-2.0
"""Black level of each capture and phase, measured in every frame."""

from typing import Any

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import ColourFilter, DieConfig
from ..pixel import CodePixels, RowKind, corrected_bits
from .black_subtract import LevelWrite

__all__ = ["BlackLevel"]

LEVEL_FRACTION_BITS = 8
MOST_AVERAGED = 3
EVERYTHING = 4
"""Index of the total over all phases, behind those of the phases."""


class BlackLevel(wiring.Component):
    """Follows the mean of the shielded pixels of dark rows, from what `BlackSubtract` leaves of it.

    ::

        above black ─► sums of the row ─► totals of the window ─┬─► |mean| > threshold? adopt
                                                                └─► level += mean x 1, 1/2, 1/4, 1/8

    The window is the optical-black columns of the optical-black rows: the same pixels under every
    region of interest. It precedes the active rows of its capture, so that a frame is corrected
    with its own measurement. A mean over all phases beyond 1/512 of the scale is a step: it is
    adopted at once, and averaging begins anew. A window that is not complete and in order leaves
    the levels standing; saturated pixels count as black. Mono: all phases alike. Levels are written
    one per clock, the last 15 clocks after the first unshielded beat of the window's last row.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of CodePixels), always ready
        `BlackSubtract`'s output; its codes are not looked at.
    above_black : In(signed(bits + 2) per lane)
    enable : In(1)
        Of the beat's frame; 0: nothing is measured.
    restart : In(1)
        Strobe: the next window of every capture is adopted at once.
    write : Out(LevelWrite)
        To `BlackSubtract`.
    levels : Out(one corrected code per capture and phase)
        For status registers, in units of ``2**-fraction_bits`` codes.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        bits, captures = corrected_bits(config), len(config.captures)
        super().__init__({
            "i": In(stream.Signature(CodePixels(config.lanes, bits), always_ready=True)),
            "above_black": In(data.ArrayLayout(signed(bits + 2), config.lanes)),
            "enable": In(1),
            "restart": In(1),
            "write": Out(LevelWrite(config)),
            "levels": Out(data.ArrayLayout(data.ArrayLayout(bits, 4), captures)),
        })

    def elaborate(self, platform):
        m = Module()
        array, captures = self.config.array, len(self.config.captures)
        pixels, tag = self.i.payload, self.i.payload.tag

        # Sums of the row, by column parity.
        row_log2 = (array.optical_black_columns // 2).bit_length() - 1
        sums = [Signal(signed(len(self.above_black[0]) + row_log2), name=f"sum_{column}")
                for column in (0, 1)]
        second, awaited = Signal(), Signal(init=1)
        summed, measured = Signal(), Signal(reset_less=True)
        m.d.sync += [
            summed.eq(self.i.valid & ~pixels.optical_black & awaited),
            measured.eq(self.enable & (tag.row_kind == RowKind.OPTICAL_BLACK)),
        ]
        with m.If(self.i.valid):
            m.d.sync += [second.eq(~second & ~pixels.line_last),
                         awaited.eq(pixels.optical_black | pixels.line_last)]
        with m.If(summed):
            m.d.sync += [total.eq(0) for total in sums]
        with m.Elif(self.i.valid & pixels.optical_black):
            for column, total in enumerate(sums):
                if self.config.lanes == 1:
                    with m.If(second == column):
                        m.d.sync += total.eq(total + self.above_black[0])
                else:
                    m.d.sync += total.eq(total + sum(self.above_black[lane] for lane in
                                                     range(column, self.config.lanes, 2)))

        # How much of the window this capture has seen.
        rows_seen = Signal(data.ArrayLayout(range(array.optical_black_rows), captures))
        frames = Signal(data.ArrayLayout(range(MOST_AVERAGED + 1), captures))
        capture, parity, row = (Signal.like(value, name=f"row_{name}", reset_less=True) for
                                name, value in (("capture", tag.capture),
                                                ("parity", tag.array_row[0]),
                                                ("number", tag.row)))
        with m.If(self.i.valid):
            m.d.sync += [capture.eq(tag.capture), parity.eq(tag.array_row[0]), row.eq(tag.row)]
        in_order, complete = Signal(), Signal()
        m.d.comb += [
            in_order.eq((row == 0) | ((row == rows_seen[capture]) & rows_seen[capture].any())),
            complete.eq(row == array.optical_black_rows - 1),
        ]
        taken = summed & measured
        with m.If(taken):
            m.d.sync += rows_seen[capture].eq(Mux(in_order & ~complete, row + 1, 0))
        self._adopt(m, sums, taken & in_order, complete, capture, parity, row, frames)
        with m.If(self.restart):
            m.d.sync += Value.cast(frames).eq(0)
        return m

    def _adopt(self, m, sums, start, complete, capture_in, parity_in, row, frames) -> None:
        """A pass over the totals: three to add to, then the four phases, one per clock."""
        config, array, bits = self.config, self.config.array, corrected_bits(self.config)
        fraction_bits = config.hdr.fraction_bits
        pixels_log2 = (array.optical_black_rows * array.optical_black_columns).bit_length() - 1
        total_bits = bits + 2 + pixels_log2
        level_bits = config.adc.bits + LEVEL_FRACTION_BITS

        step = Signal(range(7))
        busy = Signal()
        last = Signal(reset_less=True)
        fresh, first_row = Signal(reset_less=True), Signal(reset_less=True)
        capture, parity = Signal(2, reset_less=True), Signal(reset_less=True)
        row_sums = [Signal.like(total, reset_less=True) for total in sums]
        with m.If(start):
            m.d.sync += [
                step.eq(0), busy.eq(1), last.eq(complete), capture.eq(capture_in),
                parity.eq(parity_in), fresh.eq(row[1:] == 0), first_row.eq(row == 0),
                *(held.eq(total) for held, total in zip(row_sums, sums, strict=True)),
            ]
        with m.Elif(busy):
            m.d.sync += [step.eq(step + 1), busy.eq(step != Mux(last, 6, 2))]

        # Clock 0: which total. Phases of the other row parity first: this one's are being written.
        adds, adopts = Signal(), Signal()
        index, phase = Signal(3), Signal(2)
        m.d.comb += [
            adds.eq(busy & (step < 3)), adopts.eq(busy & (step >= 3)),
            phase.eq(Cat(~step[0], parity ^ (step < 5))),
            index.eq(Mux(adds, Mux(step == 2, EVERYTHING, Cat(step[0], parity)), phase)),
        ]
        totals: Any = memory.Memory(shape=signed(total_bits), depth=32, init=[])
        levels: Any = memory.Memory(
            shape=level_bits, depth=16,
            init=[config.adc.pedestal_codes << LEVEL_FRACTION_BITS] * 16)
        m.submodules.totals, m.submodules.level_memory = totals, levels
        read, write = totals.read_port(), totals.write_port()
        level_read, level_write = levels.read_port(), levels.write_port()
        m.d.comb += [read.addr.eq(Cat(index, capture)), level_read.addr.eq(Cat(phase, capture))]
        valid = Signal(5)
        step_1 = Signal.like(step, reset_less=True)
        index_1 = Signal.like(index, reset_less=True)
        phases = [phase]
        for clock in range(1, 6):
            phases.append(Signal(2, name=f"phase_{clock}", reset_less=True))
            m.d.sync += phases[clock].eq(phases[clock - 1])
        adds_1, adds_2 = Signal(), Signal()
        m.d.sync += [valid.eq(Cat(adopts, valid)), step_1.eq(step), index_1.eq(index),
                     adds_1.eq(adds), adds_2.eq(adds_1)]

        # Clock 1: the total is read; the row's sum comes to it.
        addend = Signal(signed(len(row_sums[0]) + 1))
        is_new = Signal()
        with m.Switch(step_1):
            with m.Case(0):
                m.d.comb += [addend.eq(row_sums[0]), is_new.eq(fresh)]
            with m.Case(1):
                m.d.comb += [addend.eq(row_sums[1]), is_new.eq(fresh)]
            with m.Default():
                m.d.comb += [addend.eq(row_sums[0] + row_sums[1]), is_new.eq(first_row)]
        grown = Signal(signed(total_bits), reset_less=True)
        index_2 = Signal.like(index, reset_less=True)
        m.d.sync += [grown.eq(Mux(is_new, 0, read.data) + addend), index_2.eq(index_1)]
        m.d.comb += [write.addr.eq(Cat(index_2, capture)), write.data.eq(grown),
                     write.en.eq(adds_2)]

        # Everything is the last to grow: is it a step?
        everything = Signal(signed(total_bits), reset_less=True)
        threshold = (config.adc.signal_counts << fraction_bits << pixels_log2) // 512
        share = Signal(range(MOST_AVERAGED + 1), reset_less=True)
        is_everything = Signal()
        m.d.sync += is_everything.eq(adds_1 & (step_1 == 2))
        with m.If(is_everything):
            beyond = (grown > threshold) | (grown < -threshold)
            known = Mux(beyond, 0, frames[capture])
            m.d.sync += [everything.eq(grown), share.eq(known)]
            with m.If(last):
                m.d.sync += frames[capture].eq(Mux(known == MOST_AVERAGED, known, known + 1))

        # Clock 2: mean in level units. The level that was subtracted was rounded.
        mono = array.colour_filter is ColourFilter.MONO
        surplus_bits = LEVEL_FRACTION_BITS - fraction_bits
        level = level_read.data
        mean_log2 = pixels_log2 - (0 if mono else 2)
        total = Mux(is_everything, grown, everything) if mono else read.data
        mean = ((total << surplus_bits) >> mean_log2)
        error = Signal(signed(level_bits + 3), reset_less=True)
        delta = Signal.like(error, reset_less=True)
        stage = [level]
        for clock in (2, 3):
            stage.append(Signal(level_bits, name=f"level_{clock}", reset_less=True))
            m.d.sync += stage[-1].eq(stage[-2])
        updated = Signal(signed(level_bits + 4), reset_less=True)
        limited = Signal(level_bits, reset_less=True)
        m.d.sync += [
            error.eq(mean - level[:surplus_bits].as_signed()),
            delta.eq(error >> share),  # 3
            updated.eq(stage[-1] + delta),  # 4
            limited.eq(Mux(updated[-1], 0, Mux(updated[level_bits:-1].any(), ~0, updated))),  # 5
        ]
        self._write(m, limited, capture, phases[5], valid[4], level_write)

    def _write(self, m, limited, capture, phase, valid, level_write) -> None:
        """Clock 5 writes the level, clock 6 its rounded value."""
        bits = corrected_bits(self.config)
        surplus_bits = LEVEL_FRACTION_BITS - self.config.hdr.fraction_bits
        rounded = Signal(bits + 1)
        out = self.write
        m.d.comb += [
            level_write.addr.eq(Cat(phase, capture)), level_write.data.eq(limited),
            level_write.en.eq(valid),
            rounded.eq((limited + (1 << (surplus_bits - 1))) >> surplus_bits),
        ]
        m.d.sync += [
            out.level.eq(Mux(rounded[-1], ~0, rounded)), out.capture.eq(capture),
            out.phase.eq(phase), out.enable.eq(valid),
        ]
        pedestal = self.config.adc.pedestal_codes << self.config.hdr.fraction_bits
        initial: Any = [[pedestal] * 4 for _ in self.config.captures]
        levels = Signal(self.levels.shape(), init=initial)
        m.d.comb += self.levels.eq(levels)
        for index in range(len(self.config.captures)):
            for each in range(4):
                with m.If(out.enable & (out.capture == index) & (out.phase == each)):
                    m.d.sync += levels[index][each].eq(out.level)
