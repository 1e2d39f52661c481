# SPDX-License-Identifier: Apache-2.0
"""The die as a whole: every preset passes its own checks and elaborates."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from amaranth.hdl import Fragment

import tapetum
from tapetum.die import Die
from tapetum.presets import PRESETS
from tapetum_sim.simulator.toplevel import elaborate

DOMAINS = ("sync", "adc", "byte", "safety")


def packages(fragment: Fragment) -> Iterator[str]:
    """Of whatever became a module or part of one."""
    for origin in fragment.origins or ():
        yield type(origin).__module__.split(".")[1]
    for part, *_ in fragment.subfragments:
        yield from packages(part)


@pytest.mark.slow  # of `tiny` all tests of its Verilog elaborate it
@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_elaborates_with_something_of_every_room(name):
    config = PRESETS[name]
    top = elaborate(Die(config), DOMAINS)
    assert [domain for domain, _ in top.clocks] == list(DOMAINS)
    rooms = {path.parent.name for path in Path(tapetum.__file__).parent.glob("*/__init__.py")}
    if not config.npu:
        rooms -= {"npu", "vision"}
    assert rooms - set(packages(Fragment.get(Die(config), None))) == set()
