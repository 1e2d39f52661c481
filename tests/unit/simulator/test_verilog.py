# SPDX-License-Identifier: Apache-2.0
"""Verilog keeps what memories begin with, in fewer lines than they have words."""

import random
import re

from tapetum_sim.simulator.verilog import short_fills

NAME = r"\dut.store "


def initial_block(words):
    return [f"  reg [7:0] {NAME} [{len(words) - 1}:0];\n", "  initial begin\n",
            *(f"    {NAME}[{index}] = 8'h{word:02x};\n" for index, word in enumerate(words)),
            "  end\n"]


def run(lines):
    """What the initial blocks of some Verilog leave in each word."""
    content: dict[int, int] = {}
    places: range | list[int] = []
    for line in "".join(lines).splitlines():
        if loop := re.fullmatch(r"    for \(i = (\d+); i <= (\d+); i = i \+ 1\)", line):
            places = range(int(loop[1]), int(loop[2]) + 1)
        elif word := re.fullmatch(r" +\\dut\.store \[(i|\d+)\] = 8'h(..);", line):
            for place in places if word[1] == "i" else [int(word[1])]:
                assert place not in content
                content[place] = int(word[2], 16)
    return content


def test_every_word_keeps_its_value_whatever_runs_there_are(seed):
    rng = random.Random(seed)
    for _ in range(100):
        words = [word for _ in range(rng.randrange(1, 8))
                 for word in [rng.randrange(4)] * rng.randrange(1, 40)]
        assert run(short_fills(initial_block(words))) == dict(enumerate(words))


def test_a_memory_of_equal_words_is_one_loop():
    written = list(short_fills(initial_block([0] * 5760)))
    assert run(written) == dict.fromkeys(range(5760), 0)
    assert len("".join(written).splitlines()) == 6


def test_loops_of_several_memories_have_names_of_their_own():
    lines = initial_block([0] * 16) + initial_block([255] * 16)
    names = re.findall(r"begin : (\w+)", "".join(short_fills(lines)))
    assert len(names) == len(set(names)) == 2


def test_what_is_no_run_of_equal_words_stays_as_it_was():
    lines = ["module top(clk);\n", *initial_block(list(range(40))),
             "  initial begin\n", "    if (\\a ) \\b = 1'h0;\n", "  end\n", "endmodule\n"]
    assert list(short_fills(lines)) == lines
