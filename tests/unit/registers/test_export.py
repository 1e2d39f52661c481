# SPDX-License-Identifier: Apache-2.0
"""Documents come from the table, and the committed one is up to date."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tapetum.presets import PRESETS, preset
from tapetum.registers.export import c_header, markdown, python_constants
from tapetum.registers.table import memory_windows, register_table

PAGE = Path(__file__).parents[3] / "docs" / "registers.md"


def test_the_committed_page_is_what_the_table_gives():
    assert PAGE.read_text(encoding="utf-8") == markdown(preset("vga")), \
        "docs/registers.md is out of date: run `tapetum registers --out docs/registers.md`"


@pytest.mark.parametrize("name", PRESETS)
def test_the_page_lists_every_register_once(name):
    config = PRESETS[name]
    listed = re.findall(r"^\| 0x([0-9a-f]{4}) \| `(\w+)`", markdown(config), re.MULTILINE)
    assert [(int(address, 16), name) for address, name in listed] == [
        (r.address, r.name) for r in register_table(config)]


def test_python_constants_can_be_executed():
    config, names = preset("tiny"), {}
    exec(python_constants(config), names)
    for register in register_table(config):
        assert names[register.name.upper()] == register.address
        for field in register.fields:
            assert names[f"{register.name.upper()}_{field.name.upper()}_MASK"] == field.mask
    for window in memory_windows(config):
        assert names[window.name.upper()] == window.address


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no C compiler")
def test_the_header_is_valid_c(tmp_path):
    (tmp_path / "tapetum_registers.h").write_text(c_header(preset("tiny")), encoding="utf-8")
    (tmp_path / "main.c").write_text(
        '#include "tapetum_registers.h"\n#include "tapetum_registers.h"\n'
        "int main(void) { return TAPETUM_MODE_SELECT == 0x0100u\n"
        "    && TAPETUM_FRAME_LENGTH_LINES_RESET == 64u ? 0 : 1; }\n", encoding="utf-8")
    subprocess.run(["gcc", "-Wall", "-Werror", "-o", tmp_path / "main", tmp_path / "main.c"],
                   check=True)
    subprocess.run([tmp_path / "main"], check=True)
