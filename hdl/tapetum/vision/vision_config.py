# SPDX-License-Identifier: Apache-2.0
"""What the network's front end is built for."""

from dataclasses import dataclass

from ..room_config import require

__all__ = ["VisionConfig"]


@dataclass(frozen=True, kw_only=True)
class VisionConfig:
    """What the room is built for.

    Parameters
    ----------
    largest_columns, largest_rows : int
        Of a network's input.
    """

    largest_columns: int = 96
    largest_rows: int = 96

    def __post_init__(self):
        for name in ("largest_columns", "largest_rows"):
            require(4 <= getattr(self, name) <= 128,
                    f"{name} must lie between 4 and 128, not {getattr(self, name)}.")
