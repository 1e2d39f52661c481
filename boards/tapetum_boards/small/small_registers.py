# SPDX-License-Identifier: Apache-2.0
"""The few registers of the row camera, at the addresses of CCS."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from tapetum.config import DieConfig
from tapetum.registers.bus import RegisterBus

__all__ = ["COARSE_INTEGRATION", "FRAME_COUNT", "MODEL_ID", "MODE_SELECT", "SmallRegisters"]

MODEL_ID, FRAME_COUNT, MODE_SELECT, COARSE_INTEGRATION = 0x0000, 0x0005, 0x0100, 0x0202
"""CCS 1.1; all are single bytes here but the first and the last, whose upper half reads zero."""
MODEL = 0x5450
"""ASCII "TP"."""


class SmallRegisters(wiring.Component):
    """Streams after a reset, with the configuration's exposure; longer ones than a frame are cut.

    Members
    -------
    bus : In(RegisterBus)
        Answers a clock after a read.
    frame : In(8)
    streaming : Out(1), coarse_integration_lines : Out(8)
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({"bus": In(RegisterBus()), "frame": In(8), "streaming": Out(1, init=1),
                          "coarse_integration_lines": Out(8, init=(
                              config.captures[0].coarse_integration_lines))})

    def elaborate(self, platform):
        m = Module()
        bus, longest = self.bus, self.config.longest_integration_lines
        m.d.sync += bus.read_valid.eq(bus.read)
        with m.If(bus.read):
            with m.Switch(bus.address):
                for address, value in (
                        (MODEL_ID, MODEL >> 8), (MODEL_ID + 1, MODEL & 0xFF),
                        (FRAME_COUNT, self.frame), (MODE_SELECT, self.streaming),
                        (COARSE_INTEGRATION + 1, self.coarse_integration_lines)):
                    with m.Case(address):
                        m.d.sync += bus.read_data.eq(value)
                with m.Default():
                    m.d.sync += bus.read_data.eq(0)
        with m.If(bus.write & (bus.address == MODE_SELECT)):
            m.d.sync += self.streaming.eq(bus.write_data[0])
        with m.If(bus.write & (bus.address == COARSE_INTEGRATION + 1)):
            m.d.sync += self.coarse_integration_lines.eq(
                Mux(bus.write_data > longest, longest, bus.write_data))
        return m
