# SPDX-License-Identifier: Apache-2.0
"""What the host has written into the die's memories before it streams, as the models take it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tapetum.compand.tables import CompandingTable
from tapetum.config import ConfigError, DieConfig, Photodiode
from tapetum.correct.defects.levels import default_thresholds
from tapetum.correct.shading_grid import ShadingGrid

from ..models.compand import table_from_window
from ..models.defects import KnownDefect

__all__ = ["HostMemories"]

UNITY_NODE = 1024


@dataclass(frozen=True, kw_only=True)
class HostMemories:
    """Members
    -------
    known : tuple of KnownDefect
    thresholds : mapping or None
        Of defects, as `DefectsModel` takes them; None for those that are built in.
    nodes : mapping
        Lens-shading nodes by photodiode, see `LensShadingModel`.
    programmed : CompandingTable or None
        The table that was loaded; None if there is none, or the die must have refused it.
    """

    known: tuple[KnownDefect, ...] = ()
    thresholds: Mapping[str, NDArray[np.int64]] | None = None
    nodes: Mapping[Photodiode, NDArray[np.int64]] = field(default_factory=dict)
    programmed: CompandingTable | None = None

    @classmethod
    def of(cls, config: DieConfig, windows: Mapping[str, Sequence[int]],
           registers: Mapping[str, int]) -> "HostMemories":
        """From the entries of the windows, and the registers that say what counts of them."""
        count = registers.get("defect_list_entries", 0)
        known = tuple(KnownDefect(row=word >> 20, column=word >> 4 & 0x1FFF, photodiodes=word & 3)
                      for word in windows.get("defect_list", ())[:count])
        programmed = None
        if registers.get("companding_load"):
            content = b"".join(word.to_bytes(4, "big")
                               for word in windows.get("companding_segments", ()))
            try:
                programmed = table_from_window(content.ljust(256, b"\xff"),
                                               registers.get("companding_bits", 12))
            except ConfigError:
                programmed = None
        return cls(known=known, thresholds=_thresholds(config, windows), programmed=programmed,
                   nodes=_nodes(config, windows.get("lens_shading", ())))


def _thresholds(config: DieConfig, windows: Mapping[str, Sequence[int]]
                ) -> dict[str, NDArray[np.int64]] | None:
    words = windows.get("defect_thresholds")
    if words is None:
        return None
    built_in = [entry for levels in default_thresholds(config) for entry in levels]
    written = [{"defect": word >> 16, "support": word & 0xFFFF} for word in words]
    entries = [*written, *built_in[len(written):]]
    return {name: np.reshape([entry[name] for entry in entries], (len(config.captures), -1))
            for name in ("defect", "support")}


def _nodes(config: DieConfig, words: Sequence[int]) -> dict[Photodiode, NDArray[np.int64]]:
    grid = ShadingGrid(config)

    def node(**place) -> int:
        index = grid.index(**place)
        return words[index] & 0xFFF if index < len(words) else UNITY_NODE

    return {photodiode: np.array([[[
        node(row=row, column=column, plane=plane, photodiode=photodiode)
        for plane in range(grid.planes)] for column in range(grid.columns)]
        for row in range(grid.rows)]) for photodiode in grid.photodiodes}
