# SPDX-License-Identifier: Apache-2.0
"""Integer-exact model of the whole chain of corrections, row by row."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapetum.config import DieConfig, Photodiode

from .defects import DefectsModel, KnownDefect
from .digital_gain import DigitalGainModel
from .fixed_pattern import FixedPatternModel
from .lens_shading import LensShadingModel
from .row import ModelRow

__all__ = ["CorrectionModel"]

_REGION = ("column_start", "column_end", "column_skip", "flip_columns")


class CorrectionModel:
    """Rows of ADC codes in, in the order of conversion; corrected active rows out.

    Parameters
    ----------
    known : sequence of KnownDefect
        The list that the host has written.
    thresholds : mapping, optional
        Of the correction of defects, see `DefectsModel`.
    nodes : mapping
        Lens-shading nodes by photodiode, see `LensShadingModel`.
    """

    def __init__(self, config: DieConfig, *, known: Sequence[KnownDefect] = (),
                 thresholds: Mapping[str, ArrayLike] | None = None,
                 nodes: Mapping[Photodiode, NDArray[np.int64]] | None = None):
        self.fixed_pattern = FixedPatternModel(config)
        self.digital_gain = DigitalGainModel(config)
        self.lens_shading = LensShadingModel(config, nodes or {})
        self.defects = DefectsModel(config, known=known, thresholds=thresholds)
        self._newest: int | None = None
        self._region: list[int] = []

    def row(self, row: ModelRow, settings: Mapping[str, Any]) -> list[ModelRow]:
        """Take a row with the settings of its frame; give those that leave.

        The last row of a capture gives three; the die sends the last two of them later.
        """
        self._watch_region(row.frame, settings)
        on = settings["correction"]
        out = self.fixed_pattern.row(
            row, column=bool(on["column"]), black_level=bool(on["black_level"]),
            row_noise=bool(on["row_noise"]), strength=settings["row_noise_strength"])
        if out is None:
            return []
        out = self.digital_gain.row(
            out, colour_gains=settings["colour_gains"],
            capture_gains=[capture["digital_gain"] for capture in settings["captures"]],
            enable=bool(on["digital_gain"]))
        out = self.lens_shading.row(out, enable=bool(on["lens_shading"]))
        return self.defects.row(out, dynamic=bool(on["defects_dynamic"]),
                                listed=bool(on["defects_listed"]))

    def _watch_region(self, frame: int, settings: Mapping[str, Any]) -> None:
        """What was learnt of columns is forgotten as soon as a frame reads others."""
        if self._newest is not None and frame <= self._newest:
            return
        region = [int(getattr(settings[name], "value", settings[name])) for name in _REGION]
        if self._newest is not None and region != self._region:
            self.fixed_pattern.column.restart()
        self._newest, self._region = frame, region
