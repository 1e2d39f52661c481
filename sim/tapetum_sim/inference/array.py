# SPDX-License-Identifier: Apache-2.0
"""Runs a program on the simulated array, word for word written down."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from tapetum.npu.npu_config import NpuConfig
from tapetum.npu.program import CHANNEL_LANES, Mode, Program
from tapetum_compiler.backend.capacity import needed_words

from ..simulator import Clock, build, read_recording, run
from ..simulator.builder import DEFAULT_ROOT
from .top import IMAGE_TARGET, LETTER_WORDS, ArrayTop, Letter, Written

__all__ = ["ArrayRun", "config_for", "run_array"]

_CYCLE_LIMIT = 20_000_000


@dataclass(frozen=True)
class ArrayRun:
    """What was seen of one inference.

    Members
    -------
    scores : int8 array
        Of the output's first row.
    tensors : dict of int to int8 array (height, width, lanes)
        As the words were written; not the input.
    begun : int array
        For each entry of the schedule, the clock of its start.
    cycles, last_input, steps : int
        From the start to the end; clock of the last input word; clocks with a step.
    overrun : bool
        An input row came too early and was dropped.
    """

    scores: NDArray[np.int8]
    tensors: dict[int, NDArray[np.int8]]
    begun: NDArray[np.int64]
    cycles: int
    last_input: int
    steps: int
    overrun: bool


def config_for(program: Program) -> NpuConfig:
    """The usual array, with memories enlarged in powers of two where the program needs it."""
    usual = NpuConfig(cells=program.cells, pixels=program.pixels)
    return NpuConfig(cells=program.cells, pixels=program.pixels, **{
        name: max(getattr(usual, name), 1 << (count - 1).bit_length())
        for name, count in needed_words(program).items()})


def run_array(program: Program, image: NDArray[np.int8], *, row_period: int = 0,
              word_cycles: int = 1, root: Path = DEFAULT_ROOT, profile: str = "unit",
              progress: Callable[[str, float, float], None] = lambda text, done, total: None
              ) -> ArrayRun:
    """One image (height, width, channels) through the array.

    Parameters
    ----------
    row_period
        Clocks from one input row to the next; 0 if each comes when there is room.
    word_cycles
        Clocks per word of a row.
    root
        Where simulators are kept.
    """
    words = _image_words(program, image)
    config = config_for(program)
    top = ArrayTop(config, 1 << (len(words) - 1).bit_length())
    made = build(top, profile=profile, root=root, progress=lambda step: progress(step, 0, 0))
    source = program.tensors[0]
    with TemporaryDirectory() as folder:
        directory = Path(folder)
        np.save(directory / "letters.npy", _letters(program, words))
        result = run(
            made, "tapetum_sim.inference.bench", directory=directory, limit_cycles=_CYCLE_LIMIT,
            clocks=[Clock(domain="sync", frequency_hz=100_000_000)],
            parameters={"row_words": program.input_row_words, "rows": source.height,
                        "word_cycles": word_cycles, "row_period": row_period,
                        "result_words": program.result_words},
            progress=lambda news: progress(news["text"], news["done"], news["total"]))
        written = read_recording(directory / "written.beats", Written(config))
        begun = read_recording(directory / "begun.beats", 32)
    seen = result.results
    scores = np.array(seen["result"], np.uint64).view(np.int8)
    return ArrayRun(
        scores=scores, tensors=_tensors(program, written), begun=begun.astype(np.int64),
        cycles=seen["cycles"], last_input=seen["last_input"], steps=seen["steps"],
        overrun=bool(seen["overrun"]))


def _image_words(program: Program, image: NDArray[np.int8]) -> NDArray[np.int8]:
    """(words, 8), row by row."""
    height, width, channels = image.shape
    lanes = np.zeros((height, width, program.tensors[0].pixel_words * CHANNEL_LANES), np.int8)
    lanes[..., :channels] = image
    return lanes.reshape(-1, CHANNEL_LANES)


def _letters(program: Program, image: NDArray[np.int8]) -> NDArray[np.uint8]:
    """(letters, bytes), the program's words first."""
    entries = [Letter.const({"target": write.target.value, "cell": write.cell,
                             "index": write.index, "data": write.data, "used": 1}).as_bits()
               for write in program.writes()]
    entries += [
        Letter.const({"target": IMAGE_TARGET, "index": index, "used": 1,
                      "data": int.from_bytes(word.tobytes(), "little")}).as_bits()
        for index, word in enumerate(image)]
    entries += [0] * (-len(entries) % LETTER_WORDS)
    size = Letter.as_shape().size // 8
    packed = b"".join(entry.to_bytes(size, "little") for entry in entries)
    return np.frombuffer(packed, np.uint8).reshape(-1, LETTER_WORDS * size)


def _tensors(program: Program, written: np.ndarray) -> dict[int, NDArray[np.int8]]:
    """Maps as they were written, gaps between joined parts zero."""
    widths = {layer.out_tensor: program.tensors[layer.out_tensor].height
              if layer.mode is Mode.WHOLE_MAP else layer.out_width for layer in program.layers}
    maps = {number: np.zeros((tensor.height, widths[number], tensor.pixel_words * CHANNEL_LANES),
                             np.int8) for number, tensor in enumerate(program.tensors) if number}
    streams = {number: written["lanes"][(written["tensor"] == number) & (written["is_input"] == 0)]
               for number in maps}
    taken, rows = dict.fromkeys(maps, 0), [0] * len(program.layers)
    for number in program.schedule.tolist():
        layer = program.layers[number]
        across = -(-layer.out_width // program.pixels)
        start, count = taken[layer.out_tensor], across * layer.groups
        lanes = streams[layer.out_tensor][start:start + count]
        taken[layer.out_tensor] += count
        if layer.mode is Mode.KERNEL_ROW:
            steps = lanes.reshape(across, layer.groups, program.pixels, -1)
        else:
            steps = lanes.reshape(layer.groups, across, program.pixels, -1).swapaxes(0, 1)
        # of a row of odd width the last pixel of two is not written
        pixels = steps.swapaxes(1, 2).reshape(across * program.pixels, -1)[:layer.out_width]
        made = pixels.reshape(-1, widths[layer.out_tensor], pixels.shape[1])
        first, row = layer.out_word_offset * CHANNEL_LANES, rows[number]
        maps[layer.out_tensor][row:row + len(made), :, first:first + made.shape[2]] = made
        rows[number] += len(made)
    return maps
