# SPDX-License-Identifier: Apache-2.0
"""From what the pen at the PHY wrote to frames, while the simulation runs."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from amaranth.hdl import Shape

from tapetum.config import DieConfig

from ..client.frames import SentFrame
from ..client.protocol import PICOSECONDS
from ..csi2.decoder import Decoded, decode
from ..frame.top import PacketWord
from ..simulator import unpack
from ..simulator.toplevel import RESET_CYCLES

__all__ = ["LinkReceiver"]

_FRAME_START, _FRAME_END = 0x00, 0x01


@dataclass
class _Channel:
    """What has come of a frame so far."""

    packets: bytearray = field(default_factory=bytearray)
    start_ps: int = 0


class LinkReceiver:
    """Takes recorded bytes as they come, in pieces of any size; gives each frame when it ends.

    A frame is what one virtual channel carries from a frame start to its frame end. One that never
    ended is given, with its errors, when the next one starts.
    """

    def __init__(self, config: DieConfig):
        self._shape = PacketWord(config.csi2.byte_lanes)
        self._beat_words = -(-Shape.cast(self._shape).width // 32)
        self._lane = np.arange(config.csi2.byte_lanes)
        self._byte_ps = PICOSECONDS / config.csi2.byte_clock_hz
        self._beats, self._packet = b"", b""
        self._channels: dict[int, _Channel] = {}

    def receive(self, recorded: bytes) -> Iterator[SentFrame]:
        """Take what was recorded since; give the frames that ended in it."""
        content = self._beats + recorded
        whole = len(content) - len(content) % (4 * self._beat_words)
        self._beats = content[whole:]
        beats = unpack(np.frombuffer(content[:whole], "<u4").reshape(-1, self._beat_words),
                       self._shape)
        words = beats["word"]
        sent = words["bytes"][self._lane < words["count"][:, None]].astype(np.uint8).tobytes()
        ends = np.cumsum(words["count"], dtype=np.int64)
        begin = 0
        for last in np.flatnonzero(words["last"]):
            packet = self._packet + sent[begin:ends[last]]
            begin, self._packet = ends[last], b""
            # The pen counts the clocks behind the reset.
            cycle = RESET_CYCLES + int(beats["cycle"][last])
            yield from self._of_packet(packet, round(cycle * self._byte_ps))
        self._packet += sent[begin:]

    def _of_packet(self, packet: bytes, time_ps: int) -> Iterator[SentFrame]:
        number, kind = packet[0] >> 6, packet[0] & 0x3F
        channel = self._channels.setdefault(number, _Channel())
        if kind == _FRAME_START:
            if channel.packets:
                yield _frame(number, channel, time_ps)
            channel = self._channels[number] = _Channel(start_ps=time_ps)
        channel.packets += packet
        if kind == _FRAME_END:
            yield _frame(number, self._channels.pop(number), time_ps)


def _frame(number: int, channel: _Channel, end_ps: int) -> SentFrame:
    packets = bytes(channel.packets)
    decoded = decode(packets)
    common = {"virtual_channel": number, "start_ps": channel.start_ps, "end_ps": end_ps,
              "packets": packets, "errors": _errors(decoded)}
    if not decoded.frames:
        return SentFrame(number=0, bits=0, pixels=np.zeros((0, 0), np.uint16), **common)
    frame = decoded.frames[0]
    return SentFrame(
        number=frame.number, bits=frame.bits,
        pixels=frame.pixels.astype(np.uint16 if frame.bits <= 16 else np.uint32),
        embedded=frame.embedded, **common)


def _errors(decoded: Decoded) -> list[str]:
    counted = {"headers beyond repair": decoded.ecc_errors,
               "headers with one wrong bit": decoded.ecc_corrections,
               "wrong checksums": decoded.crc_errors}
    return [f"{count} {what}." for what, count in counted.items() if count] \
        + decoded.sequence_errors
