# SPDX-License-Identifier: Apache-2.0
"""A virtual sensor as one object: its registers and its frames."""

import time
from pathlib import Path

from .bus import Device, I2cBus
from .frames import FrameStream

__all__ = ["FRAME_SOCKET", "I2C_SOCKET", "VirtualSensor"]

I2C_SOCKET, FRAME_SOCKET = "i2c.sock", "frames.sock"
_RETRY_S = 0.1


class VirtualSensor(Device):
    """The sensor behind `tapetum serve --out FOLDER`.

    Parameters
    ----------
    folder : path
    address : int, optional
        By default the one that the sensor says it has.
    patience_s : float
        How long to wait for a server that has only been started.
    timeout_s : float, optional
        Of wall time, for each answer and each part of a frame; by default none.

    Raises
    ------
    ConnectionError, FileNotFoundError
        There is no server.
    """

    def __init__(self, folder: Path | str, address: int | None = None, *,
                 patience_s: float = 0.0, timeout_s: float | None = None):
        self.folder, self._timeout_s = Path(folder), timeout_s
        self._streams: list[FrameStream] = []
        bus = self._connect(time.monotonic() + patience_s)
        try:
            super().__init__(bus, bus.info()["device"] if address is None else address)
        except BaseException:
            bus.close()
            raise

    def _connect(self, deadline: float) -> I2cBus:
        while True:
            try:
                return I2cBus(self.folder / I2C_SOCKET, timeout_s=self._timeout_s)
            except (ConnectionError, FileNotFoundError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_S)

    def frames(self, *, fresh: bool = False) -> FrameStream:
        """Open a stream: what ends from now on, and what nobody has read so far.

        With ``fresh`` only what starts after the last answer of the bus.
        """
        stream = FrameStream(self.folder / FRAME_SOCKET, timeout_s=self._timeout_s,
                             since_ps=self.bus.answer.time_ps if fresh else 0)
        self._streams.append(stream)
        return stream

    def close(self) -> None:
        """Close the bus and all streams."""
        for stream in self._streams:
            stream.close()
        self.bus.close()

    def __enter__(self) -> "VirtualSensor":
        return self

    def __exit__(self, *exception) -> None:
        self.close()
