# SPDX-License-Identifier: Apache-2.0
"""What the die knows of its frames, for a human."""

from dataclasses import dataclass

import numpy as np
from rich.console import Group
from rich.table import Table
from rich.text import Text

from tapetum.control.faults import Fault

from ..link.board_bus import DIE_REGISTERS
from .board import Board

__all__ = ["Statistics", "read_statistics", "show_statistics"]

_ZONES = 16
_BARS = " ▁▂▃▄▅▆▇█"
_NO_CLASS = 255


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """Of the last whole frame.

    Members
    -------
    histograms : array of (captures, bins)
        Pixels, two bins per octave below full scale; the last one is saturated.
    corrected : tuple of int
        Defects replaced, per capture.
    verdict : int or None
        Class.
    """

    frame: int
    histograms: np.ndarray
    corrected: tuple[int, ...]
    flickering: int
    clipped: int
    temperature_c: float
    verdict: int | None
    faults: tuple[str, ...]

    def median_db(self, capture: int) -> float | None:
        """Of the pixels below full scale; None without any."""
        counts = self.histograms[capture]
        if not counts.sum():
            return None
        middle = int(np.searchsorted(np.cumsum(counts), counts.sum() / 2))
        return -20 * np.log10(2) * (len(counts) - 1 - middle) / 2

    def saturated(self, capture: int) -> float:
        """Share of the pixels."""
        counts = self.histograms[capture]
        return float(counts[-1] / max(counts.sum(), 1))


def read_statistics(board: Board) -> Statistics:
    """Ask the die; a frame may pass meanwhile, so that not all must be of one frame."""
    captures = len(board.config.captures)
    window = board.die_map.windows["histogram"]
    content = board.link.read(DIE_REGISTERS + window.address,
                              window.entries * window.entry_bytes)
    counts = np.frombuffer(content, ">u4")[:window.entries].reshape(captures, _ZONES, -1)
    temperature = board.read("temperature")
    faults = board.read("fault_status")
    number = board.read("verdict_class") if board.config.npu else _NO_CLASS
    return Statistics(
        frame=board.read("frame_number"), histograms=counts.sum(axis=1),
        corrected=tuple(board.read(f"capture_{capture}_corrected_defects")
                        for capture in range(captures)),
        flickering=board.read("flicker_count"), clipped=board.read("clipped_count"),
        temperature_c=(temperature - (temperature >> 15 << 16)) / 256,
        verdict=None if number == _NO_CLASS else number,
        faults=tuple(fault.name.lower() for fault in Fault if faults >> fault & 1))


def show_statistics(board: Board, statistics: Statistics) -> Group:
    """For a terminal: a row for each capture, and a line for the frame."""
    table = Table(title=f"frame {statistics.frame}")
    for heading in ("capture", "histogram, full scale on the right", "median", "saturated",
                    "defects"):
        table.add_column(heading, justify="left" if heading != "defects" else "right")
    for number, capture in enumerate(board.config.captures):
        median = statistics.median_db(number)
        table.add_row(capture.name, _bars(statistics.histograms[number]),
                      "" if median is None else f"{median:.0f} dB",
                      f"{100 * statistics.saturated(number):.1f} %",
                      str(statistics.corrected[number]))
    verdict = "none" if statistics.verdict is None else f"class {statistics.verdict}"
    return Group(table, Text(
        f"{statistics.flickering} pixels flicker, {statistics.clipped} are clipped; "
        f"{statistics.temperature_c:.1f} °C; verdict: {verdict}; "
        f"faults: {', '.join(statistics.faults) or 'none'}"))


def _bars(counts: np.ndarray) -> str:
    largest = np.sqrt(counts.max(initial=1) or 1)
    return "".join(_BARS[int(np.ceil(np.sqrt(count) / largest * (len(_BARS) - 1)))]
                   for count in counts)
