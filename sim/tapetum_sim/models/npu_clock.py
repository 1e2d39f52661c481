# SPDX-License-Identifier: Apache-2.0
"""When the array does what: a clock per step, one between rows, and waits for rows."""

from tapetum.npu.program import LayerRecord, Mode, Program

__all__ = ["InputRows", "NpuClock"]

_SWITCH = 1
_PIPELINE = 29
_SUM = 18
_SUM_STEPS = 10
_SUM_OVERHEAD = 2
_ROWS_BESIDE = 3
_FILL = 3
_ADDEND = 5
_DRAINED = 2
_FETCH = 13
_HAND_OVER = 1
_SETUP = 5
_SHORTEST_WALK = 3
_WRITE = 15
_LAST = 11
_FIRST_WORD = 6
_NEXT_WORD = 11
_NEXT_ROW = 6
_SEEN = 16
_QUEUE = 8
_MAP_ROWS = 3


class InputRows:
    """When rows of the input are in memory: word after word, whenever the cells write nothing.

    Holds for every clock whether it is free, in runs of equal density: begin and share of free
    clocks, the last run open.
    """

    def __init__(self, words: int, ring: int, word_cycles: int = 1) -> None:
        self._words, self._pace = words, 1 / word_cycles
        self._queue = _QUEUE if word_cycles > 1 else 0
        self._room = [_FIRST_WORD] * ring
        self._runs: list[tuple[int, float]] = [(0, 1.0)]
        self._last = -_NEXT_ROW
        self.complete: list[int] = []

    def occupy(self, begin: int, end: int, share: float) -> None:
        """The cells write in a share of those clocks, later ones than before."""
        begin = max(begin, self._runs[-1][0])
        self._runs += [(begin, 1 - share), (max(begin, end), 1.0)]

    def release(self, rows: int, clock: int) -> None:
        """There is room for all rows before that one."""
        self._room += [clock + _NEXT_WORD] * (rows - len(self._room))

    def rows_until(self, rows: int) -> int:
        """The clock at which so many are complete; they are not moved by later writes."""
        while len(self.complete) < rows:
            begin = max(self._room[len(self.complete)], self._last + _NEXT_ROW)
            self._last = self._pass(begin, self._words)
            self.complete.append(self._last)
        return self.complete[rows - 1]

    def _pass(self, clock: float, words: float) -> int:
        ends = [begin for begin, _ in self._runs[1:]] + [1 << 60]
        for (_, free), end in zip(self._runs, ends, strict=True):
            if end <= clock:
                continue
            rate = min(free, self._pace)
            if rate > 0 and (end - clock) * rate >= words:
                return round(clock + words / rate)
            # what queues up meanwhile follows at once, if words come more slowly than clocks
            queued = min(self._queue, (end - clock) * (self._pace - rate))
            fit = min((end - clock) * rate + queued, words)
            words, clock = words - fit, end
        raise AssertionError("the last run is open and free")


class NpuClock:
    """Follows the commands of a program.

    Parameters
    ----------
    row_period
        Clocks from one input row to the next. None: each comes when there is room.
    word_cycles
        Clocks from one word of such a row to the next, at least.

    Members
    -------
    last_write : int
        Clock at which the last word so far is in memory.
    """

    def __init__(self, program: Program, row_period: int | None = None,
                 word_cycles: int = 1) -> None:
        self._program = program
        self._period = row_period
        self._rows: list[list[int]] = [[] for _ in program.tensors]
        self._room = [0] * program.tensors[0].ring_rows
        self._input = InputRows(program.input_row_words, program.tensors[0].ring_rows,
                                word_cycles)
        self._free = 0
        self._begun, self._handed = -_FETCH, -_FETCH
        self._drained = [0] * (4 if program.pixels > 1 else 2)
        self.last_write = 0

    def command(self, number: int, row: int, needed: int) -> tuple[int, int]:
        """First step of a row, and the clock after its last."""
        layer = self._program.layers[number]
        before = [self._written(layer.in_tensor, needed)]
        if layer.has_residual:
            before.append(self._written(layer.residual_tensor, row + 1))
        reads = max(before) + (_ADDEND if layer.has_residual else 0)
        self._handed = max(self._begun + _HAND_OVER, self._handed + _FETCH)
        walk = max(layer.kernel_height, layer.stride_y + 1, _SHORTEST_WALK)
        start = max(self._free, self._drained[0] - _DRAINED, reads, self._handed + _SETUP + walk)
        self._begun = start
        end = start + self._steps(layer)
        share = self._across(layer) * layer.groups / (end - start)
        delay = self._program.cells + _WRITE
        self._input.occupy(start + delay, end + delay, share)
        written = end + self._program.cells + _PIPELINE
        if layer.has_residual:
            written += _SUM
        self._free = end + _SWITCH
        self._drained = [*self._drained[1:], written]
        if layer.completes_row:
            rows = _MAP_ROWS if layer.mode is Mode.WHOLE_MAP else 1
            self._rows[layer.out_tensor] += [written] * rows
        self.last_write = max(self.last_write, written + _LAST)
        return start, end

    def release(self, rows: int, end: int) -> None:
        """Input rows before `rows` are needed no more from `end` on."""
        ring = self._program.tensors[0].ring_rows
        self._room += [end] * (rows + ring - len(self._room))
        self._input.release(rows + ring, end)

    @property
    def late_rows(self) -> int:
        """Input rows that began to come before the row in their place was needed no more."""
        height = self._program.tensors[0].height
        if self._period is None:
            return 0
        return sum(since > row * self._period for row, since in enumerate(self._room[:height]))

    def _written(self, tensor: int, rows: int) -> int:
        if tensor == 0:
            complete = (self._input.rows_until(rows) if self._period is None
                        else rows * self._period)
            return complete + _SEEN
        return self._rows[tensor][rows - 1]

    def _across(self, layer: LayerRecord) -> int:
        return -(-layer.out_width // self._program.pixels)

    def _steps(self, layer: LayerRecord) -> int:
        pairs, across = self._program.pixels > 1, self._across(layer)
        if layer.mode is Mode.DEPTHWISE:
            pushes = layer.out_width * layer.stride_x - layer.stride_x + 3 - layer.pad_left
            if pairs:
                pushes = across + (layer.stride_x == 2 and layer.pad_left == 0)
            return layer.groups * pushes
        if layer.mode is Mode.KERNEL_ROW:
            fill = _FILL - 1 if pairs and layer.stride_x == 1 else _FILL
            return fill + across * layer.groups * layer.kernel_height
        if layer.mode is Mode.WHOLE_MAP:
            return across * layer.groups * layer.vectors
        taps = layer.kernel_height * layer.kernel_width
        vector = taps * (1 if layer.grouped else layer.vectors)
        if layer.has_residual:
            beside = pairs and layer.kernel_height >= _ROWS_BESIDE
            vector = max(vector + (not beside), _SUM_STEPS, self._program.cells + _SUM_OVERHEAD)
            if vector == _SUM:  # each sum comes back when the next vector would end
                return across * layer.groups * (vector + 1) - 1
        return across * layer.groups * vector
