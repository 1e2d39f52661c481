# SPDX-License-Identifier: Apache-2.0
"""What happens in front of a still background: pulsed lamps and moving things."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .motion import Path
from .planes import PLANES, stack_planes
from .pulse import PulseTrain

__all__ = ["Layer", "MovingLayer", "PulsedLayer"]

SAMPLES_PER_PIXEL = 4
"""Positions taken for each pixel that a sprite travels within an exposure."""
MOST_SAMPLES = 128
LEAST_SECONDS = 1e-9
LONGEST_RUN_S = 3600.0
"""Rows that a sprite can reach are those that it reaches within this time."""


class Layer(Protocol):
    """Something that changes a row of the picture over an exposure window."""

    name: str

    def apply(self, line: np.ndarray, planes: np.ndarray, row: int, start_s: float,
              end_s: float) -> None:
        """Change ``line`` (mean radiance of a row) in place; ``planes`` is what each pixel sees."""
        ...


class PulsedLayer:
    """Light of lamps that stand still and pulse together, added to what is behind them.

    Parameters
    ----------
    radiance : array (height, width, 3)
        Radiance while the lamps are on.
    row, column : int
        Where its top left pixel is.
    pulse : PulseTrain
    """

    def __init__(self, name: str, radiance: np.ndarray, *, row: int, column: int,
                 pulse: PulseTrain):
        self.name = name
        self.pulse = pulse
        self.row, self.column = row, column
        self.height, self.width = radiance.shape[:2]
        self.planes = stack_planes(np.asarray(radiance, np.float64))
        self._index = np.arange(self.width)

    def mask(self, rows: int, columns: int) -> np.ndarray:
        """Pixels that the lamps light; bool, shape ``(rows, columns)``."""
        mask = np.zeros((rows, columns), bool)
        mask[self.row:self.row + self.height, self.column:self.column + self.width] = (
            self.planes.max(axis=0) > 0)
        return mask

    def apply(self, line, planes, row, start_s, end_s):
        if not self.row <= row < self.row + self.height:
            return
        columns = slice(self.column, self.column + self.width)
        on = self.pulse.on_fraction(start_s, end_s)
        line[columns] += on * self.planes[planes[columns], row - self.row, self._index]


@dataclass(frozen=True)
class _Samples:
    """Sprite positions in an exposure: each holds for the part ``weight`` of the window."""

    x: np.ndarray
    y: np.ndarray
    scale: np.ndarray
    weight: np.ndarray
    on: np.ndarray


class MovingLayer:
    """A sprite on a path, averaged over the window; hides what is behind it.

    Every position is anti-aliased exactly (area of the texels under each pixel); the window is
    cut so that the sprite moves a quarter of a pixel or less between positions, and a lamp on
    the sprite is integrated exactly within each of those parts.

    Parameters
    ----------
    radiance : array (height, width, 3)
        Radiance of each texel, not multiplied by ``alpha``.
    alpha : array (height, width)
        Share of the background that the texel hides.
    emission : array (height, width, 3), optional
        Light added on top, modulated by ``pulse`` if there is one.
    """

    def __init__(self, name: str, radiance: np.ndarray, alpha: np.ndarray, path: Path, *,
                 emission: np.ndarray | None = None, pulse: PulseTrain | None = None):
        self.name = name
        self.path = path
        self.pulse = pulse
        self.height, self.width = alpha.shape
        stacks = [stack_planes(radiance * alpha[..., None]), alpha[None]]
        if emission is not None:
            stacks.append(stack_planes(np.asarray(emission, np.float64)))
        self._emits = emission is not None
        layers = np.concatenate(stacks)
        lap_s = path.lap_s if np.isfinite(path.lap_s) else LONGEST_RUN_S
        _, y, scale = path.place(np.linspace(0, lap_s, 256))
        self._top = int(np.floor(y.min())) - 1
        self._bottom = int(np.ceil((y + self.height * scale).max())) + 1
        # Summed areas: the sum of any rectangle, cut texels included, is four reads.
        self._sums = np.zeros((self.height + 1, layers.shape[0], self.width + 1))
        self._sums[1:, :, 1:] = np.moveaxis(layers.cumsum(axis=1).cumsum(axis=2), 0, 1)

    def apply(self, line, planes, row, start_s, end_s):
        if not self._top <= row < self._bottom:
            return
        at = self._samples(start_s, max(end_s, start_s + LEAST_SECONDS))
        if at.y.min() >= row + 1 or (at.y + self.height * at.scale).max() <= row:
            return
        left = max(0, int(np.floor(at.x.min())))
        right = min(line.size, int(np.ceil((at.x + self.width * at.scale).max())) + 1)
        if left >= right:
            return
        strip = self._strip(row, at)                            # (samples, layers, width + 1)
        edges = np.arange(left, right + 1)
        texel = np.clip((edges - at.x[:, None]) / at.scale[:, None], 0, self.width)
        whole = np.minimum(texel.astype(np.intp), self.width - 1) + 1
        part = texel - whole + 1
        weight = (at.weight * at.scale ** 2)[:, None]           # pixels per texel, share of time
        sample = np.arange(at.x.size)[:, None]

        def mean(layer, share):
            sums = (strip[sample, layer, whole[:, 1:]] * part[:, 1:]
                    + strip[sample, layer, whole[:, 1:] - 1] * (1 - part[:, 1:])
                    - strip[sample, layer, whole[:, :-1]] * part[:, :-1]
                    - strip[sample, layer, whole[:, :-1] - 1] * (1 - part[:, :-1]))
            return (sums * share).sum(axis=0)

        seen = planes[left:right]
        light = mean(seen, weight)
        if self._emits:
            light += mean(PLANES + 1 + seen, weight * at.on[:, None])
        hidden = np.minimum(mean(PLANES, weight), 1)
        line[left:right] = line[left:right] * (1 - hidden) + light

    def _place(self, time_s):
        if np.isfinite(self.path.lap_s):
            time_s = np.mod(time_s, self.path.lap_s)
        return self.path.place(time_s)

    def _samples(self, start_s, end_s) -> _Samples:
        x, y, scale = self._place(np.array([start_s, end_s]))
        travel = max(np.ptp(x), np.ptp(y), np.ptp(x + self.width * scale),
                     np.ptp(y + self.height * scale))
        count = int(np.clip(np.ceil(travel * SAMPLES_PER_PIXEL), 1, MOST_SAMPLES))
        cuts = np.linspace(start_s, end_s, count + 1)
        x, y, scale = self._place((cuts[1:] + cuts[:-1]) / 2)
        on = (np.ones(count) if self.pulse is None
              else self.pulse.on_fraction(cuts[:-1], cuts[1:]))
        return _Samples(x, y, scale, np.full(count, 1 / count), on)

    def _strip(self, row, at: _Samples) -> np.ndarray:
        """Sums of the texels between the row's top and bottom, cumulative along x."""
        def cumulative(edge):
            texel = np.clip((edge - at.y) / at.scale, 0, self.height)
            whole = np.minimum(texel.astype(np.intp), self.height - 1)
            part = (texel - whole)[:, None, None]
            return self._sums[whole] * (1 - part) + self._sums[whole + 1] * part

        return cumulative(row + 1) - cumulative(row)
