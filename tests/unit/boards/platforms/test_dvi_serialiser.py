# SPDX-License-Identifier: Apache-2.0
"""Bits of the serial lines, put together again."""

from random import Random

from support import simulate
from tapetum_boards.platforms.dvi_serialiser import CLOCK_SYMBOL, DviSerialiser

COUNT = 40


def test_every_symbol_leaves_bit_0_first_with_the_clock_beside_it(seed):
    generator, dut, lines = Random(seed), DviSerialiser(), [[] for _ in range(4)]
    sent = [[generator.randrange(1024) for _ in range(3)] for _ in range(COUNT)]

    async def give(ctx):
        for symbols in sent:
            for number, symbol in enumerate(symbols):
                ctx.set(dut.symbols[number], symbol)
            await ctx.tick("pixel")

    async def listen(ctx):
        for _ in range(5 * COUNT):
            _, _, *pairs = await ctx.tick("shift").sample(*(dut.bits[n] for n in range(4)))
            for line, pair in zip(lines, pairs, strict=True):
                line += [pair & 1, pair >> 1]

    simulate(dut, give, listen, cycles=10 * COUNT, domains={"shift": 125e6, "pixel": 25e6},
             stream_domains={})
    # The clock line says where symbols begin.
    begin = next(place for place in range(20, 40)
                 if number_of(lines[3], place) == CLOCK_SYMBOL)
    whole = range(begin, len(lines[3]) - 9, 10)
    assert all(number_of(lines[3], place) == CLOCK_SYMBOL for place in whole)
    received = [[number_of(line, place) for line in lines[:3]] for place in whole]
    first = sent.index(received[0])
    assert received == sent[first:first + len(received)]
    assert len(received) > COUNT - 6


def number_of(bits, place):
    return sum(bit << number for number, bit in enumerate(bits[place:place + 10]))
