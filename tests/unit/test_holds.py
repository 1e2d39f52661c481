# SPDX-License-Identifier: Apache-2.0
"""No part of the die is put to sleep while anything can still move in it."""

import pytest

from tapetum.adc.broadcast import BROADCAST_LATENCY_CYCLES
from tapetum.adc.column_adc import COPY_HOLD_CYCLES, READOUT_HOLD_CYCLES
from tapetum.adc.row_readout import ROW_LATENCY_CYCLES
from tapetum.compand.companding import HOLD_CYCLES as COMPANDING_HOLD_CYCLES
from tapetum.compand.companding import Companding
from tapetum.control.control import Control
from tapetum.correct.correction import FRAME_HOLD_CYCLES, ROW_HOLD_CYCLES, Correction
from tapetum.hdr.hdr import HOLD_CYCLES as HDR_HOLD_CYCLES
from tapetum.hdr.hdr import Hdr
from tapetum.npu.engine import Engine
from tapetum.npu.npu import ENGINE_HOLD_CYCLES
from tapetum.presets import PRESETS
from tapetum.stats.auto_exposure import AutoExposure
from tapetum.stats.histogram import ZONE_BINS
from tapetum.stats.levels import LEVELS
from tapetum.stats.statistics import EXPOSURE_HOLD_CYCLES, HISTOGRAM_HOLD_CYCLES
from tapetum.stats.zone_grid import ZONES

LONGEST_LINE_CYCLES = (1 << 16) - 1


@pytest.mark.parametrize("name", PRESETS)
def test_holds_are_longer_than_what_moves(name):
    config = PRESETS[name]
    captures = len(config.captures)
    assert BROADCAST_LATENCY_CYCLES + 2 < COPY_HOLD_CYCLES
    assert ROW_LATENCY_CYCLES < READOUT_HOLD_CYCLES
    assert Hdr(config).latency_cycles < HDR_HOLD_CYCLES // 2
    assert Companding(config).latency_cycles < COMPANDING_HOLD_CYCLES // 2
    assert Correction(config).latency_cycles < ROW_HOLD_CYCLES
    assert max(LEVELS, ZONES * ZONE_BINS) * captures < HISTOGRAM_HOLD_CYCLES
    assert AutoExposure(config).longest_cycles < EXPOSURE_HOLD_CYCLES
    assert AutoExposure(config).reading_cycles < HISTOGRAM_HOLD_CYCLES
    assert Control(config).alternating_latency_cycles < EXPOSURE_HOLD_CYCLES
    assert 2 * LONGEST_LINE_CYCLES < FRAME_HOLD_CYCLES


@pytest.mark.parametrize("array", {config.npu for config in PRESETS.values() if config.npu})
def test_the_array_is_awake_until_what_a_step_causes_has_begun(array):
    engine = Engine(array)
    waits = engine.dependent_cycles + engine.addend_wait_cycles + engine.residual_cycles
    assert waits < ENGINE_HOLD_CYCLES
