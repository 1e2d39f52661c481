# SPDX-License-Identifier: Apache-2.0
"""Frames end in order, also when nobody listens for a long time."""

from support import simulate, stream_get
from tapetum.csi2.frame_tracker import FrameTracker
from unit.csi2.link_bench import small_die


def test_a_frame_that_lost_its_last_row_ends_before_the_rows_of_the_next():
    dut = FrameTracker(small_die(rows=4))
    accepted, received = [], []

    async def row(ctx, frame: int, *, stored: bool = True, last: bool = False) -> None:
        tag = {"frame": frame, "row": 0, "capture": 1}
        ctx.set(dut.began, 1)
        ctx.set(dut.began_tag, tag)
        await ctx.tick()
        ctx.set(dut.began, 0)
        await ctx.tick().repeat(3)
        ctx.set(dut.ended, 1)
        ctx.set(dut.row, {"tag": tag, "stored": stored, "frame_last": last, "groups": 4})
        accepted.append(ctx.get(dut.accept))
        await ctx.tick()
        ctx.set(dut.ended, 0)
        await ctx.tick().repeat(3)

    async def rows(ctx):
        ctx.set(dut.encoded, 1)
        ctx.set(dut.checksums.valid, 1)
        await row(ctx, 5)
        await row(ctx, 5, stored=False, last=True)
        await row(ctx, 6)
        await row(ctx, 7, last=True)  # the last row of frame 6 never came
        received.extend(await stream_get(ctx, dut.descriptors, 8))

    simulate(dut, rows, cycles=500)
    assert accepted == [1, 0, 1, 1]
    assert [(d.frame, d.frame_start, d.has_row, d.complete, d.closes) for d in received] == [
        (5, 1, 1, 0, 0), (5, 0, 0, 1, 0), (5, 0, 0, 0, 1),
        (6, 1, 1, 0, 0), (6, 0, 0, 1, 0), (6, 0, 0, 0, 1),
        (7, 1, 1, 1, 0), (7, 0, 0, 0, 1)]
    assert all(d.virtual_channel == 1 and d.groups == 4 for d in received)
