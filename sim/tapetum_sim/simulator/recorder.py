# SPDX-License-Identifier: Apache-2.0
"""A stream tap that writes every accepted beat to a file, without Python in the loop."""

import ctypes

from amaranth import *
from amaranth.hdl import ShapeLike
from amaranth.lib import wiring
from amaranth.lib.wiring import In

__all__ = ["MAX_PAYLOAD_BITS", "Recorder", "flush_recordings"]

MAX_PAYLOAD_BITS = 1024


class Recorder(wiring.Component):
    """Writes the payload of every beat with ``valid & ready`` to ``<record_dir>/<name>.beats``.

    The folder is chosen when the simulator starts (plusarg ``+record_dir=``, see
    :func:`~tapetum_sim.simulator.run`), never when it is built; without it nothing is written.
    Simulation only: the recorder is a Verilog module that calls C. Read the file with
    :func:`~tapetum_sim.simulator.read_recording`.

    Parameters
    ----------
    shape : ShapeLike
        Shape of the payload, 1 to 1,024 bits.
    name : str
        Stem of the file, unique in the design.
    domain : str
        Clock domain in which the stream lives.

    Members
    -------
    payload : In(shape)
    valid : In(1)
    ready : In(1)
        The three signals of the watched stream. They are only looked at: connect them with
        assignments (see :meth:`watch`).

    Raises
    ------
    ValueError
        If the payload is empty or wider than 1,024 bits, or the name is no plain file stem.
    """

    def __init__(self, shape: ShapeLike, name: str, domain: str = "sync"):
        width = Shape.cast(shape).width
        if not 1 <= width <= MAX_PAYLOAD_BITS:
            raise ValueError(f"recorder {name!r} takes payloads of 1 to {MAX_PAYLOAD_BITS} bits, "
                             f"not {width}")
        if not name.replace("_", "").replace("-", "").isalnum():
            raise ValueError(f"recorder name {name!r} must be letters, digits, '_' and '-'")
        self._name = name
        self._domain = domain
        super().__init__({"payload": In(shape), "valid": In(1), "ready": In(1)})

    def watch(self, stream_interface):
        """Statements that tap ``stream_interface``: ``m.d.comb += recorder.watch(x.o)``."""
        return [
            Value.cast(self.payload).eq(Value.cast(stream_interface.payload)),
            self.valid.eq(stream_interface.valid),
            self.ready.eq(stream_interface.ready),
        ]

    def elaborate(self, platform):
        m = Module()
        payload = Value.cast(self.payload)
        m.submodules.file = Instance(
            "tapetum_recorder",
            p_WIDTH=len(payload),
            p_PATH=self._name,
            i_clk=ClockSignal(self._domain),
            i_valid=self.valid,
            i_ready=self.ready,
            i_payload=payload,
        )
        return m


def flush_recordings() -> None:
    """Hand on what is recorded so far, to whoever reads the files while the simulation runs.

    Only from coroutines that run inside the simulator.
    """
    try:
        ctypes.CDLL(None).tapetum_recorders_flush()
    except AttributeError:
        raise RuntimeError("flush_recordings() works only inside a running simulation") from None
