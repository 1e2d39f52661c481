# SPDX-License-Identifier: Apache-2.0
"""The driver's sequence on the RTL, through the two wires, at every speed of the bus."""

import pytest

from tapetum.control.control import Control
from tapetum.presets import preset
from tapetum_sim.ccs import DriverSetup, RegisterModel, play, probe, start
from tapetum_sim.simulator import Clock, build, run
from unit.ccs.wires_top import WiresTop

TINY = preset("tiny")
READ_BACK = (0x0112, 0x0202, 0x0204, 0x020E, 0x0304, 0x0306, 0x0340, 0x0342, 0x0348, 0x034E)


@pytest.fixture(scope="module")
def simulator():
    return build(WiresTop(TINY), profile="frame")


@pytest.mark.parametrize("frequency_hz", [
    pytest.param(100_000, marks=pytest.mark.slow), pytest.param(400_000, marks=pytest.mark.slow),
    1_000_000])
def test_the_driver_probes_and_streams_through_the_wires(simulator, tmp_path, frequency_hz):
    lanes = TINY.csi2.byte_lanes
    seen = run(simulator, "unit.ccs.wires_bench", directory=tmp_path,
               clocks=[Clock(domain="sync", frequency_hz=int(TINY.sync_clock_hz))],
               limit_cycles=20_000_000 * 100_000 // frequency_hz + 100_000, parameters={
                   "frequency_hz": frequency_hz, "lanes": lanes, "read_back": READ_BACK,
                   "latency_cycles": Control(TINY).latency_cycles}).results
    model = RegisterModel(TINY)
    sensor = play(probe(DriverSetup(lanes=lanes)), model)
    assert dict(map(tuple, seen["limits"])) == sensor.limits
    assert (seen["columns"], seen["rows"]) == (TINY.array.columns, TINY.array.rows)
    play(start(sensor), model)
    assert seen["read_back"] == {f"{address:04x}": model.read(address, 2).hex()
                                 for address in READ_BACK}
    assert seen["faults"] == 0
    assert seen["probe_transactions"] == 271
    if frequency_hz >= 400_000:
        assert seen["probe_ms"] <= 50
