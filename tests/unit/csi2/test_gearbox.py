# SPDX-License-Identifier: Apache-2.0
"""Groups of any format become words without a gap, an extra byte or a missing one."""

import pytest

from support import simulate, stream_get, stream_put, stream_through
from tapetum.csi2.formats import GROUP_BYTES_LARGEST
from tapetum.csi2.gearbox import Gearbox

ROWS = ((4, 3), (5, 4), (6, 2), (7, 5), (8, 1), (10, 3), (12, 3))
"""Bytes per group and groups of each row."""


def rows_of_groups():
    number = 0
    for count, groups in ROWS:
        for index in range(groups):
            sent = [(number + offset) % 256 for offset in range(count)]
            number += count
            yield {"bytes": sent + [0xEE] * (GROUP_BYTES_LARGEST - count), "count": count,
                   "last": index == groups - 1}


@pytest.mark.parametrize("byte_lanes", [1, 2, 4])
def test_bytes_keep_their_order_and_rows_their_end(byte_lanes, traffic):
    words = sum(-(-count * groups // byte_lanes) for count, groups in ROWS)
    received = stream_through(Gearbox(byte_lanes), list(rows_of_groups()), count=words,
                              cycles=3000, traffic=traffic)
    number = position = 0
    for count, groups in ROWS:
        row = []
        while True:
            word = received[position]
            position += 1
            row += list(word.bytes)
            if word.last:
                break
        assert len(row) == -(-count * groups // byte_lanes) * byte_lanes
        assert row[:count * groups] == [(number + offset) % 256
                                        for offset in range(count * groups)]
        number += count * groups


def test_a_row_leaves_at_one_word_per_clock():
    groups = [{"bytes": [0] * 12, "count": 5, "last": index == 63} for index in range(64)]
    dut = Gearbox(4)

    async def source(ctx):
        await stream_put(ctx, dut.i, groups)

    async def sink(ctx):
        await stream_get(ctx, dut.o, 80)

    assert simulate(dut, source, sink, cycles=500) <= 80 + 2
