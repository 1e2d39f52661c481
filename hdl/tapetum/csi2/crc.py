# SPDX-License-Identifier: Apache-2.0
"""The packet checksum, several bytes per clock and any number of them in the last word."""

from functools import reduce
from operator import xor

from amaranth import *
from amaranth.lib.crc import Algorithm
from amaranth.lib.crc.catalog import CRC16_MCRF4XX

__all__ = ["CRC_START", "advance_register", "contribute_bytes"]

CRC_START = CRC16_MCRF4XX.initial_crc

# The checksum is linear, so that a register that starts with zero shows what each bit adds.
_LINEAR = Algorithm(crc_width=16, polynomial=CRC16_MCRF4XX.polynomial, initial_crc=0,
                    reflect_input=True, reflect_output=True, xor_output=0)(data_width=8)


def _combine(bits, columns) -> Value:
    """Sum, modulo two, of the columns whose bit is set: one tree per bit of the result."""
    return Cat(reduce(xor, [bit for bit, column in zip(bits, columns, strict=True)
                            if column >> index & 1], C(0, 1)) for index in range(16))


def contribute_bytes(payload: list) -> Value:
    """What the bytes of ``payload``, first one first, add to the register."""
    bits, columns = [], []
    for position, byte in enumerate(payload):
        for index in range(8):
            message = [0] * len(payload)
            message[position] = 1 << index
            bits.append(byte[index])
            columns.append(_LINEAR.compute(message))
    return _combine(bits, columns)


def advance_register(register: Value, count: int) -> Value:
    """The register after ``count`` bytes of zeros.

    It acts like its own two bytes added to the first two of the payload; what the payload is too
    short to take in stays in the register.
    """
    absorbed = [register[:8], register[8:]][:count]
    advanced = contribute_bytes(absorbed + [C(0, 8)] * (count - len(absorbed)))
    return advanced ^ register[8:] if count == 1 else advanced
