# SPDX-License-Identifier: Apache-2.0
"""The packet error code of SMBus, a bit at a time."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.crc.catalog import CRC8_SMBUS
from amaranth.lib.wiring import In, Out

__all__ = ["PacketErrorCode"]


class PacketErrorCode(wiring.Component):
    """CRC-8, x^8 + x^2 + x + 1, of all bits since ``clear``; zero behind a transfer and its code.

    Members
    -------
    clear : In(1)
    valid : In(1), bit : In(1)
        The most significant bit of each byte first.
    code : Out(8)

    Source: System Management Bus Specification 3.2, 6.4.1.3.
    """

    clear: In(1)
    valid: In(1)
    bit: In(1)
    code: Out(8)

    def elaborate(self, platform):
        m = Module()
        feedback = (self.code[7] ^ self.bit).replicate(8)
        with m.If(self.valid):
            m.d.sync += self.code.eq((self.code << 1) ^ (feedback & CRC8_SMBUS.polynomial))
        with m.If(self.clear):
            m.d.sync += self.code.eq(0)
        return m
