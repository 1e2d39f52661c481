# SPDX-License-Identifier: Apache-2.0
"""The grid of gains against lens shading, and where each node lies in the memory."""

from dataclasses import dataclass

from amaranth.lib import data

from ..config import ColourFilter, DieConfig, Photodiode

__all__ = ["NODE_BITS", "NODE_UNITY_GAIN", "ShadingGrid", "ShadingWrite"]

NODE_BITS = 12
"""A node is unsigned 2.10."""
NODE_UNITY_GAIN = 1 << 10


@dataclass(frozen=True)
class ShadingGrid:
    """Nodes of a die; node (row, column) lies on the pixel at ``cell_pixels`` times both.

    The last row and the last column of nodes lie behind the array, so that every pixel is between
    two of them. Each phase of the colour filter, (0, 0), (0, 1), (1, 0), (1, 1), has a plane of its
    own; without a filter there is one plane. Each photodiode that a capture reads has its planes,
    since light falls differently on the two.
    """

    config: DieConfig

    @property
    def cell_pixels(self) -> int:
        return self.config.correct.shading_cell_pixels

    @property
    def cell_log2(self) -> int:
        return self.cell_pixels.bit_length() - 1

    @property
    def rows(self) -> int:
        return (self.config.array.rows - 1) // self.cell_pixels + 2

    @property
    def columns(self) -> int:
        return (self.config.array.columns - 1) // self.cell_pixels + 2

    @property
    def plane_bits(self) -> int:
        """Bits that choose a phase: column parity, then row parity."""
        return 0 if self.config.array.colour_filter is ColourFilter.MONO else 2

    @property
    def planes(self) -> int:
        return 1 << self.plane_bits

    @property
    def photodiodes(self) -> tuple[Photodiode, ...]:
        """Those that captures read, the large one first."""
        read = {capture.photodiode for capture in self.config.captures}
        return tuple(photodiode for photodiode in Photodiode if photodiode in read)

    @property
    def half_column_bits(self) -> int:
        """Bits that count the even columns of nodes, or the odd ones."""
        return ((self.columns + 1) // 2 - 1).bit_length()

    @property
    def row_indices(self) -> int:
        """Indices from one row of nodes to the next."""
        return (len(self.photodiodes) * self.planes) << (self.half_column_bits + 1)

    @property
    def indices(self) -> int:
        """How many indices there are; those of columns that do not exist are not used."""
        return self.rows * self.row_indices

    def index(self, *, row: int, column: int, plane: int = 0,
              photodiode: Photodiode = Photodiode.LARGE) -> int:
        """Where the host finds a node.

        Raises
        ------
        ValueError
            If there is no such node.
        """
        if not (0 <= row < self.rows and 0 <= column < self.columns and 0 <= plane < self.planes
                and photodiode in self.photodiodes):
            raise ValueError(f"the grid has no node in row {row}, column {column} of plane {plane} "
                             f"of the {photodiode.value} photodiode.")
        chosen = self.photodiodes.index(photodiode)
        plane_row = (row * len(self.photodiodes) + chosen) * self.planes + plane
        return (plane_row << (self.half_column_bits + 1)) + column


class ShadingWrite(data.StructLayout):
    """One node: ``index`` as `ShadingGrid.index` counts, ``gain`` unsigned 2.10."""

    def __init__(self, grid: ShadingGrid):
        super().__init__({"index": range(grid.indices), "gain": NODE_BITS})
