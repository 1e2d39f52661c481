# SPDX-License-Identifier: Apache-2.0
"""How many clocks the array takes for a row of a layer."""

from tapetum.npu.engine import Engine
from tapetum.npu.program import Mode
from tapetum.npu.record_fetch import RecordFetch
from tapetum.npu.residual import Residual
from tapetum.npu.steps_channels import BESIDE_ROWS

from .array_layer import ArrayLayer

__all__ = ["INPUT_RELEASE_CYCLES", "INPUT_ROW_CYCLES", "INPUT_START_CYCLES",
           "INPUT_VISIBLE_CYCLES", "ROW_DRAINED_CYCLES", "ROW_FETCH_CYCLES",
           "ROW_HAND_OVER_CYCLES", "ROW_SWITCH_CYCLES", "WRITTEN_CYCLES", "addend_wait_cycles",
           "latency_cycles", "row_steps", "setup_cycles", "write_cycles", "write_share"]

ROW_SWITCH_CYCLES = Engine.switch_cycles
"""Between the last step of one row and the first of the next."""
ROW_DRAINED_CYCLES = Engine.drained_cycles
"""From when another row may take a row's place under way to when one may read it."""
ROW_FETCH_CYCLES = RecordFetch.fetch_cycles
"""From when the records of one row are handed over to when those of the next can be."""
ROW_HAND_OVER_CYCLES = 1
"""From the first step of a row to when the records of the next can be handed over."""
WRITTEN_CYCLES = Engine.written_cycles
"""From when a row may be read to its last word in memory."""
INPUT_START_CYCLES = 6
"""From the start to the first input word in memory."""
INPUT_RELEASE_CYCLES = 11
"""From the last step that reads an input row to the first word in its place."""
INPUT_ROW_CYCLES = 6
"""Between the last word of an input row and the first of the next."""
INPUT_VISIBLE_CYCLES = 16
"""From an input row's last word to the first step that reads it."""
_WRITE_CYCLES = 15
_LATENCY_CYCLES = Engine.dependent_cycles - Engine.switch_cycles - 8
_SUM_LATENCY_CYCLES = Engine.residual_cycles
_ADDEND_WAIT_CYCLES = Engine.addend_wait_cycles
_SETUP_CYCLES, _SHORTEST_WALK = 5, 3
_WINDOW_FILL_STEPS = 3


def latency_cycles(layer: ArrayLayer) -> int:
    """From the last step of a row to when another may read it: through cells, and a sum."""
    plain = layer.cells + _LATENCY_CYCLES
    return plain + _SUM_LATENCY_CYCLES if layer.residual else plain


def addend_wait_cycles(layer: ArrayLayer) -> int:
    """How much longer a row of `layer` waits for what it reads."""
    return _ADDEND_WAIT_CYCLES if layer.residual else 0


def setup_cycles(layer: ArrayLayer) -> int:
    """From when the records of a row are handed over to its first step, at least."""
    return _SETUP_CYCLES + max(layer.window[0], layer.stride[0] + 1, _SHORTEST_WALK)


def row_steps(layer: ArrayLayer) -> int:
    """Steps of one row, one per clock.

    A depthwise row pushes the columns that its windows see, for each group anew; two pixels push
    two windows, and a column more where stride 2 has no border. A row of kernel rows begins with a
    window of columns; a sum takes a step for the other tensor, and no fewer than its serial
    addition. Where a vector takes as long as a sum is on its way, each sum but the last holds back
    the end of the next vector by a clock.
    """
    across, stride = layer.steps_across, layer.stride[1]
    if layer.mode is Mode.DEPTHWISE:
        pushes = (across + (stride == 2 and layer.pad_left == 0) if layer.pixels > 1
                  else (across - 1) * stride + layer.window[1] - layer.pad_left)
        return layer.groups * pushes
    if layer.mode is Mode.KERNEL_ROW:
        fill = _WINDOW_FILL_STEPS - (layer.pixels > 1 and stride == 1)
        return fill + across * layer.groups * layer.window[0]
    vectors, steps = across * layer.groups, _vector_steps(layer)
    held = vectors - 1 if layer.residual and steps == _SUM_LATENCY_CYCLES else 0
    return vectors * steps + held


def write_cycles(layer: ArrayLayer) -> int:
    """From a step to the write of the vector that it ends."""
    return layer.cells + _WRITE_CYCLES


def write_share(layer: ArrayLayer) -> float:
    """Of the steps of a row, those that end in a write."""
    return layer.steps_across * layer.groups / row_steps(layer)


def _vector_steps(layer: ArrayLayer) -> int:
    words = 1 if layer.grouped else layer.vectors
    taps = 1 if layer.mode is Mode.WHOLE_MAP else layer.window[0] * layer.window[1]
    steps = taps * words
    if layer.residual:
        beside = layer.pixels > 1 and layer.window[0] >= BESIDE_ROWS
        steps = max(steps + (not beside), Residual.least_cycles(layer.cells))
    return steps
