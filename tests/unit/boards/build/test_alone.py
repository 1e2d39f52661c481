# SPDX-License-Identifier: Apache-2.0
"""A room that synthesis took apart in the board's netlist is found by the room alone."""

import pytest

from tapetum.presets import preset
from tapetum_boards.build import alone
from tapetum_boards.build.alone import compare_with_alone, tables_alone
from tapetum_sim.bench.synthesis import Place


def test_rooms_that_lost_or_gained_a_fifth_are_told(tmp_path, monkeypatch):
    asked = []

    def tables(config, room, folder, place, watch):
        asked.append((room, folder.name))
        return 100

    monkeypatch.setattr(alone, "tables_alone", tables)
    areas = {room: {"lut4": lut4} for room, lut4 in (
        ("adc", 80), ("cci", 79), ("hdr", 120), ("link", 5), ("spi", 121))}
    found = compare_with_alone(areas, preset("tiny"), tmp_path, Place())
    assert {room: entry["same"] for room, entry in found.items()} == {
        "adc": True, "cci": False, "hdr": True, "spi": False}
    assert all(room == folder for room, folder in asked)


@pytest.mark.slow
def test_tables_of_a_room_are_those_of_its_netlist(tmp_path):
    found = tables_alone(preset("tiny"), "cci", tmp_path, Place())
    assert 150 < found < 600
