# SPDX-License-Identifier: Apache-2.0
"""Every board elaborates, with a pin for all that its top asks for and every clock constrained."""

from typing import Any

import pytest

from tapetum_boards.platforms.catalogue import BOARDS, board_named
from tapetum_sim.errors import UserError


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_elaborates_with_all_its_clocks_constrained(name):
    board = BOARDS[name]
    config, platform = board.configuration(), board.platform()
    top: Any = board.top(config)
    plan = platform.prepare(top, name="top")
    constraints = plan.files["top.lpf"]
    for domain, hertz in (("sync", config.sync_clock_hz), ("adc", config.adc_clock_hz),
                          ("byte", config.csi2.byte_clock_hz)):
        assert f'FREQUENCY NET "clocks.pll_{domain}" {hertz:.1f} HZ' in constraints
    for domain, hertz in (("shift", 125e6), ("pixel", 25e6)):
        assert f'FREQUENCY NET "monitor_clocks.pll_{domain}" {hertz:.1f} HZ' in constraints


def test_an_unknown_board_is_refused_with_those_that_there_are():
    with pytest.raises(UserError, match="no board 'arty'; choose one of ulx3s_85f"):
        board_named("arty")
