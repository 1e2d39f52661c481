# SPDX-License-Identifier: Apache-2.0
"""What the driver does when it is bound to a sensor."""

from collections.abc import Mapping
from dataclasses import dataclass

from .bus import Read, Sequence, Write
from .limits import read_limits
from .pll import PllError, PllLimits, PllSettings, solve_pll

__all__ = ["DriverSetup", "ProbeError", "Sensor", "power_on", "probe"]

_RESET_POLLS = 200
_D_PHY = 2
_KNOWN_VERSIONS = (0x10, 0x11)
_DRIVER_FORMATS = (0x1010, 0x0E0E, 0x0C0C, 0x0A0A, 0x0A08, 0x0808)
"""Data formats that the driver has names for, the widest first."""
_EMBEDDED, _VISIBLE = 1, 5


class ProbeError(Exception):
    """The driver would not bind to this sensor; the message says why."""


@dataclass(frozen=True, kw_only=True)
class DriverSetup:
    """What the device tree says of the board.

    Parameters
    ----------
    link_hz : tuple of int
        Frequencies of the link's clock lane that the board allows, the best first.
    """

    lanes: int
    external_hz: int = 24_000_000
    link_hz: tuple[int, ...] = (300_000_000, 384_000_000)


@dataclass(frozen=True, kw_only=True)
class Sensor:
    """What a probe has found.

    Members
    -------
    formats : dict
        Data format, as `csi_data_format` wants it, to the link frequency and clock tree that the
        driver would use.
    first_image_row : int
        Rows of embedded data at the top of a frame.
    """

    setup: DriverSetup
    limits: Mapping[int, int]
    name: str
    pixel_order: int
    columns: int
    rows: int
    first_image_row: int
    formats: Mapping[int, tuple[int, PllSettings]]


def _number(address: int, width_bytes: int) -> "Sequence[int]":
    data = yield Read(address, width_bytes)
    return int.from_bytes(data, "big")


def power_on(setup: DriverSetup, *, limits_known: bool) -> "Sequence[None]":
    """Reset, and what the driver writes after each."""
    yield Write(0x0103, b"\x01")
    for _ in range(_RESET_POLLS):
        if not (yield from _number(0x0103, 1)):
            break
    else:
        raise ProbeError("the software reset does not end.")
    frequency = setup.external_hz * 256 // 1_000_000
    yield Write(0x0500, (1).to_bytes(2, "big"))
    yield Write(0x0136, frequency.to_bytes(2, "big"))
    yield Write(0x0114, bytes([setup.lanes - 1]))
    yield Write(0x0106, b"\x01")
    yield Write(0x0111, bytes([_D_PHY]))
    if limits_known:
        yield Write(0x0808, b"\x00")


def _identify() -> "Sequence[str]":
    """Name by which the driver calls the sensor."""
    if not (yield from _number(0x000E, 2)):
        yield Read(0x0003, 1)
    for address, width_bytes in ((0x0000, 2), (0x0002, 1), (0x0010, 1), (0x0012, 1), (0x0013, 1),
                                 (0x0014, 1)):
        yield Read(address, width_bytes)
    if not (yield from _number(0x0020, 2)):
        yield Read(0x0020, 2)
    yield Read(0x0016, 2)
    if not (yield from _number(0x0018, 1)):
        yield Read(0x0022, 2)
    yield Read(0x001A, 1)
    if (yield from _number(0x0007, 1)) in _KNOWN_VERSIONS:
        return "ccs"
    yield Read(0x0004, 1)
    yield Read(0x0001, 1)
    return "smiapp"


def probe(setup: DriverSetup) -> "Sequence[Sensor]":
    """Bind: reset, identify, read all limits, look for a clock tree for each data format.

    Raises
    ------
    ProbeError
        The driver would give up.
    """
    yield from power_on(setup, limits_known=False)
    name = yield from _identify()
    limits = yield from read_limits()
    first_image_row = _first_image_row(limits)
    if not limits[0x1600] & 3:
        raise ProbeError("the PHY can neither set its times itself nor by the unit interval.")
    yield Write(0x0808, bytes([0 if limits[0x1600] & 1 else 1]))
    pixel_order = yield from _number(0x0006, 1)
    if pixel_order > 3:
        raise ProbeError(f"the order of colours is {pixel_order}.")
    if limits[0x00C0] not in (1, 2):
        raise ProbeError(f"the data format model is {limits[0x00C0]}.")
    return Sensor(setup=setup, limits=limits, name=name, pixel_order=pixel_order,
                  columns=limits[0x1184] + 1, rows=limits[0x1186] + 1,
                  first_image_row=first_image_row, formats=_formats(setup, limits))


def _first_image_row(limits: Mapping[int, int]) -> int:
    """Where the image begins: behind the rows above it, and the embedded ones at the top."""
    short = limits[0x0040] == 1
    if not short and limits[0x0040] != 2:
        raise ProbeError(f"the frame format model is {limits[0x0040]}.")
    base, width_bytes, count_bits, code_lsb = (0x0042, 2, 12, 12) if short else (0x0060, 4, 16, 28)
    columns, rows = divmod(limits[0x0041], 16)
    line, image, embedded_end = 0, 0, 0
    for index in range(columns, columns + rows):
        descriptor = limits.get(base + width_bytes * index, 0)
        count = descriptor & (1 << count_bits) - 1
        match descriptor >> code_lsb:
            case code if code == _EMBEDDED and not embedded_end:
                embedded_end = line + count
            case code if code == _VISIBLE:
                image = line
        line += count
    return max(image, embedded_end)


def _formats(setup: DriverSetup, limits: Mapping[int, int]
             ) -> dict[int, tuple[int, PllSettings]]:
    offered = {limits[address] for address in range(0x00C2, 0x00E2, 2) if limits.get(address)}
    try:
        clocks = PllLimits.from_registers(limits)
    except PllError as error:
        raise ProbeError(str(error)) from None
    formats = {}
    for code in _DRIVER_FORMATS:
        if code not in offered:
            continue
        for link_hz in setup.link_hz:
            try:
                formats[code] = link_hz, solve_pll(
                    clocks, external_hz=setup.external_hz, link_hz=link_hz, lanes=setup.lanes,
                    bits_per_pixel=code & 0xFF)
                break
            except PllError:
                continue
    if not formats:
        raise ProbeError("no data format has a clock tree that serves the link.")
    return formats
