# SPDX-License-Identifier: Apache-2.0
"""The last clocks of a signal, in a file that can be read while the simulation runs."""

from pathlib import Path

import numpy as np
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In

__all__ = ["Window", "read_window"]


class Window(wiring.Component):
    """Keeps the value of each of the last clocks in ``<name>.window``; simulation only.

    The folder is that of a run's recordings. The file is replaced each time that half of it is new,
    and is there as soon as it is full.

    Parameters
    ----------
    width : int
        Bits of the signal, at most 32.
    count : int
        Clocks, an even number.
    name, domain : str

    Members
    -------
    payload : In(width)
    """

    def __init__(self, width: int, count: int, name: str, domain: str = "sync"):
        if not 1 <= width <= 32:
            raise ValueError(f"a window takes 1 to 32 bits, not {width}.")
        if count < 2 or count % 2:
            raise ValueError(f"a window keeps an even number of clocks, not {count}.")
        self._width, self._count, self._name, self._domain = width, count, name, domain
        super().__init__({"payload": In(width)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.file = Instance(
            "tapetum_window", p_WIDTH=self._width, p_COUNT=self._count, p_PATH=self._name,
            i_clk=ClockSignal(self._domain), i_payload=self.payload)
        return m


def read_window(path: Path) -> np.ndarray:
    """uint32, the oldest first; empty as long as there is none."""
    return np.fromfile(path, "<u4") if path.exists() else np.zeros(0, np.uint32)
