# SPDX-License-Identifier: Apache-2.0
"""DVI symbols, against the decoder of the standard and against its flow chart."""

from random import Random

from support import simulate
from tapetum_boards.picture.tmds_encoder import (
    CONTROL_SYMBOLS,
    TMDS_LATENCY_CYCLES,
    TmdsEncoder,
)


def decode(symbol):
    """Figure 3-6 of DVI 1.0."""
    bits = symbol & 0xFF ^ (0xFF if symbol >> 9 else 0)
    level = bits & 1
    for place in range(1, 8):
        change = (bits >> place ^ bits >> place - 1) & 1
        level |= (change if symbol >> 8 & 1 else change ^ 1) << place
    return level


def flow_chart(level, count):
    """Figure 3-5: the symbol, and the running count of ones less zeros after it."""
    ones = level.bit_count()
    xnor = ones > 4 or (ones == 4 and not level & 1)
    word = level & 1
    for place in range(1, 8):
        bit = (word >> place - 1 ^ level >> place) & 1
        word |= (bit ^ xnor) << place
    ninth = int(not xnor)
    excess = 2 * word.bit_count() - 8
    if count == 0 or excess == 0:
        invert = not ninth
        count += excess if ninth else -excess
    elif (count > 0) == (excess > 0):
        invert = True
        count += 2 * ninth - excess
    else:
        invert = False
        count += excess - 2 * (1 - ninth)
    return (word ^ (0xFF if invert else 0)) | ninth << 8 | invert << 9, count


def encode(inputs):
    dut, symbols = TmdsEncoder(), []

    async def drive(ctx):
        for level, visible, control in [*inputs, *[(0, 0, 0)] * TMDS_LATENCY_CYCLES]:
            ctx.set(dut.level, level)
            ctx.set(dut.visible, visible)
            ctx.set(dut.control, control)
            await ctx.tick()
            symbols.append(ctx.get(dut.symbol))

    simulate(dut, drive, cycles=2 * len(inputs) + 20)
    return symbols[TMDS_LATENCY_CYCLES - 1:][:len(inputs)]


def test_every_byte_at_every_balance_follows_the_flow_chart(seed):
    generator = Random(seed)
    # A random walk meets each byte at many balances; blanking resets the count.
    inputs = [(level, 1, 0) for _ in range(12) for level in generator.sample(range(256), 256)]
    for place in range(700, len(inputs), 700):
        inputs[place] = (0, 0, generator.randrange(4))
    count, reached = 0, set()
    for (level, visible, control), symbol in zip(inputs, encode(inputs), strict=True):
        if not visible:
            assert symbol == CONTROL_SYMBOLS[control]
            count = 0
            continue
        reached.add(count)
        expected, count = flow_chart(level, count)
        assert symbol == expected
        assert decode(symbol) == level
    assert len(reached) >= 7


def test_control_symbols_have_the_transitions_that_receivers_look_for():
    for symbol in CONTROL_SYMBOLS:
        transitions = sum((symbol >> place ^ symbol >> place + 1) & 1 for place in range(9))
        assert transitions >= 7, "data symbols have at most five"
    assert encode([(0, 0, control) for control in range(4)]) == list(CONTROL_SYMBOLS)
