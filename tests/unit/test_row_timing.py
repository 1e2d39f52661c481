# SPDX-License-Identifier: Apache-2.0
"""A line's events are in order, correlated, and leave each ramp and each read its time."""

import itertools

import pytest

from tapetum.presets import PRESETS
from tapetum.row_timing import (
    RAMP_OVERHEAD_ADC_CYCLES,
    RAMP_OVERHEAD_SYNC_CYCLES,
    READ_OVERHEAD_CYCLES,
    Ramp,
)

pytestmark = pytest.mark.parametrize("config", PRESETS.values(), ids=PRESETS)


def test_events_are_at_least_two_cycles_apart_and_inside_the_line(config):
    times = [event.time_cycles for event in config.row_timing.events]
    assert all(later - earlier >= 2 for earlier, later in itertools.pairwise(times))
    assert times[0] >= 2
    assert times[-1] < config.timing.line_length_cycles


def test_every_capture_has_one_reset_ramp_before_and_one_signal_ramp_after_its_transfer(config):
    for group in config.exposure_groups:
        transfer = config.row_timing.transfer_cycles[group.index]
        for capture in group.captures:
            ramps = {event.ramp: event.time_cycles for event in config.row_timing.events
                     if event.capture == capture and event.ramp is not Ramp.NONE}
            assert ramps[Ramp.RESET] < transfer < ramps[Ramp.SIGNAL]


def test_a_pair_is_converted_low_high_then_high_low(config):
    kinds = [(event.ramp, event.high_gain) for event in config.row_timing.events
             if event.group == 0 and event.ramp is not Ramp.NONE]
    assert kinds == [(Ramp.RESET, False), (Ramp.RESET, True),
                     (Ramp.SIGNAL, True), (Ramp.SIGNAL, False)]


def test_the_counter_has_time_to_finish_each_ramp(config):
    events = config.row_timing.events
    for event, following in itertools.pairwise(events):
        if event.ramp is Ramp.NONE:
            continue
        counts = (config.adc.reset_counts if event.ramp is Ramp.RESET
                  else config.adc.signal_counts)
        seconds = (following.time_cycles - event.time_cycles - RAMP_OVERHEAD_SYNC_CYCLES
                   ) / config.sync_clock_hz
        assert seconds * config.adc_clock_hz >= counts + RAMP_OVERHEAD_ADC_CYCLES


def test_no_signal_ramp_ends_before_the_previous_row_has_left(config):
    ends = [following.time_cycles for event, following
            in zip(config.row_timing.events, config.row_timing.events[1:], strict=False)
            if event.ramp is Ramp.SIGNAL]
    wrapped = [*ends, ends[0] + config.timing.line_length_cycles]
    read = config.row_beats + READ_OVERHEAD_CYCLES
    assert all(later - earlier >= read for earlier, later in itertools.pairwise(wrapped))
