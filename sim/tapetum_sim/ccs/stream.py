# SPDX-License-Identifier: Apache-2.0
"""What the driver does to start and to stop a stream."""

from collections.abc import Mapping
from dataclasses import dataclass

from .bus import Sequence, Write
from .probe import Sensor, power_on

__all__ = ["StreamSetup", "StreamTiming", "start", "stop"]


@dataclass(frozen=True, kw_only=True)
class StreamSetup:
    """What an application has asked the driver for; what is None is the driver's default.

    Parameters
    ----------
    data_format : int, optional
        Code of `csi_data_format`; the widest that the link can carry.
    left, top, columns, rows : int
        Region of the array.
    output_columns, output_rows : int, optional
        Size that the driver writes; that of the region.
    exposure_lines : int, optional
        As long as the frame allows. (The driver itself begins with 0.)
    blanking_columns, blanking_lines : int, optional
        The least that the limits allow.
    digital_gain : int
        In 1/256.
    test_pattern : int
        0 to 4, with its colours (red, green beside red, blue, green beside blue).
    """

    data_format: int | None = None
    left: int = 0
    top: int = 0
    columns: int | None = None
    rows: int | None = None
    output_columns: int | None = None
    output_rows: int | None = None
    exposure_lines: int | None = None
    blanking_columns: int | None = None
    blanking_lines: int | None = None
    digital_gain: int = 0x100
    mirror: bool = False
    flip: bool = False
    test_pattern: int = 0
    test_colours: tuple[int, int, int, int] | None = None


@dataclass(frozen=True, kw_only=True)
class StreamTiming:
    """What the driver has made of it."""

    data_format: int
    columns: int
    rows: int
    frame_length_lines: int
    line_length_pck: int
    exposure_lines: int


def _timing(sensor: Sensor, setup: StreamSetup) -> StreamTiming:
    limits: Mapping[int, int] = sensor.limits
    columns = sensor.columns - setup.left if setup.columns is None else setup.columns
    rows = sensor.rows - setup.top if setup.rows is None else setup.rows
    lines = max(limits[0x114A], limits[0x1140] - rows)
    pixels = max(limits[0x1148], limits[0x1144] - columns)
    frame_length = rows + (lines if setup.blanking_lines is None else setup.blanking_lines)
    longest = frame_length - limits[0x1006]
    return StreamTiming(
        data_format=setup.data_format or next(iter(sensor.formats)), columns=columns, rows=rows,
        frame_length_lines=frame_length,
        line_length_pck=columns + (pixels if setup.blanking_columns is None
                                   else setup.blanking_columns),
        exposure_lines=longest if setup.exposure_lines is None
        else min(setup.exposure_lines, longest))


def start(sensor: Sensor, setup: StreamSetup | None = None) -> "Sequence[StreamTiming]":
    """Power on anew, write all controls, then the format, the clocks and the region; begin."""
    setup = setup or StreamSetup()
    timing = _timing(sensor, setup)
    clocks = sensor.formats[timing.data_format][1]
    white = (1 << (timing.data_format >> 8)) - 1
    colours = setup.test_colours or (white,) * 4

    def word(address: int, value: int) -> Write:
        return Write(address, value.to_bytes(2, "big"))

    yield from power_on(sensor.setup, limits_known=True)
    # Controls, in the order in which the driver makes them.
    yield word(0x0204, sensor.limits[0x0084])
    if sensor.limits[0x1081] == 2:
        yield word(0x020E, setup.digital_gain)
    elif sensor.limits[0x1081] == 1:
        for address in range(0x020E, 0x0216, 2):
            yield word(address, setup.digital_gain)
    yield word(0x0202, timing.exposure_lines)
    yield Write(0x0101, bytes([setup.flip << 1 | setup.mirror]))
    yield word(0x0340, timing.frame_length_lines)
    yield word(0x0342, timing.line_length_pck)
    yield word(0x0600, setup.test_pattern)
    for index, colour in enumerate(colours):
        yield word(0x0602 + 2 * index, colour)
    # The stream.
    yield word(0x0112, timing.data_format)
    yield Write(0x0900, b"\x00")
    yield word(0x0300, clocks.pixel_divider)
    yield word(0x0302, clocks.system_divider)
    yield word(0x0304, clocks.pre_divider)
    yield word(0x0306, clocks.multiplier)
    yield word(0x0344, setup.left)
    yield word(0x0346, setup.top)
    yield word(0x0348, setup.left + timing.columns - 1)
    yield word(0x034A, setup.top + timing.rows - 1)
    yield word(0x034C, timing.columns if setup.output_columns is None else setup.output_columns)
    yield word(0x034E, timing.rows if setup.output_rows is None else setup.output_rows)
    yield Write(0x0100, b"\x01")
    return timing


def stop() -> "Sequence[None]":
    """End the stream with the frame under way."""
    yield Write(0x0100, b"\x00")
