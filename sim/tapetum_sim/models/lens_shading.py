# SPDX-License-Identifier: Apache-2.0
"""Integer-exact model of the gain against lens shading."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from tapetum.config import ColourFilter, DieConfig, Photodiode

from .digital_gain import amplify
from .row import ModelRow

__all__ = ["LensShadingModel", "sample_nodes"]


def sample_nodes(config: DieConfig, gain: Callable[..., NDArray]) -> NDArray[np.int64]:
    """Nodes, unsigned 2.10, of a gain that is known everywhere.

    Parameters
    ----------
    gain : function of row, column and phase
        Takes arrays that can be broadcast; row and column are those of the array, also beyond its
        end; the phase is column parity + 2 * row parity, or 0 without a colour filter.

    Returns
    -------
    array (rows of nodes, columns of nodes, phases)
    """
    cell = config.correct.shading_cell_pixels
    phases = 1 if config.array.colour_filter is ColourFilter.MONO else 4
    rows = cell * np.arange((config.array.rows - 1) // cell + 2)
    columns = cell * np.arange((config.array.columns - 1) // cell + 2)
    values = gain(rows[:, None, None], columns[:, None], np.arange(phases))
    nodes = np.rint(values * 1024).astype(np.int64)
    return np.broadcast_to(np.clip(nodes, 0, 4095), (len(rows), len(columns), phases)).copy()


class LensShadingModel:
    """Rows through `LensShading`.

    Parameters
    ----------
    nodes : array (rows of nodes, columns of nodes, phases) per photodiode
        Gains, unsigned 2.10; a photodiode that is left out has the gain 1 everywhere.
    """

    def __init__(self, config: DieConfig, nodes: Mapping[Photodiode, NDArray[np.int64]]):
        self.config = config
        unity = sample_nodes(config, lambda row, column, phase: np.ones(()))
        self.nodes = {photodiode: np.asarray(nodes.get(photodiode, unity), np.int64)
                      for photodiode in Photodiode}

    def gains(self, array_row: int, columns: NDArray[np.int64],
              photodiode: Photodiode) -> NDArray[np.int64]:
        """Gains, unsigned 2.15, of pixels in one row of the array."""
        cell, nodes = self.config.correct.shading_cell_pixels, self.nodes[photodiode]
        phases = (columns % 2 + 2 * (array_row % 2)) % nodes.shape[2]
        node_row, below = divmod(array_row, cell)
        node_column, right = np.divmod(np.asarray(columns, np.int64), cell)

        def between_rows(column):
            upper, lower = nodes[node_row, column, phases], nodes[node_row + 1, column, phases]
            # In units of 2**-10 / cell, or of 2**-16 where those would be finer.
            return (upper * (cell - below) + lower * below) * 64 // max(cell, 64)

        left_gain, right_gain = between_rows(node_column), between_rows(node_column + 1)
        total = left_gain * (cell - right) + right_gain * right
        return total * 2**15 // (2**10 * min(cell, 64) * cell)

    def row(self, row: ModelRow, *, enable: bool = True) -> ModelRow:
        """The row behind the stage."""
        if not enable:
            return row
        columns = row.columns - self.config.array.optical_black_columns
        photodiode = self.config.captures[row.capture].photodiode
        gain = self.gains(row.array_row, columns, photodiode)
        return row.with_(codes=amplify(row.codes, gain, 15, self.config))
