# SPDX-License-Identifier: Apache-2.0
"""Runs the faults of a campaign on all cores; what has been done survives an interruption."""

import json
import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ..errors import UserError
from ..simulator import Clock
from .build import FaultSimulator

__all__ = ["DIRECTED", "Numbered", "faults_without_faults", "note_campaign", "noted_campaign",
           "read_results", "run_injections"]

DIRECTED = "directed"
"""Folder of the lists of faults, each in one of its own."""
_RESULTS, _CAMPAIGN = "injections.jsonl", "campaign.json"
_POLL_S = 0.5
_BATCH = 400
"""Faults of a worker that share a start-up, which takes as long as some twenty of them."""

Progress = Callable[[str, float, float], None]


class Numbered(Protocol):
    """A fault, and how the simulator reads it."""

    @property
    def number(self) -> int: ...
    @property
    def line(self) -> str: ...


def noted_campaign(out: Path) -> dict[str, Any]:
    """Which campaign a folder holds, as far as it is known; empty if it holds none.

    Raises
    ------
    UserError
        The note is damaged.
    """
    note = out / _CAMPAIGN
    if not note.exists():
        return {}
    try:
        return dict(json.loads(note.read_text()))
    except (TypeError, ValueError):
        raise UserError(f"{note} is damaged; start anew without --resume, or choose another folder "
                        f"with --out.") from None


def note_campaign(out: Path, campaign: Mapping[str, Any], *, resume: bool) -> None:
    """Note in ``out`` which campaign it holds; what was done of it stays only to be resumed.

    Raises
    ------
    UserError
        The folder holds another campaign.
    """
    out.mkdir(parents=True, exist_ok=True)
    before = noted_campaign(out) if resume else {}
    other = sorted(name for name in campaign if before.get(name, campaign[name]) != campaign[name])
    if other:
        raise UserError(f"{out} holds a campaign with another {other[0]}; start anew without "
                        f"--resume, or choose another folder with --out.")
    if not resume:
        for results in (out / _RESULTS, *(out / DIRECTED).glob(f"*/{_RESULTS}")):
            results.unlink(missing_ok=True)
    whole = out / f"{_CAMPAIGN}.new"
    whole.write_text(json.dumps(before | dict(campaign), indent=1, sort_keys=True))
    whole.replace(out / _CAMPAIGN)


def read_results(out: Path) -> list[dict[str, Any]]:
    """One dictionary for each fault that was simulated; a line that was cut off is left out."""
    path = out / _RESULTS
    if not path.exists():
        return []
    lines: dict[int, dict[str, Any]] = {}
    for text in path.read_text().splitlines():
        try:
            line = json.loads(text)
        except json.JSONDecodeError:
            continue
        lines[line["number"]] = line
    return list(lines.values())


def faults_without_faults(out: Path) -> int:
    """Fault bits that the run without a fault raises, and by which nothing can be detected."""
    log = out / "worker-0.log"
    found = re.search(r"fault bits (0x[0-9a-f]+|0)", log.read_text() if log.exists() else "")
    return int(found[1], 16) if found else 0


def run_injections(simulator: FaultSimulator, scenario: Path, clocks: Sequence[Clock],
                   injections: Sequence[Numbered], out: Path, *, jobs: int = 2,
                   progress: Progress = lambda text, done, total: None) -> None:
    """Simulate those that ``out`` has no result of, in ``jobs`` processes.

    They are done in batches of neighbouring numbers: what an interruption leaves is a smaller
    sample of the same kind, but for the batch under way, in which early faults come first.

    Raises
    ------
    UserError
        A worker could not go on.
    """
    known = {line["number"] for line in read_results(out)}
    missing = [injection for injection in injections if injection.number not in known]
    while missing:
        batch, missing = missing[:jobs * _BATCH], missing[jobs * _BATCH:]
        _run_batch(simulator, scenario, clocks, batch, out, jobs, len(injections), progress)


def _run_batch(simulator: FaultSimulator, scenario: Path, clocks: Sequence[Clock],
               batch: Sequence[Numbered], out: Path, jobs: int, total: int,
               progress: Progress) -> None:
    workers = []
    try:
        for job in range(min(jobs, len(batch))):
            share, log = out / f"worker-{job}.txt", out / f"worker-{job}.log"
            share.write_text("".join(f"{one.line}\n" for one in batch[job::jobs]))
            with log.open("w") as file:
                workers.append((log, subprocess.Popen(
                    [simulator.directory / "top", *(clock.argument for clock in clocks),
                     f"--scenario={scenario.absolute()}", f"--injections={share.absolute()}",
                     f"--results={(out / _RESULTS).absolute()}"],
                    stdout=file, stderr=subprocess.STDOUT, start_new_session=True)))
        _wait(workers, out, total, progress)
    finally:
        for _, worker in workers:
            if worker.poll() is None:
                worker.terminate()
                worker.wait()


def _wait(workers, out: Path, total: int, progress: Progress) -> None:
    while any(worker.poll() is None for _, worker in workers):
        done = (out / _RESULTS).read_bytes().count(b"\n") if (out / _RESULTS).exists() else 0
        progress(f"injecting faults: {done:,} of {total:,}", done, total)
        time.sleep(_POLL_S)
    for log, worker in workers:
        if worker.returncode:
            tail = log.read_text(errors="replace").strip().splitlines()[-1:]
            raise UserError(f"a worker stopped ({' '.join(tail) or worker.returncode}; see {log}); "
                            f"run the same command with --resume.")
