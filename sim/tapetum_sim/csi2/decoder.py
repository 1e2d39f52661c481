# SPDX-License-Identifier: Apache-2.0
"""Bytes of a link to packets, packets to frames."""

import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .checksum import payload_checksum
from .embedded_row import parse_embedded_row
from .header_code import HeaderStatus, check_header
from .unpack import RAW_BITS, unpack_marks, unpack_pixels

__all__ = ["Decoded", "Frame", "Packet", "decode", "read_packets"]

_FRAME_START, _FRAME_END, _LINE_START, _LINE_END, _EMBEDDED = 0x00, 0x01, 0x02, 0x03, 0x12
_FLICKER_MAP = 0x30
_CHECKSUM_ADDRESSES = range(0x3070, 0x3074)


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet; ``word_count`` is the data field of a short one, which has no ``payload``."""

    virtual_channel: int
    data_type: int
    word_count: int
    payload: bytes | None
    header_status: HeaderStatus
    checksum_ok: bool = True


@dataclass(slots=True)
class Frame:
    """What one virtual channel carried from a frame start to its frame end.

    Members
    -------
    pixels : array of (rows, columns), uint32
    bits : int
        Per pixel; 0 if there was no row.
    marks : array of (rows, columns), bool
        Flicker map; up to seven columns of padding follow the last pixel.
    embedded, bottom : list of dict
        Register bytes by address, for each embedded row above the first row of pixels and for each
        behind it.
    checksum_ok : bool or None
        Whether the bottom rows tell the CRC-32 of the payload of all rows of pixels in turn; None
        if they tell none.
    others : list of Packet
        Packets of other user-defined types.
    line_numbers : list of int
        Of the line start packets.
    """

    virtual_channel: int
    number: int
    pixels: NDArray[np.uint32] = field(default_factory=lambda: np.zeros((0, 0), np.uint32))
    bits: int = 0
    marks: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0), np.bool_))
    embedded: list[dict[int, int]] = field(default_factory=list)
    bottom: list[dict[int, int]] = field(default_factory=list)
    checksum_ok: bool | None = None
    others: list[Packet] = field(default_factory=list)
    line_numbers: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Decoded:
    """Everything that was received, and what was wrong with it.

    ``frame_crcs`` counts the frames that told a checksum, ``frame_crc_errors`` those of them whose
    pixels have another.
    ``sequence_errors`` are sentences: a frame without an end, rows outside of a frame or of
    different lengths, a wrong number of rows, embedded rows that break the rules.
    """

    packets: list[Packet] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    ecc_errors: int = 0
    ecc_corrections: int = 0
    crc_errors: int = 0
    frame_crcs: int = 0
    frame_crc_errors: int = 0
    sequence_errors: list[str] = field(default_factory=list)

    def of_channel(self, virtual_channel: int) -> list[Frame]:
        return [frame for frame in self.frames if frame.virtual_channel == virtual_channel]


def read_packets(stream: bytes) -> Iterator[Packet]:
    """Packets that stand back to back; ends at a header beyond repair, whose length is unknown."""
    position = 0
    while position + 4 <= len(stream):
        bits, status = check_header(stream[position:position + 4])
        channel, data_type, word_count = bits >> 6 & 3, bits & 0x3F, bits >> 8
        position += 4
        if status is HeaderStatus.WRONG or data_type < 0x10:
            yield Packet(channel, data_type, word_count, None, status)
            if status is HeaderStatus.WRONG:
                return
            continue
        payload = stream[position:position + word_count]
        position += word_count + 2
        checksum = int.from_bytes(stream[position - 2:position], "little")
        yield Packet(channel, data_type, word_count, payload, status,
                     len(payload) == word_count and payload_checksum(payload) == checksum)


def decode(stream: bytes, *, rows: int | None = None) -> Decoded:
    """Receive a whole recording.

    Parameters
    ----------
    stream : bytes
        Packets back to back, as in ``packets.bin``.
    rows : int, optional
        Rows that each frame must have.
    """
    decoded = Decoded()
    receivers: dict[int, _Channel] = {}
    for packet in read_packets(stream):
        decoded.packets.append(packet)
        decoded.ecc_errors += packet.header_status is HeaderStatus.WRONG
        decoded.ecc_corrections += packet.header_status is HeaderStatus.CORRECTED
        decoded.crc_errors += not packet.checksum_ok
        if packet.header_status is not HeaderStatus.WRONG:
            channel = packet.virtual_channel
            if channel not in receivers:
                receivers[channel] = _Channel(channel, decoded, rows)
            receivers[channel].receive(packet)
    for receiver in receivers.values():
        if receiver.frame is not None:
            receiver.complain("is open at the end")
            receiver.close()
    return decoded


class _Channel:
    """The state of one virtual channel."""

    def __init__(self, number: int, decoded: Decoded, rows: int | None):
        self.number, self.decoded, self.rows = number, decoded, rows
        self.frame: Frame | None = None
        self.pixel_rows: list[Packet] = []
        self.embedded_rows: list[Packet] = []
        self.bottom_rows: list[Packet] = []
        self.map_rows: list[Packet] = []
        self.open_line: int | None = None

    def complain(self, what: str) -> None:
        which = "no frame" if self.frame is None else f"frame {self.frame.number}"
        self.decoded.sequence_errors.append(f"virtual channel {self.number}: {which} {what}")

    def receive(self, packet: Packet) -> None:
        if packet.data_type == _FRAME_START:
            if self.frame is not None:
                self.complain("has no end")
                self.close()
            self.frame = Frame(self.number, packet.word_count)
        elif self.frame is None:
            self.complain(f"is open for a packet of type 0x{packet.data_type:02x}")
        elif packet.data_type == _FRAME_END:
            if packet.word_count != self.frame.number:
                self.complain(f"ends with number {packet.word_count}")
            self.close()
        elif packet.data_type == _LINE_START:
            self.open_line = packet.word_count
            self.frame.line_numbers.append(packet.word_count)
        elif packet.data_type == _LINE_END:
            if packet.word_count != self.open_line:
                self.complain(f"ends line {packet.word_count} within line {self.open_line}")
            self.open_line = None
        elif packet.data_type in RAW_BITS:
            self.pixel_rows.append(packet)
        elif packet.data_type == _EMBEDDED:
            (self.bottom_rows if self.pixel_rows else self.embedded_rows).append(packet)
        elif packet.data_type == _FLICKER_MAP:
            self.map_rows.append(packet)
        else:
            self.frame.others.append(packet)

    def close(self) -> None:
        frame = self.frame
        assert frame is not None
        if self.pixel_rows:
            self._unpack(frame)
        if self.map_rows:
            frame.marks = unpack_marks(self._whole(self.map_rows))
        rows = len(frame.marks) if self.map_rows and not self.pixel_rows else len(frame.pixels)
        if self.rows is not None and rows != self.rows:
            self.complain(f"has {rows} rows, not {self.rows}")
        self.decoded.frames.append(frame)
        self.frame = None
        self.pixel_rows, self.map_rows = [], []
        self.embedded_rows, self.bottom_rows = [], []

    @staticmethod
    def _usual(rows: list[Packet]) -> tuple[int, int]:
        """Data type and size that most rows have."""
        return Counter((row.data_type, row.word_count) for row in rows).most_common(1)[0][0]

    def _whole(self, rows: list[Packet]) -> NDArray[np.uint8]:
        """Bytes of all rows that are complete and like most of them."""
        data_type, size = self._usual(rows)
        kinds = len({(row.data_type, row.word_count) for row in rows})
        if kinds > 1:
            self.complain(f"has rows of {kinds} kinds")
        whole = [row.payload for row in rows
                 if row.payload is not None and row.data_type == data_type
                 and len(row.payload) == size]
        return np.frombuffer(b"".join(whole), np.uint8).reshape(len(whole), size)

    def _unpack(self, frame: Frame) -> None:
        frame.bits = RAW_BITS[self._usual(self.pixel_rows)[0]]
        try:
            frame.pixels = unpack_pixels(self._whole(self.pixel_rows), frame.bits)
        except ValueError as error:
            self.complain(f"cannot be unpacked: {error}")
        for rows, parsed in ((self.embedded_rows, frame.embedded),
                             (self.bottom_rows, frame.bottom)):
            for row in rows:
                try:
                    parsed.append(parse_embedded_row(
                        np.frombuffer(row.payload or b"", np.uint8), frame.bits))
                except ValueError as error:
                    self.complain(f"has an embedded row that cannot be read: {error}")
        self._check(frame)

    def _check(self, frame: Frame) -> None:
        """Compare the checksum that the last row tells with that of the rows as received."""
        told = frame.bottom[-1] if frame.bottom else {}
        if not all(address in told for address in _CHECKSUM_ADDRESSES):
            return
        received = zlib.crc32(b"".join(row.payload or b"" for row in self.pixel_rows))
        frame.checksum_ok = received == int.from_bytes(
            bytes(told[address] for address in _CHECKSUM_ADDRESSES), "big")
        self.decoded.frame_crcs += 1
        self.decoded.frame_crc_errors += not frame.checksum_ok
