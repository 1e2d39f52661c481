# SPDX-License-Identifier: Apache-2.0
"""A host that reads embedded rows by the rules of libcamera finds every register in them."""

import zlib

import numpy as np
import pytest

from tapetum.control.frame_settings import DataFormat
from tapetum.csi2.bottom_rows import bottom_rows
from tapetum.csi2.embedded import embedded_registers
from tapetum.csi2.formats import pixel_bits
from tapetum_sim.csi2.decoder import read_packets
from unit.csi2.link_bench import Link, random_frame, settings_with, small_die
from unit.csi2.smia_parser import SmiaError, parse_rows

FORMATS = [DataFormat.RAW8, DataFormat.RAW10, DataFormat.RAW12, DataFormat.RAW14,
           DataFormat.RAW16, DataFormat.RAW20, DataFormat.RAW24]
STRIDE = 64
"""Of the memory into which a receiver writes rows."""


@pytest.fixture(scope="module")
def received():
    """Packets of one frame in each format, as the transmitter sends them."""
    config = small_die(columns=480, lanes=4, byte_lanes=4)
    generator = np.random.default_rng(1)
    settings = {frame: settings_with(config, data_format=data_format, flip_columns=frame & 1)
                for frame, data_format in enumerate(FORMATS)}
    rows = [row for frame, data_format in enumerate(FORMATS) for row in random_frame(
        generator, frame, rows=1, columns=480, data_format=data_format)]
    packets = list(read_packets(Link(config, row_pause_cycles=900).run(rows, settings)))
    frames, frame = [], []
    for packet in packets:
        frame.append(packet)
        if packet.data_type == 0x01:
            frames.append(frame)
            frame = []
    return config, settings, frames


def buffers(packets):
    """The embedded rows above and below a frame, each in memory as a receiver leaves it."""
    kinds = [packet.data_type for packet in packets]
    pixels = next(place for place, kind in enumerate(kinds) if kind in range(0x27, 0x30))
    length = -(-len(packets[pixels].payload) // STRIDE) * STRIDE
    above, below = ([packet.payload.ljust(length, b"\xee") for packet in part
                     if packet.data_type == 0x12] for part in (packets[:pixels], packets[pixels:]))
    return above, below, packets[pixels].payload, length


def number(found, register):
    return int.from_bytes(bytes(found[register.address + byte]
                                for byte in range(register.width_bytes)), "big")


def addresses(registers):
    return {register.address + byte for register in registers
            for byte in range(register.width_bytes)}


@pytest.mark.parametrize("frame", range(len(FORMATS)), ids=[f.name for f in FORMATS])
def test_every_register_of_every_row_is_found(received, frame):
    config, settings, frames = received
    bits = pixel_bits(FORMATS[frame])
    above, below, pixels, length = buffers(frames[frame])
    top = {register.name: register for register in embedded_registers(config)}
    found = parse_rows(b"".join(above), bits, wanted=addresses(top.values()), line_length=length,
                       lines=len(above))
    assert number(found, top["coarse_integration_time"]) == settings[frame]["captures"][0][
        "coarse_integration_lines"]
    assert number(found, top["frame_length_lines"]) == config.timing.frame_length_lines
    assert number(found, top["csi_data_format"]) == bits << 8 | bits
    assert number(found, top["image_orientation"]) == frame & 1

    bottom = {register.name: register for row in bottom_rows(config) for register in row}
    found = parse_rows(b"".join(below), bits, wanted=addresses(bottom.values()),
                       line_length=length, lines=len(below))
    assert number(found, bottom["frame_number"]) == frame
    assert number(found, bottom["frame_checksum"]) == zlib.crc32(pixels)


def test_what_the_rules_forbid_is_refused(received):
    _, _, frames = received
    [above], _, _, length = buffers(frames[FORMATS.index(DataFormat.RAW10)])
    for place, byte, reason in ((0, 0x0B, "no line start"), (4, 0x54, "bad dummy"),
                                (1, 0x5B, "illegal tag"), (1, 0x07, "bad line end")):
        wrong = bytearray(above)
        wrong[place] = byte
        with pytest.raises(SmiaError, match=reason):
            parse_rows(bytes(wrong), 10, wanted={0x0202}, line_length=length, lines=1)
    with pytest.raises(SmiaError, match="missing registers"):
        parse_rows(above, 10, wanted={0x7777}, line_length=length, lines=1)
