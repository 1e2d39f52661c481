# SPDX-License-Identifier: Apache-2.0
"""The three corrections together: active rows alone leave, every code as the models have it."""

import numpy as np
import pytest
from amaranth import *

from support import Traffic, simulate
from support.rows import Row
from tapetum.correct.fixed_pattern import FixedPattern
from tapetum.pixel import RowKind
from tapetum_sim.models.fixed_pattern import FixedPatternModel

from .bench import compare, run_stage, small_config, stage_rows


class Restarted(FixedPattern):
    """One port restarts columns and black levels."""

    def __init__(self, config):
        super().__init__(config)
        self.restarts = Signal()

    def elaborate(self, platform):
        m = super().elaborate(platform)
        m.d.comb += [self.column_restart.eq(self.restarts), self.black_restart.eq(self.restarts)]
        return m


@pytest.mark.parametrize("captures, lanes, bits, fraction_bits, kind", [
    pytest.param(4, 1, 10, 2, "bubbles", marks=pytest.mark.slow),
    (3, 2, 12, 0, "full"), (1, 4, 10, 4, "bubbles")])
def test_every_code_is_the_models(captures, lanes, bits, fraction_bits, kind, seed):
    config = small_config(captures=captures, lanes=lanes, bits=bits, fraction_bits=fraction_bits)
    generator = np.random.default_rng(seed)
    rows = stage_rows(config, generator, frames=4, active_rows=1)
    switches = generator.random((8, 3)) < 0.8
    strengths = generator.integers(8, 17, 8)
    restart = np.array([row.frame == 3 and index and rows[index - 1].frame == 2
                        for index, row in enumerate(rows)])
    dut, model, expected = Restarted(config), FixedPatternModel(config), []
    for index, row in enumerate(rows):
        if restart[index]:
            model.restart()
        column, black_level, row_noise = switches[row.frame]
        out = model.row(row, column=column, black_level=black_level, row_noise=row_noise,
                        strength=int(strengths[row.frame]))
        expected += [] if out is None else [out]
    levels = []

    def before(ctx, index):
        column, black_level, row_noise = (int(switch) for switch in switches[rows[index].frame])
        ctx.set(dut.switches, {"column": column, "black_level": black_level,
                               "row_noise": row_noise})
        ctx.set(dut.row_noise_strength, int(strengths[rows[index].frame]))
        levels[:] = [[ctx.get(phase) for phase in capture] for capture in dut.phase_levels]

    received = run_stage(dut, config, rows, Traffic.of(kind, seed), before=before,
                         restart=(dut.restarts, restart))
    compare(received, expected)
    assert len(received) == 4 * captures, "active rows, nothing else"
    assert levels == model.black_level.levels


@pytest.mark.parametrize("dark_codes", [20, 200])
def test_a_hot_die_believes_its_shielded_pixels_less(dark_codes, seed):
    """At 20 codes of dark current its columns learn from test rows; at 200 row noise stays."""
    config = small_config(captures=1, bits=12)
    rows = [row.with_(codes=np.minimum(row.codes + dark_codes * (row.kind is not RowKind.TEST),
                                       config.adc.maximum_code))
            for row in stage_rows(config, np.random.default_rng(seed), frames=3)]
    model = FixedPatternModel(config)
    expected = [out for row in rows if (out := model.row(row)) is not None]
    compare(run_stage(FixedPattern(config), config, rows), expected)


def test_without_settings_all_three_are_on():
    dut = FixedPattern(small_config())

    async def look(ctx):
        switches = ctx.get(dut.switches)
        assert (switches.column, switches.black_level, switches.row_noise) == (1, 1, 1)
        assert ctx.get(dut.row_noise_strength) == 16

    simulate(dut, look, cycles=10)


@pytest.mark.parametrize("lanes", [1, 4])
def test_latency_is_as_stated(lanes):
    config = small_config(captures=1, lanes=lanes)
    dut, counted = FixedPattern(config), []
    shielded = config.array.optical_black_columns

    async def source(ctx):
        row = Row(codes=[100] * config.array.total_columns, optical_black_columns=shielded)
        for beat in row.beats(dut.i.payload.shape()):
            ctx.set(dut.i.payload, beat)
            ctx.set(dut.i.valid, 1)
            await ctx.tick()
        ctx.set(dut.i.valid, 0)
        await ctx.tick().repeat(2 * dut.latency_cycles)

    async def watch(ctx):
        clock, entered = 0, []
        async for _, _, beat, valid, out in ctx.tick().sample(dut.i.payload, dut.i.valid,
                                                              dut.o.valid):
            if valid and not beat.optical_black:
                entered.append(clock)
            if out and not counted:
                counted.append(clock - entered[0])
            clock += 1

    simulate(dut, source, cycles=500, background=(watch,))
    assert counted == [dut.latency_cycles]
