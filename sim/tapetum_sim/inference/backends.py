# SPDX-License-Identifier: Apache-2.0
"""One network, three ways to run it: the simulated array, its model, the reference kernels."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tapetum.npu.program import CHANNEL_LANES, Program
from tapetum_compiler.backend.compile import Compilation, compile_network
from tapetum_compiler.backend.image import load_program
from tapetum_compiler.errors import CompileError
from tapetum_compiler.golden import execute
from tapetum_compiler.importers import read_network
from tapetum_compiler.network import Network

from ..errors import UserError
from ..models.npu import NpuModel
from ..simulator import BuildError, SimulationError
from .array import run_array

__all__ = ["Backend", "Model", "Outcome", "Progress"]

Codes = NDArray[np.int8]
Progress = Callable[[str, float, float], None]


class Backend(StrEnum):
    """What runs a network."""

    RTL = "rtl"
    MODEL = "model"
    REFERENCE = "reference"


@dataclass(frozen=True)
class Outcome:
    """What one backend made of one image.

    Members
    -------
    scores : int8 array (channels,)
    tensors : dict of str to (height, width, channels)
        All that the backend computes, without the input.
    known : dict of str to bool array (channels,)
        Channels of those tensors that it knows; a channel nothing depends on is not computed.
    cycles : int or None
        From the start to the last word; None for the reference.
    starts : int array or None
        Clock at which each row of the schedule begins.
    """

    scores: Codes
    tensors: dict[str, Codes]
    known: dict[str, NDArray[np.bool_]]
    cycles: int | None = None
    starts: NDArray[np.int64] | None = None
    overrun: bool = False


@dataclass(frozen=True)
class Model:
    """A network with its program, or a program alone.

    Members
    -------
    network : Network or None
        As it was in the file.
    made : Compilation or None
    """

    program: Program
    network: Network | None = None
    made: Compilation | None = None

    @classmethod
    def read(cls, path: Path, *, cells: int | None = None, pixels: int | None = None,
             dense: bool = False) -> "Model":
        """From a .tflite, .onnx or .tapetum file. Raises `UserError`."""
        try:
            if path.suffix == ".tapetum":
                program = load_program(path)
                for wanted, there, what in ((cells, program.cells, "cells"),
                                            (pixels, program.pixels, "pixels")):
                    if wanted not in (None, there):
                        raise UserError(f"{path} is compiled for {there} {what}, not {wanted}; "
                                        f"compile it again or leave out --{what}.")
                return cls(program)
            network = read_network(path)
            made = compile_network(network, cells=8 if cells is None else cells,
                                   pixels=1 if pixels is None else pixels, dense=dense)
            return cls(made.program, network, made)
        except CompileError as error:
            raise UserError(f"{error}.") from None

    @property
    def backends(self) -> tuple[Backend, ...]:
        """Those that can run it."""
        return tuple(Backend) if self.network else (Backend.RTL, Backend.MODEL)

    def run(self, backend: Backend, image: Codes,
            progress: Progress = lambda text, done, total: None) -> Outcome:
        """Raises `UserError` where the simulator or the network is missing."""
        if backend is Backend.REFERENCE:
            return self._reference(image)
        if backend is Backend.MODEL:
            progress("running the model", 0, 0)
            model = NpuModel(self.program)
            scores = model.run(image).reshape(-1)
            maps = {number: model.tensor(number) for number in range(len(self.program.tensors))}
            starts = np.array([row.start for row in model.written])
            return self._outcome(maps, scores, model.cycles, starts)
        try:
            seen = run_array(self.program, image, progress=progress)
        except (BuildError, SimulationError) as error:
            raise UserError("the array's simulation did not end well: "
                            f"{str(error).splitlines()[0]}") from None
        return self._outcome(seen.tensors, seen.scores, seen.cycles, seen.begun, seen.overrun)

    def _reference(self, image: Codes) -> Outcome:
        if self.network is None:
            raise UserError("a compiled program holds no network that the reference could run; "
                            "give the .tflite or .onnx file.")
        made = {name: codes[0] for name, codes in execute(self.network, image).items()}
        for tensor in self.network.inputs:
            del made[tensor.name]
        host = {layer.output.name: layer.inputs[0].name for layer in self.network.layers
                if layer.is_on_host}
        output = self.network.outputs[0].name
        codes = made[host.get(output, output)]
        integer = {name: value for name, value in made.items() if name not in host}
        return Outcome(codes.reshape(-1), integer, {
            name: np.ones(value.shape[-1], bool) for name, value in integer.items()})

    def _outcome(self, maps: dict[int, Codes], scores: Codes, cycles: int,
                 starts: NDArray[np.int64], overrun: bool = False) -> Outcome:
        tensors, known = self._named(maps)
        return Outcome(scores[:self._classes(scores)], tensors, known, cycles, starts, overrun)

    def _classes(self, scores: Codes) -> int:
        """How many of the lanes are scores."""
        if self.made:
            output = self.program.output_tensor
            return max(place.lanes for place in self.made.tensors.values()
                       if self.made.map_numbers[place.map.name] == output)
        return self.program.classes or len(scores)

    def _named(self, maps: dict[int, Codes]) -> tuple[dict[str, Codes], dict]:
        if self.made is None:
            lanes = {number: self._written_lanes(number) for number in maps if number}
            return ({f"tensor {number}": maps[number] for number in lanes},
                    {f"tensor {number}": written for number, written in lanes.items()})
        tensors, known = {}, {}
        for name, place in self.made.tensors.items():
            number = self.made.map_numbers[place.map.name]
            if number == 0:
                continue
            codes = maps[number][..., place.places]
            if self.made.channels and name in self.made.channels:
                channels = self.made.channels[name]
                tensors[name], known[name] = channels.restore(codes), channels.is_known
            else:
                tensors[name], known[name] = codes, np.ones(codes.shape[-1], bool)
        return tensors, known

    def _written_lanes(self, number: int) -> NDArray[np.bool_]:
        lanes = np.zeros(self.program.tensors[number].pixel_words * CHANNEL_LANES, bool)
        for layer in self.program.layers:
            if layer.out_tensor == number:
                first = layer.out_word_offset * CHANNEL_LANES
                lanes[first:first + layer.groups * self.program.cells] = True
        return lanes
