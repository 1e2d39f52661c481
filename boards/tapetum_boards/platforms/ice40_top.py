# SPDX-License-Identifier: Apache-2.0
"""A board with an iCE40 UltraPlus: `SmallCore` on its pins."""

from amaranth import *
from amaranth.build import Attrs, Pins, Resource, Subsignal
from amaranth.lib import io
from amaranth.lib.cdc import ResetSynchronizer

from tapetum.config import DieConfig

from ..small.small_core import SmallCore

__all__ = ["TWO_WIRES", "Ice40Top"]

TWO_WIRES = Resource("cci", 0, Subsignal("scl", Pins("1", dir="i", conn=("pmod", 0))),
                     Subsignal("sda", Pins("2", dir="io", conn=("pmod", 0))),
                     Attrs(IO_STANDARD="SB_LVCMOS", PULLUP=1))
"""The host's bus, at the first two pins of PMOD 1A."""
_OSCILLATOR_TOLERANCE = 0.1


class Ice40Top(Elaboratable):
    """The counter runs on the device's own oscillator: asynchronous to the crystal indeed.

    Parameters
    ----------
    config : DieConfig
        ``sync`` is the crystal's frequency, ``adc`` the oscillator's: 6, 12, 24 or 48 MHz.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        self.core = SmallCore(config)

    def elaborate(self, platform):
        m = Module()
        platform.add_resources([TWO_WIRES])
        counting, clock = self.config.adc_clock_hz, Signal(name="counter_clock")
        divider = {48e6: "0b00", 24e6: "0b01", 12e6: "0b10", 6e6: "0b11"}[counting]
        m.submodules.oscillator = Instance(
            "SB_HFOSC", p_CLKHF_DIV=divider, i_CLKHFEN=C(1), i_CLKHFPU=C(1), o_CLKHF=clock)
        platform.add_clock_constraint(clock, counting * (1 + _OSCILLATOR_TOLERANCE))
        m.domains += ClockDomain("adc")
        m.d.comb += ClockSignal("adc").eq(clock)
        m.submodules.reset = ResetSynchronizer(ResetSignal("sync"), domain="adc")
        m.submodules.core = core = self.core

        wires = platform.request("cci", 0, dir={"scl": "-", "sda": "-"})
        m.submodules.scl = scl = io.Buffer("i", wires.scl)
        m.submodules.sda = sda = io.Buffer("io", wires.sda)
        line = platform.request("uart", 0, dir={"rx": "-", "tx": "-"})
        m.submodules.transmit = transmit = io.Buffer("o", line.tx)
        m.d.comb += [
            core.scl.eq(scl.i), core.sda.eq(sda.i), sda.o.eq(0), sda.oe.eq(core.pull_sda),
            transmit.o.eq(core.transmit),
        ]
        for name, level in (("led_r", core.fault), ("led_g", core.beat)):
            m.submodules[name] = lamp = io.Buffer("o", platform.request(name, 0, dir="-"))
            m.d.comb += lamp.o.eq(level)
        return m
