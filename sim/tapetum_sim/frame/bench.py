# SPDX-License-Identifier: Apache-2.0
"""The cocotb bench of the whole die: host, pixel die and world, entered once per ramp."""

import gc

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge, Timer

from ..host import RegisterMap
from ..simulator import publish, report_progress, run_directory
from .host_bus import HostBus
from .ramps import RampServer
from .setup import Action, Setup
from .spi_bus import SpiBus
from .way import Way

__all__ = ["DieBench", "frames"]

DRAIN_LINES = 12
"""Lines after the last read in which rows still pass correction, combination and the link."""

DRAIN_LONG_LINES, DRAIN_S = 3, 300e-6
"""Of lines so long that rows do not queue: three hold rows back, then array and link end."""

SELF_TEST_DONE = 0b10
"""Bit of `safety_self_test`."""
SETTINGS_PENDING = 0b10
"""Bit of `settings_status`."""


class DieBench:
    """Drives the top level of a simulated die.

    Parameters
    ----------
    keep_ramps : bool
        See `RampServer`.

    Members
    -------
    ramps : RampServer
    drain_s : float
        How long what was read takes to leave the die.
    """

    def __init__(self, dut, setup: Setup, *, keep_ramps: bool = True):
        self.dut, self.setup = dut, setup
        self.ramps = RampServer(dut, setup.config, setup.pixel_die, keep=keep_ramps)
        line_s = setup.config.line_time_s
        self.drain_s = min(DRAIN_LINES * line_s, DRAIN_LONG_LINES * line_s + DRAIN_S)
        self._cycle_ps = 1e12 / setup.config.sync_clock_hz
        dut.spi_post.value = 0
        self._inside = HostBus(dut, self._cycle_ps)
        self._bus = SpiBus(dut) if setup.way is Way.SPI else self._inside
        self._registers = RegisterMap(setup.config)
        self._start = self._registers.write({"mode_select": 1})
        self._stop = self._registers.write({"mode_select": 0})

    async def read(self, name: str) -> int:
        """Read a register."""
        content = await self._bus.read(self._registers.read(name))
        return self._registers.decode(name, content)

    async def settled(self, name: str) -> None:
        """Poll a register until it reads as zero."""
        while await self.read(name):
            pass

    async def power_up(self) -> None:
        """Answer ramps from now on, and wait until the die has woken."""
        for pin in (self.dut.external_sync, self.dut.phy_stall, self.dut.reset_request):
            pin.value = 0
        self.ramps.warm(0)
        await FallingEdge(self.dut.rst)
        cocotb.start_soon(self.ramps.serve())
        await self.settled("software_reset")
        await self.settled("bond_test")

    async def set_up(self) -> None:
        """What every host does first: write settings, and wait until the die has them."""
        await self._bus.write(self.setup.writes)
        await self.settled("companding_load")
        if self.setup.config.npu:
            await self.settled("program_control")
        # The stream would wait for it; so it begins when it is asked to.
        while not await self.read("safety_self_test") & SELF_TEST_DONE:
            pass
        while await self.read("settings_status") & SETTINGS_PENDING:
            pass

    async def show_progress(self) -> None:
        """Tell how many of the expected lines have passed."""
        config = self.setup.config
        lines = (self.setup.frames + 1) * config.timing.frame_length_lines
        for line in range(0, lines, max(1, lines // 50)):
            report_progress(line, lines, f"{self.ramps.served} ramps converted")
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
                    await self._inside.write(stimulus.writes)
                case Action.SYNC_PULSE:
                    self.dut.external_sync.value = 1
                    await Timer(round(8 * self._cycle_ps), "ps")
                    self.dut.external_sync.value = 0
                case Action.STALL:
                    self.dut.phy_stall.value = stimulus.value
                case Action.STOP:
                    await self._inside.write(self._stop)

    async def stream(self) -> None:
        """Begin streaming, let the die plan all frames, end, and wait until all has left."""
        await self._inside.write(self._start)
        cocotb.start_soon(self.play_stimuli())
        for _ in range(self.setup.frames):
            await self.dut.adopted.value_change
        await self._inside.write(self._stop)
        if int(self.dut.busy.value):
            await FallingEdge(self.dut.busy)
        await Timer(round(self.drain_s * 1e12), "ps")


@cocotb.test()
async def frames(dut) -> None:
    """Run the setup that lies in the run's folder."""
    gc.disable()  # a run makes a few long lists and no cycles
    setup = Setup.load(run_directory())
    bench = DieBench(dut, setup)
    await bench.power_up()
    await bench.set_up()
    cocotb.start_soon(bench.show_progress())
    await bench.stream()
    bench.ramps.save(run_directory())
    publish(pixel_die_s=bench.ramps.pixel_die_s, faults=int(dut.faults.value),
            busy=bool(int(dut.busy.value)), interrupt=bool(int(dut.interrupt_request.value)))
