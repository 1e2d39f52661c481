# SPDX-License-Identifier: Apache-2.0
"""A clock with a request stands still while nobody wants it, and keeps its phase."""

from fractions import Fraction

import pytest

from tapetum_sim.simulator import Clock, build, run
from unit.simulator.resting_top import RestingTop

SYNC = Clock(domain="sync", frequency_hz=100_000_000)


@pytest.mark.parametrize("adc", [
    Clock(domain="adc", frequency_hz=Fraction(620_000_000), phase_ps=311),
    Clock(domain="adc", frequency_hz=Fraction(100_000_000, 3), phase_ps=5_000),
    Clock(domain="adc", frequency_hz=Fraction(100_000_000)),
])
def test_a_clock_rises_just_while_it_is_wanted_and_in_its_old_phase(adc, tmp_path):
    simulator = build(RestingTop(), domains=("sync", "adc"), clock_requests={"adc": "wanted"})
    result = run(simulator, "unit.simulator.resting_bench", clocks=[SYNC, adc],
                 directory=tmp_path, limit_cycles=2000)
    times = result.results["times"]
    # It is wanted from the beginning; later requests act on the edges after their own.
    spans = list(zip([-1, *times["rises"][1:]], [*times["falls"], times["adc"][-1]], strict=False))
    period = 2 * adc.half_period_ps
    every = [int(adc.phase_ps + k * period) for k in range(int(times["adc"][-1] / period) + 1)]
    assert times["adc"] == [time for time in every
                            if any(rise < time <= fall for rise, fall in spans)]
    assert len(times["rises"]) > 4
    assert len(times["adc"]) < len(every) / 2
    assert result.cycles["adc"] >= len(times["adc"])


def test_rejects_requests_that_nobody_can_follow():
    for domain, output in (("adc", "nothing"), ("byte", "wanted")):
        with pytest.raises(ValueError, match="cannot follow"):
            build(RestingTop(), domains=("sync", "adc"), clock_requests={domain: output})
