# SPDX-License-Identifier: Apache-2.0
"""The stock driver's sequence, played on a virtual sensor that somebody serves."""

from collections.abc import Callable
from dataclasses import dataclass

from ..ccs import DriverSetup, Sensor, StreamSetup, play, probe, start, stop
from ..ccs.stream import StreamTiming
from ..client import NotAcknowledgedError, SentFrame, VirtualSensor
from ..client.bus import Device

__all__ = ["CountingBus", "Replayed", "replay"]


class CountingBus:
    """A `tapetum_sim.ccs.Bus` on the socket; counts transactions and the time that they took."""

    def __init__(self, device: Device):
        self._device = device
        self.transactions, self.busy_ps = 0, 0

    def write(self, address: int, data: bytes) -> bool:
        """Write; whether every byte was acknowledged."""
        return self._made(lambda: self._device.write(address, data)) is not None

    def read(self, address: int, count: int) -> bytes | None:
        """Read; None if somebody did not acknowledge."""
        return self._made(lambda: self._device.read(address, count))

    def _made(self, transaction: Callable[[], bytes | None]) -> bytes | None:
        bus = self._device.bus
        before_ps = bus.answer.time_ps
        try:
            return transaction() or b""
        except NotAcknowledgedError:
            return None
        finally:
            self.transactions += 1
            self.busy_ps += bus.answer.time_ps - before_ps


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What the driver found, what it asked for, what it got.

    Members
    -------
    probe_transactions, probe_ps : int
        What the probe took on the bus.
    frames : list of SentFrame
        Of the channel with the pixels.
    """

    sensor: Sensor
    timing: StreamTiming
    probe_transactions: int
    probe_ps: int
    frames: list[SentFrame]


def replay(virtual: VirtualSensor, setup: DriverSetup, stream: StreamSetup | None = None, *,
           frames: int = 1, progress: Callable[[str], None] = lambda text: None) -> Replayed:
    """Probe, stream ``frames`` frames, stop.

    Raises
    ------
    NakError, ProbeError
        The driver would have given up.
    """
    bus = CountingBus(virtual)
    virtual.bus.request("info")  # the time from which the bus is counted
    progress("probing")
    sensor = play(probe(setup), bus)
    probed = bus.transactions, bus.busy_ps
    progress("streaming")
    received: list[SentFrame] = []
    with virtual.frames(fresh=True) as coming:
        timing = play(start(sensor, stream), bus)
        for frame in coming:
            if frame.virtual_channel == 0:
                received.append(frame)
                progress(f"streaming: frame {len(received)} of {frames}")
            if len(received) == frames:
                break
        play(stop(), bus)
    return Replayed(sensor=sensor, timing=timing, probe_transactions=probed[0], probe_ps=probed[1],
                    frames=received)
