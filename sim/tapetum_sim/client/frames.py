# SPDX-License-Identifier: Apache-2.0
"""Frames of a virtual sensor: the records in which they travel, and the stream of them."""

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..csi2.decoder import Decoded, decode
from .sockets import connected

__all__ = ["MAGIC", "FrameStream", "SentFrame"]

MAGIC = b"TPF1"
_PREAMBLE = struct.Struct("<4sIII")
"""Magic; bytes of the header, the pixels and the packets, which follow in this order."""


@dataclass(frozen=True, kw_only=True)
class SentFrame:
    """What one virtual channel carried from a frame start to its frame end.

    Parameters
    ----------
    virtual_channel, number : int
        From the packets.
    start_ps, end_ps : int
        Simulated time at which the frame start, and the frame end, had left.
    bits : int
        Per pixel; 0 if there were no rows of pixels.
    pixels : array of (rows, columns)
        uint16; uint32 above 16 bits.
    embedded : sequence of mappings
        Register bytes by address, for each embedded row.
    errors : sequence of str
        What the receiver found wrong; nothing, normally.
    dropped : int
        Frames that this stream has lost so far, as `tapetum serve --drop` does.
    packets : bytes
        Back to back, headers and checksums included.
    """

    virtual_channel: int
    number: int
    start_ps: int
    end_ps: int
    bits: int
    pixels: NDArray[Any]
    embedded: Sequence[Mapping[int, int]] = ()
    errors: Sequence[str] = ()
    dropped: int = 0
    packets: bytes = field(default=b"", repr=False)

    def register(self, address: int, width: int = 2) -> int:
        """A register as the embedded rows have it; raises KeyError if they do not."""
        values = {place: byte for row in self.embedded for place, byte in row.items()}
        return int.from_bytes(bytes(values[address + place] for place in range(width)), "big")

    def decode(self) -> Decoded:
        """The packets once more, in full: flicker marks, verdicts, line numbers, other types."""
        return decode(self.packets)

    def header(self) -> dict[str, Any]:
        """All but pixels and packets, for JSON."""
        rows, columns = self.pixels.shape
        return {
            "virtual_channel": self.virtual_channel, "number": self.number,
            "start_ps": self.start_ps, "end_ps": self.end_ps,
            "rows": rows, "columns": columns, "bits": self.bits,
            "type": self.pixels.dtype.newbyteorder("<").str,
            "embedded": [{f"0x{address:04x}": byte for address, byte in row.items()}
                         for row in self.embedded],
            "errors": list(self.errors), "dropped": self.dropped}

    def record(self) -> bytes:
        """The frame as it travels."""
        header = self.header()
        text = json.dumps(header).encode()
        pixels = self.pixels.astype(header["type"]).tobytes()
        return b"".join((_PREAMBLE.pack(MAGIC, len(text), len(pixels), len(self.packets)),
                         text, pixels, self.packets))

    @classmethod
    def of(cls, header: Mapping[str, Any], pixels: bytes, packets: bytes) -> "SentFrame":
        """The frame of a record's three parts."""
        values = np.frombuffer(pixels, np.dtype(header["type"]))
        return cls(
            pixels=values.reshape(header["rows"], header["columns"]), packets=packets,
            embedded=[{int(address, 16): byte for address, byte in row.items()}
                      for row in header["embedded"]],
            **{name: header[name] for name in ("virtual_channel", "number", "start_ps", "end_ps",
                                               "bits", "errors", "dropped")})


class FrameStream:
    """One connection to the frame socket of `tapetum serve`: iterate over it.

    Parameters
    ----------
    path : path
        The socket.
    since_ps : int
        Skip frames that started before, such as those that an earlier client has left.
    timeout_s : float, optional
        Of wall time, for each part of a frame; by default none.
    """

    def __init__(self, path: Path | str, *, since_ps: int = 0, timeout_s: float | None = None):
        self._since_ps = since_ps
        self._socket = connected(path, timeout_s)
        self._content = self._socket.makefile("rb")

    def close(self) -> None:
        self._content.close()
        self._socket.close()

    def __enter__(self) -> "FrameStream":
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def __iter__(self) -> Iterator[SentFrame]:
        return self

    def __next__(self) -> SentFrame:
        frame = self._frame()
        while frame.start_ps < self._since_ps:
            frame = self._frame()
        return frame

    def _frame(self) -> SentFrame:
        preamble = self._content.read(_PREAMBLE.size)
        if not preamble:
            raise StopIteration
        magic, *sizes = _PREAMBLE.unpack(preamble.ljust(_PREAMBLE.size))
        if magic != MAGIC:
            raise ValueError("this is no stream of frames.")
        header, pixels, packets = (self._part(size) for size in sizes)
        return SentFrame.of(json.loads(header), pixels, packets)

    def _part(self, size: int) -> bytes:
        part = self._content.read(size)
        if len(part) != size:
            raise ConnectionError("the virtual sensor ended within a frame.")
        return part
