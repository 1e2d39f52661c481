# SPDX-License-Identifier: Apache-2.0
"""Run a cocotb test module on a built simulator."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from .builder import Build
from .clocks import Clock
from .runner import NativeRunner
from .session import PARAMETERS_FILE, RESULTS_FILE

__all__ = ["CycleLimitError", "Run", "SimulationError", "run"]

CYCLE_LIMIT_MARK = "CYCLE LIMIT: "
LOG_TAIL_LINES = 25


class SimulationError(Exception):
    """A test failed or the simulator died; the message says which, and ends with the log's tail."""


class CycleLimitError(SimulationError):
    """The run was stopped at its cycle limit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A completed run.

    Parameters
    ----------
    directory : Path
        Holds recordings (``*.beats``), ``simulation.log`` and, on request, ``waves.fst`` (or
        ``waves.vcd``).
    results : Mapping
        What the test bench published.
    cycles : Mapping
        Cycles run, per clock domain.
    """

    directory: Path
    results: Mapping[str, Any]
    cycles: Mapping[str, int]


def run(build: Build, module: str, *, clocks: Sequence[Clock], directory: Path,
        limit_cycles: int, limit_domain: str | None = None, parameters: Any = None,
        testcase: str | Sequence[str] | None = None, seed: int = 1, waves: bool = False,
        record: Sequence[str] | None = None, plusargs: Sequence[str] = (),
        progress: Callable[[dict], None] | None = None) -> Run:
    """Run every cocotb test of ``module``; return what they published or raise why they failed.

    Parameters
    ----------
    build : Build
        From :func:`~.builder.build`.
    module : str
        Importable name of the module with the coroutines; do not call it ``test_*``.
    clocks : sequence of Clock
        One for each domain of the build.
    directory : Path
        Folder for all output, created if need be; recordings land there.
    limit_cycles : int
        The simulator stops itself after so many cycles of ``limit_domain``.
    limit_domain : str
        Defaults to the domain of the first clock.
    parameters : JSON-able
        Comes out of :func:`~.session.parameters` inside the test bench.
    testcase : str or sequence of str
        Run only these tests.
    seed : int
        Seeds Python's ``random`` inside the simulator.
    waves : bool
        Write ``waves.fst`` or ``waves.vcd`` (needs a build with ``waves=True``).
    record : sequence of str
        Names of the recorders that record; by default all. A recording lands in a pipe if there
        is one of its name, ``<name>.beats``, in the folder.
    plusargs : sequence of str
        Further ``+name=value`` arguments.
    progress : callable
        Receives a dictionary (``done``, ``total``, ``text``) at each ``report_progress``.

    Raises
    ------
    CycleLimitError
        If the cycle limit was reached: says where every clock stood.
    SimulationError
        If a test failed: gives cocotb's message.
    """
    if {clock.domain for clock in clocks} != set(build.domains):
        raise ValueError(f"this simulator needs a clock for each of {', '.join(build.domains)}")
    if waves and not build.waves:
        raise ValueError("this simulator was built without waves")
    directory = Path(directory).absolute()
    directory.mkdir(parents=True, exist_ok=True)
    for stale in (RESULTS_FILE, "results.xml", "simulation.log"):
        (directory / stale).unlink(missing_ok=True)
    (directory / PARAMETERS_FILE).write_text(json.dumps(parameters))
    log = directory / "simulation.log"
    xml = directory / "results.xml"

    runner = NativeRunner(progress=progress)
    complaint = None
    try:
        runner.test(
            module, "top", hdl_toplevel_lang="verilog", testcase=testcase, seed=seed,
            build_dir=build.directory, test_dir=directory, results_xml=str(xml), log_file=log,
            test_args=[clock.argument for clock in clocks]
            + [f"--limit={limit_domain or clocks[0].domain}:{limit_cycles}"]
            + ([f"--trace-file={directory / 'waves'}.{build.waves}"] if waves else []),
            plusargs=[f"+record_dir={directory}",
                      *([] if record is None else [f"+record={','.join(record)}"]), *plusargs],
            extra_env={
                "TAPETUM_RUN_DIRECTORY": str(directory),
                # Left alone, cocotb has pytest rewrite every module that the bench imports, which
                # costs seconds; assertions matter in the bench.
                "COCOTB_REWRITE_ASSERTION_FILES": module.rsplit(".", 1)[-1] + ".py",
            })
    except (RuntimeError, SystemExit) as error:
        complaint = str(error)

    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    _refuse_failures(module, lines, xml, complaint)
    results = directory / RESULTS_FILE
    return Run(directory=directory, cycles=_cycles(lines),
               results=json.loads(results.read_text()) if results.exists() else {})


def _refuse_failures(module: str, lines: list[str], xml: Path, complaint: str | None) -> None:
    tail = "\n".join(lines[-LOG_TAIL_LINES:])
    for line in lines:
        if CYCLE_LIMIT_MARK in line:
            raise CycleLimitError(f"{module}: {line.split(': ', 1)[1]}\n{tail}")
    failures = []
    tests = 0
    if xml.exists():
        for case in ElementTree.parse(xml).iter("testcase"):
            tests += 1
            failures += [f"{case.get('name')}: {failure.get('message') or failure.text}"
                         for failure in (*case.findall("failure"), *case.findall("error"))]
    if failures:
        raise SimulationError(f"{module}: " + "\n".join(failures) + f"\n{tail}")
    if complaint is not None:
        raise SimulationError(f"{module}: {complaint}\n{tail}")
    if tests == 0:
        raise SimulationError(f"{module}: no test was run\n{tail}")


def _cycles(lines: list[str]) -> dict[str, int]:
    cycles = {}
    for line in lines:
        words = line.split()
        if line.startswith("tapetum simulator: clock ") and words[-1] == "cycles":
            cycles[words[3]] = int(words[5])
    return cycles
