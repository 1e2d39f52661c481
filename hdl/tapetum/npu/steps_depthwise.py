# SPDX-License-Identifier: Apache-2.0
"""Steps of a depthwise convolution of 3x3: every cell has its own channel."""

from amaranth import *

from .loop import Loop
from .step_generator import StepGenerator

__all__ = ["DepthwiseSteps"]


class DepthwiseSteps(StepGenerator):
    """For groups: pushes the columns of one word, three rows at once, one column a clock.

    A push that completes a window is a step. Windows begin with the zero point, so that columns
    to the left of the map cost nothing.

    With two pixels every push reads four columns and completes two windows. Those of stride 2 share
    a fifth column with the push before, which is one of its own where the map has no border.

    Members: see `StepGenerator`.
    """

    def elaborate(self, platform):
        m = Module()
        layer, step, token = self.command.layer, self.step, self.step.token
        push_loop, group_loop = Loop(14, "push_loop"), Loop(10, "group_loop")
        stride, column_words = Signal(3, reset_less=True), Signal(8, reset_less=True)
        # Pushes until the next window is complete; how many at the left edge.
        missing, missing_first = Signal(3, reset_less=True), Signal(3, reset_less=True)
        column, word = Signal(signed(14), reset_less=True), Signal(signed(15), reset_less=True)
        group, clear = Signal(10, reset_less=True), Signal(reset_less=True)
        context = Signal.like(token.context, reset_less=True)
        part = Signal(range(self.config.parts), reset_less=True)
        full = part == self.config.parts - 1
        following = group + full
        weight, parameter = Signal.like(step.weight), Signal.like(token.parameter)
        # Of a push to the next, and of the first one.
        columns, words, apart, missing_now = 1, column_words, stride, 2 - layer.pad_left
        lead_columns, lead_words = C(0), C(0)
        if self.config.pixels > 1:
            lead_columns = Signal.like(layer.lead_columns, reset_less=True)
            lead_words = Signal.like(layer.pad_words, reset_less=True)
            # Four columns have one address: it moves on where the next push begins another four.
            columns, words = stride << 1, Mux(stride[1] | column[1], column_words, 0)
            apart, missing_now = 1, (layer.stride_x == 2) & (layer.pad_left == 0)
            with m.If(~self.active):
                m.d.sync += [lead_columns.eq(layer.lead_columns), lead_words.eq(layer.pad_words)]
        m.d.comb += [
            self.step_valid.eq(self.active), step.column.eq(column), step.word.eq(word),
            step.part.eq(part),
            token.move.eq(1), token.window.eq(1), token.clear.eq(clear),
            self.edge.eq(1), token.valid.eq(missing == 0), token.first.eq(1), token.last.eq(1),
            step.weight.eq(weight), token.parameter.eq(parameter), token.context.eq(context),
        ]
        with m.If(self.active & self.enable):
            push_loop.step(m)
            m.d.sync += [
                clear.eq(0), column.eq(column + columns), word.eq(word + words),
                missing.eq(Mux(missing == 0, apart, missing) - 1),
            ]
            with m.If(push_loop.last):
                group_loop.step(m)
                m.d.sync += [
                    clear.eq(1), column.eq(-lead_columns), word.eq(following - lead_words),
                    group.eq(following),
                    part.eq(part + 1),
                    missing.eq(missing_first), weight.eq(weight + 1), parameter.eq(parameter + 1),
                ]
                self._end(m, group_loop.last)
        with m.If(self.load):
            self._begin(m)
        # Not only with ``load``, which comes late, and has no part in this.
        with m.If(self._idle):
            push_loop.load(m, layer.pushes)
            group_loop.load(m, layer.groups)
            m.d.sync += [
                stride.eq(layer.stride_x), column_words.eq(layer.tap_words),
                missing.eq(missing_now), missing_first.eq(missing_now),
                group.eq(0), clear.eq(1), part.eq(0),
                context.eq(self.command.context),
                weight.eq(layer.weight_base), parameter.eq(layer.parameter_base),
            ]
            if self.config.pixels > 1:
                m.d.sync += [column.eq(-layer.lead_columns), word.eq(-layer.pad_words)]
            else:
                m.d.sync += [column.eq(0), word.eq(0)]
        return m
