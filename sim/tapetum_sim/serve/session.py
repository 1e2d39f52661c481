# SPDX-License-Identifier: Apache-2.0
"""From what a user asks for to a virtual sensor that serves until it is told to stop."""

import asyncio
import signal
import socket
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tapetum.config import DieConfig

from ..client.protocol import PICOSECONDS
from ..client.sensor import FRAME_SOCKET, I2C_SOCKET
from ..errors import UserError
from ..frame.build import build_simulator
from ..frame.run import clocks
from ..frame.setup import Setup
from ..output import check_folder
from ..pixel_die import PixelDie, PixelDieParameters
from ..scenes import load_scene
from ..simulator import BuildError, SimulationError, run
from .files import FrameFiles
from .link import LinkReceiver
from .outbox import Outbox
from .server import SensorServer, Served

__all__ = ["serve"]

BENCH = "tapetum_sim.serve.bench"
DEVICES = (0x10, 0x37)
SOCKET_PATH_BYTES = 104
"""What a socket's path may have, its end included, on the systems that allow least."""
ENDLESS_CYCLES = 1 << 62
REFRESH_S = 0.5

Progress = Callable[[str, float, float], None]


def serve(*, config: DieConfig, scene: str, seed: int, out: Path, bus_hz: int = 400_000,
          second_address: bool = False, depth: int = 2, drop: bool = False, save: bool = False,
          electrons_per_second: float | None = None, temperature_celsius: float = 25.0,
          ideal: bool = False, direct: bool = False, say: Callable[[str], None] = print,
          progress: Progress = lambda text, done, total: None) -> Served:
    """Serve until SIGINT or SIGTERM; return what happened.

    Raises
    ------
    UserError
        A scene or a folder that cannot be used, another server in it, or a simulation that failed.
    """
    check_folder(out)
    sockets = [_claim(out / name) for name in (I2C_SOCKET, FRAME_SOCKET)]
    progress("preparing the scene", 0, 0)
    light = load_scene(config, scene, electrons_per_second=electrons_per_second)
    pixel_die = PixelDie(
        config, light, PixelDieParameters.ideal() if ideal else PixelDieParameters(), seed=seed,
        temperature_celsius=temperature_celsius)
    device = DEVICES[second_address]
    info = _info(config, device=device, bus_hz=bus_hz, scene=scene, seed=seed, direct=direct,
                 second_address=second_address, temperature_celsius=temperature_celsius)
    try:
        simulator = build_simulator(config, direct=direct,
                                    progress=lambda step: progress(step, 0, 0))
        with tempfile.TemporaryDirectory(prefix="tapetum-") as near:
            directory, channel = out / "run", Path(near, "bench.sock")
            Setup(config=config, pixel_die=pixel_die).save(directory)
            packets = directory / "packets.beats"
            packets.unlink(missing_ok=True)
            server = SensorServer(
                channel=channel, packets=packets, i2c_socket=sockets[0], frame_socket=sockets[1],
                link=LinkReceiver(config), outbox=Outbox(depth, drop=drop, kept=save),
                write=FrameFiles(out / "frames").write if save else None)

            def simulate() -> None:
                run(simulator, BENCH, directory=directory, clocks=clocks(config),
                    limit_cycles=ENDLESS_CYCLES, limit_domain="sync", record=["packets"],
                    parameters={"channel": str(channel), "bus_hz": bus_hz, "info": info,
                                "second_address": int(second_address)})

            def ready() -> None:
                say(f"device 0x{device:02x} at {sockets[0]}, frames at {sockets[1]}; "
                    "Ctrl-C ends it.")

            progress("waking the die", 0, 0)
            asyncio.run(_until_told(server, simulate, ready, progress))
            packets.unlink(missing_ok=True)
    except (BuildError, SimulationError) as error:
        log = out / "failure.log"
        log.write_text(str(error) + "\n", encoding="utf-8")
        raise UserError(f"the simulation did not go well: {str(error).splitlines()[0]} "
                        f"(details: {log}).") from None
    except OSError as error:
        raise UserError(f"frames cannot be written to {out} ({error.strerror}); make room, or "
                        f"choose another folder with --out.") from None
    return server.served


async def _until_told(server: SensorServer, simulate: Callable[[], None],
                      ready: Callable[[], None], progress: Progress) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    showing = asyncio.create_task(_show(server.served, progress))
    try:
        await server.run(simulate, stop, ready)
    finally:
        showing.cancel()


async def _show(served: Served, progress: Progress) -> None:
    while True:
        await asyncio.sleep(REFRESH_S)
        if served.time_ps:
            waits = ", waits for a reader" if served.waits_for_reader else ""
            progress(f"serving: {served.time_ps / PICOSECONDS:.4f} s simulated, "
                     f"{served.requests} requests, {served.frames} frames, "
                     f"{served.clients} clients{waits}", 0, 0)


def _claim(path: Path) -> Path:
    """A path for a socket: short enough, and nobody is there; what a dead server left goes."""
    if len(str(path).encode()) >= SOCKET_PATH_BYTES:
        raise UserError(f"the path of a socket has less than {SOCKET_PATH_BYTES} bytes, and {path} "
                        f"is longer; choose a shorter folder with --out.")
    if not path.is_socket():
        if path.exists():
            raise UserError(f"{path} is there and is no socket; choose another folder with --out.")
        return path
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            path.unlink(missing_ok=True)
            return path
    raise UserError(f"another virtual sensor serves {path}; end it, or choose another folder with "
                    f"--out.")


def _info(config: DieConfig, **options: Any) -> Mapping[str, Any]:
    array = config.array
    return {
        "protocol": 1, "preset": config.name, "rows": array.rows, "columns": array.columns,
        "colour_filter": array.colour_filter.value, "lanes": config.csi2.byte_lanes,
        "sync_clock_hz": config.sync_clock_hz, "byte_clock_hz": config.csi2.byte_clock_hz,
        "line_time_s": config.line_time_s, "frame_time_s": config.frame_time_s, **options}
