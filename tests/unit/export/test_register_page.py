# SPDX-License-Identifier: Apache-2.0
"""The page of registers lists all of them, needs nothing else, and is up to date."""

import re
from html import unescape
from pathlib import Path

import pytest

from tapetum.presets import PRESETS, preset
from tapetum.registers.table import memory_windows, register_table
from tapetum_sim.export.register_page import register_page

PAGE = Path(__file__).parents[3] / "docs" / "registers.html"


def test_the_committed_page_is_what_the_table_gives():
    assert PAGE.read_text(encoding="utf-8") == register_page(preset("vga")), \
        "docs/registers.html is out of date: run `tapetum registers --out docs/registers.html`"


@pytest.mark.parametrize("name", PRESETS)
def test_every_register_and_window_is_listed_once_with_its_words(name):
    config = PRESETS[name]
    page = register_page(config)
    items = [*register_table(config), *memory_windows(config)]
    assert re.findall(r'<tr id="(\w+)"', page) == [item.name for item in items]
    text = unescape(page)
    for item in items:
        assert item.sentence in text, item.name
        for field in getattr(item, "fields", ()):
            assert field.sentence in text, f"{item.name}.{field.name}"


def test_nothing_is_loaded_from_elsewhere():
    assert not re.search(r'(src|href)="(?!#)|url\(|@import', register_page(preset("tiny")))
