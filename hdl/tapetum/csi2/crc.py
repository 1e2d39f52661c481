# SPDX-License-Identifier: Apache-2.0
"""Checksums, several bytes per clock and any number of them in the last word."""

from functools import reduce
from operator import xor

from amaranth import *
from amaranth.lib.crc import Algorithm
from amaranth.lib.crc.catalog import CRC16_MCRF4XX, CRC32_ISO_HDLC

__all__ = ["FRAME_CHECKSUM", "PACKET_CHECKSUM", "ParallelChecksum"]


class ParallelChecksum:
    """A reflected checksum as sums, modulo two, of bits of its register and of the payload.

    Parameters
    ----------
    algorithm : Algorithm
        One that reflects its input and its output.
    """

    def __init__(self, algorithm: Algorithm):
        self.start = algorithm.initial_crc
        self.output_mask = algorithm.xor_output
        self.width = algorithm.crc_width
        # The checksum is linear: a register that starts with zero shows what each bit adds.
        self._linear = Algorithm(
            crc_width=self.width, polynomial=algorithm.polynomial, initial_crc=0,
            reflect_input=True, reflect_output=True, xor_output=0)(data_width=8)

    def contribute(self, payload: list) -> Value:
        """What the bytes of ``payload``, first one first, add to the register."""
        bits, columns = [], []
        for position, byte in enumerate(payload):
            for index in range(8):
                message = [0] * len(payload)
                message[position] = 1 << index
                bits.append(byte[index])
                columns.append(self._linear.compute(message))
        return Cat(reduce(xor, [bit for bit, column in zip(bits, columns, strict=True)
                                if column >> index & 1], C(0, 1)) for index in range(self.width))

    def advance(self, register: Value, count: int) -> Value:
        """The register after ``count`` bytes of zeros.

        It acts like its own bytes added to the first ones of the payload; what the payload is too
        short to take in stays in the register.
        """
        absorbed = [register[low:low + 8] for low in range(0, self.width, 8)][:count]
        advanced = self.contribute(absorbed + [C(0, 8)] * (count - len(absorbed)))
        return advanced ^ register[8 * count:] if 8 * count < self.width else advanced


PACKET_CHECKSUM = ParallelChecksum(CRC16_MCRF4XX)
"""Of a long packet (CSI-2 §9.6)."""
FRAME_CHECKSUM = ParallelChecksum(CRC32_ISO_HDLC)
"""Of the pixels of a frame: CRC-32 of IEEE 802.3, as `zlib.crc32` computes it."""
