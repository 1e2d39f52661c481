# SPDX-License-Identifier: Apache-2.0
"""The byte-wide bus between whatever a host speaks and the registers."""

from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .definition import MemoryWindow
from .layout import RegisterLayout

__all__ = ["ACCESS_INTERVAL_CYCLES", "HOSTS", "READ_LATENCY_CYCLES", "RegisterBus", "RegisterWatch",
           "WindowBus"]

HOSTS = ("local", "cci", "spi")
"""Who may speak in turn, by the numbers that they have; the bytes of each follow each other by
themselves."""

READ_LATENCY_CYCLES = 7
"""From the clock edge that takes ``read`` to the one after which ``read_data`` is valid."""
ACCESS_INTERVAL_CYCLES = 8
"""An access begins at least so many cycles after the one before; the fastest host needs 32."""


class RegisterBus(wiring.Signature):
    """One byte per access, seen from the host's side.

    Members
    -------
    address : Out(16)
    host : Out(range(len(HOSTS)))
        Whose access this is.
    write, read : Out(1)
        Strobes of one cycle, never both, at least `ACCESS_INTERVAL_CYCLES` apart.
    write_data : Out(8)
    read_data : In(8)
        Valid with ``read_valid``, `READ_LATENCY_CYCLES` after ``read``, until the next read.
    read_valid : In(1)
        Strobe of one cycle.
    """

    def __init__(self):
        super().__init__({
            "address": Out(16), "host": Out(range(len(HOSTS))), "write": Out(1),
            "write_data": Out(8), "read": Out(1), "read_data": In(8), "read_valid": In(1),
        })


class WindowBus(wiring.Signature):
    """Bytes of one memory window.

    Members
    -------
    address : Out
        Byte within the window; beyond its last entry if that is no power of two.
    write : Out(1), write_data : Out(8)
    read_data : In(8)
        The byte at ``address``, at most 2 cycles later.
    """

    def __init__(self, window: MemoryWindow):
        self.window = window
        super().__init__({"address": Out(window.address_bits), "write": Out(1),
                          "write_data": Out(8), "read_data": In(8)})


class RegisterWatch(wiring.Signature):
    """The register memory as one sees it who checks it: its words, and every legal change.

    Members
    -------
    reset : Out(1)
        All bytes return to their reset values.
    written : Out(1), place : Out, changed : Out(32)
        Strobe: bits of a word change, at least `ACCESS_INTERVAL_CYCLES` after the strobe before.
        The word is in the memory two cycles later.
    word_address : In, word : Out(32)
        A read port; latency 2 cycles.
    busy : In(1)
        The port is being used.
    """

    def __init__(self, layout: RegisterLayout):
        words = range(layout.words)
        super().__init__({
            "reset": Out(1), "written": Out(1), "place": Out(words), "changed": Out(32),
            "word_address": In(words), "word": Out(32), "busy": In(1),
        })
