# SPDX-License-Identifier: Apache-2.0
"""Every frame has one verdict: the model's, or one that says why there is none."""

from dataclasses import replace

import numpy as np
import pytest

from support.npu import SmallNetwork, StandInEngine
from tapetum.npu.frame_watch import DEADLINE_UNIT_CYCLES
from tapetum.npu.npu import Npu
from tapetum.npu.program_image import IMAGE_WORD_BYTES, program_image
from tapetum.npu.verdict import NO_CLASS, SCORES
from unit.npu.npu_bench import COLUMNS, CONFIG, ROWS, Bench, Model, model, told


@pytest.mark.parametrize("count, classes", [(8, 0), (8, 3), (16, 0), (16, 13), (32, 30)])
def test_a_verdict_is_the_first_class_with_the_highest_score(count, classes, seed):
    made, bench = model(seed, 0xDEADBEEF, count=count, classes=classes), Bench()
    dut = bench.dut

    async def play(ctx):
        await bench.load(ctx, made.image)
        ctx.set(dut.region, {"x_start": 2, "y_start": 4, "columns": 300, "rows": 200})
        for number in (7, 8):
            await bench.frame(ctx, number)
            await bench.answered(ctx, number - 6)

    bench.run(play)
    assert [told(v) for v in bench.verdicts] == [
        (number, 0xDEADBEEF, made.best, {"valid"}) for number in (7, 8)]
    last, scores = bench.verdicts[-1], made.scores[:classes or None].tolist()
    assert last.score_count == min(len(scores), SCORES)
    assert list(last.scores) == (scores + [0] * SCORES)[:SCORES]
    assert (last.region.x_start, last.region.columns) == (2, 300)
    assert bench.withheld == 0


def test_of_equal_scores_the_first_class_wins():
    made, bench = Model(np.array([-9, -3, -9, -3, -9, -3, -3, -128]), 1), Bench()

    async def play(ctx):
        await bench.load(ctx, made.image)
        await bench.frame(ctx, 0)
        await bench.answered(ctx, 1)

    bench.run(play)
    assert told(bench.verdicts[0]) == (0, 1, 1, {"valid"})


def damaged(image: bytes, place: int, bit: int = 0) -> bytes:
    return image[:place] + bytes([image[place] ^ 1 << bit]) + image[place + 1:]


def test_a_damaged_image_is_refused_while_the_old_program_goes_on(seed):
    old, new, bench = model(seed, 1), model(seed, 2), Bench()
    image = new.image
    places = np.random.default_rng(seed).choice(len(image) - 5, 3, replace=False)

    async def play(ctx):
        await bench.load(ctx, old.image)
        for number, place in enumerate((0, *places, len(image) - 9)):
            await bench.load(ctx, damaged(image, int(place), number % 8))
            assert ctx.get(bench.dut.refused)
            assert ctx.get(bench.dut.loaded)
            await bench.frame(ctx, number)
            await bench.answered(ctx, number + 1)
        await bench.load(ctx, image[:-IMAGE_WORD_BYTES])
        await bench.load(ctx, image)
        assert not ctx.get(bench.dut.refused)

    bench.run(play, 200_000)
    assert [told(v) for v in bench.verdicts] == [
        (number, 1, old.best, {"valid"}) for number in range(5)]
    assert bench.refusals >= 5


@pytest.mark.parametrize("config", [
    replace(CONFIG, weight_words=3), replace(CONFIG, schedule_entries=ROWS - 1),
    replace(CONFIG, program_words=64, program_banks=1)])
def test_a_program_for_a_larger_array_is_refused(config, seed):
    made = model(seed, count=32)
    bench = Bench(dut=Npu(config, engine=StandInEngine))

    async def play(ctx):
        await bench.load(ctx, made.image)
        assert not ctx.get(bench.dut.loaded)

    bench.run(play)
    assert bench.refusals == 1


def test_a_program_is_swapped_between_two_frames_and_none_is_lost(seed):
    old, new, bench = model(seed, 1), model(seed, 2), Bench()

    async def play(ctx):
        await bench.load(ctx, old.image)
        ctx.set(bench.dut.program_bank, 1)
        await bench.send(ctx, new.image)
        await bench.frame(ctx, 0, rows=3, end=False)
        await bench.strobe(ctx, bench.dut.load)
        await bench.rows(ctx, range(3, ROWS))
        await bench.answered(ctx, 1)
        for number in range(1, 12):
            await ctx.tick().repeat(600)
            await bench.frame(ctx, number)
            await bench.answered(ctx, number + 1)

    bench.run(play)
    models = [verdict.model_id for verdict in bench.verdicts]
    assert models == sorted(models)
    assert set(models) == {1, 2}
    assert [told(v) for v in bench.verdicts] == [
        (number, which, old.best if which == 1 else new.best, {"valid"})
        for number, which in enumerate(models)]


def test_a_frame_that_begins_while_the_program_is_copied_says_so(seed):
    old, new, bench = model(seed, 1), model(seed, 2), Bench()

    async def play(ctx):
        await bench.load(ctx, old.image)
        await bench.send(ctx, new.image)
        await bench.strobe(ctx, bench.dut.load)
        ctx.set(bench.dut.quiet, 1)
        while not ctx.get(bench.dut.loader.copying):
            await ctx.tick()
        await bench.frame(ctx, 0, pause=1)
        while ctx.get(bench.dut.loading):
            await ctx.tick()
        await bench.frame(ctx, 1)
        await bench.answered(ctx, 2)

    bench.run(play)
    assert [told(v)[0::2] for v in bench.verdicts] == [(0, NO_CLASS), (1, new.best)]
    assert told(bench.verdicts[0])[3] == {"not_run"}
    assert bench.withheld == 1


def test_without_a_program_verdicts_say_so():
    bench = Bench()

    async def play(ctx):
        await bench.frame(ctx, 5)
        await bench.answered(ctx, 1)

    bench.run(play)
    assert told(bench.verdicts[0])[0::2] == (5, NO_CLASS)
    assert told(bench.verdicts[0])[3] == {"not_run"}
    assert not any(bench.verdicts[0].scores)


def test_rows_that_are_too_fast_are_marked_and_the_next_frame_is_right(seed):
    made, bench = model(seed), Bench()

    async def play(ctx):
        await bench.load(ctx, made.image)
        await bench.frame(ctx, 0, pause=1)
        await bench.answered(ctx, 1)
        await bench.frame(ctx, 1, pause=20)
        await bench.answered(ctx, 2)

    bench.run(play)
    assert [told(v)[2:] for v in bench.verdicts] == [(NO_CLASS, {"overrun"}),
                                                     (made.best, {"valid"})]


def test_a_deadline_gives_a_late_verdict_and_the_next_frame_is_right(seed):
    made, bench = model(seed), Bench()

    async def play(ctx):
        await bench.load(ctx, made.image)
        ctx.set(bench.dut.deadline, 1)
        await bench.frame(ctx, 0, pause=1)
        await ctx.tick().repeat(DEADLINE_UNIT_CYCLES + 4)
        assert len(bench.verdicts) == 1
        ctx.set(bench.dut.deadline, 1000)
        await ctx.tick().repeat(40)
        await bench.frame(ctx, 1)
        await bench.answered(ctx, 2)

    bench.run(play)
    assert [told(v)[2:] for v in bench.verdicts] == [(NO_CLASS, {"late"}),
                                                     (made.best, {"valid"})]


@pytest.mark.parametrize("rows", [0, 1, 4])
def test_a_frame_that_is_cut_short_is_marked_and_the_next_one_is_right(rows, seed):
    made, bench = model(seed), Bench()

    async def play(ctx):
        await bench.load(ctx, made.image)
        await bench.frame(ctx, 0, rows=rows, end=False)
        ctx.set(bench.dut.lost_frame, 0)
        await bench.strobe(ctx, bench.dut.lost)
        await bench.answered(ctx, 1)
        await bench.rows(ctx, range(rows, ROWS), pause=0)
        await ctx.tick().repeat(40)
        await bench.frame(ctx, 1)
        await bench.answered(ctx, 2)

    bench.run(play)
    assert [told(v)[2:] for v in bench.verdicts] == [(NO_CLASS, {"incomplete"}),
                                                     (made.best, {"valid"})]


def test_a_frame_without_its_end_is_late_when_the_next_begins(seed):
    made, bench = model(seed), Bench()

    async def play(ctx):
        await bench.load(ctx, made.image)
        await bench.frame(ctx, 0, rows=3, end=False)
        await bench.frame(ctx, 1, rows=0)
        await bench.rows(ctx, range(3, ROWS), pause=0)
        await bench.rows(ctx, range(ROWS))
        await bench.answered(ctx, 2)
        await bench.frame(ctx, 2)
        await bench.answered(ctx, 3)

    bench.run(play)
    assert [told(v)[3] for v in bench.verdicts] == [{"late"}, {"not_run"}, {"valid"}]
    assert told(bench.verdicts[2])[2] == made.best


def test_a_frame_whose_region_never_came_is_told_at_its_end(seed):
    made, bench = model(seed), Bench()

    async def play(ctx):
        await bench.load(ctx, made.image)
        await bench.frame(ctx, 3)
        await bench.answered(ctx, 1)
        await ctx.tick().repeat(100)
        await bench.last_pixel(ctx, 4)
        await bench.answered(ctx, 2)

    bench.run(play)
    assert [(v.frame, told(v)[3]) for v in bench.verdicts] == [(3, {"valid"}), (4, {"incomplete"})]


def test_rows_of_another_width_are_not_taken_for_a_picture(seed):
    made, bench = model(seed), Bench()

    async def play(ctx):
        await bench.load(ctx, made.image)
        await bench.frame(ctx, 0, row_words=COLUMNS - 1)
        await bench.answered(ctx, 1)
        await bench.frame(ctx, 1)
        await bench.answered(ctx, 2)

    bench.run(play)
    assert [told(v)[3] for v in bench.verdicts] == [{"not_run"}, {"valid"}]
    assert told(bench.verdicts[1])[2] == made.best


@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_of_other_channels_are_not_taken_for_a_picture(channels, seed):
    made, bench = model(seed), Bench()
    program = replace(made.program, input_shape=(ROWS, COLUMNS, channels))

    async def play(ctx):
        await bench.load(ctx, program_image(program))
        for number, rgb in enumerate((channels == 1, channels == 3)):
            ctx.set(bench.dut.rgb, rgb)
            await bench.frame(ctx, number)
            await bench.answered(ctx, number + 1)

    bench.run(play)
    assert [told(v)[3] for v in bench.verdicts] == [{"not_run"}, {"valid"}]


def test_a_program_comes_in_although_no_frame_can_be_computed(seed):
    made, bench = model(seed), Bench()

    async def play(ctx):
        await bench.frame(ctx, 0)
        await bench.send(ctx, made.image)
        await bench.strobe(ctx, bench.dut.load)
        for number in range(1, 8):
            await bench.frame(ctx, number)
            await ctx.tick().repeat(1500)
        assert not ctx.get(bench.dut.loading)

    bench.run(play)
    flags = [told(v)[3] for v in bench.verdicts]
    assert flags == sorted(flags, key=lambda each: each == {"valid"})
    assert flags[-1] == {"valid"}


def test_a_load_takes_the_bank_that_it_has_checked(seed):
    old, new, bench = model(seed, 1), model(seed, 2), Bench()

    async def play(ctx):
        dut = bench.dut
        await bench.load(ctx, old.image)
        ctx.set(dut.program_bank, 1)
        await bench.send(ctx, new.image)
        await bench.strobe(ctx, dut.load)
        await ctx.tick().repeat(14 * len(new.image) // IMAGE_WORD_BYTES * 2 + 400)
        assert ctx.get(dut.loading), "it waits for a frame's end"
        ctx.set(dut.program_bank, 0)
        await bench.frame(ctx, 0)
        while ctx.get(dut.loading):
            await ctx.tick()
        await bench.frame(ctx, 1)
        await bench.answered(ctx, 2)

    bench.run(play)
    assert [told(v) for v in bench.verdicts] == [(0, 1, old.best, {"valid"}),
                                                 (1, 2, new.best, {"valid"})]
    assert list(bench.verdicts[1].scores)[:8] == new.scores.tolist()


def test_frames_that_nobody_wants_have_no_verdict(seed):
    made, bench = model(seed), Bench()

    async def play(ctx):
        await bench.load(ctx, made.image)
        ctx.set(bench.dut.wanted, 0b1011)
        for number in (1, 2, 3):
            await bench.frame(ctx, number)
            await ctx.tick().repeat(600)

    bench.run(play)
    assert [verdict.frame for verdict in bench.verdicts] == [1, 3]


def test_an_interrupt_asks_for_a_class_and_a_score(seed):
    made, bench = model(seed), Bench()
    best, score = made.best, int(made.scores.max())

    async def play(ctx):
        dut = bench.dut
        await bench.load(ctx, made.image)
        for number, (classes, least) in enumerate((
                (0, -128), (0xFFFF & ~(1 << best), -128), (0xFFFF, min(score + 1, 127)),
                (1 << best, score))):
            ctx.set(dut.interrupt_settings, {"classes": classes, "score": least})
            await bench.frame(ctx, number)
            await bench.answered(ctx, number + 1)
            await ctx.tick().repeat(80)
        assert ctx.get(dut.interrupt)
        await bench.strobe(ctx, dut.clear_interrupt)
        await ctx.tick()
        assert not ctx.get(dut.interrupt)

    bench.run(play)
    assert bench.interrupts == ([2] if score == 127 else []) + [3]


def test_a_verdict_that_is_held_reads_as_it_was(seed):
    made, bench = model(seed), Bench()
    shown: list[bytes] = []

    async def read(ctx):
        content = []
        for address in range(len(bench.dut.verdict.as_value()) // 8):
            ctx.set(bench.dut.verdict_window.address, address)
            await ctx.tick().repeat(2)
            content.append(ctx.get(bench.dut.verdict_window.read_data))
        shown.append(bytes(content))

    async def play(ctx):
        await bench.load(ctx, made.image)
        for number, hold in enumerate((0, 1, 0)):
            ctx.set(bench.dut.hold, hold)
            await bench.frame(ctx, number)
            await bench.answered(ctx, number + 1)
            await ctx.tick().repeat(3)
            await read(ctx)

        ctx.set(bench.dut.hold, 1)
        await bench.frame(ctx, 3)
        await bench.answered(ctx, 4)
        ctx.set(bench.dut.hold, 0)
        await ctx.tick().repeat(3)
        await read(ctx)

    bench.run(play)
    frames = [int.from_bytes(content[2:4], "little") for content in shown]
    assert frames == [0, 0, 2, 3]
    for number in (2, 3):
        assert shown[number] == bench.verdicts[number].as_bits().to_bytes(40, "little")


def test_cycles_are_those_from_the_first_pixel_to_the_last_score(seed):
    made, bench = model(seed), Bench()
    moments = []

    async def play(ctx):
        await bench.load(ctx, made.image)
        moments.append(bench.clock)
        await bench.frame(ctx, 0)
        await bench.answered(ctx, 1)
        moments.append(bench.clock)

    bench.run(play)
    passed = moments[1] - moments[0]
    assert passed - 8 <= bench.verdicts[0].cycles <= passed


def network(seed: int) -> SmallNetwork:
    """A picture of 5 x 6 words to 8 classes, on the array itself."""
    made = SmallNetwork(np.random.default_rng(seed), ROWS, COLUMNS, input_ring=4)
    hidden = made.layer(0, kernel=(3, 3), ring=4)
    made.layer(hidden, kernel=(4, 3), ring=4)
    return made


@pytest.mark.slow
def test_the_array_computes_frame_after_frame_and_says_when_rows_were_too_fast(seed):
    made, bench = network(seed), Bench(dut=Npu(CONFIG))
    words = [word for word, _ in made.input_words()]
    scores = made.values[-1].ravel().tolist() + [0] * (SCORES - 8)

    async def play(ctx):
        await bench.load(ctx, program_image(made.program()))
        for number, pause in enumerate((150, 0, 150)):
            await bench.frame(ctx, number, words=words, pause=pause)
            await bench.answered(ctx, number + 1)
            await ctx.tick().repeat(80)

    bench.run(play)
    assert [told(v)[3] for v in bench.verdicts] == [{"valid"}, {"overrun"}, {"valid"}]
    assert [list(v.scores) for v in bench.verdicts] == [scores, [0] * SCORES, scores]
    assert bench.verdicts[2].class_number == int(np.argmax(scores))
