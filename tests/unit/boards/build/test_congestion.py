# SPDX-License-Identifier: Apache-2.0
"""A router is left to itself as long as there is hope, and no longer."""

import pytest

from tapetum_boards.build.congestion import Congestion, NoWaysError

FALLING = [74_213, 20_000, 3_000, 900, 400, 148]
FULL = [75_687, 15_297, 994, 516, 700, 900]


def passes(overused, first=1):
    return "".join(f"Info:     iter={number} wires=1278549 overused={count} overuse={count + 3} "
                   "archfail=NA\n" for number, count in enumerate(overused, first))


def test_a_router_that_gets_there_slowly_and_not_straight_is_left_alone(tmp_path):
    log = tmp_path / "nextpnr.log"
    congestion = Congestion(log)
    log.write_text(passes([*FALLING, *[3, 11, 1, 9] * 100, 0]))
    congestion.watch()
    assert (congestion.overused, congestion.passes) == (0, len(FALLING) + 401)


def test_more_and_more_wires_wanted_twice_are_the_end(tmp_path):
    log = tmp_path / "nextpnr.log"
    congestion = Congestion(log)
    log.write_text(passes([*FULL, 1031]))
    congestion.watch()
    log.write_text(passes([*FULL, 1031, 1032]))
    with pytest.raises(NoWaysError):
        congestion.watch()
    assert congestion.overused == 516


def test_as_many_wires_for_150_passes_are_the_end(tmp_path):
    log = tmp_path / "nextpnr.log"
    congestion = Congestion(log)
    log.write_text(passes([*FULL[:4], *[600] * 149]))
    congestion.watch()
    with log.open("a") as file:
        file.write(passes([600]))
    with pytest.raises(NoWaysError):
        congestion.watch()


def test_a_line_that_is_half_there_is_read_once_it_is_whole(tmp_path):
    log = tmp_path / "nextpnr.log"
    congestion = Congestion(log)
    whole = passes([900, 400])
    for length in range(0, len(whole) + 1, 7):
        log.write_text(whole[:length])
        congestion.watch()
    log.write_text(whole)
    congestion.watch()
    assert (congestion.overused, congestion.passes) == (400, 2)


def test_the_log_of_an_earlier_run_says_nothing(tmp_path):
    log = tmp_path / "nextpnr.log"
    log.write_text(passes([*FULL, 5_000]))
    congestion = Congestion(log)
    congestion.watch()
    assert (congestion.overused, congestion.passes) == (None, 0)
