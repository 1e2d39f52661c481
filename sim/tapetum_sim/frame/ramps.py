# SPDX-License-Identifier: Apache-2.0
"""The pixel die at the simulated die: answers each ramp with the trip codes of its row."""

import time
from pathlib import Path

import numpy as np
from amaranth.lib import data

from tapetum.config import DieConfig
from tapetum.pixel import RampKind
from tapetum.safety.temperature import CELSIUS

from ..pixel_die import PixelDie
from ..simulator import post
from .direct_adc import TRIP_CODES
from .exposure_meter import TripRequest

__all__ = ["RampServer"]


class RampServer:
    """Entered once per ramp.

    Parameters
    ----------
    dut : handle
        Top level with ``request``, ``request_toggle``, ``temperature`` and the mailbox
        `TRIP_CODES`.
    keep : bool
        Keep what was asked and answered, for the models.

    Members
    -------
    served : int
        Ramps so far.
    pixel_die_s : float
        Wall time that they took.
    """

    def __init__(self, dut, config: DieConfig, pixel_die: PixelDie, *, keep: bool = True):
        self.dut, self.config, self.pixel_die = dut, config, pixel_die
        self.served, self.pixel_die_s = 0, 0.0
        self._warmed = 0
        self._keep = keep
        self._requests: list[int] = []
        self._trips: list[np.ndarray] = []
        self._planes = np.arange(config.adc.bits + 1)[:, None]

    async def serve(self) -> None:
        """Answer every ramp, for ever."""
        while True:
            await self.dut.request_toggle.value_change
            raw = int(self.dut.request.value)
            started = time.perf_counter()
            request = data.Const(TripRequest.as_shape(), raw)
            if request.command.tag.frame > self._warmed:
                self.warm(request.command.tag.frame)
            trips = self._trip_codes(request)
            bits = ((trips >> self._planes) & 1).astype(np.uint8)
            post(TRIP_CODES, np.packbits(bits.reshape(-1), bitorder="little"))
            self.served += 1
            if self._keep:
                self._requests.append(raw)
                self._trips.append(trips.astype(np.uint16))
            self.pixel_die_s += time.perf_counter() - started

    def warm(self, frame: int) -> None:
        """Let the sensor on the die read what the pixel die has while `frame` is read."""
        self._warmed = frame
        celsius = self.pixel_die.temperature_celsius(frame)
        self.dut.temperature.value = round(celsius * CELSIUS) & 0xFFFF

    def _trip_codes(self, request) -> np.ndarray:
        tag, row = request.command.tag, request.physical_row
        if request.command.kind == RampKind.RESET:
            return self.pixel_die.reset_trip_codes(tag.frame, row, tag.capture)
        clock_hz = self.config.sync_clock_hz
        return self.pixel_die.signal_trip_codes(
            tag.frame, row, tag.capture, request.exposure_start_cycles / clock_hz,
            request.exposure_end_cycles / clock_hz)

    def save(self, directory: Path) -> None:
        """Write what was kept as `Recordings` reads it."""
        columns = self.config.array.total_columns
        np.save(directory / "trips.npy", np.array(self._trips, np.uint16).reshape(-1, columns))
        words = -(-TripRequest.as_shape().size // 32)
        raw = b"".join(request.to_bytes(4 * words, "little") for request in self._requests)
        np.save(directory / "requests.npy", np.frombuffer(raw, "<u4").reshape(-1, words))
