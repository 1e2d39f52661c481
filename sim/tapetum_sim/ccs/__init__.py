# SPDX-License-Identifier: Apache-2.0
"""What the stock CCS driver of Linux does on the two-wire bus, as a host program of our own.

`probe` and `stream` are sequences of transactions: generators that yield a `Write` or a `Read` and
are sent its answer, so the same sequence runs on a model, on the simulated wires or on a socket.
`play` runs one on a `Bus`.

>>> from tapetum.presets import preset
>>> from tapetum_sim.ccs import DriverSetup, RegisterModel, play, probe
>>> play(probe(DriverSetup(lanes=2)), RegisterModel(preset("vga"))).columns
640
"""

from .bus import Bus, NakError, Read, RegisterModel, Sequence, Write, play
from .limits import LIMITS, Limit
from .pll import PllLimits, PllSettings, solve_pll
from .probe import DriverSetup, Sensor, probe
from .stream import StreamSetup, start, stop
from .timing import transaction_bits

__all__ = ["LIMITS", "Bus", "DriverSetup", "Limit", "NakError", "PllLimits", "PllSettings", "Read",
           "RegisterModel", "Sensor", "Sequence", "StreamSetup", "Write", "play", "probe",
           "solve_pll", "start", "stop", "transaction_bits"]
