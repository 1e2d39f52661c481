# SPDX-License-Identifier: Apache-2.0
"""Clients on one side, the simulated die on the other: one request at a time, every frame once."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..client.frames import SentFrame
from ..client.protocol import MAXIMUM_LINE_BYTES, Answer, parse_answer
from .link import LinkReceiver
from .outbox import Outbox, Reader

__all__ = ["SensorServer", "Served"]

_PIPE_BYTES = 1 << 20
ENDED = "the simulation has ended."


@dataclass
class Served:
    """What happened so far."""

    frames: int = 0
    requests: int = 0
    clients: int = 0
    time_ps: int = 0
    waits_for_reader: bool = False


class SensorServer:
    """Passes lines between any number of clients and the one bench, and frames to their readers.

    Parameters
    ----------
    channel : path
        Socket on which the bench asks for its work.
    packets : path
        Pipe in which the pen at the PHY writes.
    i2c_socket, frame_socket : path
        For the clients; they are there from when the die has woken until the end.
    write : callable, optional
        Is given each frame, for files.
    """

    def __init__(self, *, channel: Path, packets: Path, i2c_socket: Path, frame_socket: Path,
                 link: LinkReceiver, outbox: Outbox,
                 write: Callable[[SentFrame], None] | None = None):
        self._channel, self._packets = channel, packets
        self._i2c_socket, self._frame_socket = i2c_socket, frame_socket
        self._link, self._outbox, self._write = link, outbox, write
        self._bench: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._bus = asyncio.Lock()
        self._paused_by: set[asyncio.StreamWriter] = set()
        self._is_paused = False
        self._moved = asyncio.Event()
        self._tasks: set[asyncio.Task] = set()
        self._unwritten: asyncio.Future[OSError] | None = None
        outbox.moved = self._moved.set
        self.served = Served()

    async def run(self, simulate: Callable[[], object], stop: asyncio.Event,
                  ready: Callable[[], None]) -> None:
        """Serve until ``stop`` is set or the simulation ends; raises what `simulate` raises.

        A frame that cannot be written ends it too, with the `OSError`.

        ``simulate`` runs the bench in a thread; it must return soon after its channel has closed.
        """
        os.mkfifo(self._packets)
        pipe = os.open(self._packets, os.O_RDONLY | os.O_NONBLOCK)
        # With a writer of our own the pipe never ends while the simulator has not opened it.
        writer = os.open(self._packets, os.O_WRONLY | os.O_NONBLOCK)
        loop = asyncio.get_running_loop()
        loop.add_reader(pipe, self._receive, pipe)
        arrived: asyncio.Future = loop.create_future()
        engine = await asyncio.start_unix_server(
            lambda *streams: arrived.set_result(streams), self._channel, limit=MAXIMUM_LINE_BYTES)
        simulation = asyncio.create_task(asyncio.to_thread(simulate))
        stopped = asyncio.create_task(stop.wait())
        self._unwritten = loop.create_future()
        over: set[asyncio.Future] = {simulation, stopped, self._unwritten}
        try:
            await asyncio.wait({arrived, *over}, return_when=asyncio.FIRST_COMPLETED)
            if arrived.done():
                self._bench = arrived.result()
                await self._serve(over, ready)
        finally:
            if arrived.done():
                arrived.result()[1].close()
            engine.close()
            stopped.cancel()
            try:
                await simulation
            except Exception:
                if not (stop.is_set() or self._unwritten.done()):
                    raise
            finally:
                self._receive(pipe)
                loop.remove_reader(pipe)
                os.close(writer)
                os.close(pipe)
        if self._unwritten.done():
            raise self._unwritten.result()

    async def _serve(self, over: set[asyncio.Future], ready: Callable[[], None]) -> None:
        woken = asyncio.create_task(self._answer())
        await asyncio.wait({woken, *over}, return_when=asyncio.FIRST_COMPLETED)
        if not woken.done() or woken.result().rest == ENDED:
            woken.cancel()
            return
        servers = [
            await asyncio.start_unix_server(self._client, self._i2c_socket,
                                            limit=MAXIMUM_LINE_BYTES),
            await asyncio.start_unix_server(self._reader, self._frame_socket)]
        pressure = asyncio.create_task(self._press_back())
        try:
            ready()
            await asyncio.wait(over, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for server in servers:
                server.close()
            for path in (self._i2c_socket, self._frame_socket):
                path.unlink(missing_ok=True)
            pressure.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(pressure, *self._tasks, return_exceptions=True)

    # The bench

    async def _ask(self, line: str) -> Answer:
        """One request; to be called by who holds the bus."""
        assert self._bench is not None
        try:
            self._bench[1].write(line.encode() + b"\n")
            await self._bench[1].drain()
        except ConnectionError:
            return self._ended()
        return await self._answer()

    async def _answer(self) -> Answer:
        assert self._bench is not None
        try:
            line = await self._bench[0].readuntil(b"\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return self._ended()
        answer = parse_answer(line.decode())
        self.served.time_ps = answer.time_ps
        return answer

    def _ended(self) -> Answer:
        return Answer(outcome="error", time_ps=self.served.time_ps, rest=ENDED)

    async def _press_back(self) -> None:
        """Have time stand still where a frame more would be one too many."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            async with self._bus:
                await self._set_pause()

    async def _set_pause(self) -> None:
        self.served.waits_for_reader = self._outbox.is_full
        wanted = bool(self._paused_by) or self._outbox.is_full
        if wanted != self._is_paused:
            self._is_paused = wanted
            await self._ask("pause" if wanted else "resume")

    def _receive(self, pipe: int) -> None:
        """Take what the pen has written."""
        while True:
            try:
                recorded = os.read(pipe, _PIPE_BYTES)
            except BlockingIOError:
                return
            if not recorded:
                return
            for frame in self._link.receive(recorded):
                self.served.frames += 1
                self._keep(frame)
                self._outbox.publish(frame)

    def _keep(self, frame: SentFrame) -> None:
        try:
            if self._write:
                self._write(frame)
        except OSError as error:
            self._write = None
            if self._unwritten:
                self._unwritten.set_result(error)

    # Clients

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one client's requests, one after the other."""
        with self._client_of(writer):
            while True:
                try:
                    line = await reader.readuntil(b"\n")
                except asyncio.LimitOverrunError:
                    answer = Answer(outcome="error", time_ps=self.served.time_ps,
                                    rest=f"a request has at most {MAXIMUM_LINE_BYTES} bytes.")
                    writer.write(f"{answer}\n".encode())
                    await writer.drain()
                    return
                answer = await self._requested(line.decode(errors="replace").strip(), writer)
                writer.write(f"{answer}\n".encode())
                await writer.drain()

    async def _requested(self, line: str, writer: asyncio.StreamWriter) -> Answer:
        """Whole transfers only: who leaves in the middle of one leaves a bus that is free."""
        self.served.requests += 1
        async with self._bus:
            if line not in ("pause", "resume"):
                return await self._ask(line)
            (self._paused_by.add if line == "pause" else self._paused_by.discard)(writer)
            await self._set_pause()
            return await self._ask("pause" if self._is_paused else "resume")

    async def _reader(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send frames to one client until it leaves."""
        with self._client_of(writer):
            frames = self._outbox.join()
            sending = asyncio.create_task(self._send(frames, writer))
            leaving = asyncio.create_task(_end_of(reader))
            try:
                await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                sending.cancel()
                leaving.cancel()
                await asyncio.gather(sending, leaving, return_exceptions=True)
                frames.leave()

    @staticmethod
    async def _send(frames: Reader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write((await frames.get()).record())
            await writer.drain()

    @contextmanager
    def _client_of(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        """Count a client; whatever ends it, it pauses nothing any more."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.served.clients += 1
        try:
            yield
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # it has left, or the server ends: no news to asyncio either
        finally:
            self.served.clients -= 1
            self._tasks.discard(task)
            self._paused_by.discard(writer)
            self._moved.set()
            writer.close()


async def _end_of(reader: asyncio.StreamReader) -> None:
    """Wait until who is there leaves, whatever it says before."""
    while await reader.read(MAXIMUM_LINE_BYTES):
        pass
