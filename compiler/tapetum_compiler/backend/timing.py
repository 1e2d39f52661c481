# SPDX-License-Identifier: Apache-2.0
"""How many clocks the array takes for a row of a layer."""

from tapetum.npu.program import Mode

from .array_layer import ArrayLayer

__all__ = ["ROW_SWITCH_CYCLES", "addend_wait_cycles", "latency_cycles", "row_steps",
           "setup_cycles"]

ROW_SWITCH_CYCLES = 1
"""Between the last step of one row and the first of the next."""
_LATENCY_CYCLES = 35
_SUM_LATENCY_CYCLES = 16
_ADDEND_WAIT_CYCLES = 3
_SETUP_CYCLES = 29
_SHORTEST_SUM_STEPS = 12
_SERIAL_OVERHEAD_STEPS = 4
_WINDOW_FILL_STEPS = 3


def latency_cycles(layer: ArrayLayer) -> int:
    """From the last step of a row to when another may read it: through cells, and a sum."""
    plain = layer.cells + _LATENCY_CYCLES
    return plain + _SUM_LATENCY_CYCLES if layer.residual else plain


def addend_wait_cycles(layer: ArrayLayer) -> int:
    """How much longer a row of `layer` waits for what it reads."""
    return _ADDEND_WAIT_CYCLES if layer.residual else 0


def setup_cycles(layer: ArrayLayer) -> int:
    """From the first step of the row before to that of `layer`, at least."""
    return _SETUP_CYCLES + layer.window[0]


def row_steps(layer: ArrayLayer) -> int:
    """Steps of one row, one per clock.

    A depthwise row pushes the columns that its windows see, for each group anew; a row of kernel
    rows begins with a window of columns; a sum takes a step for the other tensor, and no fewer than
    its serial addition.
    """
    width, height = layer.target.width, layer.window[0]
    if layer.mode is Mode.DEPTHWISE:
        return layer.groups * ((width - 1) * layer.stride[1] + layer.window[1] - layer.pad_left)
    if layer.mode is Mode.KERNEL_ROW:
        return _WINDOW_FILL_STEPS + width * layer.groups * height
    per_output = height * layer.window[1] * (1 if layer.grouped else layer.vectors)
    if layer.residual:
        per_output = max(per_output + 1, _SHORTEST_SUM_STEPS,
                         layer.cells + _SERIAL_OVERHEAD_STEPS)
    return width * layer.groups * per_output
