# SPDX-License-Identifier: Apache-2.0
"""Each reader sees every frame; time waits for the slowest, unless frames may be lost."""

import asyncio
from collections import deque
from collections.abc import Iterable

import numpy as np
import pytest

from tapetum_sim.client.frames import SentFrame
from tapetum_sim.serve.outbox import Outbox


def frame(number):
    return SentFrame(virtual_channel=0, number=number, start_ps=0, end_ps=0, bits=8,
                     pixels=np.zeros((1, 1), np.uint16))


def publish(outbox, numbers: Iterable[int]):
    for number in numbers:
        outbox.publish(frame(number))


def read(reader, count):
    async def get():
        return [await reader.get() for _ in range(count)]
    return asyncio.run(get())


def numbers(frames: Iterable[SentFrame] | deque[SentFrame]):
    return [each.number for each in frames]


def test_every_reader_gets_every_frame_and_the_slowest_makes_it_full():
    outbox = Outbox(2)
    slow, fast = outbox.join(), outbox.join()
    publish(outbox, [1, 2])
    assert outbox.is_full
    assert numbers(read(fast, 2)) == [1, 2]
    assert outbox.is_full
    assert numbers(read(slow, 1)) == [1]
    assert not outbox.is_full


def test_who_leaves_holds_up_nobody():
    outbox = Outbox(1)
    slow, fast = outbox.join(), outbox.join()
    publish(outbox, [1])
    read(fast, 1)
    assert outbox.is_full
    slow.leave()
    assert not outbox.is_full


def test_what_came_before_the_first_reader_is_for_it_alone():
    outbox = Outbox(2)
    publish(outbox, [1, 2])
    assert outbox.is_full
    first, second = outbox.join(), outbox.join()
    publish(outbox, [3])
    assert numbers(first.waiting) == [1, 2, 3]
    assert numbers(second.waiting) == [3]


def test_frames_beyond_the_depth_are_not_lost_unless_they_may_be():
    outbox = Outbox(2)
    publish(outbox, range(5))
    assert numbers(outbox.join().waiting) == [0, 1, 2, 3, 4]


def test_dropping_keeps_the_newest_and_says_how_many_are_lost():
    outbox = Outbox(2, drop=True)
    reader = outbox.join()
    publish(outbox, range(5))
    assert not outbox.is_full
    got = read(reader, 2)
    assert numbers(got) == [3, 4]
    assert [each.dropped for each in got] == [3, 3]


def test_kept_frames_wait_for_a_reader_only_while_there_is_one():
    outbox = Outbox(2, kept=True)
    publish(outbox, range(5))
    assert not outbox.is_full
    reader = outbox.join()
    assert numbers(reader.waiting) == [3, 4]
    publish(outbox, [5])
    assert outbox.is_full
    assert numbers(reader.waiting) == [3, 4, 5]


@pytest.mark.parametrize("drop", [False, True])
def test_each_change_of_fullness_is_told(drop):
    told = []
    outbox = Outbox(1, drop=drop, moved=lambda: told.append(outbox.is_full))
    reader = outbox.join()
    publish(outbox, [1])
    read(reader, 1)
    reader.leave()
    assert told == [not drop, False, False]
