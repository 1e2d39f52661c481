# SPDX-License-Identifier: Apache-2.0
"""A compiler of SystemRDL finds the table in what is exported."""

import pytest
from systemrdl.compiler import RDLCompiler
from systemrdl.node import MemNode

from tapetum.presets import PRESETS
from tapetum.registers.definition import Access
from tapetum.registers.systemrdl import systemrdl
from tapetum.registers.table import memory_windows, register_table


def compiled(config, path):
    path.write_text(systemrdl(config), encoding="utf-8")
    compiler = RDLCompiler()
    compiler.compile_file(str(path))
    return compiler.elaborate().top


@pytest.mark.parametrize("name", PRESETS)
def test_every_register_is_compiled_as_the_table_has_it(name, tmp_path):
    config = PRESETS[name]
    top = compiled(config, tmp_path / "map.rdl")
    found = {node.inst_name: node for node in top.registers()}
    assert list(found) == [register.name for register in register_table(config)]
    for register in register_table(config):
        node = found[register.name]
        fields = node.fields()
        assert node.absolute_address == register.address
        assert node.get_property("regwidth") == 8 * register.width_bytes
        assert sum(((1 << field.width) - 1) << field.low for field in fields) == register.mask
        resets = [int(str(field.get_property("reset"))) << field.low for field in fields]
        assert sum(resets) == register.reset
        assert {field.inst_name for field in fields} == (
            {field.name for field in register.fields} or {"value"})
        for field in fields:
            assert field.is_sw_writable == (register.access is not Access.READ_ONLY)
            assert field.is_sw_readable
        by_name = {field.inst_name: field for field in fields}
        for described in register.fields:
            encoding = by_name[described.name].get_property("encode")
            words = {code.value: code.rdl_name for code in encoding} if encoding else {}
            assert words == dict(described.values)


@pytest.mark.parametrize("name", PRESETS)
def test_every_window_is_a_memory(name, tmp_path):
    top = compiled(PRESETS[name], tmp_path / "map.rdl")
    memories = [(node.inst_name, node.absolute_address, node.get_property("mementries"),
                 node.get_property("memwidth"))
                for node in top.children() if isinstance(node, MemNode)]
    assert sorted(memories) == sorted(
        (window.name, window.address, window.entries, 8 * window.entry_bytes)
        for window in memory_windows(PRESETS[name]))


def test_units_and_moments_are_properties(tmp_path):
    top = compiled(PRESETS["vga"], tmp_path / "map.rdl")
    length = next(node for node in top.registers() if node.inst_name == "frame_length_lines")
    assert (length.get_property("unit"), length.get_property("acts")) == ("lines", "next frame")
    assert "largest lag" in length.get_property("limits")
