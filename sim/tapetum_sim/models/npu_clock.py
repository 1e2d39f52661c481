# SPDX-License-Identifier: Apache-2.0
"""When the array does what: a clock per step, one between rows, and waits for rows."""

from tapetum.npu.program import LayerRecord, Mode, Program

__all__ = ["NpuClock"]

_SWITCH = 1
_PIPELINE = 35
_SUM = 16
_SUM_STEPS = 12
_FILL = 3
_ADDEND = 3
_SETUP = 29


class NpuClock:
    """Follows the commands of a program.

    Parameters
    ----------
    row_period
        Clocks from one input row to the next. None: each comes, a word a clock, when there is room.

    Members
    -------
    last_write : int
        Clock at which the last word so far is in memory.
    """

    def __init__(self, program: Program, row_period: int | None = None) -> None:
        self._program = program
        self._period = row_period
        self._rows: list[list[int]] = [[] for _ in program.tensors]
        self._room = [0] * program.tensors[0].ring_rows
        self._free = 0
        self._begun: int | None = None
        self._drained = [0, 0]
        self.last_write = 0

    def command(self, number: int, row: int, needed: int) -> tuple[int, int]:
        """First step of a row, and the clock after its last."""
        layer = self._program.layers[number]
        before = [self._written(layer.in_tensor, needed)]
        if layer.has_residual:
            before.append(self._written(layer.residual_tensor, row + 1))
        reads = max(before) + (_ADDEND if layer.has_residual else 0)
        set_up = self._begun + _SETUP + layer.kernel_height if self._begun is not None else 0
        start = max(self._free, self._drained[0], reads, set_up)
        self._begun = start
        end = start + self._steps(layer)
        written = end + self._program.cells + _PIPELINE
        if layer.has_residual:
            written += _SUM
        self._free = end + _SWITCH
        self._drained = [self._drained[1], written]
        if layer.completes_row:
            self._rows[layer.out_tensor].append(written)
        self.last_write = max(self.last_write, written)
        return start, end

    def release(self, rows: int, end: int) -> None:
        """Input rows before `rows` are needed no more from `end` on."""
        ring = self._program.tensors[0].ring_rows
        self._room += [end] * (rows + ring - len(self._room))

    @property
    def late_rows(self) -> int:
        """Input rows that began to come before the row in their place was needed no more."""
        height = self._program.tensors[0].height
        if self._period is None:
            return 0
        return sum(since > row * self._period for row, since in enumerate(self._room[:height]))

    def _written(self, tensor: int, rows: int) -> int:
        if tensor == 0:
            record, have = self._program.tensors[0], self._rows[0]
            while len(have) < rows:
                if self._period is None:
                    last = have[-1] if have else 0
                    have.append(max(last, self._room[len(have)]) + record.row_words)
                else:
                    have.append((len(have) + 1) * self._period)
        return self._rows[tensor][rows - 1]

    def _steps(self, layer: LayerRecord) -> int:
        if layer.mode is Mode.DEPTHWISE:
            pushes = layer.out_width * layer.stride_x - layer.stride_x + 3 - layer.pad_left
            return layer.groups * pushes
        if layer.mode is Mode.KERNEL_ROW:
            return _FILL + layer.out_width * layer.groups * layer.kernel_height
        taps = layer.kernel_height * layer.kernel_width
        vector = taps if layer.grouped else taps * layer.vectors
        if layer.has_residual:
            vector = max(vector + 1, _SUM_STEPS, self._program.cells + 4)
        return layer.out_width * layer.groups * vector
