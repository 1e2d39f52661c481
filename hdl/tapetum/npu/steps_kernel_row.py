# SPDX-License-Identifier: Apache-2.0
"""Steps of a convolution of few channels: lanes are a row of the kernel."""

from amaranth import *

from .loop import Loop
from .step_generator import StepGenerator

__all__ = ["KernelRowSteps"]

_WINDOW_COLUMNS = 3


class KernelRowSteps(StepGenerator):
    """For columns, for groups: one step per row of the kernel, 3 pixels of 3 channels.

    The first window of a row takes three clocks to fill; later columns are read behind the steps.
    With two pixels a clock reads two columns: windows of stride 1 take two clocks to fill, others
    three.

    Members: see `StepGenerator`.
    """

    def elaborate(self, platform):
        m = Module()
        layer, step, token = self.command.layer, self.step, self.step.token
        row_loop, group_loop = Loop(5, "row_loop"), Loop(10, "group_loop")
        x_loop = Loop(12, "x_loop")
        stride = Signal(3, reset_less=True)
        filling, fills = Signal(), Signal(range(_WINDOW_COLUMNS + 1))
        pushes = Signal(3)
        column, row = Signal(signed(14), reset_less=True), Signal(4, reset_less=True)
        first, load_window = Signal(reset_less=True), Signal(reset_less=True)
        context = Signal.like(token.context, reset_less=True)
        maximum = Signal(reset_less=True)
        weight, parameter = Signal.like(step.weight), Signal.like(token.parameter)
        pairs = self.config.pixels > 1
        weight_base = Signal.like(weight, reset_less=True)
        parameter_base = Signal.like(parameter, reset_less=True)
        m.d.comb += [
            self.step_valid.eq(self.active), step.row.eq(row), step.column.eq(column),
            step.word.eq(column >> 2 if pairs else column), step.push.eq(filling | (pushes != 0)),
            step.load.eq(load_window & ~filling), self.edge.eq(first | row_loop.last),
            token.valid.eq(~filling), token.move.eq(1), token.first.eq(first),
            token.last.eq(row_loop.last), token.maximum.eq(maximum), token.context.eq(context),
            step.weight.eq(weight), token.parameter.eq(parameter),
        ]
        takes = self.active & self.enable
        with m.If(takes & step.push):
            m.d.sync += column.eq(column + self.config.pixels)
        with m.If(takes & filling):
            m.d.sync += [fills.eq(fills - 1), filling.eq(fills != 1)]
        with m.Elif(takes):
            row_loop.step(m)
            m.d.sync += [
                load_window.eq(0), first.eq(row_loop.last), row.eq(row + 1),
                weight.eq(weight + 1), pushes.eq(Mux(pushes == 0, 0, pushes - 1)),
            ]
            with m.If(row_loop.last):
                group_loop.step(m)
                m.d.sync += [row.eq(0), parameter.eq(parameter + 1)]
                with m.If(group_loop.last):
                    x_loop.step(m)
                    m.d.sync += [
                        weight.eq(weight_base), parameter.eq(parameter_base),
                        load_window.eq(1), pushes.eq(stride),
                    ]
                    self._end(m, x_loop.last)
        with m.If(self.load):
            self._begin(m)
        # Not only with ``load``, which comes late, and has no part in this.
        with m.If(self._idle):
            row_loop.load(m, layer.kernel_height)
            group_loop.load(m, layer.groups)
            x_loop.load(m, layer.out_width[1:] + layer.out_width[0] if pairs else layer.out_width)
            m.d.sync += [
                filling.eq(1),
                fills.eq(_WINDOW_COLUMNS - (layer.stride_x == 1) if pairs else _WINDOW_COLUMNS),
                stride.eq(layer.stride_x), pushes.eq(layer.stride_x),
                column.eq(-(layer.lead_columns if pairs else layer.pad_left)), row.eq(0),
                first.eq(1),
                load_window.eq(1), context.eq(self.command.context), maximum.eq(layer.maximum),
                weight.eq(layer.weight_base), weight_base.eq(layer.weight_base),
                parameter.eq(layer.parameter_base), parameter_base.eq(layer.parameter_base),
            ]
        return m
