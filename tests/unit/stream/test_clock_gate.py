# SPDX-License-Identifier: Apache-2.0
"""A gated part computes what it would without the gate, and its clock does stand still."""

import pytest
from amaranth.hdl import Module, ResetInserter, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import Out
from amaranth.sim import Simulator

from support import expect_rejected
from tapetum.stream.clock_gate import AwakeFor, Gated
from tapetum_sim.simulator import Clock, build, run

STAGES = 6


class Accumulator(wiring.Component):
    """Adds up words and tells the sum `STAGES` clocks later; counts its own clocks."""

    def __init__(self):
        super().__init__({"valid": wiring.In(1), "word": wiring.In(8),
                          "sum": Out(16), "clocks": Out(32)})

    def elaborate(self, platform):
        m = Module()
        total = Signal(16)
        with m.If(self.valid):
            m.d.sync += total.eq(total + self.word)
        last = total
        for index in range(STAGES - 1):
            stage = Signal(16, name=f"stage_{index}")
            m.d.sync += stage.eq(last)
            last = stage
        m.d.comb += self.sum.eq(last)
        m.d.sync += self.clocks.eq(self.clocks + 1)
        return m


class Twins(wiring.Component):
    """Accumulators with the same rare words: always running, gated, put to sleep too early."""

    def __init__(self):
        super().__init__({name: Out(32) for name in (
            "cycles", "awake_cycles", "gated_cycles", "words", "differences",
            "early_differences")})

    def elaborate(self, platform):
        m = Module()
        noise = Signal(16, init=0xACE1)
        m.d.sync += noise.eq((noise >> 1) ^ (noise[0].replicate(16) & 0xB400))
        valid = noise[:5].all()
        m.submodules.rare = rare = AwakeFor(valid, hold_cycles=8)
        m.submodules.rarer = rarer = AwakeFor(valid, hold_cycles=2)
        m.submodules.free = free = Accumulator()
        gated, early = Accumulator(), Accumulator()
        m.submodules.gated = Gated(gated, awake=rare.awake)
        m.submodules.early = Gated(early, awake=rarer.awake)
        for part in (gated, early, free):
            m.d.comb += [part.valid.eq(valid), part.word.eq(noise >> 8)]
        m.d.sync += [
            self.cycles.eq(self.cycles + 1), self.words.eq(self.words + valid),
            self.awake_cycles.eq(self.awake_cycles + rare.awake),
            self.differences.eq(self.differences + (gated.sum != free.sum)),
            self.early_differences.eq(self.early_differences + (early.sum != free.sum)),
        ]
        m.d.comb += self.gated_cycles.eq(gated.clocks)
        return m


def test_a_gated_part_computes_the_same_while_its_clock_mostly_stands_still(tmp_path):
    seen = run(build(Twins()), "unit.stream.clock_gate_bench", directory=tmp_path,
               clocks=[Clock(domain="sync", frequency_hz=100_000_000)],
               limit_cycles=20_000, parameters={"cycles": 4000}).results
    assert seen["words"] > 40
    assert seen["differences"] == 0
    assert seen["early_differences"] > 0, "a clock that stops too early must show"
    assert seen["awake_cycles"] <= seen["gated_cycles"] <= seen["awake_cycles"] + 2
    assert seen["gated_cycles"] < seen["cycles"] / 2


def test_without_gates_the_clock_always_runs():
    dut = Twins()
    simulator = Simulator(dut)
    simulator.add_clock(1e-8)

    async def bench(ctx):
        await ctx.tick().repeat(500)
        assert ctx.get(dut.gated_cycles) == ctx.get(dut.cycles) > 490
        assert ctx.get(dut.differences) == 0

    simulator.add_testbench(bench)
    simulator.run()


@pytest.mark.parametrize("before", [1, 5, 13])
def test_a_reset_is_a_cause_like_any_other(before):
    cause, reset = Signal(), Signal()
    awake_for = AwakeFor(cause, hold_cycles=16)
    m = Module()
    m.submodules.awake_for = ResetInserter(reset)(awake_for)
    simulator = Simulator(m)
    simulator.add_clock(1e-8)

    async def pulse(ctx, signal):
        ctx.set(signal, 1)
        await ctx.tick()
        ctx.set(signal, 0)

    async def bench(ctx):
        await pulse(ctx, cause)
        await ctx.tick().repeat(before)
        await pulse(ctx, reset)
        for _ in range(16):
            assert ctx.get(awake_for.awake)
            await ctx.tick()
        assert not ctx.get(awake_for.awake)

    simulator.add_testbench(bench)
    simulator.run()


@pytest.mark.parametrize("hold_cycles", [0, 1, 6, -8])
def test_a_hold_that_is_no_power_of_two_is_refused(hold_cycles):
    with expect_rejected("power of two", str(hold_cycles)):
        AwakeFor(Signal(), hold_cycles=hold_cycles)
