# SPDX-License-Identifier: Apache-2.0
"""CRC-32 of a block, a bit at a time."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["BlockCheck"]

_POLYNOMIAL = 0xEDB88320
"""x^32 + x^26 + … + 1 with its lowest power in the highest bit, as bytes come lowest bit first."""
_RESIDUE = 0xDEBB20E3
"""What the register holds behind any message and its check."""


class BlockCheck(wiring.Component):
    """CRC-32 of Ethernet and zlib; 8 clocks a byte, for 32 flip-flops and as many tables.

    Members
    -------
    restart : In(1)
    feed : In(1), byte : In(8)
        Pulse, not while ``busy``.
    busy : Out(1)
        For 8 clocks behind ``feed``.
    code : Out(8)
        Of the bytes so far, the first byte of the check; fed back, the next one follows.
    right : Out(1)
        One clock after ``busy``: the last four bytes are the check of all bytes before them.

    Source: IEEE 802.3-2018, 3.2.9.
    """

    restart: In(1)
    feed: In(1)
    byte: In(8)
    busy: Out(1)
    code: Out(8)
    right: Out(1)

    def __init__(self):
        super().__init__()
        # Seen by proofs as well. A one stands behind the bits that are left.
        self.register, self.left = Signal(32, init=0xFFFFFFFF), Signal(9)

    def elaborate(self, platform):
        m = Module()
        register, left = self.register, self.left
        feedback = (register[0] ^ left[0]).replicate(32)
        m.d.comb += [self.busy.eq(left[1:].any()), self.code.eq(register[:8])]
        m.d.sync += self.right.eq(register == _RESIDUE)
        with m.If(self.restart):
            m.d.sync += [register.eq(0xFFFFFFFF), left.eq(0)]
        with m.Elif(self.feed):
            m.d.sync += left.eq(Cat(self.byte, 1))
        with m.Elif(self.busy):
            m.d.sync += [left.eq(left >> 1),
                         register.eq((register >> 1) ^ (feedback & _POLYNOMIAL))]
        return m
