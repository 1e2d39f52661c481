# SPDX-License-Identifier: Apache-2.0
"""Frames of a row camera, out of the packets that it sends without being asked."""

import time
from collections.abc import Iterable

import numpy as np
import serial

from tapetum.config import DieConfig
from tapetum.pixel import RowKind
from tapetum_sim.errors import UserError

from ..small.row_sender import ROW_HEADER_BYTES
from .serial_link import BITS_PER_SECOND, decode_packets

__all__ = ["FrameCollector", "receive_frame"]


class FrameCollector:
    """Puts rows together until a frame has all of them; of a frame that lacks one, nothing is kept.

    Parameters
    ----------
    config : DieConfig
        What the board was built for.
    """

    def __init__(self, config: DieConfig):
        array = config.array
        self._shape = array.total_rows, array.total_columns
        self._first = {RowKind.TEST: 0, RowKind.OPTICAL_BLACK: array.test_rows,
                       RowKind.ACTIVE: array.dark_rows}
        self._number, self._rows = -1, dict[int, bytes]()

    @property
    def progress(self) -> float:
        """Share of the rows that are there."""
        return len(self._rows) / self._shape[0]

    def add(self, packets: Iterable[bytes]) -> np.ndarray | None:
        """A frame (uint8, dark rows and columns first) if these packets complete it.

        Packets that are no row of this camera are left out.
        """
        for packet in packets:
            if len(packet) != ROW_HEADER_BYTES + self._shape[1]:
                continue
            number, kind, row = packet[:ROW_HEADER_BYTES]
            if kind not in (k.value for k in RowKind):
                continue
            at = self._first[RowKind(kind)] + row
            if at >= self._shape[0]:
                continue
            if number != self._number:
                self._number, self._rows = number, {}
            self._rows[at] = packet[ROW_HEADER_BYTES:]
            if len(self._rows) == self._shape[0]:
                rows, self._rows = self._rows, {}
                return np.frombuffer(b"".join(rows[at] for at in range(self._shape[0])),
                                     np.uint8).reshape(self._shape)
        return None


def receive_frame(port: str, config: DieConfig, *, wait_s: float,
                  progress=lambda share: None) -> np.ndarray:
    """The next frame that arrives whole.

    Raises
    ------
    UserError
        If the port cannot be read, or no frame arrives in time.
    """
    collector, rest = FrameCollector(config), b""
    try:
        with serial.Serial(port, BITS_PER_SECOND, timeout=0.05, exclusive=True) as line:
            deadline = time.monotonic() + wait_s
            while time.monotonic() < deadline:
                packets, rest = decode_packets(rest + line.read(max(1, line.in_waiting)))
                frame = collector.add(packets)
                if frame is not None:
                    return frame
                progress(collector.progress)
    except (serial.SerialException, OSError) as error:
        raise UserError(f"cannot read the serial port {port} ({error}); name the board's with "
                        f"--port.") from None
    raise UserError(f"no whole frame came from {port} in {wait_s:.0f} s; is it the board's port, "
                    f"and its bitstream loaded (`tapetum board flash`)?")
