# SPDX-License-Identifier: Apache-2.0
"""Registers behind a block RAM move into it where they can, and nothing else changes."""

import pytest

from tapetum_sim.bench.memory_registers import registers_into_memories

CLOCK, OTHER_CLOCK, ENABLE = 2, 3, 4


def register(data, output, **pins):
    return {"type": "TRELLIS_FF", "parameters": {"CEMUX": "CE" if "CE" in pins else "1 "},
            "connections": {"CLK": [CLOCK], "LSR": ["0"], "DI": [data], "Q": [output], **pins},
            "port_directions": {"CLK": "input", "LSR": "input", "CE": "input", "DI": "input",
                                "Q": "output"}}


def netlist(width=18, used=9):
    """A memory of which some bits are read: through B, or words of 36 bits through A and B."""
    outputs = [f"DO{half}{bit}" for half in ("AB" if width == 36 else "BA") for bit in range(18)]
    pins = {pin: [300 + number] for number, pin in enumerate(outputs)}
    directions = dict.fromkeys(outputs, "output") | {
        "CLKA": "input", "CLKB": "input", "OCEA": "input", "OCEB": "input"}
    pins |= {"CLKA": [OTHER_CLOCK if width == 36 else CLOCK], "CLKB": [CLOCK], "OCEA": ["0"],
             "OCEB": ["1"]}
    cells = {"memory": {
        "type": "DP16KD", "connections": pins, "port_directions": directions,
        "parameters": {"DATA_WIDTH_A": f"{width:032b}", "DATA_WIDTH_B": f"{width:032b}",
                       "REGMODE_A": "NOREG", "REGMODE_B": "NOREG"}}}
    cells |= {f"r{bit}": register(300 + bit, 2300 + bit) for bit in range(used)}
    return {"cells": cells, "ports": {"o": {"direction": "output",
                                            "bits": [2300 + bit for bit in range(used)]}}}


def has_moved(made) -> bool:
    modes = {made["cells"]["memory"]["parameters"][f"REGMODE_{half}"] for half in "AB"}
    assert len(modes) == 1
    return modes == {"OUTREG"}


@pytest.mark.parametrize("width, used", [(18, 9), (9, 8), (36, 30)])
def test_registers_of_a_word_move(width, used):
    made = registers_into_memories(netlist(width, used))
    assert set(made["cells"]) == {"memory"}
    assert has_moved(made)
    pins = made["cells"]["memory"]["connections"]
    read = {pins[f"DO{half}{bit}"][0] for half in "AB" for bit in range(18)}
    assert {2300 + bit for bit in range(used)} <= read
    assert read.isdisjoint(range(300, 300 + used))
    assert (pins["OCEA"], pins["OCEB"]) == (["1"], ["1"])


def test_what_it_was_given_stays_as_it_was():
    given = netlist()
    registers_into_memories(given)
    assert given == netlist()


@pytest.mark.parametrize("pins", [{"CE": [ENABLE]}, {"LSR": [ENABLE]}, {"CLK": [OTHER_CLOCK]}])
def test_a_word_whose_registers_differ_stays_outside(pins):
    given = netlist()
    given["cells"]["r3"] = register(303, 2303, **pins)
    made = registers_into_memories(given)
    assert not has_moved(made)
    assert made["cells"].keys() == given["cells"].keys()


def test_a_word_that_is_read_before_its_register_stays_outside():
    given = netlist()
    given["cells"]["reader"] = register(305, 5000)
    given["ports"]["r"] = {"direction": "output", "bits": [5000]}
    assert not has_moved(registers_into_memories(given))


def test_a_port_of_another_clock_stays_as_it_was():
    given = netlist()
    given["cells"]["memory"]["connections"]["CLKB"] = [OTHER_CLOCK]
    assert not has_moved(registers_into_memories(given))
