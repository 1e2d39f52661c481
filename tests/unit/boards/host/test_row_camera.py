# SPDX-License-Identifier: Apache-2.0
"""Frames of a row camera are put together from whole packets, and only whole ones are given."""

import os
import pty

import numpy as np
import pytest

from tapetum.pixel import RowKind
from tapetum_boards.host.row_camera import FrameCollector, receive_frame
from tapetum_boards.host.serial_link import encode_packet
from tapetum_boards.models.small import small_frame
from tapetum_boards.small.configuration import small_configuration
from tapetum_sim.errors import UserError

CONFIG = small_configuration()


def packets_of(frame, number):
    array = CONFIG.array
    for at, codes in enumerate(frame):
        kind, first = ((RowKind.TEST, 0) if at < array.test_rows else
                       (RowKind.OPTICAL_BLACK, array.test_rows) if at < array.dark_rows else
                       (RowKind.ACTIVE, array.dark_rows))
        yield bytes([number, kind.value, at - first]) + codes.tobytes()


def test_what_is_no_row_of_this_camera_is_left_out():
    frame, collector = small_frame(CONFIG, 48), FrameCollector(CONFIG)
    beyond = bytes([5, RowKind.ACTIVE.value, 255]) + bytes(CONFIG.array.total_columns)
    packets = [*packets_of(frame, 5)]
    assert collector.add([b"\x05", b"\x05\x00", beyond, *packets[:-1]]) is None
    given = collector.add(packets[-1:])
    assert given is not None
    assert (given == frame).all()


def test_a_frame_that_lacks_a_row_is_not_given():
    frame, collector = small_frame(CONFIG, 48), FrameCollector(CONFIG)
    torn, whole = list(packets_of(frame, 7)), list(packets_of(frame, 8))
    assert collector.add([*torn[:20], *torn[21:], b"\x07\x02\x00short"]) is None
    assert collector.add(whole[:-1]) is None
    assert collector.progress == pytest.approx(1 - 1 / len(whole))
    np.testing.assert_array_equal(collector.add(whole[-1:]), frame)


@pytest.mark.parametrize("spoils", [False, True])
def test_a_frame_is_received_from_a_port_that_is_opened_in_the_midst_of_it(spoils):
    frame = small_frame(CONFIG, 48)
    content = b"".join(map(encode_packet, packets_of(frame, 1)))
    master, slave = pty.openpty()
    os.set_blocking(master, False)

    def feed(share):
        if pending:
            with_room = os.write(master, bytes(pending[:512]))
            del pending[:with_room]

    pending = bytearray(content[1000:] + content if not spoils else content[:-1])
    try:
        if spoils:
            with pytest.raises(UserError, match=r"no whole frame came .* board flash"):
                receive_frame(os.ttyname(slave), CONFIG, wait_s=1.5, progress=feed)
        else:
            received = receive_frame(os.ttyname(slave), CONFIG, wait_s=20, progress=feed)
            np.testing.assert_array_equal(received, frame)
    finally:
        os.close(master)
        os.close(slave)


def test_a_port_that_does_not_exist_is_one_sentence():
    with pytest.raises(UserError, match="cannot read the serial port /dev/none"):
        receive_frame("/dev/none", CONFIG, wait_s=1)
