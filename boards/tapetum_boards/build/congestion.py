# SPDX-License-Identifier: Apache-2.0
"""Whether a router that goes on and on will come to an end."""

import re
from pathlib import Path

__all__ = ["Congestion", "NoWaysError"]

_PASS = re.compile(r"\biter=\d+ wires=\d+ overused=(\d+)\b.*\n")


class NoWaysError(Exception):
    """The router takes ever more ways around what it cannot resolve."""


class Congestion:
    """How many wires nextpnr's ``router2`` leaves wanted by two nets, pass after pass.

    A design that has ways gets there with few of them for long, up and down; one that is too full
    has hundreds and then more again, for ever: the detours take the wires of others.

    Parameters
    ----------
    log : Path
        What nextpnr writes as it goes, read as far as it is there.

    Attributes
    ----------
    overused : int or None
        The fewest after any pass so far; none before the first.
    passes : int
    """

    MANY = 300
    """Fewer than these have been resolved after a while by every design so far."""
    GROWTH = 2
    PATIENCE = 150
    """Passes without fewer than ever before."""

    def __init__(self, log: Path):
        self.overused: int | None = None
        self.passes = 0
        self._log, self._read, self._fewest_at = log, 0, 0
        log.unlink(missing_ok=True)  # of an earlier run

    def watch(self) -> None:
        """Read what has been written since; raises `NoWaysError` once there is no hope."""
        if not self._log.exists():
            return
        with self._log.open("rb") as file:
            file.seek(self._read)
            text = file.read()
        text = text[:text.rfind(b"\n") + 1]
        self._read += len(text)
        for overused in _PASS.findall(text.decode(errors="replace")):
            self._take(int(overused))

    def _take(self, overused: int) -> None:
        self.passes += 1
        if self.overused is None or overused < self.overused:
            self.overused, self._fewest_at = overused, self.passes
        grown = overused >= self.GROWTH * self.overused
        if self.overused >= self.MANY and (
                grown or self.passes - self._fewest_at >= self.PATIENCE):
            raise NoWaysError
