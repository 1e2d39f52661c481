# SPDX-License-Identifier: Apache-2.0
"""The codes over words: model against arithmetic, then RTL against the model, error by error."""

from itertools import combinations

import numpy as np
import pytest
from amaranth import *

from support import expect_rejected, simulate
from tapetum.memory.code import Parity, Secded
from tapetum.memory.word_check import WordCheck
from tapetum_sim.models import memory_code

WIDTHS = (1, 8, 14, 26, 27, 32, 57, 64, 72)
"""The widths in use, and those at which a code takes another check bit."""


def bits_of(number: int, width: int) -> np.ndarray:
    return np.array([number >> place & 1 for place in range(width)], np.uint8)


def number_of(bits) -> int:
    return sum(int(bit) << place for place, bit in enumerate(bits))


def flips(width: int):
    """No bit, every one, every two."""
    return [(), *((bit,) for bit in range(width)), *combinations(range(width), 2)]


@pytest.mark.parametrize("data_bits", WIDTHS)
def test_model_corrects_every_single_error_and_tells_every_double_one(data_bits, seed):
    data = np.random.default_rng(seed).integers(0, 2, data_bits, np.uint8)
    word = memory_code.encode(data)
    errors = flips(len(word))
    read = np.repeat(word[np.newaxis], len(errors), axis=0)
    for row, places in zip(read, errors, strict=True):
        row[list(places)] ^= 1
    found, count = memory_code.decode(read, data_bits), np.array([len(each) for each in errors])
    np.testing.assert_array_equal(found.corrected, count == 1)
    np.testing.assert_array_equal(found.uncorrectable, count == 2)
    np.testing.assert_array_equal(found.words[count <= 1],
                                  np.repeat(data[np.newaxis], (count <= 1).sum(), axis=0))


@pytest.mark.parametrize("data_bits", range(1, 131))
def test_check_bits_are_as_few_as_a_code_of_this_distance_can_have(data_bits):
    matrix = memory_code.check_matrix(data_bits)
    rows = len(matrix)
    assert 2 ** (rows - 1) >= data_bits + rows
    assert rows == 3 or 2 ** (rows - 2) < data_bits + rows - 1
    code = Secded(data_bits)
    assert code.check_bits == rows
    assert list(code.columns) == [number_of(column) for column in matrix.T]


@pytest.mark.parametrize("data_bits", WIDTHS)
def test_check_of_a_word_equals_the_model_for_every_error_of_up_to_two_bits(data_bits, seed):
    generator, check = np.random.default_rng(seed), WordCheck(Secded(data_bits))
    errors = flips(check.code.word_bits)
    words = memory_code.encode(generator.integers(0, 2, (len(errors), data_bits), np.uint8))
    for word, places in zip(words, errors, strict=True):
        word[list(places)] ^= 1
    expected, seen = memory_code.decode(words, data_bits), []

    async def testbench(ctx):
        ctx.set(check.read, 1)
        for word in words:
            ctx.set(check.word, number_of(word))
            await ctx.tick()
            seen.append((ctx.get(check.data), ctx.get(check.health.corrected),
                         ctx.get(check.health.uncorrectable)))

    simulate(check, testbench, cycles=2 * len(errors))
    assert [number_of(word) for word in expected.words] == [data for data, _, _ in seen]
    np.testing.assert_array_equal(expected.corrected, [one for _, one, _ in seen])
    np.testing.assert_array_equal(expected.uncorrectable, [two for _, _, two in seen])


@pytest.mark.parametrize("data_bits", [1, 14, 64])
def test_parity_tells_every_single_error(data_bits, seed):
    generator, check = np.random.default_rng(seed), WordCheck(Parity(data_bits))

    async def testbench(ctx):
        for read in (1, 0):
            ctx.set(check.read, read)
            for flip in (None, *range(data_bits + 1)):
                data = generator.integers(0, 2, data_bits)
                word = number_of(data) | int(data.sum() % 2) << data_bits
                ctx.set(check.word, word if flip is None else word ^ 1 << flip)
                await ctx.tick()
                assert ctx.get(check.health.uncorrectable) == (flip is not None and read)
                assert not ctx.get(check.health.corrected)

    simulate(check, testbench, cycles=1000)


def test_rejects_words_without_bits():
    with expect_rejected("at least one bit", "0"):
        Secded(0)
