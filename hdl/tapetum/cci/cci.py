# SPDX-License-Identifier: Apache-2.0
"""The host's two lines, and the way to the registers that they share with other hosts."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..registers.bus import RegisterBus
from .bus_share import BusShare
from .cci_target import CciTarget

__all__ = ["Cci", "filter_cycles"]

_SPIKE_S = 50e-9


def filter_cycles(config: DieConfig) -> int:
    """Clocks of ``sync`` for which a line must keep its level: those that 50 ns have begun."""
    return int(_SPIKE_S * config.sync_clock_hz) + 1


class Cci(wiring.Component):
    """An I2C target beside other hosts on the byte bus.

    ::

        scl, sda ─► CciTarget ─┐
        spi ───────────────────┼ BusShare ─► bus
        local ─────────────────┘

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    scl, sda, pull_sda, second_address, pec, pec_error, read_code
        Of `CciTarget`.
    local : In(RegisterBus), local_waits : Out(1)
        Of a host inside; not delayed as long as the others rest.
    spi : In(RegisterBus), spi_waits : Out(1)
        Of the other port.
    bus : Out(RegisterBus)
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "scl": In(1, init=1), "sda": In(1, init=1), "pull_sda": Out(1),
            "second_address": In(1), "pec": In(1), "pec_error": Out(1), "read_code": Out(8),
            "local": In(RegisterBus()), "local_waits": Out(1),
            "spi": In(RegisterBus()), "spi_waits": Out(1), "bus": Out(RegisterBus()),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.target = target = CciTarget(filter_cycles=filter_cycles(self.config))
        m.submodules.share = share = BusShare()
        connect(m, flipped(self.local), share.local)
        connect(m, flipped(self.spi), share.spi)
        connect(m, target.bus, share.cci)
        connect(m, share.bus, flipped(self.bus))
        m.d.comb += [
            target.scl.eq(self.scl), target.sda.eq(self.sda),
            self.pull_sda.eq(target.pull_sda), target.second_address.eq(self.second_address),
            target.pec.eq(self.pec), self.pec_error.eq(target.pec_error),
            self.read_code.eq(target.read_code), self.local_waits.eq(share.local_waits),
            self.spi_waits.eq(share.spi_waits),
        ]
        return m
