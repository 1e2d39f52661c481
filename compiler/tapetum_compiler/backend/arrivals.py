# SPDX-License-Identifier: Apache-2.0
"""When rows of the input are there, if each comes as soon as there is room."""

from .timing import (
    INPUT_RELEASE_CYCLES,
    INPUT_ROW_CYCLES,
    INPUT_START_CYCLES,
    INPUT_VISIBLE_CYCLES,
)

__all__ = ["Arrivals"]


class Arrivals:
    """Words of the input take the clocks in which the cells write nothing.

    Members
    -------
    room_since : list of int
        By row, the clock since which there is room for it; grows with `release`.
    """

    def __init__(self, height: int, row_words: int, ring: int) -> None:
        self._height, self._row_words = height, row_words
        self.room_since = [INPUT_START_CYCLES - INPUT_RELEASE_CYCLES] * min(ring, height)
        self._done: list[int] = []
        self._first_window = 0
        self._windows: list[tuple[int, int, float]] = []

    def release(self, rows: int, clock: int) -> None:
        """There is room for so many rows more."""
        more = min(rows, self._height - len(self.room_since))
        self.room_since += [clock] * more

    def writes(self, begin: int, end: int, share: float) -> None:
        """The cells write from `begin` to `end`, in a `share` of those clocks."""
        self._windows.append((begin, end, share))

    def there(self, rows: int) -> int | None:
        """When the array sees so many rows; None if there is no room for them yet.

        As long as no further steps are known: what they write comes first.
        """
        if rows > len(self.room_since):
            return None
        known = self._windows[-1][0] if self._windows else 0
        done = list(self._done)
        window = self._first_window
        while len(done) < rows:
            since = self.room_since[len(done)] + INPUT_RELEASE_CYCLES
            clock = max(since, done[-1] + INPUT_ROW_CYCLES) if done else since
            end, window = self._finish(clock, window)
            done.append(end)
            if end <= known:
                self._done, self._first_window = list(done), window
        return done[rows - 1] + INPUT_VISIBLE_CYCLES

    def _finish(self, clock: float, window: int) -> tuple[int, int]:
        """The clock after a row's last word, and the first write that may matter then."""
        left = float(self._row_words)
        while window < len(self._windows):
            begin, end, share = self._windows[window]
            if clock < begin:
                taken = min(left, begin - clock)
                left, clock = left - taken, clock + taken
            if left <= 0:
                break
            if clock < end:
                taken = min(left, (end - clock) * (1 - share))
                if taken >= left and share < 1:
                    clock += left / (1 - share)
                    left = 0
                    break
                left, clock = left - taken, end
            window += 1
        return round(clock + left), window
