# SPDX-License-Identifier: Apache-2.0
"""Tables of the documentation follow the code."""

from pathlib import Path

import pytest

from tapetum.control.faults import Fault
from tapetum.presets import PRESETS
from tapetum_sim.export.documents import BLOCKS, renew, renewed
from tapetum_sim.export.payloads import catalogue, payload_tables

DOCS = Path(__file__).parents[3] / "docs"
PAGES = {path: path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md"))}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_the_committed_tables_are_up_to_date(page):
    assert PAGES[page] == renewed(PAGES[page]), \
        "out of date: run `python -m tapetum_sim.export.documents` and commit the page"


@pytest.mark.parametrize("name", BLOCKS)
def test_every_table_is_used_by_one_page(name):
    assert sum(page.count(f"<!-- generated: {name} -->") for page in PAGES.values()) == 1


@pytest.mark.parametrize("name", PRESETS)
def test_every_field_of_every_payload_has_a_note_and_no_note_is_left_over(name):
    payload_tables(PRESETS[name])
    for entry in catalogue(PRESETS[name]):
        fields = {field for field, _ in entry.fields}
        assert fields == set(entry.notes), entry.name


def test_every_fault_is_described():
    table = BLOCKS["faults"]()
    for fault in Fault:
        row = next(line for line in table.splitlines() if f"`{fault.name.lower()}`" in line)
        assert row.split("|")[3].strip().endswith(".")


def test_a_stale_table_is_renewed_once(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- generated: faults -->\nold\n<!-- end -->\nafter\n",
                    encoding="utf-8")
    assert renew(tmp_path) == [page]
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("<!-- end -->\nafter\n")
    assert "old" not in text
    assert "`row_mismatch`" in text
    assert renew(tmp_path) == []
