# SPDX-License-Identifier: Apache-2.0
"""Dividers give exactly the clocks that a board needs; words of the memory are taken in time."""

import pytest

from support import expect_rejected
from tapetum_boards.memory.sdram_controller import memory_timing
from tapetum_boards.platforms.ecp5_clocks import plan_clocks
from tapetum_boards.whole_die import BOARD_CLOCKS_HZ


@pytest.mark.parametrize("input_hz", [25e6, 50e6])
@pytest.mark.parametrize("wanted", [
    {"sync": 75e6, "adc": 100e6, "byte": 25e6},
    {"sync": 75e6, "adc": 100e6, "byte": 12.5e6},
    {"shift": 125e6, "pixel": 25e6},
])
def test_every_domain_gets_what_it_wants(input_hz, wanted):
    plan = plan_clocks(input_hz, wanted)
    assert {name: plan.frequency_hz(name) for name in wanted} == wanted
    assert 400e6 <= plan.oscillator_hz <= 800e6
    assert plan.input_hz / plan.input_divider >= 3.125e6, "the phase detector's lower limit"


def test_rejects_what_no_divider_makes():
    with expect_rejected("sync 75 MHz", "pixel 74.25 MHz", "common multiple"):
        plan_clocks(25e6, {"sync": 75e6, "pixel": 74.25e6})
    with expect_rejected("one to 4 clocks"):
        plan_clocks(25e6, dict.fromkeys("abcde", 25e6))


@pytest.mark.parametrize("clock_hz", [
    *(sync_hz for sync_hz, _ in BOARD_CLOCKS_HZ.values()), *(mhz * 1e6 for mhz in range(25, 101))])
def test_a_word_of_the_memory_is_taken_while_it_is_there(clock_hz):
    """From 6 ns behind the chip's second clock to 2.5 ns behind its third; ways of 5 and 2 ns."""
    timing, period_ns = memory_timing(clock_hz), 1e9 / clock_hz
    taken_ns = (timing.read_delay_cycles + 1) * period_ns
    second_ns = (1 + timing.clock_lag) * period_ns
    assert second_ns + 5 + 6 + 2 < taken_ns < second_ns + period_ns + 5 + 2.5 + 2
    assert timing.clock_lag * period_ns > 1.5
    assert (1 - timing.clock_lag) * period_ns > 0.8
    assert timing.margin_ns > 0.4


@pytest.mark.parametrize("sync_hz", [sync_hz for sync_hz, _ in BOARD_CLOCKS_HZ.values()])
def test_the_boards_clocks_leave_a_nanosecond_and_a_half_to_the_memory(sync_hz):
    assert memory_timing(sync_hz).margin_ns > 1.5
