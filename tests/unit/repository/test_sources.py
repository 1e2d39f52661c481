# SPDX-License-Identifier: Apache-2.0
"""What must hold for every source file."""

import ast
import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = {
    "tapetum": "hdl",
    "tapetum_sim": "sim",
    "tapetum_compiler": "compiler",
    "tapetum_boards": "boards",
}
SOURCE_FOLDERS = (*PACKAGES.values(), "tests", "scripts")
SPDX = "SPDX-License-Identifier: Apache-2.0"
COMMENTED = {".py", ".sh", ".v", ".sv", ".vlt", ".cpp", ".h", ".html", ".css", ".js"}
LONGEST_FILE_LINES = 450


def sources(*suffixes: str) -> list[Path]:
    found = [path for folder in SOURCE_FOLDERS for path in sorted((ROOT / folder).rglob("*"))
             if path.suffix in suffixes and ".egg-info" not in str(path)]
    assert found
    return found


def modules() -> list[str]:
    names = []
    for package, folder in PACKAGES.items():
        path = ROOT / folder / package
        names += [package, *(module.name for module in
                             pkgutil.walk_packages([str(path)], prefix=f"{package}."))]
    return sorted(set(names))


def offenders(paths: list[Path], offends) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths if offends(path)]


def test_every_source_begins_with_its_licence():
    def lacks_it(path: Path) -> bool:
        lines = path.read_text(encoding="utf-8").splitlines()[:2]
        first = lines[1:] if lines and lines[0].startswith("#!") else lines[:1]
        return not any(SPDX in line for line in first)

    assert offenders(sources(*COMMENTED), lacks_it) == []


def test_every_module_has_a_docstring():
    def lacks_it(path: Path) -> bool:
        return not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))

    assert offenders(sources(".py"), lacks_it) == []


def test_no_file_holds_two_concepts():
    def is_long(path: Path) -> bool:
        return len(path.read_text(encoding="utf-8").splitlines()) > LONGEST_FILE_LINES

    assert offenders(sources(".py"), is_long) == []


def test_every_package_folder_is_a_package():
    folders = {path.parent for path in sources(".py") if path.relative_to(ROOT).parts[0] in
               PACKAGES.values()}
    assert offenders(sorted(folders), lambda folder: not (folder / "__init__.py").exists()) == []


@pytest.mark.parametrize("name", modules())
def test_every_exported_name_exists(name):
    module = import_module(name)
    is_package = hasattr(module, "__path__")
    exported = getattr(module, "__all__", [] if is_package else None)
    assert exported is not None, "the module has no __all__"
    assert [item for item in exported if not hasattr(module, item)] == []
    assert len(set(exported)) == len(exported), "__all__ repeats a name"
