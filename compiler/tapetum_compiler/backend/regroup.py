# SPDX-License-Identifier: Apache-2.0
"""A program for a smaller array than the one that it was compiled for."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tapetum.npu.program import Program
from tapetum_compiler.errors import require

from .array_layer import CELLS

__all__ = ["regrouped"]

_PARAMETERS = ("bias", "multiplier", "shift", "single_rounding")


def regrouped(program: Program, cells: int) -> Program:
    """The same network for an array of fewer cells: the same bytes, in more groups of channels.

    Maps, rings and the order of rows stay. What a golden inference comes to does not: `signature`
    is None, unless nothing changes.

    Raises
    ------
    CompileError
        If ``cells`` is no size of the array, or larger than the program's.
    """
    if cells == program.cells and program.pixels == 1:
        return program
    require(cells in CELLS and cells < program.cells and program.pixels == 1,
            f"a program for {program.cells} cells of {program.pixels} pixels cannot be made one "
            f"for {cells} cells; compile the network for these")
    parts = program.cells // cells
    parameters = {name: _parameters(program, getattr(program, name), parts)
                  for name in _PARAMETERS}
    first_parameter = _first_parameters(program, parts)
    return replace(
        program, cells=cells, signature=None, weights=_weights(program, parts), **parameters,
        layers=tuple(replace(
            layer, groups=layer.groups * parts, weight_base=layer.weight_base * parts,
            parameter_base=first,
            add_parameter=first + layer.groups * parts if layer.has_residual else 0)
            for layer, first in zip(program.layers, first_parameter, strict=True)))


def _weights(program: Program, parts: int) -> NDArray[np.int8]:
    bases = [*(layer.weight_base for layer in program.layers), program.weights.shape[1]]
    return np.concatenate([
        _apart(program.weights[:, first:end], layer.groups, parts)
        for layer, (first, end) in zip(program.layers, pairwise(bases), strict=True)], axis=1)


def _first_parameters(program: Program, parts: int) -> list[int]:
    """Of each layer, whose residual has one word for all groups."""
    words = [layer.groups * parts + layer.has_residual for layer in program.layers]
    return np.cumsum([0, *words[:-1]]).tolist()


def _parameters(program: Program, values: NDArray, parts: int) -> NDArray:
    made = []
    for layer in program.layers:
        end = layer.parameter_base + layer.groups
        made.append(_apart(values[:, layer.parameter_base:end], layer.groups, parts))
        if layer.has_residual:
            made.append(values[::parts, layer.add_parameter:layer.add_parameter + 1])
    return np.concatenate(made, axis=1)


def _apart(words: NDArray, groups: int, parts: int) -> NDArray:
    """(cells, groups * words, ...) to (cells / parts, groups * parts * words, ...)."""
    cells, count, *rest = words.shape
    lanes = words.reshape(parts, cells // parts, groups, count // groups, *rest)
    return np.moveaxis(lanes, (2, 0), (1, 2)).reshape(cells // parts, count * parts, *rest)
