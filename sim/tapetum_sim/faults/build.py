# SPDX-License-Identifier: Apache-2.0
"""A simulator of which every state bit can be changed while it runs."""

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

from amaranth.lib import wiring

from ..simulator.builder import DEFAULT_ROOT, BuildError
from ..simulator.library import compiled_library
from ..simulator.runner import NATIVE, PROFILES, NativeRunner, tool_versions
from ..simulator.toplevel import TopLevel, elaborate
from ..simulator.verilog import FAST, YosysError, convert
from .listing import write_listing
from .netlist import Element, Netlist, find_state
from .top import ProbedTop

__all__ = ["FaultSimulator", "build_fault_simulator"]

_OWN = Path(__file__).parent / "native"
_WITHIN = "dut.bench."
_COPY = re.compile(r"(?<!\$signal)\$\d+(?=\.|$)")


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultSimulator:
    """A built simulator: the executable ``top`` in ``directory``, and its state elements."""

    directory: Path
    elements: tuple[Element, ...]


def build_fault_simulator(bench: wiring.Component, *, domains: Sequence[str] = ("sync",),
                          clock_requests: Mapping[str, str] = MappingProxyType({}),
                          die: str = "", sinks: Sequence[str] = (), profile: str = "frame",
                          root: Path = DEFAULT_ROOT,
                          progress: Callable[[str], None] = lambda step: None
                          ) -> FaultSimulator:
    """Build the simulator of ``bench``, or find the one built before.

    Parameters
    ----------
    die : str
        Submodule of the bench into which faults are injected; by default all of it.
    sinks : sequence of str
        Regular expressions of the paths of registers that only tell of faults.

    Raises
    ------
    BuildError
        If yosys, Verilator or the compiler refuses the design.
    """
    root = Path(root).absolute()
    root.mkdir(parents=True, exist_ok=True)
    progress("elaborating the design")
    top = elaborate(ProbedTop(bench), domains, clock_requests)
    directory = root / f"faults-{_key(top, die, tuple(sinks), profile)}"
    if not directory.exists():
        library = compiled_library(root, waves=False)
        work = Path(tempfile.mkdtemp(prefix="building-", dir=root))
        try:
            progress("finding every state bit")
            netlist = _prepare(top, work, die, sinks)
            progress("compiling the simulator")
            for compiled in library.glob("verilated*.o"):
                shutil.copy(compiled, work)
            NativeRunner(PROFILES[profile], main=_OWN / "campaign.cpp").compile(
                [work / "top.v", NATIVE / "recorder.sv", NATIVE / "mailbox.sv", _OWN / "pin.sv",
                 work / "ports.vlt", NATIVE / "waivers.vlt"], work, waves=False)
            _keep(work, netlist, directory)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    elements = json.loads((directory / "elements.json").read_text())
    return FaultSimulator(directory=directory, elements=tuple(
        Element(**{**element, "bits": tuple(element["bits"])}) for element in elements))


def _key(top: TopLevel, *options) -> str:
    here = Path(__file__).parent
    digest = hashlib.sha256(top.rtlil.encode())
    sources = [*sorted(path for folder in (NATIVE, _OWN) for path in folder.iterdir()
                       if path.is_file()),
               *(here / name for name in ("build.py", "listing.py", "netlist.py"))]
    for text in (repr(options), FAST, *tool_versions(), *(path.read_text() for path in sources)):
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()[:20]


def _prepare(top: TopLevel, work: Path, die: str, sinks: Sequence[str]) -> Netlist:
    """Write the Verilog and everything that names its state."""
    try:
        convert(top.rtlil, work, f"{FAST}\nwrite_rtlil flat.il\n")
        within = f"{_WITHIN}{die}." if die else _WITHIN
        netlist = find_state(
            (work / "flat.il").read_text(),
            is_on_die=lambda name: name.startswith(within),
            path_of=lambda name: _COPY.sub("", name.removeprefix(within)).replace(".part.", "."))
        convert(netlist.rtlil, work, "")
    except YosysError as error:
        raise BuildError(f"the design could not be converted to Verilog: {error}") from None
    write_listing(top, netlist, sinks, work)
    return netlist


def _keep(work: Path, netlist: Netlist, directory: Path) -> None:
    (work / "elements.json").write_text(json.dumps([asdict(e) for e in netlist.elements]))
    for path in work.iterdir():
        if path.name not in ("top", "elements.json", "build.log"):
            path.unlink()
    try:
        work.rename(directory)
    except OSError:
        if not directory.exists():  # otherwise another process was first
            raise
