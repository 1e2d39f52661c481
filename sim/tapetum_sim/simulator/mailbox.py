# SPDX-License-Identifier: Apache-2.0
"""A wide register that Python fills in microseconds: rows of trip codes, scenes, commands."""

import ctypes

import numpy as np
from amaranth import *
from amaranth.hdl import ShapeLike
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Mailbox", "post"]


class Mailbox(wiring.Component):
    """A register loaded, while ``load`` is high, with the letter that Python posted last.

    Twenty times faster than writing a wide port through VPI, and kinder to the simulator: whatever
    depends on a top-level input is evaluated twice as often as what depends on a register.
    Simulation only.

    Parameters
    ----------
    shape : ShapeLike
        Shape of the data, any width.
    name : str
        Name that :func:`post` uses, unique in the design.
    domain : str
        Clock domain of ``load`` and ``data``.

    Members
    -------
    load : In(1)
        Takes the letter at the next clock edge (latency 1).
    data : Out(shape)
        Zero until the first ``load``; holds otherwise.
    """

    def __init__(self, shape: ShapeLike, name: str, domain: str = "sync"):
        if Shape.cast(shape).width < 1:
            raise ValueError(f"mailbox {name!r} must be at least one bit wide")
        self._name = name
        self._domain = domain
        super().__init__({"load": In(1), "data": Out(shape)})

    def elaborate(self, platform):
        m = Module()
        data = Value.cast(self.data)
        m.submodules.memory = Instance(
            "tapetum_mailbox",
            p_WIDTH=len(data),
            p_NAME=self._name,
            i_clk=ClockSignal(self._domain),
            i_load=self.load,
            o_data=data,
        )
        return m


def post(name: str, letter: bytes | np.ndarray) -> None:
    """Put ``letter`` (little-endian, zero-padded to the width of the mailbox) into a mailbox.

    Only from coroutines that run inside the simulator. Like every write made by Python, it acts
    after the clock edges of the present time step and before the next one.
    """
    data = letter.tobytes() if isinstance(letter, np.ndarray) else bytes(letter)
    native = _native_post()
    size = native(name.encode(), data, len(data))
    if size < 0:
        raise ValueError(f"the design has no mailbox named {name!r}")
    if size != len(data):
        if len(data) > size:
            raise ValueError(f"a letter for mailbox {name!r} has at most {size} bytes, "
                             f"not {len(data)}")
        native(name.encode(), data.ljust(size, b"\0"), size)


_post_function = None


def _native_post():
    global _post_function
    if _post_function is None:
        try:
            _post_function = ctypes.CDLL(None).tapetum_mailbox_post
        except AttributeError:
            raise RuntimeError("post() works only inside a running simulation") from None
        _post_function.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int]
        _post_function.restype = ctypes.c_int
    return _post_function
