# SPDX-License-Identifier: Apache-2.0
"""The cocotb bench of the whole die: host, pixel die and world, entered once per ramp."""

import gc
import time

import cocotb
import numpy as np
from amaranth.lib import data
from cocotb.triggers import FallingEdge, RisingEdge, Timer

from tapetum.pixel import RampKind

from ..host import RegisterMap
from ..simulator import post, publish, report_progress, run_directory
from .direct_adc import TRIP_CODES
from .exposure_meter import TripRequest
from .host_bus import HostBus
from .setup import Action, Setup

__all__ = ["DieBench", "frames"]

DRAIN_LINES = 12
"""Lines after the last read in which rows still pass correction, combination and the link."""

DRAIN_LONG_LINES, DRAIN_S = 3, 300e-6
"""Of lines so long that rows do not queue: three hold rows back, then array and link end."""

SETTINGS_PENDING = 0b10
"""Bit of `settings_status`."""


class DieBench:
    """Drives the top level of a simulated die.

    Members
    -------
    requests : list of int
        Every ramp that was served, as the bits of a `TripRequest`.
    trips : list of uint16 arrays
        The trip codes that it was served with.
    """

    def __init__(self, dut, setup: Setup):
        self.dut, self.setup = dut, setup
        self.requests: list[int] = []
        self.trips: list[np.ndarray] = []
        self.pixel_die_s = 0.0
        self._cycle_ps = 1e12 / setup.config.sync_clock_hz
        self._bus = HostBus(dut, self._cycle_ps)
        self._registers = RegisterMap(setup.config)
        self._start = self._registers.write({"mode_select": 1})
        self._stop = self._registers.write({"mode_select": 0})
        self._planes = np.arange(setup.config.adc.bits + 1)[:, None]

    async def read(self, name: str) -> int:
        """Read a register."""
        content = await self._bus.read(self._registers.read(name))
        return self._registers.decode(name, content)

    async def settled(self, name: str) -> None:
        """Poll a register until it reads as zero."""
        while await self.read(name):
            pass

    async def set_up(self) -> None:
        """What every host does first: wait until the die has woken, write settings."""
        await self.settled("software_reset")
        await self.settled("bond_test")
        await self._bus.write(self.setup.writes)
        await self.settled("companding_load")
        if self.setup.config.npu:
            await self.settled("program_control")
        while await self.read("settings_status") & SETTINGS_PENDING:
            pass

    async def serve_ramps(self) -> None:
        """Answer every ramp with the trip codes of its row."""
        while True:
            await self.dut.request_toggle.value_change
            raw = int(self.dut.request.value)
            started = time.perf_counter()
            trips = self._trip_codes(data.Const(TripRequest.as_shape(), raw))
            bits = ((trips >> self._planes) & 1).astype(np.uint8)
            post(TRIP_CODES, np.packbits(bits.reshape(-1), bitorder="little"))
            self.requests.append(raw)
            self.trips.append(trips.astype(np.uint16))
            self.pixel_die_s += time.perf_counter() - started

    def _trip_codes(self, request) -> np.ndarray:
        tag, row = request.command.tag, request.physical_row
        if request.command.kind == RampKind.RESET:
            return self.setup.pixel_die.reset_trip_codes(tag.frame, row, tag.capture)
        clock_hz = self.setup.config.sync_clock_hz
        return self.setup.pixel_die.signal_trip_codes(
            tag.frame, row, tag.capture, request.exposure_start_cycles / clock_hz,
            request.exposure_end_cycles / clock_hz)

    async def show_progress(self) -> None:
        """Tell how many of the expected lines have passed."""
        config = self.setup.config
        lines = (self.setup.frames + 1) * config.timing.frame_length_lines
        for line in range(0, lines, max(1, lines // 50)):
            report_progress(line, lines, f"{len(self.requests)} ramps converted")
            await Timer(max(1, lines // 50) * config.line_time_s, "sec", round_mode="round")

    async def play_stimuli(self) -> None:
        """Do at its time what the setup asks for."""
        elapsed = 0
        for stimulus in sorted(self.setup.stimuli, key=lambda s: s.after_cycles):
            if stimulus.after_cycles > elapsed:
                await Timer(round((stimulus.after_cycles - elapsed) * self._cycle_ps), "ps")
                elapsed = stimulus.after_cycles
                # The timer ends just before a clock edge, which must not be taken for the next one.
                await RisingEdge(self.dut.clk)
            match stimulus.action:
                case Action.WRITE:
                    await self._bus.write(stimulus.writes)
                case Action.SYNC_PULSE:
                    self.dut.external_sync.value = 1
                    await Timer(round(8 * self._cycle_ps), "ps")
                    self.dut.external_sync.value = 0
                case Action.STALL:
                    self.dut.phy_stall.value = stimulus.value
                case Action.STOP:
                    await self._bus.write(self._stop)

    async def stream(self) -> None:
        """Begin streaming, let the die plan all frames, end, and wait until all has left."""
        await self._bus.write(self._start)
        cocotb.start_soon(self.play_stimuli())
        for _ in range(self.setup.frames):
            await self.dut.adopted.value_change
        await self._bus.write(self._stop)
        if int(self.dut.busy.value):
            await FallingEdge(self.dut.busy)
        line_s = self.setup.config.line_time_s
        drain_s = min(DRAIN_LINES * line_s, DRAIN_LONG_LINES * line_s + DRAIN_S)
        await Timer(round(drain_s * 1e12), "ps")


@cocotb.test()
async def frames(dut) -> None:
    """Run the setup that lies in the run's folder."""
    gc.disable()  # a run makes a few long lists and no cycles
    setup = Setup.load(run_directory())
    bench = DieBench(dut, setup)
    for pin in (dut.external_sync, dut.phy_stall, dut.reset_request):
        pin.value = 0
    await FallingEdge(dut.rst)
    cocotb.start_soon(bench.serve_ramps())
    await bench.set_up()
    cocotb.start_soon(bench.show_progress())
    await bench.stream()
    columns = setup.config.array.total_columns
    np.save(run_directory() / "trips.npy",
            np.array(bench.trips, np.uint16).reshape(-1, columns))
    words = -(-TripRequest.as_shape().size // 32)
    raw = b"".join(request.to_bytes(4 * words, "little") for request in bench.requests)
    np.save(run_directory() / "requests.npy", np.frombuffer(raw, "<u4").reshape(-1, words))
    publish(pixel_die_s=bench.pixel_die_s, faults=int(dut.faults.value),
            busy=bool(int(dut.busy.value)), interrupt=bool(int(dut.interrupt_request.value)))
