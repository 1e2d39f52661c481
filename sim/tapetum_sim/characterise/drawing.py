# SPDX-License-Identifier: Apache-2.0
"""Plots as PNG bytes, without a display and without matplotlib's global state."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["draw"]


@contextmanager
def draw(*, width: float = 9.0, height: float = 4.0) -> Iterator:
    """A figure to draw on and, once the block has ended, its PNG."""
    from matplotlib.figure import Figure

    figure, picture = Figure(figsize=(width, height), layout="constrained"), io.BytesIO()
    yield figure, picture
    figure.savefig(picture, format="png", dpi=110, metadata={"Software": None})
