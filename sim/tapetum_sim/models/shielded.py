# SPDX-License-Identifier: Apache-2.0
"""Integer-exact model of the mean over a row's shielded pixels that one bad pixel cannot shift."""

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["shielded_mean"]


def shielded_mean(values: ArrayLike) -> int:
    """Mean of the three of four groups that agree best, rounded half up.

    Parameters
    ----------
    values : int array (optical-black columns,)
        In order of output; each quarter is a group.

    The group farthest from the mean of all is left out (on a tie the lowest); a third is 85/256.
    """
    groups = np.asarray(values, np.int64).reshape(4, -1)
    sums = groups.sum(axis=1)
    highest, lowest, total = int(sums.max()), int(sums.min()), int(sums.sum())
    kept = total - (highest if 2 * (highest + lowest) > total else lowest)
    pixels = groups.shape[1]
    return (2 * 85 * kept + 256 * pixels) // (2 * 256 * pixels)
