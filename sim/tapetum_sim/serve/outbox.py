# SPDX-License-Identifier: Apache-2.0
"""Frames that wait for their readers, and when the simulation has to wait for them."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from ..client.frames import SentFrame

__all__ = ["Outbox", "Reader"]


class Reader:
    """One who reads: has a queue of its own, so that each sees every frame."""

    def __init__(self, outbox: "Outbox", waiting: deque[SentFrame]):
        self._outbox, self.waiting = outbox, waiting
        self._arrived = asyncio.Event()
        self.dropped = 0

    def put(self, frame: SentFrame) -> None:
        """Append a frame."""
        self.waiting.append(frame)
        self._arrived.set()

    async def get(self) -> SentFrame:
        """The oldest frame; waits for it."""
        while not self.waiting:
            self._arrived.clear()
            await self._arrived.wait()
        frame = replace(self.waiting.popleft(), dropped=self.dropped)
        self._outbox.moved()
        return frame

    def leave(self) -> None:
        """Read no more."""
        self._outbox.readers.remove(self)
        self._outbox.moved()


class Outbox:
    """Every frame for every reader; what nobody has read yet for the next one who comes.

    Parameters
    ----------
    depth : int
        Frames that may wait for a reader.
    drop : bool
        Rather lose the oldest frame than be full.
    kept : bool
        Frames are kept elsewhere: they need not wait for the first reader.
    moved : callable
        Is called when `is_full` may have changed.
    """

    def __init__(self, depth: int, *, drop: bool = False, kept: bool = False,
                 moved: Callable[[], None] = lambda: None):
        self.depth, self.drop, self.moved = depth, drop, moved
        self._kept = kept
        self.readers: list[Reader] = []
        self._nobody = Reader(self, deque())

    @property
    def is_full(self) -> bool:
        """Whether a reader has as many frames before it as may wait; never if they may be lost."""
        return not self._may_lose and any(len(reader.waiting) >= self.depth
                                          for reader in self._receivers)

    @property
    def _receivers(self) -> list[Reader]:
        return self.readers or [self._nobody]

    @property
    def _may_lose(self) -> bool:
        return self.drop or (self._kept and not self.readers)

    def join(self) -> Reader:
        """A new reader; the first one after a time without any has what came meanwhile."""
        reader = Reader(self, deque() if self.readers else self._nobody.waiting)
        if not self.readers:
            reader.dropped = self._nobody.dropped
            self._nobody = Reader(self, deque())
        self.readers.append(reader)
        return reader

    def publish(self, frame: SentFrame) -> None:
        """A frame has ended."""
        for reader in self._receivers:
            reader.put(frame)
            while self._may_lose and len(reader.waiting) > self.depth:
                reader.waiting.popleft()
                reader.dropped += 1
        self.moved()
