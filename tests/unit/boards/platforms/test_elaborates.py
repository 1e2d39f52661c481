# SPDX-License-Identifier: Apache-2.0
"""Every board elaborates, with a pin for all that its top asks for and every clock constrained."""

import re
from typing import Any

import pytest

from tapetum_boards.platforms.catalogue import BOARDS, board_named
from tapetum_sim.errors import UserError


def clocks_of(board) -> dict[str, float]:
    """Constraints that nextpnr will see, in Hz by the name of the net."""
    config, platform = board.configuration(), board.platform()
    top: Any = board.top(config)
    files = platform.prepare(top, name="top").files
    if board.device.family == "ice40":
        found = re.findall(r"^set_frequency (\S+) ([\d.]+)$", files["top.pcf"], re.MULTILINE)
        return {net: float(mhz) * 1e6 for net, mhz in found}
    found = re.findall(r'^FREQUENCY (?:NET|PORT) "(\S+)" ([\d.]+) HZ;$', files["top.lpf"],
                       re.MULTILINE)
    return {net: float(hertz) for net, hertz in found}


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_elaborates_with_all_its_clocks_constrained(name):
    board = BOARDS[name]
    config, clocks = board.configuration(), clocks_of(board)
    if board.device.family == "ice40":
        assert clocks == pytest.approx({"clk12_0__io": config.sync_clock_hz,
                                        "counter_clock": 1.1 * config.adc_clock_hz})
        return
    expected = {"clocks.pll_sync": config.sync_clock_hz, "clocks.pll_adc": config.adc_clock_hz,
                "clocks.pll_byte": config.csi2.byte_clock_hz,
                    "clocks.pll_memory": config.sync_clock_hz,
                "monitor_clocks.pll_shift": 125e6, "monitor_clocks.pll_pixel": 25e6}
    from_pll = {net: hertz for net, hertz in clocks.items() if "clocks." in net}
    assert from_pll == {net: expected[net] for net in from_pll}
    assert {"clocks.pll_sync", "clocks.pll_adc"} <= from_pll.keys()
    from_pins = {net: hertz for net, hertz in clocks.items() if net not in from_pll}
    fast_port = {hertz for net, hertz in from_pins.items() if net.startswith("spi_")}
    assert len(from_pins) - len(fast_port) == 1, "the oscillator's as well"
    assert fast_port == ({config.sync_clock_hz / 3} if name == "ulx3s_85f" else set())


def test_an_unknown_board_is_refused_with_those_that_there_are():
    with pytest.raises(UserError, match="no board 'arty'; choose one of ulx3s_85f"):
        board_named("arty")
