# SPDX-License-Identifier: Apache-2.0
"""Registers around a multiplier move into it where they can, and nothing else changes."""

import pytest

from tapetum_sim.bench.multiplier_registers import registers_into_multipliers

CLOCK, OTHER_CLOCK, ENABLE = 2, 3, 4
REGISTERS = {"REG_INPUTA_CLK", "REG_INPUTB_CLK", "REG_OUTPUT_CLK"}


def register(data, output, **pins):
    return {"type": "TRELLIS_FF", "parameters": {"CEMUX": "CE" if "CE" in pins else "1 "},
            "connections": {"CLK": [CLOCK], "LSR": ["0"], "DI": [data], "Q": [output], **pins},
            "port_directions": {"CLK": "input", "LSR": "input", "CE": "input", "DI": "input",
                                "Q": "output"}}


def netlist():
    """Operands of 8 bits, the upper bits being their sign, and a product of 16 bits."""
    pins = {f"{operand}{bit}": [start + min(bit, 7)]
            for operand, start in (("A", 100), ("B", 200)) for bit in range(18)}
    pins |= {f"P{bit}": [300 + bit] for bit in range(36)}
    directions = {pin: "output" if pin[0] == "P" else "input" for pin in pins}
    cells = {"product": {"type": "MULT18X18D", "parameters": {}, "connections": pins,
                         "port_directions": directions}}
    cells |= {f"a{bit}": register(1100 + bit, 100 + bit) for bit in range(8)}
    cells |= {f"b{bit}": register(1200 + bit, 200 + bit) for bit in range(8)}
    cells |= {f"p{bit}": register(300 + bit, 2300 + bit) for bit in range(16)}
    return {"cells": cells, "ports": {"o": {"direction": "output",
                                            "bits": [2300 + bit for bit in range(16)]}}}


def used(made) -> set[str]:
    return REGISTERS & set(made["cells"]["product"]["parameters"])


def test_operands_and_product_move():
    made = registers_into_multipliers(netlist())
    (multiplier,) = made["cells"].values()
    assert used(made) == REGISTERS
    pins = multiplier["connections"]
    assert [pins[f"A{bit}"] for bit in (0, 7, 17)] == [[1100], [1107], [1107]]
    assert [pins[f"B{bit}"] for bit in (0, 7, 17)] == [[1200], [1207], [1207]]
    assert [pins[f"P{bit}"] for bit in (0, 15, 16)] == [[2300], [2315], [316]]
    assert (pins["CLK0"], pins["CE0"], pins["RST0"]) == ([CLOCK], ["1"], ["0"])


def test_what_it_was_given_stays_as_it_was():
    given = netlist()
    registers_into_multipliers(given)
    assert given == netlist()


def test_an_operand_that_something_else_reads_keeps_its_register_as_well():
    given = netlist()
    given["cells"]["reader"] = register(103, 5000)
    given["ports"]["r"] = {"direction": "output", "bits": [5000]}
    made = registers_into_multipliers(given)
    assert used(made) == REGISTERS
    assert set(made["cells"]) == {"product", "a3", "reader"}


@pytest.mark.parametrize("name, pins, left", [
    ("a0", {"CE": [ENABLE]}, {"REG_OUTPUT_CLK"}),
    ("b7", {"LSR": [ENABLE]}, {"REG_OUTPUT_CLK"}),
    ("p3", {"CE": [ENABLE]}, REGISTERS - {"REG_OUTPUT_CLK"}),
    ("a0", {"CLK": [OTHER_CLOCK]}, {"REG_OUTPUT_CLK"}),
])
def test_a_part_whose_registers_differ_stays_outside(name, pins, left):
    given = netlist()
    given["cells"][name] = register(*(given["cells"][name]["connections"][pin][0]
                                      for pin in ("DI", "Q")), **pins)
    made = registers_into_multipliers(given)
    assert used(made) == left
    assert name in made["cells"]


def test_a_product_that_is_read_before_its_register_stays_outside():
    given = netlist()
    given["cells"]["reader"] = register(305, 5000)
    made = registers_into_multipliers(given)
    assert used(made) == REGISTERS - {"REG_OUTPUT_CLK"}


def test_registers_that_start_at_one_stay_outside():
    given = netlist()
    given["cells"]["a2"]["parameters"]["REGSET"] = "SET"
    assert used(registers_into_multipliers(given)) == {"REG_OUTPUT_CLK"}


def test_registers_between_two_multipliers_move_into_one_of_them():
    given = netlist()
    next_pins = {f"A{bit}": [2300 + min(bit, 15)] for bit in range(18)}
    next_pins |= {f"B{bit}": ["0"] for bit in range(18)}
    next_pins |= {f"P{bit}": [3300 + bit] for bit in range(36)}
    given["cells"]["next"] = given["cells"]["product"] | {
        "connections": next_pins, "parameters": {}}
    given["ports"] = {"o": {"direction": "output", "bits": [3300 + bit for bit in range(36)]}}
    made = registers_into_multipliers(given)["cells"]
    assert set(made) == {"product", "next"}
    assert REGISTERS & set(made["next"]["parameters"]) == set()
    assert REGISTERS & set(made["product"]["parameters"]) == REGISTERS
