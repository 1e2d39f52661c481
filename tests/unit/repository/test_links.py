# SPDX-License-Identifier: Apache-2.0
"""What the documentation points to exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
FOLDERS = ("docs/", "hdl/", "sim/", "compiler/", "boards/", "tests/", "scripts/", ".ci/",
           ".github/")
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives to the headings of a page."""
    found = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
            for heading in found}


def broken_links(page: Path) -> list[str]:
    broken = []
    for target in LINK.findall(CODE.sub("`code`", prose(page))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            broken.append(target)
    return broken


def missing_paths(page: Path) -> list[str]:
    """Paths in code spans that begin with a folder of the repository, patterns left out."""
    return [path for path in CODE.findall(prose(page))
            if path.startswith(FOLDERS) and re.fullmatch(r"[\w./-]+", path)
            and not (ROOT / path).exists()]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page):
    assert broken_links(page) == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_path_named_exists(page):
    assert missing_paths(page) == []


def test_every_page_is_in_the_index():
    index = ROOT / "docs" / "README.md"
    listed = {(index.parent / target.partition("#")[0]).resolve()
              for target in LINK.findall(prose(index))}
    pages = {page for page in PAGES if page.parent != ROOT and page != index}
    assert sorted(map(name_of, pages - listed)) == []


def test_broken_links_are_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A *page*, here\n[a](none.md) [b](page.md#a-page-here) [c](#no) "
                    "`[d](e.md)` `hdl/no/such.py` `hdl/tapetum/<room>/`\n", encoding="utf-8")
    assert broken_links(page) == ["none.md", "#no"]
    assert missing_paths(page) == ["hdl/no/such.py"]
