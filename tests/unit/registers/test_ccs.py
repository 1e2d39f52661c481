# SPDX-License-Identifier: Apache-2.0
"""What CCS asks of a sensor, and its stock driver with it."""

import os
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from tapetum.csi2.bottom_rows import bottom_rows
from tapetum.presets import PRESETS, preset
from tapetum.registers.ccs_identity import frame_format_status
from tapetum.registers.definition import Register, Storage
from tapetum.registers.table import register_table

STANDARD = (Path(os.environ.get("TAPETUM_DATA", Path(__file__).parents[4] / "shared" / "data"))
            / "ccs-regs.asc")
NEVER_ZERO = (0x0007, 0x000E, 0x0040, 0x00C0, 0x1086, 0x110A, 0x110C, 0x1110, 0x1116, 0x1118,
              0x111C, 0x1120, 0x1122, 0x1128, 0x1130, 0x1600)
"""The driver gives up where one of these reads as zero."""


def by_address(config) -> dict[int, Register]:
    return {register.address: register for register in register_table(config)}


def number(register: Register) -> float:
    return struct.unpack(">f", register.reset.to_bytes(4, "big"))[0]


@pytest.mark.parametrize("name", PRESETS)
def test_what_the_driver_refuses_as_zero_is_not(name):
    table = by_address(PRESETS[name])
    assert [hex(address) for address in NEVER_ZERO if not table[address].reset] == []


@pytest.mark.parametrize("name", PRESETS)
def test_ranges_run_upwards(name):
    table = {register.name: register for register in register_table(PRESETS[name])}
    pairs = [(low, table["max" + low.name[3:]]) for low in table.values()
             if low.name.startswith("min_") and "max" + low.name[3:] in table]
    assert len(pairs) > 12
    for low, high in pairs:
        value = number if low.name.endswith("mhz") else lambda register: register.reset
        assert value(low) <= value(high), low.name


def test_frequencies_are_in_megahertz():
    table = by_address(preset("vga"))
    assert number(table[0x110C]) <= 24 <= number(table[0x1110])
    assert number(table[0x1130]) == 320
    assert table[0x3008].reset == 100_000_000


@pytest.mark.parametrize("name", PRESETS)
def test_the_frame_format_is_that_of_the_link(name):
    config = PRESETS[name]
    table = by_address(config)
    assert table[0x0040].reset == 1
    columns, rows = divmod(table[0x0041].reset, 16)
    parts = [divmod(table[0x0042 + 2 * index].reset, 1 << 12) for index in range(columns + rows)]
    assert parts[:columns] == [(5, config.array.columns)]
    expected = [(1, 1), (5, config.array.rows),
                (1, len(bottom_rows(config)))]
    assert parts[columns:] == [part for part in expected if part[1]]


def test_a_wide_array_is_described_in_four_bytes():
    config = preset("hd")
    wide = replace(config, array=replace(config.array, columns=4096, rows=8), lanes=4,
                   timing=replace(config.timing, line_length_cycles=9000),
                   csi2=replace(config.csi2, byte_clock_hz=400e6))
    table = by_address(wide)
    assert table[0x0040].reset == 2
    assert table[0x0060].reset == 5 << 28 | 4096
    assert table[0x0064].reset == 1 << 28 | 1
    names = {register.name: register for register in table.values()}
    assert all(names[name].storage is Storage.STATUS for name in frame_format_status(wide))


def standard_registers() -> dict[int, tuple[str, int]]:
    """Name and bytes by address, as the standard's list has them, arrays spread out."""
    found: dict[int, tuple[str, int]] = {}
    entry, width = None, 1
    for line in STANDARD.read_text(encoding="utf-8").splitlines():
        words = line.replace(", ", ",").split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "-":
            if entry and words[1] == "l" and "," not in entry[0]:
                name = entry[0].split("(")[0]
                for index in range(int(words[4], 0) - int(words[3], 0) + 1):
                    found[entry[1] + index * int(words[5].split(",")[0], 0)] = (name, width)
            continue
        width = next((int(word) // 8 for word in words[2:] if word in ("8", "16", "32")), 1)
        entry = (words[0].lower(), int(words[1], 16))
        found[entry[1]] = (entry[0], width)
    return found


@pytest.mark.skipif(not STANDARD.exists(), reason=f"the standard's list is not at {STANDARD}")
@pytest.mark.parametrize("name", PRESETS)
def test_names_and_widths_are_the_standards(name):
    standard = standard_registers()
    assert len(standard) > 500
    for register in register_table(PRESETS[name]):
        if register.address >= 0x3000:
            continue
        theirs, width_bytes = standard[register.address]
        assert register.name.startswith(theirs), f"0x{register.address:04x} is {theirs}"
        assert register.width_bytes == width_bytes, register.name
