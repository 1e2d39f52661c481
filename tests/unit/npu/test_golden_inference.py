# SPDX-License-Identifier: Apache-2.0
"""The array is tested when nobody needs it, and no frame waits for that."""

from dataclasses import replace

import numpy as np
import pytest

from support.npu import SmallNetwork
from tapetum.npu.golden_inference import TESTS_PER_FRAME
from tapetum.npu.npu import LONGEST_WAIT_CYCLES, Npu
from tapetum.npu.program import Program
from tapetum.npu.program_image import program_image
from tapetum_sim.models.golden_inference import golden_picture, signature, signed_program
from unit.npu.npu_bench import COLUMNS, CONFIG, ROWS, Bench, model, told

TEST_CYCLES = 2_000
"""Longer than a test of `network` takes."""


def network(seed: int) -> SmallNetwork:
    """A picture of 5 x 6 words to 8 classes."""
    made = SmallNetwork(np.random.default_rng(seed), ROWS, COLUMNS, input_ring=4)
    made.layer(made.layer(0, kernel=(3, 3), ring=4), kernel=(4, 3), ring=4)
    return made


class TestedBench(Bench):
    """Counts what the tests of the array found."""

    __test__ = False

    def __init__(self, seed: int):
        super().__init__(dut=Npu(CONFIG))
        self.network = network(seed)
        self.program = signed_program(replace(self.network.program(), model_id=7))
        self.words = [word for word, _ in self.network.input_words()]
        self.scores = self.network.values[-1].ravel().tolist()

    async def loaded(self, ctx, program: Program) -> None:
        """The program is there, and the array was tested with it if that is allowed."""
        ctx.set(self.dut.test, 1)
        await self.load(ctx, program_image(program))
        await ctx.tick().repeat(4)

    async def tested(self, ctx, *, differs: bool = False) -> None:
        """Wait for the end of the test that is under way."""
        before, found = ctx.get(self.dut.tests), False
        for _ in range(TEST_CYCLES):
            if ctx.get(self.dut.tests) != before:
                break
            await ctx.tick()
        else:
            raise AssertionError("no test has ended")
        for _ in range(3):
            found |= bool(ctx.get(self.dut.differs))
            await ctx.tick()
        assert found == differs

    async def all_tested(self, ctx) -> None:
        for _ in range(TESTS_PER_FRAME):
            await self.tested(ctx)

    async def judged(self, ctx, number: int) -> None:
        """A frame, and its verdict."""
        await self.frame(ctx, number, words=self.words, pause=150)
        await self.answered(ctx, number + 1)

    def is_right(self, verdict) -> bool:
        return told(verdict)[3] == {"valid"} and list(verdict.scores)[:8] == self.scores


def test_the_picture_has_noise_in_every_lane():
    picture = golden_picture(network(0).program())
    assert picture.shape == (ROWS, COLUMNS, 8)
    assert all(len(set(picture[..., lane].ravel().tolist())) > ROWS * COLUMNS // 2
               for lane in range(8))


@pytest.mark.slow
def test_the_array_is_tested_after_a_program_came_and_after_every_verdict(seed):
    bench = TestedBench(seed)

    async def play(ctx):
        await bench.loaded(ctx, bench.program)
        await bench.all_tested(ctx)
        for number in range(2):
            await bench.judged(ctx, number)
            await bench.all_tested(ctx)
        await ctx.tick().repeat(TEST_CYCLES)
        assert ctx.get(bench.dut.tests) == 3 * TESTS_PER_FRAME
        assert not ctx.get(bench.dut.test_given_up)

    bench.run(play)
    assert len(bench.verdicts) == 2
    assert all(map(bench.is_right, bench.verdicts))


@pytest.mark.slow
@pytest.mark.parametrize("what", ["weights", "bias", "layers", "signature"])
def test_a_bit_that_is_wrong_in_the_array_is_found(what, seed):
    bench, random = TestedBench(seed), np.random.default_rng(seed)
    program = bench.program
    if what == "weights":
        weights = program.weights.copy()
        place = (random.integers(8), random.integers(weights.shape[1]), random.integers(8))
        weights[place] ^= np.int8(1 << random.integers(7))
        program = replace(program, weights=weights)
    elif what == "bias":
        bias = program.bias.copy()
        bias[random.integers(8), 0] ^= 1 << 12
        program = replace(program, bias=bias)
    elif what == "layers":
        layers = list(program.layers)
        layers[0] = replace(layers[0], zero_point_out=layers[0].zero_point_out ^ 4)
        program = replace(program, layers=tuple(layers))
    else:
        program = replace(program, signature=signature(program) ^ 1 << int(random.integers(64)))

    async def play(ctx):
        await bench.loaded(ctx, program)
        await bench.tested(ctx, differs=True)

    bench.run(play)


@pytest.mark.parametrize("first_word", [2, 57, 66, 68])
def test_no_word_is_lost_in_the_clock_in_which_a_waiting_frame_begins(first_word, seed):
    bench = TestedBench(seed)

    async def play(ctx):
        await bench.loaded(ctx, bench.program)
        await ctx.tick().repeat(40)
        await bench.frame(ctx, 0, rows=0, end=False)
        await ctx.tick().repeat(first_word - 1)
        await bench.rows(ctx, range(1), 0, words=bench.words)
        await bench.rows(ctx, range(1, ROWS), 150, words=bench.words)
        await bench.last_pixel(ctx, 0)
        await bench.answered(ctx, 1)

    bench.run(play)
    assert bench.is_right(bench.verdicts[0])


@pytest.mark.parametrize("said", ["lost", "last"])
def test_what_is_said_of_a_frame_that_waits_is_not_forgotten(said, seed):
    bench = TestedBench(seed)

    async def play(ctx):
        dut = bench.dut
        await bench.loaded(ctx, bench.program)
        await ctx.tick().repeat(40)
        ctx.set(dut.deadline, 0)
        await bench.frame(ctx, 0, rows=0, end=False)
        await ctx.tick().repeat(30)
        ctx.set(getattr(dut, f"{said}_frame"), 0)
        await bench.strobe(ctx, getattr(dut, said))
        await bench.rows(ctx, range(ROWS), 150, words=bench.words)
        await bench.answered(ctx, 1)

    bench.run(play)
    flag = {"lost": "incomplete", "last": "late"}[said]
    assert [told(v)[3] for v in bench.verdicts] == [{flag}]


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 40, 160])
def test_a_frame_that_begins_during_a_test_has_its_verdict(after, seed):
    bench, waits = TestedBench(seed), []

    async def play(ctx):
        dut = bench.dut
        await bench.loaded(ctx, bench.program)
        ctx.set(dut.quiet, 1)
        await ctx.tick().repeat(after)
        assert not ctx.get(dut.tests)
        begun = bench.clock
        await bench.judged(ctx, 0)
        waits.append(bench.clock - begun)
        assert ctx.get(dut.test_given_up)
        assert not ctx.get(dut.tests)
        await bench.tested(ctx)
        assert not ctx.get(dut.test_given_up)
        await bench.tested(ctx)
        await bench.judged(ctx, 1)

    bench.run(play)
    assert all(map(bench.is_right, bench.verdicts))
    first, second = bench.verdicts
    assert waits[0] - 8 <= first.cycles <= waits[0], "the wait is counted"
    assert 0 <= first.cycles - second.cycles <= LONGEST_WAIT_CYCLES


def test_a_program_without_a_signature_is_not_tested(seed):
    made, bench = model(seed), Bench()

    async def play(ctx):
        ctx.set(bench.dut.test, 1)
        await bench.load(ctx, made.image)
        for number in range(2):
            await bench.frame(ctx, number)
            await bench.answered(ctx, number + 1)
            await ctx.tick().repeat(600)
        assert not ctx.get(bench.dut.tests)
        assert not ctx.get(bench.dut.test_given_up)

    bench.run(play)
    assert [told(v)[2] for v in bench.verdicts] == [made.best] * 2


def test_who_is_masked_does_not_test(seed):
    made, bench = model(seed), Bench()

    async def play(ctx):
        await bench.load(ctx, program_image(replace(made.program, signature=1)))
        await ctx.tick().repeat(600)
        assert not ctx.get(bench.dut.tests)
        ctx.set(bench.dut.test, 1)
        await bench.frame(ctx, 0)
        await bench.answered(ctx, 1)
        await ctx.tick().repeat(1_200)
        assert ctx.get(bench.dut.tests) == TESTS_PER_FRAME

    bench.run(play)


def test_the_injection_is_found_without_a_program():
    bench = Bench()

    async def play(ctx):
        dut = bench.dut
        ctx.set(dut.test, 1)
        await ctx.tick().repeat(20)
        assert not ctx.get(dut.differs)
        ctx.set(dut.inject, 1)
        await ctx.tick().repeat(2)
        assert ctx.get(dut.differs)
        ctx.set(dut.inject, 0)
        await ctx.tick().repeat(2)
        assert not ctx.get(dut.differs)

    bench.run(play)
