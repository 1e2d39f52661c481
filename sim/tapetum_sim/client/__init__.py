# SPDX-License-Identifier: Apache-2.0
"""The host's end of a virtual sensor: sockets and numpy, and nothing of the simulator.

::

    from tapetum_sim.client import VirtualSensor

    with VirtualSensor("build/serve") as sensor:
        sensor.write(0x0100, b"\\x01")
        frame = next(sensor.frames())
"""

from .bus import Device, I2cBus, NotAcknowledgedError, RefusedError
from .frames import FrameStream, SentFrame
from .protocol import Message
from .sensor import VirtualSensor

__all__ = ["Device", "FrameStream", "I2cBus", "Message", "NotAcknowledgedError", "RefusedError",
           "SentFrame", "VirtualSensor"]
