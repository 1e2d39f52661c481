# SPDX-License-Identifier: Apache-2.0
"""The array, row by row: what each step reads, what the cells make of it, what is written where.

It knows a program and the array's rules, and nothing of how the program came to be.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tapetum.npu.program import LayerRecord, Mode, Program, TensorRecord

from .npu_cells import rescale, residual_sum
from .npu_clock import NpuClock

__all__ = ["MissingRowError", "NpuModel", "WrittenRow"]

_BANKS = 4
_COLUMNS = 4
_MAP_ROWS = 3
_WORD = 8
_FREE = -1


class MissingRowError(Exception):
    """A step reads a word that does not hold the row it should: the program is wrong."""


@dataclass(frozen=True)
class WrittenRow:
    """What one row command wrote.

    Members
    -------
    layer, row : int
    banks, addresses : int arrays (pixels, words)
        Words in the order of pixels; a layer of fewer than 8 cells writes a word in parts.
        Memories of an array of two pixels count as banks: four of each.
    lanes : int8 array (pixels, groups * cells)
    start, end : int
        Clock of the first step, and the one after the last.
    """

    layer: int
    row: int
    banks: NDArray[np.int64]
    addresses: NDArray[np.int64]
    lanes: NDArray[np.int8]
    start: int
    end: int


@dataclass
class NpuModel:
    """Runs a program on one image after another.

    Members
    -------
    program : Program
    row_period : int or None
        Clocks from one input row to the next; None if each comes when there is room.
    word_cycles : int
        Clocks from one word of such a row to the next, at least.
    written : list of WrittenRow
        In the order of execution.
    rows : dict of (int, int) to int8 array (pixels, words * 8)
        Every row as it was when complete, by tensor and row.
    cycles : int
        From the start to the last word written.
    late_rows : int
        Input rows that came before there was room.
    """

    program: Program
    row_period: int | None = None
    word_cycles: int = 1
    written: list[WrittenRow] = field(default_factory=list)
    rows: dict[tuple[int, int], NDArray[np.int8]] = field(default_factory=dict)
    cycles: int = 0
    late_rows: int = 0

    def run(self, image: NDArray[np.int8]) -> NDArray[np.int8]:
        """The scores of an image (height, width, channels): all lanes of the output's first row."""
        program = self.program
        self.written, self.rows = [], {}
        words = max(tensor.base + -(-tensor.ring_rows // _BANKS) * tensor.row_words
                    for tensor in program.tensors)
        self._columns = 1 if program.pixels == 1 else _COLUMNS
        memories = _BANKS * self._columns
        # what memory holds before is anything: here noise, so that nothing can rely on it
        self._memory = np.random.default_rng(0).integers(
            -128, 128, (memories, words, _WORD), dtype=np.int8)
        self._tensor = np.full((memories, words), _FREE)
        self._row = np.full((memories, words), _FREE)
        self._image = image
        self._clock = NpuClock(program, self.row_period, self.word_cycles)
        self._input_rows = 0
        done = [0] * len(program.layers)
        for number in program.schedule.tolist():
            self._command(number, done[number])
            done[number] += 1
        if done != [layer.out_height for layer in program.layers]:
            raise MissingRowError(f"the schedule makes {done} rows")
        self._receive(len(image))
        self.cycles, self.late_rows = self._clock.last_write, self._clock.late_rows
        return self.rows[program.output_tensor, 0]

    def tensor(self, number: int) -> NDArray[np.int8]:
        """A tensor with all lanes of its words: height, width, lanes."""
        record = self.program.tensors[number]
        return np.stack([self.rows[number, row] for row in range(record.height)])

    # one row

    def _command(self, number: int, row: int) -> None:
        layer = self.program.layers[number]
        needed = min(row * layer.stride_y + layer.kernel_height - layer.pad_top, layer.in_height)
        if layer.in_tensor == 0:
            self._receive(needed)
        start, end = self._clock.command(number, row, needed)
        sums = {Mode.CHANNELS: self._channels, Mode.KERNEL_ROW: self._kernel_row,
                Mode.DEPTHWISE: self._depthwise, Mode.WHOLE_MAP: self._whole_map,
                }[layer.mode](layer, row)
        codes = self._rescaled(layer, sums)
        if layer.has_residual:
            codes = self._with_residual(layer, row, codes)
        self._write(number, row, codes, start, end)
        if layer.in_tensor == 0:
            self._clock.release(max((row + 1) * layer.stride_y - layer.pad_top, 0)
                                if row + 1 < layer.out_height else layer.in_height, end)

    def _receive(self, needed: int) -> None:
        """Let the front end write rows of the image."""
        record = self.program.tensors[0]
        _, width, channels = self.program.input_shape
        while self._input_rows < needed:
            row = self._input_rows
            lanes = np.zeros((width, record.pixel_words * _WORD), np.int8)
            lanes[:, :channels] = self._image[row]
            banks, addresses = self._row_places(record, row, width)
            self._store(banks, addresses, lanes.reshape(width, -1, _WORD), 0, row)
            self.rows[0, row] = lanes
            self._input_rows += 1

    def _places(self, record: TensorRecord, row: NDArray | int, column: NDArray,
                word: NDArray | int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        slot = np.asarray(row) % record.ring_rows
        banks = (record.first_bank + slot) % _BANKS * self._columns + column % self._columns
        addresses = (record.base + slot // _BANKS * record.row_words
                     + column // self._columns * record.pixel_words + word)
        banks, addresses = np.broadcast_arrays(banks, addresses)
        return banks, addresses

    def _row_places(self, record: TensorRecord, row: int, width: int) -> tuple[
            NDArray[np.int64], NDArray[np.int64]]:
        """(columns, words of a pixel)."""
        return self._places(record, row, np.arange(width)[:, None], np.arange(record.pixel_words))

    def _store(self, banks: NDArray, addresses: NDArray, words: NDArray, tensor: int,
               row: NDArray | int) -> None:
        self._memory[banks, addresses] = words
        self._tensor[banks, addresses] = tensor
        self._row[banks, addresses] = row

    def _read(self, tensor: int, row: NDArray, column: NDArray, word: NDArray, width: int,
              height: int, border: int) -> NDArray[np.int64]:
        """Words (..., 8) of a map; what lies outside is `border`."""
        record = self.program.tensors[tensor]
        row, column, word = np.broadcast_arrays(row, column, word)
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        safe_row, safe_column = np.where(inside, row, 0), np.where(inside, column, 0)
        banks, addresses = self._places(record, safe_row, safe_column, word)
        wrong = inside & ((self._tensor[banks, addresses] != tensor)
                          | (self._row[banks, addresses] != row))
        if wrong.any():
            where = tuple(index[0] for index in np.nonzero(wrong))
            raise MissingRowError(
                f"row {row[where]} of tensor {tensor} is read where row "
                f"{self._row[banks, addresses][where]} of tensor "
                f"{self._tensor[banks, addresses][where]} lies")
        words = self._memory[banks, addresses].astype(np.int64)
        return np.where(inside[..., None], words, border)

    def _weights(self, layer: LayerRecord, words: int) -> NDArray[np.int64]:
        """(cells, groups, words of a group, 9)."""
        first = layer.weight_base
        taken = self.program.weights[:, first:first + layer.groups * words]
        return taken.astype(np.int64).reshape(self.program.cells, layer.groups, words, 9)

    def _own_word(self, layer: LayerRecord) -> NDArray[np.int64]:
        """Of each group, the word that holds its own lanes."""
        return np.arange(layer.groups) * self.program.cells // _WORD

    def _channels(self, layer: LayerRecord, row: int) -> NDArray[np.int64]:
        """Sums (pixels, groups, cells), a tap of eight channels a step."""
        height, width = layer.kernel_height, layer.kernel_width
        x = np.arange(layer.out_width)[:, None, None, None, None]
        group = self._own_word(layer)[None, :, None, None, None]
        ky = np.arange(height)[:, None, None]
        kx = np.arange(width)[:, None]
        vector = group if layer.grouped else np.arange(layer.vectors)
        lanes = self._read(layer.in_tensor, row * layer.stride_y + ky - layer.pad_top,
                           x * layer.stride_x + kx - layer.pad_left, vector,
                           layer.in_width, layer.in_height, layer.zero_point_in)
        steps = lanes.reshape(layer.out_width, lanes.shape[1], -1, _WORD)
        weights = self._weights(layer, steps.shape[2])[..., :_WORD]
        if layer.maximum:
            dots = np.einsum("xgsl,mgsl->xgsm", np.broadcast_to(
                steps, (layer.out_width, layer.groups, *steps.shape[2:])), weights)
            return dots.max(axis=2)
        if layer.grouped:
            return np.einsum("xgsl,mgsl->xgm", steps, weights)
        flat = weights.reshape(self.program.cells * layer.groups, -1)
        # float64 is exact below 2**53, and fast
        sums = (steps.reshape(layer.out_width, -1).astype(np.float64) @ flat.T.astype(np.float64))
        shape = (layer.out_width, self.program.cells, layer.groups)
        return sums.astype(np.int64).reshape(shape).swapaxes(1, 2)

    def _kernel_row(self, layer: LayerRecord, row: int) -> NDArray[np.int64]:
        """A step takes three columns of three channels."""
        x = np.arange(layer.out_width)[:, None, None]
        ky = np.arange(layer.kernel_height)[:, None]
        kx = np.arange(3)
        lanes = self._read(layer.in_tensor, row * layer.stride_y + ky - layer.pad_top,
                           x * layer.stride_x + kx - layer.pad_left, np.zeros(1, np.int64),
                           layer.in_width, layer.in_height, layer.zero_point_in)
        window = lanes[..., :3].reshape(layer.out_width, layer.kernel_height, 9)
        return np.einsum("xkl,mgkl->xgm", window, self._weights(layer, layer.kernel_height))

    def _depthwise(self, layer: LayerRecord, row: int) -> NDArray[np.int64]:
        """A step takes a window of one channel per cell."""
        cells = self.program.cells
        lane = np.arange(layer.groups * cells).reshape(layer.groups, cells)
        x = np.arange(layer.out_width)[:, None, None, None, None]
        ky = np.arange(3)[:, None]
        kx = np.arange(3)
        words = self._read(layer.in_tensor, row * layer.stride_y + ky - layer.pad_top,
                           x * layer.stride_x + kx - layer.pad_left,
                           (lane // _WORD)[None, :, :, None, None],
                           layer.in_width, layer.in_height, layer.zero_point_in)
        own = np.take_along_axis(
            words, (lane % _WORD)[None, :, :, None, None, None], axis=-1)[..., 0]
        windows = own.reshape(layer.out_width, layer.groups, cells, 9)
        return np.einsum("xgml,mgl->xgm", windows, self._weights(layer, 1)[:, :, 0])

    def _whole_map(self, layer: LayerRecord, row: int) -> NDArray[np.int64]:
        """Nine pixels, row by row, eight channels of each a step."""
        y, x = _map_pixels()
        lanes = self._read(layer.in_tensor, y[:, None], x[:, None], np.arange(layer.vectors),
                           layer.in_width, layer.in_height, layer.zero_point_in)
        weights = self._weights(layer, layer.vectors)[..., :_WORD]
        return np.einsum("pvl,mgvl->pgm", lanes, weights)

    def _rescaled(self, layer: LayerRecord, sums: NDArray[np.int64]) -> NDArray[np.int64]:
        program, first = self.program, layer.parameter_base
        bias, multiplier, shift, single = (
            values[:, first:first + layer.groups].T.astype(np.int64) for values in
            (program.bias, program.multiplier, program.shift, program.single_rounding))
        codes = rescale(sums + bias, multiplier, shift, single) + layer.zero_point_out
        return np.clip(codes, layer.act_min, layer.act_max)

    def _with_residual(self, layer: LayerRecord, row: int,
                       codes: NDArray[np.int64]) -> NDArray[np.int64]:
        lane = np.arange(layer.groups * self.program.cells)
        record = self.program.tensors[layer.residual_tensor]
        words = self._read(layer.residual_tensor, np.array(row),
                           np.arange(layer.out_width)[:, None],
                           np.arange(-(-lane.size // _WORD)), layer.out_width, record.height, 0)
        other = words.reshape(layer.out_width, -1)[:, :lane.size].reshape(codes.shape)
        # the sum passes the cell again, with a parameter word of its own
        multiplier, shift = (values[:, layer.add_parameter].astype(np.int64)
                             for values in (self.program.multiplier, self.program.shift))
        return residual_sum(self.program.tables[layer.add_table], codes, other, multiplier, shift,
                            layer)

    def _write(self, number: int, row: int, codes: NDArray[np.int64], start: int,
               end: int) -> None:
        layer = self.program.layers[number]
        record = self.program.tensors[layer.out_tensor]
        lanes = codes.astype(np.int8).reshape(layer.out_width, -1)
        words = -(-lanes.shape[1] // _WORD)
        whole = layer.mode is Mode.WHOLE_MAP
        y, x = _map_pixels() if whole else (np.full(layer.out_width, row),
                                            np.arange(layer.out_width))
        banks, addresses = self._places(record, y[:, None], x[:, None],
                                        layer.out_word_offset + np.arange(words))
        # byte enables: lanes beyond the last cell keep what was there
        held = self._memory[banks, addresses].reshape(layer.out_width, -1)
        held[:, :lanes.shape[1]] = lanes
        self._store(banks, addresses, held.reshape(layer.out_width, words, _WORD),
                    layer.out_tensor, y[:, None])
        self.written.append(WrittenRow(number, row, banks, addresses, lanes, start, end))
        if layer.completes_row:
            for each in np.unique(y).tolist():
                width = int(np.count_nonzero(y == each))
                places = self._row_places(record, each, width)
                self.rows[layer.out_tensor, each] = self._memory[places].reshape(width, -1)


def _map_pixels() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of a whole map's nine pixels."""
    return np.repeat(np.arange(_MAP_ROWS), _MAP_ROWS), np.tile(np.arange(_MAP_ROWS), _MAP_ROWS)
