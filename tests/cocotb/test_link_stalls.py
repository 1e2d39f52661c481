# SPDX-License-Identifier: Apache-2.0
"""A link that stalls: what fits the row buffer is only late; what does not is lost and said so."""

import random

import pytest

from support.die_runs import assert_exact
from tapetum_sim.csi2.decoder import decode
from tapetum_sim.frame.setup import Action, Stimulus

MODES = [pytest.param(0, id="combined"), pytest.param(1, id="uncombined")]


def stalls(die, *spans):
    """Hold the PHY from one time to another, both in lines after streaming began."""
    return [Stimulus(after_cycles=round(lines * die.timing.line_length_cycles),
                     action=Action.STALL, value=held)
            for span in spans for lines, held in zip(span, (1, 0), strict=True)]


@pytest.mark.parametrize("uncombined", MODES)
def test_short_stalls_lose_nothing(run, die, seed, uncombined):
    generator = random.Random(seed)
    starts = [line + generator.random() for line in range(5, 95)]
    record = run(frames=3, seed=seed, registers={"output_mode": uncombined}, stimuli=stalls(
        die, *((start, start + generator.uniform(0.01, 0.15)) for start in starts)))
    assert_exact(record, frames=3)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("uncombined", MODES)
@pytest.mark.parametrize("span", [
    pytest.param((64, 70), id="rows within a frame"),
    pytest.param((58, 66), id="the first rows"),
    pytest.param((72, 84), id="the last rows"),
])
def test_a_long_stall_costs_rows_of_its_frame_only(run, die, uncombined, span):
    record = run(frames=4, registers={"output_mode": uncombined}, stimuli=stalls(die, span))
    incomplete = [frame for frame in record.frames if frame.outcome != "complete"]
    lost = {"row_buffer_overflow"} | ({"flicker_map_overflow"} if not uncombined else set())
    assert_exact(record, frames=4, faults=lost,
                 incomplete=[frame.frame for frame in incomplete])
    assert len(incomplete) == 1
    assert "of 16 rows on virtual channel 0" in incomplete[0].outcome
    assert record.frames[-1] is not incomplete[0]


def test_a_stall_longer_than_a_frame_loses_it_whole(run, die):
    record = run(frames=5, stimuli=stalls(die, (55, 115)))
    outcomes = [frame.outcome for frame in record.frames]
    missing = [frame.frame for frame in record.frames if frame.outcome != "complete"]
    assert_exact(record, frames=5, faults={"row_buffer_overflow", "flicker_map_overflow"},
                 incomplete=missing)
    assert "missing on virtual channel 0" in outcomes
    assert outcomes[-1] == "complete"
    numbers = {frame.number for frame in decode(record.packet_bytes).of_channel(0)}
    assert numbers == {frame.frame + 1 for frame in record.frames
                       if "missing" not in frame.outcome}
