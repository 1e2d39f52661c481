# SPDX-License-Identifier: Apache-2.0
"""A board with a small ECP5: `SmallCore` on its pins."""

from amaranth import *
from amaranth.build import Attrs, Pins, Resource, Subsignal
from amaranth.lib import io

from tapetum.config import DieConfig

from ..small.small_core import SmallCore
from .ecp5_clocks import Ecp5Clocks, plan_clocks

__all__ = ["Ecp5SmallTop"]


class Ecp5SmallTop(Elaboratable):
    """Clocks from one PLL; lamps 0 and 1 show a fault and that frames are taken.

    Parameters
    ----------
    config : DieConfig
    clock : str
        Resource of the board's oscillator.
    scl, sda : str
        Pins of the board's connector ``gpio`` for the host's bus.
    """

    def __init__(self, config: DieConfig, *, clock: str, scl: str, sda: str):
        self.config, self.clock = config, clock
        self.wires = Resource("cci", 0, Subsignal("scl", Pins(scl, dir="i", conn=("gpio", 0))),
                              Subsignal("sda", Pins(sda, dir="io", conn=("gpio", 0))),
                              Attrs(IO_TYPE="LVCMOS33", PULLMODE="UP"))
        self.core = SmallCore(config, whole_converters=True)

    def elaborate(self, platform):
        m = Module()
        platform.add_resources([self.wires])
        m.submodules.oscillator = incoming = io.Buffer("i", platform.request(self.clock, dir="-"))
        plan = plan_clocks(platform.lookup(self.clock).clock.frequency, {
            "sync": self.config.sync_clock_hz, "adc": self.config.adc_clock_hz})
        m.domains += [ClockDomain(name) for name in plan.dividers]
        m.submodules.clocks = clocks = Ecp5Clocks(plan)
        m.d.comb += clocks.clock.eq(incoming.i)
        m.submodules.core = core = self.core

        wires = platform.request("cci", 0, dir={"scl": "-", "sda": "-"})
        m.submodules.scl = scl = io.Buffer("i", wires.scl)
        m.submodules.sda = sda = io.Buffer("io", wires.sda)
        line = platform.request("uart", 0, dir={"rx": "-", "tx": "-", "rts": "-", "dtr": "-"})
        m.submodules.transmit = transmit = io.Buffer("o", line.tx)
        m.d.comb += [
            core.scl.eq(scl.i), core.sda.eq(sda.i), sda.o.eq(0), sda.oe.eq(core.pull_sda),
            transmit.o.eq(core.transmit),
        ]
        for number, level in enumerate((core.fault, core.beat)):
            m.submodules[f"lamp_{number}"] = lamp = io.Buffer(
                "o", platform.request("led", number, dir="-"))
            m.d.comb += lamp.o.eq(level)
        return m
