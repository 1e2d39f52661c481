# SPDX-License-Identifier: Apache-2.0
"""The die as a whole: every preset passes its own checks and elaborates."""

import pytest

from tapetum.die import Die
from tapetum.presets import PRESETS
from tapetum_sim.simulator.toplevel import elaborate

DOMAINS = ("sync", "adc", "byte", "safety")
@pytest.mark.slow  # of `tiny` all tests of its Verilog elaborate it
@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_elaborates(name):
    config = PRESETS[name]
    top = elaborate(Die(config), DOMAINS)
    assert [domain for domain, _ in top.clocks] == list(DOMAINS)
    for room in ("control", "readout", "adc", "correct", "stats", "hdr", "compander", "selector",
                 "flicker_map", "csi2"):
        assert f".{room}\n" in top.rtlil, room
