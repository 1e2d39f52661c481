# SPDX-License-Identifier: Apache-2.0
"""The whole SPI port."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..registers.bus import RegisterBus
from .block_port import BlockPort
from .framing import SpiStatus
from .spi_pins import SpiPins

__all__ = ["Spi"]


class Spi(wiring.Component):
    """Blocks of bytes over SPI, written to ascending addresses once their CRC-32 is known right.

    ::

        pins ─► SpiPins ─► Transfers ─► BlockBuffer ─► BlockWriter ─► bus
                    ▲          │  ▲ BlockCheck              │
                    └─ answer ─┴──┴──────────── fetched ────┘

    With ``sync`` at three times the clock of the host or more it takes blocks without pause.

    Members
    -------
    clock, select, data_in, data_out, drive : pins, see `SpiPins`
    enable : In(1)
    hold, bus, waits, status, refused
        See `BlockPort`. Without pause between bytes, a read must be answered within 24 clocks.
    """

    def __init__(self):
        super().__init__({
            "clock": In(1), "select": In(1, init=1), "data_in": In(1), "data_out": Out(1),
            "drive": Out(1), "enable": In(1, init=1), "hold": In(1),
            "bus": Out(RegisterBus()), "waits": In(1),
            "status": Out(SpiStatus), "refused": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.pins = pins = SpiPins()
        m.submodules.blocks = blocks = BlockPort()
        connect(m, blocks.bus, flipped(self.bus))
        m.d.comb += [
            *(getattr(pins, name).eq(getattr(self, name))
              for name in ("clock", "select", "data_in", "enable")),
            self.data_out.eq(pins.data_out), self.drive.eq(pins.drive),
            *(getattr(blocks, name).eq(getattr(pins, name))
              for name in ("selected", "byte_valid", "byte", "torn")),
            pins.answer.eq(blocks.answer),
            blocks.hold.eq(self.hold), blocks.waits.eq(self.waits),
            self.status.eq(blocks.status), self.refused.eq(blocks.refused),
        ]
        return m
