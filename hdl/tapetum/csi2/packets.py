# SPDX-License-Identifier: Apache-2.0
"""Packets on their way to the PHY: headers, payload words, and who may send them.

A *source* of packets offers a `PacketDescriptor` and, for a long packet, its payload in words of
``byte_lanes`` bytes. The rule that keeps packets whole: a source offers the first word only when
it can offer the others without a pause, because a D-PHY burst cannot wait for data.
"""

from functools import reduce
from operator import xor

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import Out

from .formats import DataType

__all__ = ["PacketBytes", "PacketDescriptor", "PacketHeader", "PacketSource", "PayloadWord"]

# Header bits that each bit of the error correction code covers (CSI-2 §9.5.2).
_PARITY_COVERS = (
    (0, 1, 2, 4, 5, 7, 10, 11, 13, 16, 20, 21, 22, 23),
    (0, 1, 3, 4, 6, 8, 10, 12, 14, 17, 20, 21, 22, 23),
    (0, 2, 3, 5, 6, 9, 11, 12, 15, 18, 20, 21, 22),
    (1, 2, 3, 7, 8, 9, 13, 14, 15, 19, 20, 21, 23),
    (4, 5, 6, 7, 8, 9, 16, 17, 18, 19, 20, 22, 23),
    (10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23),
)


class PacketDescriptor(data.Struct):
    """What a packet header says; ``word_count`` is the data field of a short packet."""

    data_type: DataType
    virtual_channel: 2
    word_count: 16

    @property
    def is_long(self):
        """Long packets carry at least one byte of payload and a checksum."""
        return Value.cast(self.data_type)[4:].any()


class PacketHeader(data.Struct):
    """The first four bytes of a packet, first byte in the low bits (CSI-2 §9.1)."""

    descriptor: PacketDescriptor
    ecc: 6
    reserved: 2

    @staticmethod
    def parity(descriptor) -> Value:
        """Error correction code over the 24 bits of a descriptor: corrects one wrong bit."""
        bits = Value.cast(descriptor)
        return Cat(reduce(xor, (bits[index] for index in covered)) for covered in _PARITY_COVERS)


class PayloadWord(data.StructLayout):
    """Bytes of a payload, lane 0 first; the last word is filled up with anything."""

    def __init__(self, byte_lanes: int):
        self.byte_lanes = byte_lanes
        super().__init__({"bytes": data.ArrayLayout(8, byte_lanes), "last": 1})


class PacketBytes(data.StructLayout):
    """A word of a whole packet: ``count`` bytes from lane 0 on, all lanes but in the last word."""

    def __init__(self, byte_lanes: int):
        self.byte_lanes = byte_lanes
        super().__init__({
            "bytes": data.ArrayLayout(8, byte_lanes),
            "count": range(byte_lanes + 1),
            "first": 1,
            "last": 1,
        })


class PacketSource(wiring.Signature):
    """Interface of whatever sends packets: a descriptor, then its payload, packet by packet."""

    def __init__(self, byte_lanes: int):
        self.byte_lanes = byte_lanes
        super().__init__({
            "descriptors": Out(stream.Signature(PacketDescriptor)),
            "payload": Out(stream.Signature(PayloadWord(byte_lanes))),
        })

    def __eq__(self, other):
        return isinstance(other, PacketSource) and self.byte_lanes == other.byte_lanes

    __hash__ = None
