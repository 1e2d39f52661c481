# SPDX-License-Identifier: Apache-2.0
"""The analogue column with its resistors and capacitors: codes, calibration, straightness."""

import numpy as np
import pytest
from amaranth import *
from amaranth.lib.wiring import connect

from support import simulate
from tapetum_boards.analogue.analogue_column import (
    ANALOGUE_ADC,
    CONVERSIONS,
    LEVEL_BITS,
    AnalogueColumn,
)
from tapetum_boards.host.analogue_report import analyse
from tapetum_boards.simulation.analogue_model import (
    CLAMP_SHARE,
    OFFSET_V,
    RAMP_SHIFT,
    SUPPLY_V,
    AnalogueModel,
)
from tapetum_sim.errors import UserError

SHORT_SHIFT = 8


class Bench(Elaboratable):
    """The circuit with an eighth of its capacitance."""

    def __init__(self):
        self.column = AnalogueColumn(drain_cycles=1 << SHORT_SHIFT + 3)
        self.model = AnalogueModel(ramp_shift=SHORT_SHIFT, level_shift=10)

    def elaborate(self, platform):
        m = Module()
        m.submodules.column = self.column
        m.submodules.model = DomainRenamer("adc")(self.model)
        connect(m, self.column.pins, self.model.pins)
        return m


def circuit(levels, generator=None, time_constant=1 << RAMP_SHIFT):
    """Mean codes as the circuit gives them."""
    codes = []
    for level in levels:
        noise = generator.normal(0, 0.3, (CONVERSIONS, 2)) if generator else np.zeros((1, 2))
        crossings = [-time_constant * np.log1p(-level * share) for share in (1, CLAMP_SHARE)]
        counted = np.ceil(crossings + noise)
        codes.append((counted[:, 0] - counted[:, 1]).mean() + ANALOGUE_ADC.pedestal_codes)
    return np.array(codes)


@pytest.mark.parametrize("level", [2300])
def test_a_voltage_becomes_the_code_of_its_circuit(level):
    bench, totals = Bench(), []

    async def convert(ctx):
        ctx.set(bench.column.level, level)
        # Ten time constants of the test voltage's filter.
        await ctx.tick("adc").repeat(10 << 10)
        ctx.set(bench.column.start, 1)
        await ctx.tick()
        ctx.set(bench.column.start, 0)
        await ctx.tick()
        while ctx.get(bench.column.busy):
            await ctx.tick().repeat(100)
        totals.append(ctx.get(bench.column.total))

    simulate(bench, convert, cycles=1_000_000, domains={"sync": 75e6, "adc": 100e6},
             stream_domains={})
    share, offset = level / (1 << LEVEL_BITS), OFFSET_V / SUPPLY_V
    crossings = [-(1 << SHORT_SHIFT) * np.log1p(-voltage - offset)
                 for voltage in (share, share * CLAMP_SHARE)]
    expected = crossings[0] - crossings[1] + ANALOGUE_ADC.pedestal_codes
    assert totals[0] / CONVERSIONS == pytest.approx(expected, abs=1.5)


def test_calibration_makes_a_straight_line_of_an_exponential(seed):
    levels = np.linspace(0.06, 0.62, 200)
    codes = circuit(levels, np.random.default_rng(seed))
    uncalibrated = codes - np.polyval(np.polyfit(levels, codes, 1), levels)
    assert np.abs(uncalibrated).max() > 50
    report = analyse(levels, codes)
    assert report.time_constant_codes == pytest.approx(1 << RAMP_SHIFT, rel=0.02)
    assert np.abs(report.inl_lsb).max() < 1
    assert np.abs(report.dnl_lsb).max() < 1
    assert report.resolution_bits > 10


def test_codes_that_do_not_follow_the_voltage_are_refused(seed):
    levels = np.linspace(0.06, 0.62, 50)
    noise = np.random.default_rng(seed).integers(4096, size=50)
    for codes in (np.full(50, 64.0), noise.astype(float)):
        with pytest.raises(UserError, match="check the wiring"):
            analyse(levels, codes)


@pytest.mark.parametrize("codes_of", [
    lambda levels: 1e5 * levels ** 0.05, lambda levels: 1e4 * levels ** 9])
def test_codes_of_no_ramp_of_an_rc_are_refused(codes_of):
    levels = np.linspace(0.06, 0.62, 64)
    with pytest.raises(UserError, match="resistor and the capacitor"):
        analyse(levels, ANALOGUE_ADC.pedestal_codes + codes_of(levels))
