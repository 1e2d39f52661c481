# SPDX-License-Identifier: Apache-2.0
"""A delay line delays by what it says, bubbles included."""

import pytest

from support import expect_rejected, simulate
from tapetum.stream.delay import DelayLine


@pytest.mark.parametrize("cycles", [3, 4, 9])
def test_every_clock_comes_back_after_the_stated_cycles(cycles, seed):
    line, seen = DelayLine(8, cycles), []
    sent = [((seed + 3 * clock) % 5 < 3, (seed + 7 * clock) % 256) for clock in range(40)]

    async def testbench(ctx):
        for valid, payload in sent:
            ctx.set(line.i.valid, valid)
            ctx.set(line.i.payload, payload)
            seen.append((ctx.get(line.o.valid), ctx.get(line.o.payload)))
            await ctx.tick()

    simulate(line, testbench, cycles=100)
    assert not any(valid for valid, _ in seen[:cycles])
    for (sent_valid, payload), (valid, received) in zip(sent, seen[cycles:], strict=False):
        assert valid == sent_valid
        assert not valid or received == payload


def test_rejects_delays_shorter_than_a_memory():
    with expect_rejected("at least 3", "2"):
        DelayLine(8, 2)
