# SPDX-License-Identifier: Apache-2.0
"""The host keeps the times that I2C asks for in each mode."""

import asyncio
from itertools import pairwise
from types import SimpleNamespace

import pytest

from tapetum_sim.client.protocol import Message
from tapetum_sim.serve.i2c_host import I2cHost

# UM10204, table 11, in nanoseconds.
MODES = {
    100_000: {"low": 4700, "high": 4000, "start_hold": 4000, "start_set_up": 4700,
              "stop_set_up": 4000, "free": 4700, "data_set_up": 250, "data_valid": 3450},
    400_000: {"low": 1300, "high": 600, "start_hold": 600, "start_set_up": 600,
              "stop_set_up": 600, "free": 1300, "data_set_up": 100, "data_valid": 900},
    1_000_000: {"low": 500, "high": 260, "start_hold": 260, "start_set_up": 260,
                "stop_set_up": 260, "free": 500, "data_set_up": 50, "data_valid": 450},
}


class Wires:
    """Two lines with nobody but the host; every level that it gives them, with its time."""

    def __init__(self):
        self.now_ps = 0
        self.changes: list[tuple[int, str, int]] = []
        self.pull_scl, self.pull_sda = (self._pin(name) for name in ("scl", "sda"))
        self.sda_level = SimpleNamespace(value=0)  # somebody acknowledges everything

    def _pin(self, name):
        wires = self

        class Pin:
            @property
            def value(self):
                raise AssertionError("the host looks at the line, not at itself")

            @value.setter
            def value(self, pulls):
                wires.changes.append((wires.now_ps, name, int(not pulls)))

        return Pin()

    async def wait(self, duration_ps):
        self.now_ps += duration_ps


def events(wires):
    """``start``, ``stop``, ``rise``, ``fall`` and ``data``, with their times."""
    levels, found = {"scl": 1, "sda": 1}, []
    for time, name, level in wires.changes:
        if levels[name] == level:
            continue
        if name == "scl":
            found.append((time, "rise" if level else "fall"))
        elif levels["scl"]:
            found.append((time, "stop" if level else "start"))
        else:
            found.append((time, "data"))
        levels[name] = level
    return found


@pytest.mark.parametrize("bus_hz", MODES)
def test_all_times_of_the_mode_are_kept(bus_hz, monkeypatch):
    wires = Wires()
    host = I2cHost(wires, bus_hz)
    monkeypatch.setattr(host, "_wait", wires.wait)
    messages = [Message(device=0x55, data=b"\x0f\xa5"), Message(device=0x2A, read_bytes=2)]
    for _ in range(2):
        asyncio.run(host.transfer(messages))
    lasted: dict[tuple[str, str], list[int]] = {}
    happened = events(wires)
    for (before, what), (after, then) in pairwise(happened):
        lasted.setdefault((what, then), []).append((after - before) // 1000)
    shortest = {pair: min(times) for pair, times in lasted.items()}
    names = [name for _, name in happened]
    assert names.count("start") == 4
    assert names.count("stop") == 2
    mode = MODES[bus_hz]
    assert shortest["fall", "rise"] >= mode["low"]
    assert shortest["rise", "fall"] >= mode["high"]
    assert shortest["start", "fall"] >= mode["start_hold"]
    assert shortest["rise", "start"] >= mode["start_set_up"]
    assert shortest["rise", "stop"] >= mode["stop_set_up"]
    assert shortest["stop", "start"] >= mode["free"]
    assert shortest["data", "rise"] >= mode["data_set_up"]
    assert max(lasted["fall", "data"]) <= mode["data_valid"]
    bits = names.count("rise")
    assert bits / bus_hz <= wires.now_ps * 1e-12 <= (bits + 6) / bus_hz
