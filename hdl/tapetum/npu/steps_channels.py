# SPDX-License-Identifier: Apache-2.0
"""Steps of a convolution whose lanes are channels."""

from amaranth import *

from .loop import Loop
from .program import Mode
from .step_generator import StepGenerator

__all__ = ["BESIDE_ROWS", "ChannelSteps"]

BESIDE_ROWS = 3
"""Rows of a ring are at least so many banks apart that not all of them are in that of another row.
"""


class ChannelSteps(StepGenerator):
    """For groups, for columns: rows of the kernel, its columns, words of a pixel; one step a clock.

    Where the layer adds a residual, a step that reads its word follows the taps. With two pixels a
    window of three rows or more reads it beside a tap that lies in another bank.

    Of a whole map ``step.row`` counts the pairs of pixels, whose words all have the same place.

    Members: see `StepGenerator`.
    """

    def elaborate(self, platform):
        m = Module()
        layer, step, token = self.command.layer, self.step, self.step.token
        word_loop, column_loop = Loop(8, "word_loop"), Loop(5, "column_loop")
        row_loop, x_loop = Loop(5, "row_loop"), Loop(12, "x_loop")
        group_loop = Loop(10, "group_loop")
        loops = (word_loop, column_loop, row_loop, x_loop, group_loop)

        def register(shape, name):
            return Signal(shape, name=name, reset_less=True)

        stride, stride_words = register(3, "stride"), register(11, "stride_words")
        tap_words, pad = register(8, "tap_words"), register(4, "pad")
        grouped, has_residual = register(1, "grouped"), register(1, "has_residual")
        residual_stride = register(8, "residual_stride")
        column, column_start = register(signed(14), "column"), register(signed(14), "column_start")
        word, word_start = register(signed(15), "word"), register(signed(15), "word_start")
        group_start = register(signed(15), "group_start")
        residual_word, residual_group = register(13, "residual_word"), register(8, "residual_group")
        restart = Signal.like(step.weight, name="restart", reset_less=True)
        first, row = register(1, "first"), register(4, "row")
        maximum, context = register(1, "maximum"), Signal.like(token.context, reset_less=True)
        weight, parameter = Signal.like(step.weight), Signal.like(token.parameter)
        reads_residual = Signal()
        part = Signal(range(self.config.parts), reset_less=True)
        full = part == self.config.parts - 1
        pairs = self.config.pixels > 1
        # A step for the residual alone: its place is behind the taps.
        alone, half = has_residual, C(0)
        further, across, onward = tap_words, stride_words, residual_stride
        pixel_step = stride
        whole_map, pair = C(0), C(0, 4)
        if pairs:
            whole_map, pair = register(1, "whole_map"), register(4, "pair")
            # Four columns have one address: it moves on where one of the next four begins.
            beside, half = register(1, "beside"), register(1, "half")
            back_words, across_words = register(8, "back_words"), register(11, "across_words")
            alone = has_residual & ~beside
            further = Mux(column[:2] == 3, tap_words, -back_words)
            across = Mux(stride[0] & column_start[1], across_words, stride_words)
            onward = Mux(half, residual_stride, 0)
            pixel_step = stride << 1
            m.d.comb += [step.beside.eq(beside), step.residual_half.eq(half),
                         step.residual_word.eq(residual_word)]

        # The last tap of a vector: of all three loops the last round.
        taps_end = Signal()
        m.d.comb += [
            step.row.eq(Mux(whole_map, pair, row)), step.column.eq(column),
            step.word.eq(Mux(reads_residual, residual_word, word)),
            step.residual.eq(reads_residual), step.part.eq(part),
            self.step_valid.eq(self.active),
            token.valid.eq(~reads_residual), token.move.eq(1),
            token.maximum.eq(maximum), token.context.eq(context),
            token.adds.eq(has_residual), self.edge.eq((first | taps_end) & ~reads_residual),
            token.first.eq(first), token.last.eq(taps_end), step.weight.eq(weight),
            token.parameter.eq(parameter),
        ]
        takes = self.active & self.enable
        is_tap = takes & ~reads_residual
        vector_end = Signal()
        m.d.comb += vector_end.eq(takes & Mux(alone, reads_residual, taps_end))
        with m.If(is_tap):
            m.d.sync += [first.eq(0), weight.eq(weight + 1),
                         reads_residual.eq(taps_end & alone)]
            m.d.sync += taps_end.eq(
                word_loop.following
                & Mux(word_loop.last, column_loop.following, column_loop.last)
                & Mux(word_loop.last & column_loop.last, row_loop.following, row_loop.last))
            word_loop.step(m)
            m.d.sync += word.eq(word + Mux(word_loop.last, further, 1))
            with m.If(word_loop.last):
                column_loop.step(m)
                m.d.sync += column.eq(column + 1)
                with m.If(column_loop.last):
                    row_loop.step(m)
                    m.d.sync += [word.eq(word_start), column.eq(column_start), row.eq(row + 1)]
        with m.Elif(takes):
            m.d.sync += reads_residual.eq(0)
        with m.If(vector_end):
            x_loop.step(m)
            # Of the next pixel, or of the next group's first.
            start = Signal.like(word, name="start")
            m.d.comb += start.eq(
                Mux(x_loop.last, group_start, word_start)
                + Mux(x_loop.last, grouped & full, across))
            m.d.sync += [first.eq(1), row.eq(0), word.eq(start), word_start.eq(start)]
            with m.If(~x_loop.last):
                m.d.sync += [
                    column.eq(column_start + pixel_step),
                    column_start.eq(column_start + pixel_step),
                    weight.eq(restart), residual_word.eq(residual_word + onward),
                ]
                if pairs:
                    m.d.sync += [half.eq(~half), pair.eq(pair + 1)]
            with m.Else():
                group_loop.step(m)
                next_residual = residual_group + full
                m.d.sync += [
                    group_start.eq(start), part.eq(part + 1),
                    column.eq(-pad), column_start.eq(-pad), parameter.eq(parameter + 1),
                    residual_word.eq(next_residual), residual_group.eq(next_residual),
                ]
                self._end(m, group_loop.last)
                # Behind a step for the residual the weights have moved on already.
                m.d.sync += restart.eq(Mux(alone, weight, weight + 1))
                if pairs:
                    m.d.sync += [half.eq(0), pair.eq(0)]
        with m.If(self.load):
            self._begin(m)
        # Not only with ``load``, which comes late, and has no part in this.
        with m.If(self._idle):
            width = layer.out_width if not pairs else layer.out_width[1:] + layer.out_width[0]
            rows: Value = layer.kernel_height
            if pairs:
                rows = Mux(layer.mode == Mode.WHOLE_MAP, 1, rows)
            single = [loop.load(m, length) for loop, length in zip(
                loops, (Mux(layer.grouped, 1, layer.vectors), layer.kernel_width, rows, width,
                        layer.groups), strict=True)]
            if pairs:
                m.d.sync += [
                    whole_map.eq(layer.mode == Mode.WHOLE_MAP), pair.eq(0),
                    beside.eq(layer.has_residual & (layer.kernel_height >= BESIDE_ROWS)),
                    half.eq(0), back_words.eq(layer.back_words),
                    across_words.eq(layer.stride_words + layer.pixel_words),
                ]
            m.d.sync += [
                taps_end.eq(single[0] & single[1] & single[2]),
                stride.eq(layer.stride_x), stride_words.eq(layer.stride_words),
                tap_words.eq(layer.tap_words), pad.eq(layer.pad_left),
                grouped.eq(layer.grouped), has_residual.eq(layer.has_residual),
                residual_stride.eq(self.command.residual_pixel_words),
                column.eq(-layer.pad_left), column_start.eq(-layer.pad_left),
                word.eq(-layer.pad_words), word_start.eq(-layer.pad_words),
                group_start.eq(-layer.pad_words), residual_word.eq(0), residual_group.eq(0),
                weight.eq(layer.weight_base), restart.eq(layer.weight_base),
                parameter.eq(layer.parameter_base), first.eq(1), row.eq(0), part.eq(0),
                maximum.eq(layer.maximum), context.eq(self.command.context),
            ]
        return m
