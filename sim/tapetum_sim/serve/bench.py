# SPDX-License-Identifier: Apache-2.0
"""The cocotb bench of a virtual sensor: requests in, answers out, time only where it is needed."""

import gc
import json
import signal
import socket
from pathlib import Path
from typing import Any

import cocotb
from cocotb.triggers import Timer
from cocotb.utils import get_sim_time

from ..client.protocol import (
    PICOSECONDS,
    Answer,
    Command,
    Request,
    RequestError,
    Transfer,
    Wait,
    parse_request,
)
from ..frame.bench import DieBench
from ..frame.setup import Setup
from ..simulator import flush_recordings, parameters, run_directory
from .i2c_host import I2cHost

__all__ = ["Channel", "SensorBench", "serve"]

PULSE_CYCLES = 8
"""Of the external sync pin; the die needs two."""


class Channel:
    """Lines from and to the process that serves the clients."""

    def __init__(self, path: Path | str):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(str(path))
        self._received = b""
        self.is_open = True

    def is_waiting(self) -> bool:
        """Whether `receive` would return at once."""
        if b"\n" not in self._received:
            self._take(socket.MSG_DONTWAIT)
        return b"\n" in self._received or not self.is_open

    def receive(self) -> str | None:
        """The next line; waits for it, and simulated time with it. None at the end."""
        while b"\n" not in self._received and self.is_open:
            self._take(0)
        if b"\n" not in self._received:
            return None
        line, _, self._received = self._received.partition(b"\n")
        return line.decode(errors="replace")

    def send(self, line: object) -> None:
        """Answer, unless there is nobody any more."""
        try:
            self._socket.sendall(f"{line}\n".encode())
        except ConnectionError:
            self.is_open = False

    def _take(self, flags: int) -> None:
        try:
            part = self._socket.recv(1 << 16, flags)
        except BlockingIOError:
            return
        except ConnectionError:
            part = b""
        self._received += part
        self.is_open = bool(part)


class SensorBench:
    """Plays requests on the wires; between them time passes while the die streams.

    Parameters
    ----------
    info : JSON-able
        What ``info`` answers.
    """

    def __init__(self, dut, die: DieBench, host: I2cHost, channel: Channel, info: Any):
        self.dut, self.die, self.host, self.channel, self.info = dut, die, host, channel, info
        self._slice_ps = round(die.setup.config.line_time_s * PICOSECONDS)
        self._drain_ps = round(die.drain_s * PICOSECONDS)
        self._moves_until_ps = 0
        self._is_paused = False

    async def serve(self) -> None:
        """Until the channel ends."""
        self.channel.send(self._answer("ok"))
        while self.channel.is_open:
            if self.channel.is_waiting() or not self._moves():
                line = self.channel.receive()
                if line is not None:
                    self.channel.send(await self._served(line))
            else:
                await self._pass(self._slice_ps)
            flush_recordings()

    def _moves(self) -> bool:
        """Whether there is something that only time brings."""
        now_ps = self._now_ps()
        if set(self._state()) & set("sb"):
            self._moves_until_ps = now_ps + self._drain_ps
        return now_ps < self._moves_until_ps and not self._is_paused

    async def _served(self, line: str) -> Answer:
        try:
            return await self._done(parse_request(line))
        except RequestError as error:
            return self._answer("error", str(error))

    async def _done(self, request: Request) -> Answer:
        match request:
            case Transfer(messages):
                done = await self.host.transfer(messages)
                if done.refused:
                    return self._answer("nak", f"{done.refused[0]} {done.refused[1]}")
                return self._answer("ok", " ".join(f"0x{byte:02x}" for byte in done.data))
            case Wait(duration_ps):
                end_ps = self._now_ps() + duration_ps
                while (left_ps := end_ps - self._now_ps()) > 0 and self.channel.is_open:
                    await self._pass(min(left_ps, self._slice_ps))
                    flush_recordings()
                    self.channel.is_waiting()
            case Command("pulse"):
                for level in (1, 0):
                    self.dut.external_sync.value = level
                    await self._pass(round(PULSE_CYCLES * PICOSECONDS
                                           / self.die.setup.config.sync_clock_hz))
            case Command("info"):
                return self._answer("ok", json.dumps(self.info))
            case Command(word):
                self._is_paused = word == "pause"
        return self._answer("ok")

    def _answer(self, outcome: str, rest: str = "") -> Answer:
        return Answer(outcome=outcome, time_ps=self._now_ps(), state=self._state(), rest=rest)

    def _state(self) -> str:
        pins = {"s": self.dut.streaming, "b": self.dut.busy, "e": self.dut.error,
                "i": self.dut.interrupt_request}
        return "".join(letter for letter, pin in pins.items() if int(pin.value)) or "-"

    @staticmethod
    def _now_ps() -> int:
        return int(get_sim_time("step"))

    @staticmethod
    async def _pass(duration_ps: int) -> None:
        await Timer(duration_ps, "ps")


@cocotb.test()
async def serve(dut) -> None:
    """Power the die up, then do what the clients ask for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # is for the process that serves the clients
    setup, asked = Setup.load(run_directory()), parameters()
    channel = Channel(asked["channel"])
    dut.second_address.value = asked["second_address"]
    die = DieBench(dut, setup, keep_ramps=False)
    host = I2cHost(dut, asked["bus_hz"])
    await die.power_up()
    gc.freeze()
    await SensorBench(dut, die, host, channel, asked["info"]).serve()
