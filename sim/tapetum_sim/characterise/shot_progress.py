# SPDX-License-Identifier: Apache-2.0
"""One line of progress for shots that are taken at the same time."""

from threading import Lock

from .backends import Progress

__all__ = ["ShotProgress"]


class ShotProgress:
    """Call `part(name)` for the progress of one shot; all of them show as one.

    Parameters
    ----------
    progress : callable
        Receives a stage, what is done of it and the total.
    """

    def __init__(self, progress: Progress):
        self._progress = progress
        self._lock = Lock()
        self._shares: dict[str, float] = {}
        self._finished = 0
        self.expected = 0

    def part(self, name: str) -> Progress:
        """What a shot of that name reports to."""
        def report(text: str, done: float, total: float) -> None:
            with self._lock:
                self._shares[name] = done / total if total else self._shares.get(name, 0.0)
                self._show()

        report("begins", 0, 0)
        return report

    def finish(self, name: str) -> None:
        """A shot has been taken."""
        with self._lock:
            self._shares.pop(name, None)
            self._finished += 1
            self._show()

    def _show(self) -> None:
        running = ", ".join(f"{name} {share:.0%}" for name, share in self._shares.items())
        total = max(self.expected, self._finished + len(self._shares))
        self._progress(f"taking shots: {running}", self._finished + sum(self._shares.values()),
                       total)
