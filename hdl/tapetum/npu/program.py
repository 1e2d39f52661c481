# SPDX-License-Identifier: Apache-2.0
"""What a network is to the array: records, their layout in memory, and the writes that load it."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NamedTuple

from amaranth import signed
from amaranth.lib import data, enum

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "CHANNEL_LANES", "LANES", "LAYER_LAYOUT", "LAYER_WORDS", "PARAMETER_LAYOUT", "TABLE_WORD_BITS",
    "TENSOR_LAYOUT", "WEIGHT_WORD_BITS", "LayerRecord", "Mode", "Program", "ProgramWrite", "Target",
    "TensorRecord",
]

LANES = 9
"""Products of a cell: eight channels and one more, so that a window of 3x3 is one word."""
CHANNEL_LANES = 8
"""Of them, those for channels of one pixel: as many as a word of an activation memory holds."""
WEIGHT_WORD_BITS = 8 * LANES
TABLE_WORD_BITS = 64
LAYER_WORDS = 8
"""Words of the record table that one layer occupies; in the last ones the array keeps its place."""


class Mode(enum.Enum, shape=2):
    """What the lanes of a step are."""

    CHANNELS = 0
    KERNEL_ROW = 1
    DEPTHWISE = 2
    WHOLE_MAP = 3
    """Those of `CHANNELS`; a row of the layer is a map of 3x3 pixels, of which two make a step."""


class Target(enum.Enum, shape=3):
    """Memory that a program write goes to, and what its index counts."""

    WEIGHTS = 0
    """Words of one cell."""
    PARAMETERS = 1
    """Words of one cell."""
    LAYERS = 2
    """Words of `TABLE_WORD_BITS`: `LAYER_WORDS` a layer."""
    TENSORS = 3
    """Tensors."""
    SCHEDULE = 4
    """Entries."""
    TABLES = 5
    """Words of 32 bits: 512 a residual addition, the convolution's half first."""
    HEADER = 6
    """Index 0: the number of schedule entries minus one. Index 1: the output tensor's record."""


class ProgramWrite(NamedTuple):
    """One word for the array's program port."""

    target: Target
    cell: int
    index: int
    data: int


_LAYER_BITS = {
    # First word: all that the addresses of further words depend on.
    "in_tensor": 6, "out_tensor": 6, "residual_tensor": 6, "mode": 2, "grouped": 1, "maximum": 1,
    "has_residual": 1, "completes_row": 1, "kernel_height": 5, "kernel_width": 5, "stride_y": 3,
    "stride_x": 3, "pad_top": 4, "pad_left": 4, "in_height": 12,
    "lead_columns": 4,
    # Second word.
    "in_width": 12, "out_width": 12, "out_height": 12, "vectors": 8, "groups": 10,
    "add_table": 3, "_spare_1": 7,
    # Third word.
    "weight_base": 16, "parameter_base": 12, "add_parameter": 12, "pixel_words": 8,
    "back_words": 8, "_spare_2": 8,
    # Fourth word.
    "zero_point_in": 8, "zero_point_out": 8, "act_min": 8, "act_max": 8,
    "add_zero_point": 8, "add_min": 8, "add_max": 8, "out_pixel_words": 8,
    # Fifth word: what follows from the others, so that the array need not multiply.
    "stride_words": 11, "pad_words": 12, "pushes": 14, "out_word_offset": 8, "tap_words": 8,
    "_spare_4": 11,
}
_SIGNED = ("zero_point_in", "zero_point_out", "act_min", "act_max", "add_zero_point", "add_min",
           "add_max")
LAYER_LAYOUT = data.StructLayout({
    name: Mode if name == "mode" else signed(8) if name in _SIGNED else bits
    for name, bits in _LAYER_BITS.items()})
"""A layer in `TABLE_WORD_BITS` wide words, `LayerRecord` with its derived fields."""
TENSOR_LAYOUT = data.StructLayout({
    "base": 13, "first_bank": 2, "ring_rows": 8, "row_words": 13, "height": 12, "pixel_words": 8,
})
PARAMETER_LAYOUT = data.StructLayout({
    "bias": signed(32), "multiplier": 31, "shift": 5, "single_rounding": 1, "spare": 3,
})


@dataclass(frozen=True, kw_only=True)
class LayerRecord:
    """One layer. Counts are counts, not counts minus one; tensors are numbers of `TensorRecord`.

    ``completes_row`` is false for all but the last writer of a row that several layers share.
    A pixel of the input has ``in_pixel_words``, of which the first ``vectors`` are read; 0 if all.
    A ``grouped`` layer reads one of them per tap, that of the group's own channels.
    A layer of mode `WHOLE_MAP` has one row of 9 pixels, from a window of three rows and with a
    vertical stride of three; its horizontal stride is 0.
    ``add_parameter`` is the parameter word, without bias, that rescales the sums with a residual.
    """

    mode: Mode
    grouped: bool = False
    maximum: bool = False
    has_residual: bool = False
    completes_row: bool = True
    kernel_height: int
    kernel_width: int
    stride_y: int = 1
    stride_x: int = 1
    pad_top: int = 0
    pad_left: int = 0
    in_tensor: int
    in_height: int
    in_width: int
    vectors: int
    in_pixel_words: int = 0
    out_tensor: int
    out_height: int
    out_width: int
    groups: int
    weight_base: int = 0
    parameter_base: int = 0
    zero_point_in: int = 0
    zero_point_out: int = 0
    act_min: int = -128
    act_max: int = 127
    out_word_offset: int = 0
    out_pixel_words: int
    residual_tensor: int = 0
    add_table: int = 0
    add_parameter: int = 0
    add_zero_point: int = 0
    add_min: int = -128
    add_max: int = 127

    def words(self, pixels: int = 1) -> tuple[int, ...]:
        """The record as an array of so many pixels holds it."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["mode"] = self.mode.value
        pixel = self.in_pixel_words or self.vectors
        read = 1 if self.grouped else self.vectors
        by_words = self.mode in (Mode.CHANNELS, Mode.WHOLE_MAP)
        values["tap_words"] = pixel - read + 1 if by_words else pixel
        values |= self._in_pairs(pixel, read) if pixels > 1 else {
            "stride_words": self.stride_x * pixel, "pad_words": self.pad_left * pixel,
            "pushes": (self.out_width - 1) * self.stride_x - self.pad_left + self.kernel_width,
        }
        return _packed(values, _LAYER_BITS, "layer")

    def _in_pairs(self, pixel: int, read: int) -> dict[str, int]:
        """What an array of two pixels wants to know: four columns of a map share an address."""
        lead, pushes = self.pad_left, -(-self.out_width // 2)
        if self.mode is Mode.DEPTHWISE and self.stride_x == 2:
            # Four new columns make two windows with the one before them. That is a push of its
            # own, unless it lies to the left of the map.
            lead, pushes = (lead - 1, pushes) if lead else (3, pushes + 1)
        elif self.mode is Mode.KERNEL_ROW and self.stride_x == 2:
            lead += 1
        return {
            "lead_columns": lead, "pad_words": -(-lead // 4) * pixel, "pushes": pushes,
            "stride_words": self.stride_x // 2 * pixel, "pixel_words": pixel,
            "back_words": read - 1,
        }


@dataclass(frozen=True, kw_only=True)
class TensorRecord:
    """A ring of rows in the activation memory.

    Row r lies in slot s = r mod ``ring_rows``: bank (``first_bank`` + s) mod 4, from word
    ``base`` + (s // 4) * ``row_words``. In an array of two pixels an address holds words of four
    columns; ``base`` and ``row_words`` count addresses.
    """

    base: int
    first_bank: int = 0
    ring_rows: int
    row_words: int
    height: int
    pixel_words: int

    def word(self) -> int:
        """The record as the array holds it."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        widths = {name: TENSOR_LAYOUT[name].width
                  for name in values}
        return _packed(values, widths, "tensor")[0]


def _packed(values: dict[str, int], widths: dict[str, int], what: str) -> tuple[int, ...]:
    """Fields one above the other, cut into words."""
    image, position = 0, 0
    for name, bits in widths.items():
        value = int(values.get(name, 0))
        low = -1 << bits - 1 if name in _SIGNED else 0
        high = low + (1 << bits) - 1
        if not low <= value <= high:
            raise ValueError(f"{name} of a {what} must lie between {low} and {high}, not {value}.")
        image |= (value & (1 << bits) - 1) << position
        position += bits
    mask = (1 << TABLE_WORD_BITS) - 1
    return tuple(image >> start & mask for start in range(0, position, TABLE_WORD_BITS))


@dataclass(frozen=True, kw_only=True)
class Program:
    """A network as data.

    Parameters
    ----------
    cells, pixels : int
        Of the array it is compiled for.
    weights : int8 array (cells, words, `LANES`)
    bias, multiplier, shift, single_rounding : int arrays (cells, words)
        Parameters of output channel g * cells + cell at ``parameter_base`` + g. The shift is to
        the right.
    layers, tensors : tuples of records
        Tensor 0 is the input.
    schedule : uint8 array
        The layer that computes its next row, entry after entry.
    tables : int32 array (tables, 512)
        Addends of residual additions by byte + 128: of the convolution, then of the residual.
    input_shape : (height, width, channels)
    output_tensor : int
        Its row 0 holds the logits.
    classes : int
        How many of these lanes are logits; 0 if all are.
    signature : int or None
        What a `GoldenInference` comes to; None: the array is not tested.
    """

    cells: int
    pixels: int = 1
    weights: "NDArray"
    bias: "NDArray"
    multiplier: "NDArray"
    shift: "NDArray"
    single_rounding: "NDArray"
    layers: tuple[LayerRecord, ...]
    tensors: tuple[TensorRecord, ...]
    schedule: "NDArray"
    tables: "NDArray"
    input_shape: tuple[int, int, int]
    input_scale: float = 1.0
    input_zero_point: int = 0
    output_tensor: int
    classes: int = 0
    class_names: tuple[str, ...] = ()
    model_id: int = 0
    signature: int | None = None

    @property
    def input_row_words(self) -> int:
        """Words in which a row of the input comes."""
        return self.input_shape[1] * self.tensors[0].pixel_words

    @property
    def result_words(self) -> int:
        """Words of the result that can be read: with two pixels, those of the first one."""
        output = self.tensors[self.output_tensor]
        return output.row_words if self.pixels == 1 else output.pixel_words

    def writes(self) -> Iterator[ProgramWrite]:
        """Every word that loads the array, in any order it likes, the header last."""
        for cell in range(self.cells):
            for index, lanes in enumerate(self.weights[cell]):
                word = sum((int(weight) & 0xFF) << 8 * lane for lane, weight in enumerate(lanes))
                yield ProgramWrite(Target.WEIGHTS, cell, index, word)
            for index in range(self.bias.shape[1]):
                word = PARAMETER_LAYOUT.const({
                    name: int(getattr(self, name)[cell, index])
                    for name in ("bias", "multiplier", "shift", "single_rounding")})
                yield ProgramWrite(Target.PARAMETERS, cell, index, word.as_bits())
        for number, layer in enumerate(self.layers):
            for index, word in enumerate(layer.words(self.pixels)):
                yield ProgramWrite(Target.LAYERS, 0, number * LAYER_WORDS + index, word)
        for index, tensor in enumerate(self.tensors):
            yield ProgramWrite(Target.TENSORS, 0, index, tensor.word())
        for index, layer_number in enumerate(self.schedule):
            yield ProgramWrite(Target.SCHEDULE, 0, index, int(layer_number))
        for table, addends in enumerate(self.tables):
            for index, addend in enumerate(addends):
                yield ProgramWrite(Target.TABLES, 0, table * 512 + index, int(addend) & 0xFFFFFFFF)
        yield ProgramWrite(Target.HEADER, 0, 0, len(self.schedule) - 1)
        yield ProgramWrite(Target.HEADER, 0, 1, self.tensors[self.output_tensor].word())
