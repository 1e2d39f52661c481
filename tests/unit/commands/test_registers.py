# SPDX-License-Identifier: Apache-2.0
"""The register map leaves in the form that is asked for, to the terminal or a file."""

import pytest
from typer.testing import CliRunner

from tapetum.presets import preset
from tapetum.registers.export import c_header, markdown, python_constants
from tapetum.registers.systemrdl import systemrdl
from tapetum.registers.table import memory_windows, register_table
from tapetum_sim.cli import app
from tapetum_sim.export.register_page import register_page


def run(*arguments) -> str:
    result = CliRunner().invoke(app, ["registers", "--preset", "tiny", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_table_has_a_line_per_register_and_window():
    lines = [line.split()[:2] for line in run().splitlines() if line.startswith(" 0x")]
    items = [*register_table(preset("tiny")), *memory_windows(preset("tiny"))]
    assert lines == [[f"0x{item.address:04x}", item.name] for item in items]


@pytest.mark.parametrize("form, suffix, writer", [
    ("markdown", ".md", markdown), ("c", ".h", c_header), ("python", ".py", python_constants),
    ("html", ".html", register_page), ("systemrdl", ".rdl", systemrdl)])
def test_a_form_is_chosen_by_name_or_by_the_suffix_of_the_file(form, suffix, writer, tmp_path):
    expected = writer(preset("tiny"))
    assert run("--format", form) == expected
    path = tmp_path / "folder" / f"registers{suffix}"
    assert run("--out", path).strip() == str(path)
    assert path.read_text(encoding="utf-8") == expected
