# SPDX-License-Identifier: Apache-2.0
"""How a client speaks with the memory: bursts of eight words."""

from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["BURST_BYTES", "BURST_WORDS", "WORD_BITS", "MemoryPort"]

WORD_BITS = 16
BURST_WORDS = 8
BURST_BYTES = BURST_WORDS * WORD_BITS // 8


class MemoryPort(wiring.Signature):
    """Seen from the client, which has all words of a burst, or room for them, when it asks.

    ::

        request ‾‾‾‾‾‾‾‾\\____    with address and write, still until taken
        taken   _______/‾\\____
        moved   __________/‾‾8‾‾\\   a word each: given by the client, or given to it
        done    _______________/‾\\ with the last

    Members
    -------
    request : Out(1), write : Out(1)
    address : Out
        Of a burst, in bursts.
    taken : In(1)
        Strobe: another request may follow.
    moved : In(1)
        Strobe of each word. A write takes ``word_in`` as it stands; after it the next must stand
        there. A read leaves its word at ``word_out`` meanwhile.
    done : In(1)
        Strobe with the last word.
    word_in : Out(16), word_out : In(16)
    """

    def __init__(self, address_bits: int):
        self.address_bits = address_bits
        super().__init__({
            "request": Out(1), "write": Out(1), "address": Out(address_bits), "taken": In(1),
            "moved": In(1), "done": In(1), "word_in": Out(WORD_BITS), "word_out": In(WORD_BITS),
        })
