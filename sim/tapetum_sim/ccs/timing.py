# SPDX-License-Identifier: Apache-2.0
"""How long transactions take on the bus."""

from .bus import Read, Write

__all__ = ["transaction_bits"]

_BYTE_BITS = 9
"""Eight bits and the acknowledge."""
_MARKS = 2
"""A start and a stop, each about as long as a bit; a repeated start is one more."""


def transaction_bits(transaction: Write | Read) -> int:
    """Bit times from start to stop: device, two bytes of address, data; a read starts twice."""
    if isinstance(transaction, Write):
        return _MARKS + _BYTE_BITS * (3 + len(transaction.data))
    return _MARKS + 1 + _BYTE_BITS * (4 + transaction.count)
