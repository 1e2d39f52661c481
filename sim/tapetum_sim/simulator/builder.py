# SPDX-License-Identifier: Apache-2.0
"""From an Amaranth component to a cached simulator executable."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from amaranth.lib import wiring

from .library import compiled_library
from .runner import (
    NATIVE,
    OWN_MODULES,
    PROFILES,
    BuildError,
    NativeRunner,
    tool_versions,
    waves_format,
)
from .toplevel import TopLevel, elaborate
from .verilog import FAST, READABLE, YosysError, convert

__all__ = ["DEFAULT_ROOT", "Build", "BuildError", "build", "clock_ports"]

DEFAULT_ROOT = Path("build/simulator")

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """A built simulator.

    Parameters
    ----------
    directory : Path
        Holds the executable ``top`` and ``ports.json``.
    domains : tuple of str
        Clock domains: each needs a clock in every run.
    waves : str or None
        Format of the waveforms that the simulator can write, ``fst`` or ``vcd``.
    cached : bool
        Whether an earlier build was found.
    """

    directory: Path
    domains: tuple[str, ...]
    waves: str | None
    cached: bool


def build(component: wiring.Component, *, domains: Sequence[str] = ("sync",),
          clock_requests: Mapping[str, str] = MappingProxyType({}), profile: str = "unit",
          modules: Sequence[str] = (), waves: bool = False, root: Path = DEFAULT_ROOT,
          build_jobs: int = 2, progress: Progress = lambda step: None) -> Build:
    """Build a simulator of ``component``, or find the one built before.

    Builds live in ``root/<hash>``, the hash covering the RTLIL of the design, the flags, the
    native sources and the versions of the tools. A build is made in a temporary folder and renamed
    when it is complete, so any number of processes may build at once. What all designs share,
    Verilator's own library and what is behind our modules, is compiled once, while the first design
    is elaborated, and kept in ``root/runtime-<hash>``.

    Parameters
    ----------
    component : wiring.Component
        Its ports become the top-level ports; see :func:`~.toplevel.elaborate` for the names.
    domains : sequence of str
        Every clock domain that the component uses without defining it.
    clock_requests : mapping
        Of a domain whose clock may stand still, the one-bit output that says when it must not.
    profile : str
        ``unit`` compiles fast, ``frame`` runs fast, ``netlist`` is for long netlists.
    modules : sequence of str
        RTLIL of modules that the design has instances of.
    waves : bool
        Include tracing: FST, or VCD where the headers of lz4 or zlib are missing (slower, larger).
    root : Path
        Where builds are kept.
    build_jobs : int
        C++ compilers at once.
    progress : callable
        Is told, in a few words, which step begins.

    Raises
    ------
    BuildError
        If yosys, Verilator or the compiler refuses the design.
    ValueError
        If the profile is unknown.
    """
    if profile not in PROFILES:
        raise ValueError(f"profile must be one of {', '.join(PROFILES)}, not {profile!r}")
    root = Path(root).absolute()
    root.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(1) as beside:
        library = beside.submit(compiled_library, root, waves)
        progress("elaborating the design")
        top = elaborate(component, domains, clock_requests)
        top = replace(top, rtlil="".join([top.rtlil, *modules]))
        directory = root / _key(top, profile, waves)
        found = directory.exists()
        if not found:
            work = Path(tempfile.mkdtemp(prefix="building-", dir=root))
            try:
                verilog = _to_verilog(top, work, profile, waves, progress)
                progress("compiling the simulator")
                for compiled in library.result().glob("*.o"):
                    shutil.copy(compiled, work)
                NativeRunner(PROFILES[profile], build_jobs=build_jobs).compile(
                    [verilog, *(NATIVE / f"{name}.sv" for name in OWN_MODULES), work / "ports.vlt",
                     NATIVE / "waivers.vlt"], work, waves=waves)
                _publish(work, directory)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    return Build(directory=directory, domains=tuple(name for name, _ in top.clocks),
                 waves=waves_format() if waves else None, cached=found)


def _key(top: TopLevel, profile: str, waves: bool) -> str:
    digest = hashlib.sha256()
    for text in (top.rtlil, repr((top.clocks, top.clock_requests, top.inputs, top.outputs)),
                 _passes(profile, waves),
                 repr(PROFILES[profile]), repr(waves and waves_format()), *tool_versions(),
                 *(path.read_text() for path in sorted(NATIVE.iterdir()) if path.is_file())):
        digest.update(text.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:20]


def _passes(profile: str, waves: bool) -> str:
    return FAST if profile != "unit" and not waves else READABLE


def _to_verilog(top: TopLevel, work: Path, profile: str, waves: bool,
                progress: Progress) -> Path:
    progress("converting to Verilog")
    try:
        verilog = convert(top.rtlil, work, _passes(profile, waves))
    except YosysError as error:
        raise BuildError(f"the design could not be converted to Verilog: {error}") from None
    (work / "ports.vlt").write_text(_public_ports(top))
    (work / "clock_ports.h").write_text(clock_ports(top))
    (work / "ports.json").write_text(json.dumps(
        {"clocks": dict(top.clocks), "inputs": top.inputs, "outputs": top.outputs}, indent=1))
    return verilog


def _public_ports(top: TopLevel) -> str:
    lines = ["`verilator_config"]
    lines += [f'public_flat_rw -module "top" -var "{name}"' for name in top.inputs]
    lines += [f'public_flat_rd -module "top" -var "{name}"'
              for name in (*(port for _, port in top.clocks), *top.outputs)]
    return "\n".join(lines) + "\n"


def clock_ports(top: TopLevel) -> str:
    """The C++ that lists the clock ports of a design."""
    lines = ["#define TAPETUM_CLOCKS"]
    for domain, port in top.clocks:
        request = top.clock_requests.get(domain)
        lines.append(f'    TAPETUM_CLOCK("{domain}", {port}, '
                     f'{f"&top.{request}" if request else "nullptr"})')
    return " \\\n".join(lines) + "\n"


def _publish(work: Path, directory: Path) -> None:
    for path in work.iterdir():
        if path.name not in ("top", "ports.json", "top.v", "build.log"):
            path.unlink()
    try:
        work.rename(directory)
    except OSError:
        if not directory.exists():  # otherwise another process was first
            raise
