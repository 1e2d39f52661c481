# SPDX-License-Identifier: Apache-2.0
"""Starts a simulated board and keeps it running."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tapetum.config import DieConfig
from tapetum_sim.simulator import Clock, SimulationError, build
from tapetum_sim.simulator import run as run_simulator

from ..board_core import DOMAINS, PIXEL_DOMAIN
from ..link.uart import SHORTEST_BIT_CYCLES
from ..memory.sdram_chip import ULX3S_SDRAM
from ..picture.video_timing import VGA_60HZ
from .board_simulation import SCREEN, BoardSimulation

__all__ = ["simulated_board"]

_FOR_EVER = 1 << 60


@contextmanager
def simulated_board(config: DieConfig, folder: Path, *, fast: bool = True,
                    progress: Callable[[str], None] = lambda step: None) -> Iterator[Path]:
    """Yield the serial port of a board in simulation, which ends with the block.

    With ``fast`` a bit of the serial line takes `SHORTEST_BIT_CYCLES`, not as long as on a board.
    What a monitor gets is recorded in ``screen.window`` of the folder, see `read_screen`. The port
    is gone as soon as the simulator has ended, whatever ended it.

    Raises
    ------
    BuildError
        If the simulator could not be built.
    SimulationError
        If it did not run until then.
    """
    bits_per_second = config.sync_clock_hz / SHORTEST_BIT_CYCLES if fast else 3e6
    made = build(BoardSimulation(config, ULX3S_SDRAM, bits_per_second=bits_per_second),
                 domains=(*DOMAINS, PIXEL_DOMAIN), profile="frame", progress=progress)
    folder.mkdir(parents=True, exist_ok=True)
    port, alive = folder / "serial.port", folder / "alive"
    (folder / f"{SCREEN}.window").unlink(missing_ok=True)
    port.unlink(missing_ok=True)
    alive.touch()
    failures: list[Exception] = []

    def go() -> None:
        # The simulator inherits this: the file ends it, not what a terminal sends to both of us.
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        try:
            run_simulator(
                made, "tapetum_boards.simulation.bench", directory=folder,
                clocks=[Clock(domain="sync", frequency_hz=round(config.sync_clock_hz)),
                        Clock(domain="adc", frequency_hz=round(config.adc_clock_hz), phase_ps=311),
                        Clock(domain="byte", frequency_hz=round(config.csi2.byte_clock_hz),
                              phase_ps=97),
                        Clock(domain=PIXEL_DOMAIN, phase_ps=443,
                              frequency_hz=round(VGA_60HZ.pixel_clock_hz)),
                        Clock(domain="safety", frequency_hz=round(config.safety_clock_hz),
                              phase_ps=1009)],
                limit_cycles=_FOR_EVER,
                parameters={"alive": str(alive.absolute()), "caller": os.getpid()})
        except Exception as error:
            failures.append(error)
        finally:
            port.unlink(missing_ok=True)

    runner = threading.Thread(target=go, daemon=True)
    runner.start()
    try:
        while not port.is_symlink() and runner.is_alive():
            time.sleep(0.02)
        if not port.is_symlink():
            raise failures[0] if failures else SimulationError("the board ended at once")
        yield port
    finally:
        alive.unlink(missing_ok=True)
        runner.join()
    if failures:
        raise failures[0]
