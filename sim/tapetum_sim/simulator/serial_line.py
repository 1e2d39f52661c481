# SPDX-License-Identifier: Apache-2.0
"""The far end of a serial line, as a pseudo-terminal that any program may open."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["SerialLine"]


class SerialLine(wiring.Component):
    """Eight bits, no parity, one stop bit; simulation only.

    The folder of a run holds ``<name>.port``, a link to the terminal, as soon as the run begins.
    The simulation waits while nobody reads what it sends.

    Parameters
    ----------
    cycles : int
        Clocks of ``domain`` per bit.
    name : str

    Members
    -------
    from_design : In(1), to_design : Out(1)
        Resting high.
    """

    def __init__(self, cycles: int, name: str = "serial", domain: str = "sync"):
        self._cycles, self._name, self._domain = cycles, name, domain
        super().__init__({"from_design": In(1), "to_design": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.line = Instance(
            "tapetum_serial_line", p_CYCLES=self._cycles, p_NAME=self._name,
            i_clk=ClockSignal(self._domain), i_from_design=self.from_design,
            o_to_design=self.to_design)
        return m
