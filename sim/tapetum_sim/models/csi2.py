# SPDX-License-Identifier: Apache-2.0
"""The bytes that the transmitter must send for given rows: packets back to back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapetum.config import DieConfig
from tapetum.control.frame_settings import DataFormat, Skip
from tapetum.csi2.bottom_rows import bottom_rows
from tapetum.csi2.embedded import embedded_registers
from tapetum.csi2.embedded_format import EmbeddedRegister

from .test_patterns import pattern_row

__all__ = ["OutputRow", "checksum", "embedded_row", "frame_checksum", "header", "long_packet",
           "pack_marks", "pack_row", "short_packet", "transmit"]

_BITS = {DataFormat.RAW8: 8, DataFormat.RAW10: 10, DataFormat.RAW12: 12, DataFormat.RAW14: 14,
         DataFormat.RAW16: 16, DataFormat.RAW20: 20, DataFormat.RAW24: 24}
MAP_CHANNEL = 1
_DATA_TYPE = {8: 0x2A, 10: 0x2B, 12: 0x2C, 14: 0x2D, 16: 0x2E, 20: 0x2F, 24: 0x27}


@dataclass(frozen=True, kw_only=True)
class OutputRow:
    """A row as it reaches the transmitter, in order of arrival.

    ``values`` are right-aligned; 12 bits wide for RAW8 and RAW10. ``stored`` is false for a row
    that the link had no time for. ``marks`` are the row's flicker map, if one is to be sent;
    ``marks_stored`` as ``stored``.
    """

    frame: int
    row: int
    values: NDArray[np.integer]
    capture: int = 0
    last: bool = False
    stored: bool = True
    marks: NDArray[np.bool_] | None = None
    marks_stored: bool = True


@dataclass
class _OpenFrame:
    """What one virtual channel has sent of its frame."""

    number: int
    width: int
    sent: bytearray = field(default_factory=bytearray)


def transmit(config: DieConfig, rows: Iterable[OutputRow],
             settings: Mapping[int, Mapping[str, Any]],
             status: Mapping[int, Mapping[str, Any]] | None = None) -> bytes:
    """All packets for ``rows``; ``settings`` by frame, with the names of `FrameSettings`.

    ``status`` has by frame what its embedded rows tell besides, by name of the register: black
    levels, counts, the verdict, ``companding_slot``; what it lacks is 0, or no class.
    ``fault_status`` is one number, or a mapping from virtual channels to numbers.

    Packets stand in the order in which the rows ask for them, those of its flicker map behind the
    row. Where there are maps, the link keeps to this order only within a virtual channel.
    """
    sent = bytearray()
    open_frames: dict[int, _OpenFrame] = {}
    open_map: int | None = None

    def end_frame(channel: int, *, whole: bool) -> None:
        frame = open_frames.pop(channel)
        known = (status or {}).get(frame.number, {})
        told = _results(settings[frame.number], channel, known if whole else {}) | {
            "frame_checksum": frame_checksum(bytes(frame.sent))}
        faults = known.get("fault_status", 0)
        told["fault_status"] = faults.get(channel, 0) if isinstance(faults, Mapping) else faults
        bits = _BITS[DataFormat(settings[frame.number]["data_format"])]
        for registers in bottom_rows(config):
            below = _tagged_row(registers, settings[frame.number], frame.number, frame.width, told)
            sent.extend(long_packet(channel, 0x12, _pack(below, bits)))
        sent.extend(short_packet(channel, 0x01, _number(frame.number)))

    for row in rows:
        channel = row.capture
        if channel in open_frames and open_frames[channel].number != row.frame:
            end_frame(channel, whole=False)
        if row.stored:
            bits = _BITS[DataFormat(settings[row.frame]["data_format"])]
            if channel not in open_frames:
                open_frames[channel] = _OpenFrame(row.frame, len(row.values))
                sent += short_packet(channel, 0x00, _number(row.frame))
                told = embedded_row(config, settings[row.frame], row.frame, len(row.values),
                                    _results(settings[row.frame], channel,
                                             (status or {}).get(row.frame, {})))
                sent += long_packet(channel, 0x12, _pack(told, bits))
            if settings[row.frame]["line_sync"]:
                sent += short_packet(channel, 0x02, row.row + 1)
            if _has_pattern(settings[row.frame]):
                packed = _pack(pattern_row(config, settings[row.frame], row.row, len(row.values),
                                           bits), bits)
            else:
                packed = pack_row(row.values, bits)
            sent += long_packet(channel, _DATA_TYPE[bits], packed)
            open_frames[channel].sent += packed
            if settings[row.frame]["line_sync"]:
                sent += short_packet(channel, 0x03, row.row + 1)
        if row.last and channel in open_frames:
            end_frame(channel, whole=row.stored)
        if row.marks is None:
            continue
        if open_map not in (None, row.frame):
            sent += short_packet(MAP_CHANNEL, 0x01, _number(open_map))
            open_map = None
        if row.marks_stored:
            if open_map is None:
                sent += short_packet(MAP_CHANNEL, 0x00, _number(row.frame))
            open_map = row.frame
            sent += long_packet(MAP_CHANNEL, 0x30, pack_marks(row.marks))
        if row.last and open_map is not None:
            sent += short_packet(MAP_CHANNEL, 0x01, _number(row.frame))
            open_map = None
    return bytes(sent)


def _has_pattern(settings: Mapping[str, Any]) -> bool:
    return int(getattr(settings["test_pattern"], "value", settings["test_pattern"])) != 0


def _number(frame: int) -> int:
    return frame % 32768 + 1


# Packets ----------------------------------------------------------------------------------------

_PARITY_MASKS = (0xF12CB7, 0xF2555B, 0x749A6D, 0xB8E38E, 0xDF03F0, 0xEFFC00)


def header(channel: int, data_type: int, count: int) -> bytes:
    """Four bytes, the last one the error correction code."""
    bits = channel << 6 | data_type | count << 8
    code = sum(((bits & mask).bit_count() & 1) << index
               for index, mask in enumerate(_PARITY_MASKS))
    return bytes([bits & 0xFF, bits >> 8 & 0xFF, bits >> 16, code])


def short_packet(channel: int, data_type: int, number: int) -> bytes:
    """A packet that is nothing but a header."""
    return header(channel, data_type, number)


def long_packet(channel: int, data_type: int, payload: bytes) -> bytes:
    """Header, payload, checksum."""
    return (header(channel, data_type, len(payload)) + payload
            + checksum(payload).to_bytes(2, "little"))


def _checksum_table(polynomial: int) -> list[int]:
    table = []
    for remainder in range(256):
        for _ in range(8):
            remainder = remainder >> 1 ^ (polynomial if remainder & 1 else 0)
        table.append(remainder)
    return table


_TABLE = _checksum_table(0x8408)
_FRAME_TABLE = _checksum_table(0xEDB88320)


def checksum(payload: bytes) -> int:
    """CRC-16 of a payload, low bit first, from 0xFFFF."""
    register = 0xFFFF
    for byte in payload:
        register = register >> 8 ^ _TABLE[(register ^ byte) & 0xFF]
    return register


def frame_checksum(payload: bytes) -> int:
    """CRC-32 of IEEE 802.3: low bit first, from all ones, inverted at the end."""
    register = 0xFFFFFFFF
    for byte in payload:
        register = register >> 8 ^ _FRAME_TABLE[(register ^ byte) & 0xFF]
    return register ^ 0xFFFFFFFF


# Rows -------------------------------------------------------------------------------------------

def pack_row(values: NDArray[np.integer], bits: int) -> bytes:
    """Bytes of a row of right-aligned values."""
    shift = max(12 - bits, 0)
    return _pack(np.asarray(values, np.uint64) >> np.uint64(shift), bits)


def _pack(pixels: NDArray, bits: int) -> bytes:
    """Build each run of four pixels as one big number, byte by byte from its low end."""
    quads = np.asarray(pixels, np.uint64).reshape(-1, 4)

    def bits_of(sample: Any, low: int, count: int) -> NDArray[np.uint64]:
        return sample >> np.uint64(low) & np.uint64((1 << count) - 1)

    def together(samples: list[NDArray], low_bits: int) -> list[NDArray]:
        """Bytes: the upper eight bits of each sample, then their low bits, first one lowest."""
        rest = sum((bits_of(sample, 0, low_bits) << np.uint64(low_bits * index)
                    for index, sample in enumerate(samples)), np.uint64(0))
        return ([bits_of(sample, low_bits, 8) for sample in samples]
                + [bits_of(rest, 8 * index, 8) for index in range(len(samples) * low_bits // 8)])

    one = [quads[:, index] for index in range(4)]
    if bits in (20, 24):
        one = [bits_of(pixel, low, bits // 2) for pixel in one for low in (bits // 2, 0)]
        bits //= 2
    match bits:
        case 8:
            columns = one
        case 10:
            columns = [byte for index in range(0, len(one), 4)
                       for byte in together(one[index:index + 4], 2)]
        case 12:
            columns = [byte for index in range(0, len(one), 2)
                       for byte in together(one[index:index + 2], 4)]
        case 14:
            columns = together(one, 6)
        case _:
            columns = [bits_of(pixel, low, 8) for pixel in one for low in (8, 0)]
    return np.stack(columns, axis=1).astype(np.uint8).tobytes()


def pack_marks(marks: NDArray[np.bool_]) -> bytes:
    """Bytes of a row of the flicker map: mark ``n`` is bit ``n % 8`` of byte ``n // 8``."""
    packed = bytearray(-(-len(marks) // 8))
    for pixel in np.flatnonzero(marks).tolist():
        packed[pixel // 8] += 1 << pixel % 8
    return bytes(packed)


# Embedded rows ----------------------------------------------------------------------------------

def embedded_row(config: DieConfig, settings: Mapping[str, Any], frame: int,
                 width: int, status: Mapping[str, int] | None = None) -> NDArray[np.uint32]:
    """The row above a frame, as pixels of its format: upper eight bits data, the rest 0101…"""
    return _tagged_row(embedded_registers(config), settings, frame, width, status or {})


def _tagged_row(registers: Sequence[EmbeddedRegister], settings: Mapping[str, Any], frame: int,
                width: int, status: Mapping[str, int]) -> NDArray[np.uint32]:
    row = bytearray([0x0A])
    high = next_address = -1
    for register in registers:
        tags = bytearray()
        if register.address >> 8 != high:
            tags += bytes([0xAA, register.address >> 8])
        if register.address != next_address:
            tags += bytes([0xA5, register.address & 0xFF])
        value = _value(register, settings, frame, status)
        for byte in value.to_bytes(register.width_bytes, "big"):
            tags += bytes([0x5A, byte])
        if len(row) + len(tags) >= width:
            break
        row += tags
        high = register.address >> 8
        next_address = register.address + register.width_bytes
    row += bytes([0x07]) * (width - len(row))
    bits = _BITS[DataFormat(settings["data_format"])]
    filled = np.frombuffer(row, np.uint8).astype(np.uint32) << 16 | 0x5555
    return (filled >> 24 - bits).astype(np.uint32)


def _results(settings: Mapping[str, Any], channel: int,
             known: Mapping[str, Any]) -> dict[str, Any]:
    """What of the results a frame has: those of the captures of which it consists."""
    mask = 1 << channel if settings["uncombined"] else settings["capture_mask"]
    told = {"verdict_class": 255} | dict(known)
    for name in known:
        words = name.split("_")
        if words[0] == "capture" and not mask >> int(words[1]) & 1:
            del told[name]
    if settings["uncombined"]:
        told |= {"flicker_count": 0, "clipped_count": 0}
    return told


def _value(register: EmbeddedRegister, settings: Mapping[str, Any], frame: int,
           status: Mapping[str, int]) -> int:
    odd_increment = {Skip.NONE: 1, Skip.TWO_OF_FOUR: 3, Skip.TWO_OF_EIGHT: 7}
    if register.source[0] in ("results", "black_level", "companding_slot"):
        return status.get(register.name, 0) & (1 << 8 * register.width_bytes) - 1
    match register.name:
        case "frame_number":
            return frame
        case "correction_enable":
            return sum(int(on) << bit for bit, on in enumerate(settings["correction"].values()))
        case "csi_data_format":
            bits = _BITS[DataFormat(settings["data_format"])]
            return bits << 8 | bits
        case "x_odd_inc":
            return odd_increment[Skip(settings["column_skip"])]
        case "y_odd_inc":
            return odd_increment[Skip(settings["row_skip"])]
        case "image_orientation":
            return settings["flip_columns"] | settings["flip_rows"] << 1
    found: Any = settings
    for step in register.source:
        found = found[step]
    return int(getattr(found, "value", found))
