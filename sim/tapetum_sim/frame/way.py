# SPDX-License-Identifier: Apache-2.0
"""How a host reaches the die; imports nothing, as the command line shows it in its help."""

from enum import Enum

__all__ = ["Way"]


class Way(Enum):
    """What the host writes and reads through before the die streams."""

    BUS = "bus"
    SPI = "spi"
