# SPDX-License-Identifier: Apache-2.0
"""Small programs for the array laid out by hand, and what they must compute."""

from dataclasses import dataclass, field, replace

import numpy as np
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.memory import Memory

from tapetum.npu.engine import Engine
from tapetum.npu.npu_config import NpuConfig
from tapetum.npu.program import (
    LANES,
    TENSOR_LAYOUT,
    LayerRecord,
    Mode,
    Program,
    Target,
    TensorRecord,
)

__all__ = ["SmallNetwork", "StandInEngine", "load_program", "requantised", "stand_in_program"]

CELLS = 8


async def load_program(ctx, engine, program: Program) -> None:
    """Write a program into an `Engine` that is not busy, a word a clock."""
    ctx.set(engine.write, 1)
    for target, cell, index, word in program.writes():
        ctx.set(engine.write_target, target)
        ctx.set(engine.write_cell, cell)
        ctx.set(engine.write_index, index)
        ctx.set(engine.write_data, word)
        await ctx.tick()
    ctx.set(engine.write, 0)


def requantised(total: int, multiplier: int, shift: int, single: int, zero_point: int,
                minimum: int, maximum: int) -> int:
    """TensorFlow Lite's formula, in unbounded integers."""
    rounding = 1 << 30 if not single or shift == 0 else 0
    scaled = (total * multiplier + rounding) >> 31
    if shift:
        scaled = (scaled + (1 << shift - 1) - (0 if single else scaled < 0)) >> shift
    return min(max(scaled + zero_point, minimum), maximum)


@dataclass
class SmallNetwork:
    """Lays out layers as they are added, and computes them directly.

    Parameters
    ----------
    height, width, words : int
        Of the input; a word is eight channels.
    pixels : int
        That the array computes at once.
    """

    random: np.random.Generator
    height: int
    width: int
    words: int = 1
    input_ring: int | None = None
    pixels: int = 1
    layers: list = field(default_factory=list)
    tensors: list = field(default_factory=list)
    values: list = field(default_factory=list)
    shapes: list = field(default_factory=list)

    def __post_init__(self):
        self.weight_words = [[] for _ in range(CELLS)]
        self.parameters: list[list[tuple]] = [[] for _ in range(CELLS)]
        self.tables: list[np.ndarray] = []
        self.memory_words = 0
        ring = self.input_ring or -(-self.height // 4) * 4
        self._tensor(self.height, self.width, self.words, ring)
        self.values[0] = self.random.integers(-128, 128, (self.height, self.width, 8 * self.words))

    def _tensor(self, height, width, words, ring):
        bank = int(self.random.integers(4)) if ring % 4 == 0 else 0
        row_words = -(-width // NpuConfig(pixels=self.pixels).bank_columns) * words
        self.tensors.append(TensorRecord(
            base=self.memory_words, first_bank=bank, ring_rows=ring, row_words=row_words,
            height=height, pixel_words=words))
        self.memory_words += -(-ring // 4) * row_words
        self.shapes.append((height, width, words))
        self.values.append(None)
        return len(self.tensors) - 1

    def layer(self, source, *, mode=Mode.CHANNELS, kernel=(1, 1), stride=(1, 1), pad=(0, 0),
              words=1, ring=4, channels=None, grouped=False, maximum=False, residual=None,
              single=False, out_size=None, depthwise_words=None):
        """Add a layer on tensor `source`; returns its output tensor."""
        numbers = self.random
        in_height, in_width, in_words = self.shapes[source]
        kh, kw = kernel
        if out_size is None:
            out_size = tuple((size + 2 * p - k) // s + 1 for size, p, k, s in zip(
                (in_height, in_width), pad, kernel, stride, strict=True))
        out_height, out_width = out_size
        groups = in_words if grouped or mode is Mode.DEPTHWISE else words
        target = self._tensor(out_height, out_width, groups, ring)
        zero_in, zero_out = (int(value) for value in numbers.integers(-100, 100, 2))
        low, high = sorted(int(value) for value in numbers.integers(-128, 128, 2))
        if numbers.integers(2) or high - low < 50:
            low, high = -128, 127
        dense = np.zeros((groups * 8, kh, kw, in_words * 8), dtype=np.int64)
        base = len(self.weight_words[0])
        parameter_base = len(self.parameters[0])
        for group in range(groups):
            for cell in range(CELLS):
                channel, words_of_cell = group * 8 + cell, self.weight_words[cell]
                if mode is Mode.DEPTHWISE:
                    taps = numbers.integers(-128, 128, (3, 3))
                    dense[channel, :, :, channel] = taps
                    words_of_cell.append(taps.ravel())
                elif mode is Mode.KERNEL_ROW:
                    taps = numbers.integers(-128, 128, (kh, 3, 3))
                    dense[channel, :, :, :3] = taps
                    words_of_cell.extend(row.ravel() for row in taps)
                else:
                    if grouped:
                        for ky in range(kh):
                            for kx in range(kw):
                                dense[channel, ky, kx, channel] = 2 if maximum else 1
                    else:
                        used = channels or in_words * 8
                        dense[channel, :, :, :used] = numbers.integers(-128, 128, (kh, kw, used))
                    lanes = dense[channel].reshape(kh * kw, in_words, 8)
                    if grouped:
                        lanes = lanes[:, group:group + 1]
                    words_of_cell.extend(np.append(row, 0) for row in lanes.reshape(-1, 8))
                spread = max(1, int(np.abs(dense[channel]).sum()) * 20)
                shift = max(0, int(np.log2(spread)) - 6)
                parameter = (int(numbers.integers(-spread, spread + 1)),
                             int(numbers.integers(1 << 30, 1 << 31)), shift, int(single))
                if maximum:
                    parameter = (0, 1 << 30, 0, 0)
                self.parameters[cell].append(parameter)
        record = {
            "mode": mode, "grouped": grouped, "maximum": maximum, "kernel_height": kh,
            "kernel_width": kw, "stride_y": stride[0], "stride_x": stride[1], "pad_top": pad[0],
            "pad_left": pad[1], "in_tensor": source, "in_height": in_height,
            "in_width": in_width, "vectors": in_words, "out_tensor": target,
            "out_height": out_height, "out_width": out_width, "groups": groups,
            "weight_base": base, "parameter_base": parameter_base, "zero_point_in": zero_in,
            "zero_point_out": zero_out, "act_min": low, "act_max": high,
            "out_pixel_words": groups,
        }
        if residual is not None:
            self.tables.append(numbers.integers(-1 << 28, 1 << 28, 512))
            add_low = int(numbers.integers(-128, 0))
            multiplier = int(numbers.integers(1 << 30, 1 << 31))
            for words_of_cell in self.parameters:
                words_of_cell.append((0, multiplier, 20, 0))
            record |= {
                "has_residual": True, "residual_tensor": residual,
                "add_table": len(self.tables) - 1,
                "add_parameter": len(self.parameters[0]) - 1,
                "add_zero_point": int(numbers.integers(-50, 50)), "add_min": add_low,
            }
        layer = LayerRecord(**record)
        self._compute(layer, dense)
        if mode is Mode.WHOLE_MAP:
            layer = replace(layer, kernel_height=3, stride_y=3, stride_x=0, out_height=1,
                            out_width=9)
        self.layers.append(layer)
        return target

    def _compute(self, layer, dense):
        source = self.values[layer.in_tensor]
        kh, kw = layer.kernel_height, layer.kernel_width
        high = (layer.out_height * layer.stride_y + kh, layer.out_width * layer.stride_x + kw)
        padded = np.full((layer.pad_top + layer.in_height + high[0],
                          layer.pad_left + layer.in_width + high[1], source.shape[2]),
                         layer.zero_point_in)
        padded[layer.pad_top:layer.pad_top + layer.in_height,
               layer.pad_left:layer.pad_left + layer.in_width] = source
        output = np.zeros((layer.out_height, layer.out_width, len(dense)), dtype=np.int64)
        for row in range(layer.out_height):
            for x in range(layer.out_width):
                top, left = row * layer.stride_y, x * layer.stride_x
                window = padded[top:top + kh, left:left + kw]
                products = np.einsum("yxc,oyxc->oyx", window, dense)
                totals = (products.max(axis=(1, 2)) if layer.maximum
                          else products.sum(axis=(1, 2)))
                for channel, total in enumerate(totals):
                    bias, multiplier, shift, single = self.parameters[channel % 8][
                        layer.parameter_base + channel // 8]
                    byte = requantised(int(total) + bias, multiplier, shift, single,
                                       layer.zero_point_out, layer.act_min, layer.act_max)
                    if layer.has_residual:
                        table = self.tables[layer.add_table]
                        other = self.values[layer.residual_tensor][row, x, channel]
                        _, multiplier, shift, single = self.parameters[0][layer.add_parameter]
                        byte = requantised(
                            int(table[byte + 128] + table[256 + other + 128]), multiplier, shift,
                            single, layer.add_zero_point, layer.add_min, layer.add_max)
                    output[row, x, channel] = byte
        self.values[layer.out_tensor] = output

    def schedule(self):
        """The deepest layer that can compute a row does; input rows come when none can."""
        rows = [0] * len(self.tensors)
        entries = []
        while any(have < tensor.height for have, tensor in zip(rows[1:], self.tensors[1:],
                                                               strict=True)):
            for number in reversed(range(len(self.layers))):
                layer = self.layers[number]
                made = self.tensors[layer.out_tensor].height // layer.out_height
                row = rows[layer.out_tensor] // made
                needed = min(row * layer.stride_y - layer.pad_top + layer.kernel_height,
                             layer.in_height)
                if (row < layer.out_height and rows[layer.in_tensor] >= needed
                        and (not layer.has_residual or rows[layer.residual_tensor] > row)):
                    entries.append(number)
                    rows[layer.out_tensor] += made
                    break
            else:
                rows[0] += 1
        return entries

    def program(self) -> Program:
        parameters = np.array(self.parameters, dtype=np.int64)
        return Program(
            cells=CELLS, pixels=self.pixels,
            weights=np.array(self.weight_words).reshape(CELLS, -1, LANES),
            bias=parameters[:, :, 0], multiplier=parameters[:, :, 1], shift=parameters[:, :, 2],
            single_rounding=parameters[:, :, 3], layers=tuple(self.layers),
            tensors=tuple(self.tensors), schedule=np.array(self.schedule()),
            tables=np.array(self.tables).reshape(-1, 512),
            input_shape=(self.height, self.width, 8 * self.words),
            output_tensor=len(self.tensors) - 1)

    def input_words(self):
        """Words of the input, and whether a row ends with them."""
        for row in self.values[0]:
            packed = row.reshape(-1, 8)
            for index, lanes in enumerate(packed):
                yield _word(lanes), index == len(packed) - 1

    def first_slot_words(self) -> list[int]:
        """Words that can be read of the first slot of the output's ring in the end."""
        last = self.tensors[-1].height - 1
        row = self.values[-1][last - last % self.tensors[-1].ring_rows]
        return [_word(lanes) for lanes in (row if self.pixels == 1 else row[0]).reshape(-1, 8)]

    def written_words(self, tensor: int) -> list[list[int]]:
        """Words of a tensor in the order in which its layer writes them, one or two at once.

        At the end of rows of odd width two pixels write one.
        """
        value = self.values[tensor]
        layer = next(layer for layer in self.layers if layer.out_tensor == tensor)
        words = []
        for pixels in value.reshape(layer.out_height, layer.out_width, layer.groups, 8):
            places = [(x, group) for x in range(0, layer.out_width, self.pixels)
                      for group in range(layer.groups)]
            if layer.mode is not Mode.KERNEL_ROW:
                places.sort(key=lambda place: place[1])
            words += [[_word(lanes) for lanes in pixels[x:x + self.pixels, group]]
                      for x, group in places]
        return words


def _word(lanes) -> int:
    return sum((int(value) & 0xFF) << 8 * lane for lane, value in enumerate(lanes))


class StandInEngine(wiring.Component):
    """Has the ports of `Engine` and simulates in no time: the scores are weights of its cell 0.

    It takes `ROW_CYCLES` for each row of its input; one that comes earlier is an overrun.
    """

    ROW_CYCLES = 12

    def __init__(self, config: NpuConfig):
        self.config = config
        super().__init__(Engine(config).signature)

    def elaborate(self, platform):
        m = Module()
        m.submodules.weights = weights = Memory(
            shape=64, depth=self.config.weight_words, init=[])
        write, read = weights.write_port(), weights.read_port()
        tensor = Signal(TENSOR_LAYOUT)
        rows, since = Signal(12), Signal(range(self.ROW_CYCLES + 1))
        row = self.input_valid & self.input_ready & self.input.row_last & self.busy
        m.d.comb += [
            write.addr.eq(self.write_index), write.data.eq(self.write_data),
            write.en.eq(self.write & (self.write_target == Target.WEIGHTS)
                        & (self.write_cell == 0)),
            read.addr.eq(self.result_index), self.result_word.eq(read.data),
            self.ready.eq(~self.busy), self.input_ready.eq(1), self.input_room.eq(1),
            self.done.eq(self.busy & (rows == tensor.height) & (since == self.ROW_CYCLES)),
        ]
        with m.If(self.write & (self.write_target == Target.TENSORS) & (self.write_index == 0)):
            m.d.sync += tensor.eq(self.write_data)
        with m.If(since != self.ROW_CYCLES):
            m.d.sync += since.eq(since + 1)
        with m.If(row & (rows != tensor.height)):
            m.d.sync += [rows.eq(rows + 1), since.eq(0),
                         self.overrun.eq(self.overrun | (since != self.ROW_CYCLES))]
        with m.If(self.start & self.ready):
            m.d.sync += [self.busy.eq(1), rows.eq(0), since.eq(self.ROW_CYCLES),
                         self.overrun.eq(0)]
        with m.If(self.done):
            m.d.sync += self.busy.eq(0)
        return m


def stand_in_program(scores: np.ndarray, *, rows: int, columns: int, model_id: int,
                     classes: int = 0, channels: int = 1) -> Program:
    """A program with which a `StandInEngine` gives these scores; their count is a multiple of 8."""
    words = len(scores) // 8
    weights = np.zeros((CELLS, words, LANES), np.int8)
    weights[0, :, :8] = scores.reshape(words, 8)
    one = np.ones((CELLS, 1), np.int64)
    layer = LayerRecord(
        mode=Mode.CHANNELS, kernel_height=1, kernel_width=1, in_tensor=0, in_height=rows,
        in_width=columns, vectors=1, out_tensor=1, out_height=1, out_width=1, groups=words,
        out_pixel_words=words)
    tensors = (TensorRecord(base=0, ring_rows=4, row_words=columns, height=rows, pixel_words=1),
               TensorRecord(base=0, ring_rows=1, row_words=words, height=1, pixel_words=words))
    return Program(
        cells=CELLS, weights=weights, bias=one, multiplier=one, shift=one, single_rounding=one,
        layers=(layer,), tensors=tensors, schedule=np.zeros(rows, np.uint8),
        tables=np.zeros((0, 512), np.int32), input_shape=(rows, columns, channels), output_tensor=1,
        classes=classes, model_id=model_id)
