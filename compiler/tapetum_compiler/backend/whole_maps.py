# SPDX-License-Identifier: Apache-2.0
"""Pointwise layers on maps of 3x3 pixels, as one command instead of three rows."""

from dataclasses import replace

from tapetum.npu.program import Mode

from .array_layer import ArrayLayer
from .lower import Lowered

__all__ = ["in_whole_maps"]

_MAP_ROWS = 3


def in_whole_maps(lowered: Lowered) -> Lowered:
    """The same layers, of which an array of two pixels takes those in `Mode.WHOLE_MAP` that it can.

    Nine pixels are five steps of two, where three rows are six: a sixth less, and no row of the
    map begins before all of the one that it reads is there.
    """
    targets = [layer.target for layer in lowered.layers]
    return replace(lowered, layers=tuple(
        replace(layer, mode=Mode.WHOLE_MAP, window=(_MAP_ROWS, 1), stride=(_MAP_ROWS, 0))
        if _is_possible(layer) and targets.count(layer.target) == 1 else layer
        for layer in lowered.layers))


def _is_possible(layer: ArrayLayer) -> bool:
    sizes = {(of.height, of.width) for of in (layer.source, layer.target)}
    return (layer.pixels == 2 and sizes == {(_MAP_ROWS, _MAP_ROWS)}
            and layer.mode is Mode.CHANNELS and layer.window == (1, 1) and not layer.grouped
            and layer.residual is None and not layer.source.is_input)
