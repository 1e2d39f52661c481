# SPDX-License-Identifier: Apache-2.0
"""Short signed operands move to the upper bits of a multiplier, and the product stays."""

import random

import pytest

from tapetum_sim.bench.multiplier_alignment import with_short_operands_above

BITS, UNREAD = 18, 1000


def netlist(bits_a, bits_b, read, signed="1"):
    """Operands of so many bits, the bits above being the sign, and the product's lower bits."""
    pins = {f"{operand}{bit}": [f"{operand}{min(bit, bits - 1)}"]
            for operand, bits in (("A", bits_a), ("B", bits_b)) for bit in range(BITS)}
    pins |= {f"P{bit}": [f"P{bit}" if bit < read else UNREAD + bit] for bit in range(2 * BITS)}
    pins |= {"SIGNEDA": [signed], "SIGNEDB": ["1"]}
    cell = {"type": "MULT18X18D", "parameters": {}, "connections": pins,
            "port_directions": {pin: "output" if pin[0] == "P" else "input" for pin in pins}}
    return {"cells": {"multiplier": cell},
            "ports": {"o": {"direction": "output", "bits": [f"P{bit}" for bit in range(read)]}}}


def product(made, values):
    """What the multiplier gives on the nets that are read."""
    pins = made["cells"]["multiplier"]["connections"]

    def operand(name):
        bits = [int(pins[f"{name}{bit}"][0] == "1") if pins[f"{name}{bit}"][0] in ("0", "1")
                else values[name] >> int(pins[f"{name}{bit}"][0][1:]) & 1 for bit in range(BITS)]
        return sum(level << bit for bit, level in enumerate(bits)) - (bits[-1] << BITS)

    total = operand("A") * operand("B")
    return sum((total >> bit & 1) << int(pins[f"P{bit}"][0][1:]) for bit in range(2 * BITS)
               if str(pins[f"P{bit}"][0]).startswith("P"))


@pytest.mark.parametrize("bits_a, bits_b, read, zeros", [
    (8, 8, 16, (10, 10)), (16, 17, 33, (2, 1)), (8, 12, 20, (10, 6)), (18, 18, 36, (0, 0)),
    (8, 8, 30, (6, 0)),
])
def test_the_product_stays_and_signs_have_one_pin_where_there_is_room(bits_a, bits_b, read, zeros):
    made = with_short_operands_above(netlist(bits_a, bits_b, read))
    pins = made["cells"]["multiplier"]["connections"]
    assert tuple(sum(pins[f"{name}{bit}"] == ["0"] for bit in range(BITS))
                 for name in "AB") == zeros
    draw = random.Random(1)
    for a, b in [(-(1 << bits_a - 1), -(1 << bits_b - 1)), (-1, 1)] + [
            (draw.randrange(-(1 << bits_a - 1), 1 << bits_a - 1),
             draw.randrange(-(1 << bits_b - 1), 1 << bits_b - 1)) for _ in range(50)]:
        assert product(made, {"A": a, "B": b}) == a * b & (1 << read) - 1, (a, b)


def test_operands_without_sign_stay_where_they_are():
    given = netlist(8, 8, 16, signed="0")
    assert with_short_operands_above(given) == given


def test_what_it_was_given_stays_as_it_was():
    given = netlist(8, 8, 16)
    with_short_operands_above(given)
    assert given == netlist(8, 8, 16)
