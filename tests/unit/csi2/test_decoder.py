# SPDX-License-Identifier: Apache-2.0
"""The receiver finds what is wrong, mends what can be mended, and unpacks every format."""

import numpy as np
import pytest

from support import expect_rejected
from tapetum.control.frame_settings import DataFormat
from tapetum.csi2.formats import pixel_bits
from tapetum_sim.csi2.checksum import payload_checksum
from tapetum_sim.csi2.decoder import decode
from tapetum_sim.csi2.header_code import HeaderStatus, check_header
from tapetum_sim.csi2.lanes import merge_lanes
from tapetum_sim.models.csi2 import header, long_packet, pack_row, short_packet, transmit
from unit.csi2.link_bench import random_frame, settings_with, small_die


def two_frames(seed, data_format=DataFormat.RAW12):
    config = small_die(columns=32)
    settings = {frame: settings_with(config, data_format=data_format) for frame in range(2)}
    generator = np.random.default_rng(seed)
    rows = [row for frame in range(2) for row in random_frame(
        generator, frame, rows=3, columns=32, data_format=data_format)]
    return rows, transmit(config, rows, settings)


@pytest.mark.parametrize("data_format", list(DataFormat))
def test_pixels_come_back_without_the_bits_that_the_format_drops(data_format, seed):
    rows, stream = two_frames(seed, data_format)
    decoded = decode(stream, rows=3)
    dropped = max(12 - pixel_bits(data_format), 0)
    assert [frame.number for frame in decoded.frames] == [1, 2]
    pixels = np.concatenate([frame.pixels for frame in decoded.frames])
    assert np.array_equal(pixels, [row.values >> dropped for row in rows])
    assert (decoded.ecc_errors, decoded.crc_errors, decoded.sequence_errors) == (0, 0, [])


@pytest.mark.parametrize("bit", range(30))
def test_one_wrong_header_bit_is_mended(bit):
    good = header(2, 0x2C, 0xA5C3)
    wrong = (int.from_bytes(good, "little") ^ 1 << bit).to_bytes(4, "little")
    bits, status = check_header(wrong)
    assert status is HeaderStatus.CORRECTED
    assert bits == int.from_bytes(good[:3], "little")


def test_two_wrong_header_bits_are_noticed_and_never_called_good():
    good = int.from_bytes(header(1, 0x2B, 800), "little")
    pairs = [(first, second) for first in range(30) for second in range(first)]
    statuses = [check_header((good ^ 1 << a ^ 1 << b).to_bytes(4, "little"))[1]
                for a, b in pairs]
    assert HeaderStatus.GOOD not in statuses
    assert statuses.count(HeaderStatus.WRONG) == len(pairs)


def test_a_wrong_payload_byte_is_counted(seed):
    _, stream = two_frames(seed)
    wrong = bytearray(stream)
    wrong[4 + 4 + 48 + 2 + 4 + 7] ^= 0x10  # behind frame start, embedded row and row header
    assert decode(bytes(wrong)).crc_errors == 1


def test_a_wrong_row_whose_own_checksum_is_right_is_told_by_that_of_the_frame(seed):
    rows, stream = two_frames(seed)
    right = long_packet(0, 0x2C, pack_row(rows[1].values, 12))
    wrong = long_packet(0, 0x2C, pack_row(rows[1].values ^ 1, 12))
    assert (decode(stream).frame_crcs, decode(stream).frame_crc_errors) == (2, 0)
    decoded = decode(stream.replace(right, wrong))
    assert (decoded.crc_errors, decoded.frame_crc_errors) == (0, 1)
    assert [frame.checksum_ok for frame in decoded.frames] == [False, True]


def test_checksum_of_the_catalogue():
    assert payload_checksum(b"123456789") == 0x6F91


def test_a_missing_frame_end_and_a_missing_row_are_reported(seed):
    rows, stream = two_frames(seed)
    end = short_packet(0, 0x01, 1)
    missing_end = decode(stream.replace(end, b"", 1))
    assert any("has no end" in sentence for sentence in missing_end.sequence_errors)
    row = long_packet(0, 0x2C, pack_row(rows[1].values, 12))
    missing_row = decode(stream.replace(row, b"", 1), rows=3)
    assert missing_row.sequence_errors == ["virtual channel 0: frame 1 has 2 rows, not 3"]


def test_rejects_lanes_of_which_one_lost_bytes():
    with expect_rejected("burst 1", "missing"):
        merge_lanes([[b"abc", b"xyz"], [b"abc", b"x"]])
