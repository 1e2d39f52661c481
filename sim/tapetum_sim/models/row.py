# SPDX-License-Identifier: Apache-2.0
"""One row on its way through the models of the pixel side."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapetum.pixel import RowKind

__all__ = ["ModelRow"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelRow:
    """A row of one capture, as it passes from stage to stage; stages take rows in RTL's order.

    Members
    -------
    row, array_row : int
        Order of output and address, both within the rows of its kind.
    codes : int64 array (columns,)
    columns : int64 array (columns,)
        Physical column of each code: optical-black columns are numbered first.
    optical_black : bool array (columns,)
    """

    frame: int
    capture: int
    kind: RowKind
    row: int
    array_row: int
    frame_last: bool
    codes: NDArray[np.int64]
    columns: NDArray[np.int64]
    optical_black: NDArray[np.bool_]

    def with_(self, **changes: Any) -> "ModelRow":
        """A copy with some members replaced."""
        return replace(self, **changes)
