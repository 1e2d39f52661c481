# SPDX-License-Identifier: Apache-2.0
"""A host on a serial line: bits in and out, packets in SLIP, from the documentation alone."""

import zlib

__all__ = ["SerialHost", "pack", "unpack"]


def pack(content: bytes) -> bytes:
    """A packet with its code, between two marks."""
    content += zlib.crc32(content).to_bytes(4, "little")
    body = content.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
    return b"\xc0" + body + b"\xc0"


def unpack(line: bytes) -> list[bytes]:
    """All whole packets of what was received; raises if a code is wrong."""
    packets = []
    for body in line.split(b"\xc0")[:-1]:
        content = body.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
        if content:
            assert zlib.crc32(content[:-4]).to_bytes(4, "little") == content[-4:]
            packets.append(content[:-4])
    return packets


class SerialHost:
    """Drives ``receive`` and listens to ``transmit`` of a link on Amaranth's simulator."""

    def __init__(self, link, cycles: int):
        self.link, self.cycles = link, cycles
        self.received = bytearray()

    async def send(self, ctx, data: bytes, *, cycles: int | None = None) -> None:
        for byte in data:
            for bit in (0, *(byte >> place & 1 for place in range(8)), 1):
                ctx.set(self.link.receive, bit)
                await ctx.tick().repeat(cycles or self.cycles)

    async def listen(self, ctx) -> None:
        while True:
            await ctx.tick().until(~self.link.transmit)
            await ctx.tick().repeat(self.cycles + self.cycles // 2 - 1)
            byte = 0
            for place in range(8):
                byte |= ctx.get(self.link.transmit) << place
                await ctx.tick().repeat(self.cycles)
            assert ctx.get(self.link.transmit), "a byte ends with a stop bit"
            self.received.append(byte)

    async def answers(self, ctx, count: int) -> list[bytes]:
        while len(found := unpack(bytes(self.received))) < count:
            await ctx.tick()
        return found
