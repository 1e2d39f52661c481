# SPDX-License-Identifier: Apache-2.0
"""Few registers get tables in the place of an enable or reset of their own."""

from collections import Counter

import pytest
from amaranth import *
from amaranth.back import rtlil
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from tapetum_sim.bench.synthesis import Place, ecp5_command, synthesise


class Groups(wiring.Component):
    """Three registers and eight, each with an enable and a reset of their own."""

    few: In(3)
    many: In(8)
    few_enable: In(1)
    few_clear: In(1)
    many_enable: In(1)
    many_clear: In(1)
    few_kept: Out(3)
    many_kept: Out(8)

    def elaborate(self, platform):
        m = Module()
        for name in ("few", "many"):
            kept = getattr(self, f"{name}_kept")
            with m.If(getattr(self, f"{name}_enable")):
                m.d.sync += kept.eq(getattr(self, name))
            with m.If(getattr(self, f"{name}_clear")):
                m.d.sync += kept.eq(0)
        return m


def own_control(netlist):
    """Registers of each group by whether they have an enable."""
    cells = [(name, cell) for name, cell in netlist["modules"]["top"]["cells"].items()
             if cell["type"] == "TRELLIS_FF"]
    constant = ({"0"}, {"1"}, {"x"}, set())
    return {(group, pin): sum(set(cell["connections"].get(pin, ())) not in constant
                              for name, cell in cells if name.startswith(group))
            for group in ("few", "many") for pin in ("CE", "LSR")}, Counter(
                name.partition("_")[0] for name, _ in cells)


@pytest.mark.parametrize("least, few", [(1, 3), (3, 3), (4, 0)])
def test_small_groups_lose_their_control_and_large_ones_keep_it(least, few, tmp_path):
    top = Groups()
    text = rtlil.convert(top, name="top", emit_src=False)
    netlist = synthesise(text, tmp_path, ecp5_command(Place(least_control=least)))
    controlled, registers = own_control(netlist)
    assert registers == {"few": 3, "many": 8}
    assert controlled == {("few", "CE"): few, ("few", "LSR"): few,
                          ("many", "CE"): 8, ("many", "LSR"): 8}
