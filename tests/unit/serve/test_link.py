# SPDX-License-Identifier: Apache-2.0
"""Frames come out of the pen's bytes as they went in, however these are cut."""

from random import Random

import numpy as np
import pytest
from amaranth.hdl import Shape
from amaranth.lib import data

from tapetum.presets import preset
from tapetum_sim.csi2.decoder import read_packets
from tapetum_sim.frame.top import PacketWord
from tapetum_sim.models.csi2 import long_packet, pack_row, short_packet
from tapetum_sim.serve.link import LinkReceiver
from tapetum_sim.simulator.toplevel import RESET_CYCLES

CONFIG = preset("tiny")
LANES = CONFIG.csi2.byte_lanes
ROW = np.arange(8, dtype=np.uint32) * 500


def pixel_frame(number, channel=0, rows=2, end=True):
    return [short_packet(channel, 0x00, number),
            *(long_packet(channel, 0x2C, pack_row(ROW + row, 12)) for row in range(rows)),
            *([short_packet(channel, 0x01, number)] if end else [])]


def recorded(packets, cycle=1000):
    """As the pen writes them: a beat per word of the lanes."""
    shape = PacketWord(LANES)
    size = 4 * -(-Shape.cast(shape).width // 32)
    beats = b""
    for packet in packets:
        for first in range(0, len(packet), LANES):
            part = packet[first:first + LANES]
            beat = data.Const(shape, shape.const({
                "word": {"bytes": list(part.ljust(LANES, b"\xee")), "count": len(part),
                         "first": first == 0, "last": first + LANES >= len(packet)},
                "cycle": cycle}).as_bits())
            beats += beat.as_bits().to_bytes(size, "little")
            cycle += 1
    return beats


def received(content, cuts=()):
    link, frames, begin = LinkReceiver(CONFIG), [], 0
    for cut in (*cuts, len(content)):
        frames += link.receive(content[begin:cut])
        begin = cut
    return frames


def test_a_frame_has_its_pixels_packets_and_times():
    packets = pixel_frame(5)
    frame, = received(recorded(packets))
    assert (frame.virtual_channel, frame.number, frame.bits, frame.errors) == (0, 5, 12, [])
    np.testing.assert_array_equal(frame.pixels, [ROW, ROW + 1])
    assert frame.packets == b"".join(packets)
    words = [-(-len(packet) // LANES) for packet in packets]
    byte_ps = 1e12 / CONFIG.csi2.byte_clock_hz
    assert frame.start_ps == round((RESET_CYCLES + 1000 + words[0] - 1) * byte_ps)
    assert frame.end_ps == round((RESET_CYCLES + 1000 + sum(words) - 1) * byte_ps)


def test_pieces_of_any_size_give_the_same(seed):
    content = recorded([*pixel_frame(1), *pixel_frame(2), *pixel_frame(3, channel=1)])
    random = Random(seed)
    cuts = sorted(random.sample(range(len(content)), 40))
    whole, pieces = received(content), received(content, cuts)
    assert [frame.header() for frame in pieces] == [frame.header() for frame in whole]
    assert [frame.number for frame in whole] == [1, 2, 3]


def test_channels_that_interleave_are_told_apart():
    zero, one = pixel_frame(1), pixel_frame(9, channel=1, rows=3)
    mixed = [zero[0], one[0], one[1], zero[1], one[2], zero[2], one[3], one[4], zero[3]]
    frames = received(recorded(mixed))
    assert [(frame.virtual_channel, frame.number, len(frame.pixels)) for frame in frames] == [
        (1, 9, 3), (0, 1, 2)]
    assert all(not frame.errors for frame in frames)


def test_a_frame_without_an_end_is_given_with_its_error_when_the_next_one_starts():
    frames = received(recorded([*pixel_frame(1, end=False), *pixel_frame(2)]))
    assert [frame.number for frame in frames] == [1, 2]
    assert "is open at the end" in frames[0].errors[0]
    assert frames[1].errors == []


def test_a_wrong_checksum_is_an_error_of_its_frame_alone():
    packets = [*pixel_frame(1), *pixel_frame(2)]
    packets[1] = packets[1][:-1] + bytes([packets[1][-1] ^ 1])
    first, second = received(recorded(packets))
    assert first.errors == ["1 wrong checksums."]
    assert second.errors == []


@pytest.mark.parametrize("kind, bits, dtype", [(0x2A, 8, np.uint16), (0x2E, 16, np.uint16),
                                               (0x27, 24, np.uint32)])
def test_pixels_have_the_smallest_of_two_types(kind, bits, dtype):
    row = pack_row(np.arange(8, dtype=np.uint32) << max(12 - bits, 0), bits)
    frame, = received(recorded([short_packet(0, 0, 1), long_packet(0, kind, row),
                                short_packet(0, 1, 1)]))
    assert (frame.bits, frame.pixels.dtype) == (bits, dtype)
    np.testing.assert_array_equal(frame.pixels, [np.arange(8)])


def test_the_packets_of_a_frame_can_be_read_again():
    frame, = received(recorded(pixel_frame(1)))
    assert [packet.data_type for packet in read_packets(frame.packets)] == [0, 0x2C, 0x2C, 1]
    np.testing.assert_array_equal(frame.decode().frames[0].pixels, frame.pixels)
