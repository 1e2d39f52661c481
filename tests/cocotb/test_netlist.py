# SPDX-License-Identifier: Apache-2.0
"""What synthesis for an ECP5 makes of the whole die computes a frame as its models do."""

from pathlib import Path

import pytest

from support.die_runs import assert_exact, make_request
from tapetum.presets import preset
from tapetum_sim.frame.run import run_die
from tapetum_sim.netlist.die import build_netlist_simulator


@pytest.mark.slow
def test_the_netlist_of_tiny_is_exact(tmp_path):
    config = preset("tiny")
    simulator = build_netlist_simulator(config, Path("build/netlist/tiny"))
    request = make_request(config, tmp_path, frames=1,
                           registers={"line_length_pck": config.row_timing.line_cycles})
    assert_exact(run_die(request, tmp_path, simulator=simulator), frames=1)
