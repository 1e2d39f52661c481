# SPDX-License-Identifier: Apache-2.0
"""Every copy hears the same words, from the clock after start to the clock of stop."""

import numpy as np
import pytest

from support import simulate
from tapetum.adc.broadcast import BROADCAST_LATENCY_CYCLES, Broadcast


@pytest.mark.parametrize("copies", [1, 6, 7, 20])
def test_every_copy_is_the_word_while_it_listens_and_zero_otherwise(copies, seed):
    generator = np.random.default_rng(seed)
    clocks = 400
    start, stop = (generator.random(clocks) < share for share in (0.1, 0.15))
    words = generator.integers(1, 32, clocks)
    dut, heard = Broadcast(5, copies), []

    async def drive(ctx):
        for clock in range(clocks):
            ctx.set(dut.start, bool(start[clock]))
            ctx.set(dut.stop, bool(stop[clock]))
            ctx.set(dut.i, int(words[clock]))
            await ctx.tick()
            heard.append([ctx.get(copy) for copy in dut.o])

    simulate(dut, drive, cycles=2 * clocks)
    listens, expected = False, []
    for clock in range(clocks):
        expected.append(words[clock] if listens else 0)
        listens = start[clock] or (listens and not stop[clock])
    assert any(start & stop), "start must win once"
    late = BROADCAST_LATENCY_CYCLES - 1
    for clock in range(late, clocks):
        assert heard[clock] == [expected[clock - late]] * copies
