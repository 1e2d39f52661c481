# SPDX-License-Identifier: Apache-2.0
"""Black of whole frames, plainly: for tests of what comes behind black subtraction."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapetum.config import DieConfig

__all__ = ["black_levels", "correct", "subtract_black"]


def black_levels(optical_black: ArrayLike, config: DieConfig) -> NDArray[np.int64]:
    """Mean of the shielded window, in units of ``2**-fraction_bits`` codes, rounded half up.

    Parameters
    ----------
    optical_black : array (..., optical-black rows, optical-black columns)
        ADC codes of the optical-black columns of the optical-black rows.

    Returns
    -------
    array (...)
    """
    window = np.asarray(optical_black, dtype=np.int64)
    pixels = window.shape[-1] * window.shape[-2]
    total = window.sum(axis=(-2, -1)) << config.hdr.fraction_bits
    return (2 * total + pixels) // (2 * pixels)


def subtract_black(codes: ArrayLike, levels: ArrayLike, config: DieConfig) -> NDArray[np.int64]:
    """Corrected codes: black becomes the pedestal; full scale stays full scale.

    Parameters
    ----------
    codes : array (..., rows, columns)
    levels : array (...)
    """
    codes = np.asarray(codes, dtype=np.int64)
    scale = 1 << config.hdr.fraction_bits
    full_scale = (config.adc.maximum_code + 1) * scale - 1
    levels = np.asarray(levels, dtype=np.int64)[..., np.newaxis, np.newaxis]
    corrected = (codes + config.adc.pedestal_codes) * scale - levels
    return np.where(codes == config.adc.maximum_code, full_scale,
                    np.clip(corrected, 0, full_scale))


def correct(codes: ArrayLike, optical_black: ArrayLike, config: DieConfig) -> NDArray[np.int64]:
    """All corrections of whole frames.

    Parameters
    ----------
    codes : array (frames, captures, rows, columns)
        ADC codes of the active pixels.
    optical_black : array (frames, captures, optical-black rows, optical-black columns)
        Of the same frames.

    Returns
    -------
    array like ``codes``
        Corrected codes with ``hdr.fraction_bits`` fractional bits.
    """
    return subtract_black(codes, black_levels(optical_black, config), config)
