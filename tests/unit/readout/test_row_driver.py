# SPDX-License-Identifier: Apache-2.0
"""Ramps are offered once, and no signal ramp follows a reset ramp that was dropped."""

import numpy as np

from support import simulate
from tapetum.pixel import RampKind
from tapetum.presets import preset
from tapetum.readout.row_driver import RowDriver
from tapetum.row_timing import Ramp

RAMPS = 400
CLOCKS_PER_RAMP = 4


def test_a_signal_ramp_is_offered_only_if_its_reset_ramp_was_taken(seed):
    config, random = preset("tiny"), np.random.default_rng(seed)
    dut = RowDriver(config)
    offered, taken, expected = [], [], []

    async def play(ctx):
        for group in config.exposure_groups:
            ctx.set(dut.positions[group.index], {
                "active": 1, "enabled": 1, "capture_mask": (1 << len(config.captures)) - 1})
        has_reset = [True] * len(config.captures)
        for number in range(RAMPS):
            group = config.exposure_groups[random.integers(len(config.exposure_groups))]
            capture = int(random.choice(sorted(group.captures)))
            kind = Ramp.SIGNAL if random.integers(2) else Ramp.RESET
            ready = bool(random.integers(4))
            ctx.set(dut.event, {"group": group.index, "capture": capture, "ramp": kind})
            ctx.set(dut.due, 1)
            ctx.set(dut.ramp.ready, ready)
            await ctx.tick()
            ctx.set(dut.due, 0)
            is_offered = ctx.get(dut.ramp.valid)
            assert ctx.get(dut.conversion_overrun) == (not (is_offered and ready))
            if is_offered:
                tag = ctx.get(dut.ramp.payload)
                offered.append((number, tag.kind, tag.tag.capture))
                taken.append(ready)
            if kind is Ramp.RESET:
                has_reset[capture] = ready
            if kind is Ramp.RESET or has_reset[capture]:
                expected.append((number, RampKind[kind.name], capture))
            await ctx.tick()
            assert not ctx.get(dut.ramp.valid)
            assert not ctx.get(dut.conversion_overrun)
            await ctx.tick().repeat(CLOCKS_PER_RAMP - 2)

    # What is not ready is dropped: no stream of the usual kind.
    simulate(dut, play, cycles=2 * CLOCKS_PER_RAMP * RAMPS, stream_domains={})
    assert offered == expected
    assert 0 < len(offered) < RAMPS
    assert not all(taken)
