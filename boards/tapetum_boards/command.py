# SPDX-License-Identifier: Apache-2.0
"""``tapetum board``."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tapetum_sim.output import check_folder

from .build.command import build, flash
from .whole_die import SIMULATED_PRESET

if TYPE_CHECKING:
    from .host.board import Board

__all__ = ["board"]

board = typer.Typer(no_args_is_help=True, rich_markup_mode="rich",
                    help="Build a board and speak with it: registers, frames, self-test; or "
                         "simulate one.")
board.command()(build)
board.command()(flash)

Port = Annotated[str | None, typer.Option(
    "--port", "-p", help="Serial port; by default that of the one board on USB.")]


@contextmanager
def _open(port: str | None) -> "Iterator[Board]":
    from .host.board import Board
    from .host.find_port import find_port
    from .host.serial_link import SerialLink

    link = SerialLink(find_port(port), answer_s=5.0)
    try:
        yield Board(link)
    finally:
        link.close()


@board.command()
def simulate(preset: Annotated[str, typer.Option(
                 "--preset", help="What the board is built for; others take longer.")]
             = SIMULATED_PRESET,
             out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the run.")]
             = Path("build/board")) -> None:
    """Run a board in Verilator behind a pseudo-terminal, until Ctrl-C or SIGTERM.

    What it says on its serial port is what hardware would say, only slower. What it shows on its
    monitor is in screen.png, a frame after the other.

    Examples:

    [bold]tapetum board simulate &[/bold]

    [bold]tapetum board test --port build/board/serial.port[/bold]
    """
    from rich.console import Console

    from .configurations import check_preset, with_board_timing
    from .simulation.session import run_until_told

    check_preset(preset)
    console = Console(stderr=True)
    run_until_told(with_board_timing(preset), out,
                   lambda text: console.print(text, highlight=False, markup=False))


@board.command()
def get(names: Annotated[list[str], typer.Argument(help="Registers of the board or of the die.")],
        port: Port = None) -> None:
    """Show registers.

    Example: [bold]tapetum board get scene fault_status[/bold]
    """
    with _open(port) as device:
        values = [device.value(name) for name in names]
    for name, value in zip(names, values, strict=True):
        typer.echo(f"{name} = {value}")


@board.command("set")
def set_registers(
        values: Annotated[list[str], typer.Argument(metavar="NAME=VALUE...")],
        port: Port = None) -> None:
    """Write registers, in the order given, or none if one of them cannot be written.

    Those of the die that are to apply to the same frame belong between grouped_parameter_hold=1
    and grouped_parameter_hold=0.

    Example: [bold]tapetum board set scene=1 mode_select=1[/bold]
    """
    from tapetum_sim.errors import UserError

    pairs = []
    for text in values:
        name, _, number = text.partition("=")
        try:
            pairs.append((name, int(number, 0)))
        except ValueError:
            raise UserError(f"{text!r} is no NAME=VALUE with a whole number.") from None
    with _open(port) as device:
        device.apply(pairs)


@board.command()
def capture(out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")]
            = Path("build/board/capture"),
            port: Port = None) -> None:
    """Keep the next frame: packets.bin, frame.npy (what the link carried) and frame.png.

    Example: [bold]tapetum board capture --out build/frame[/bold]
    """
    import numpy as np
    from PIL import Image
    from rich.progress import Progress

    from .host.packets import first_frame

    check_folder(out)
    with _open(port) as device, Progress() as progress:
        task = progress.add_task("fetching the frame", total=None)
        packets = device.capture(
            lambda done, total: progress.update(task, completed=done, total=total), wait_s=120)
    (out / "packets.bin").write_bytes(packets)
    frame = first_frame(packets)
    np.save(out / "frame.npy", frame.pixels)
    levels = frame.pixels.astype(float) / ((1 << frame.bits) - 1) * 255
    Image.fromarray(levels.astype(np.uint8)).save(out / "frame.png")
    typer.echo(f"frame {frame.number}: {frame.pixels.shape[1]}x{frame.pixels.shape[0]}, "
               f"{frame.bits} bits, in {out}")


@board.command()
def scene(what: Annotated[str, typer.Argument(metavar="SCENE", help="Name or picture file.")],
          port: Port = None) -> None:
    """Upload a scene for the pixel die, and show it: tunnel, chart, flicker, or a picture.

    What is lost on the way is sent again; settings stay as they are.

    Example: [bold]tapetum board scene tunnel[/bold]
    """
    from rich.progress import Progress

    from .host.scene_upload import scene_words, upload_scene

    with _open(port) as device, Progress() as progress:
        words = scene_words(device.config, what)
        task = progress.add_task("uploading the scene", total=None)
        upload_scene(device, words,
                     lambda done, total: progress.update(task, completed=done, total=total))


@board.command()
def network(program: Annotated[Path, typer.Argument(help="File that `tapetum compile` wrote.",
                                                    exists=True, dir_okay=False)],
            port: Port = None) -> None:
    """Upload a compiled network; from then on every frame has a verdict.

    One that was compiled for more cells than the board's array has is made one for fewer.

    Example: [bold]tapetum board network build/model.tapetum[/bold]
    """
    from rich.progress import Progress

    from .host.network_upload import read_network, upload_network

    with _open(port) as device, Progress() as progress:
        compiled = read_network(device, program)
        task = progress.add_task("uploading the network", total=None)
        upload_network(device, compiled,
                       lambda done, total: progress.update(task, completed=done, total=total))


@board.command()
def stats(port: Port = None,
          once: Annotated[bool, typer.Option("--once", help="Show them and end.")] = False
          ) -> None:
    """Show live statistics: histograms, defects, flicker, temperature, verdict, faults.

    Example: [bold]tapetum board stats[/bold]
    """
    import time

    from rich.console import Console
    from rich.live import Live

    from .host.statistics import read_statistics, show_statistics

    with _open(port) as device:
        if once:
            Console().print(show_statistics(device, read_statistics(device)))
            return
        with Live(show_statistics(device, read_statistics(device))) as live:
            try:
                while True:
                    time.sleep(0.2)
                    live.update(show_statistics(device, read_statistics(device)))
            except KeyboardInterrupt:
                return


@board.command()
def analogue(out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")]
             = Path("build/board/analogue"),
             points: Annotated[int, typer.Option("--points", help="Voltages of the sweep.")] = 200,
             port: Port = None) -> None:
    """Sweep the analogue column's test voltage, calibrate, and report INL and DNL.

    Example: [bold]tapetum board analogue --points 400[/bold]
    """
    import numpy as np
    from rich.progress import Progress

    from .host.analogue_report import measure

    check_folder(out)
    with _open(port) as device, Progress() as progress:
        task = progress.add_task("sweeping the test voltage", total=points)
        report = measure(device, points,
                         lambda done, total: progress.update(task, completed=done, total=total))
    np.savetxt(out / "analogue.csv", np.stack([
        report.levels, report.codes, report.inl_lsb, np.append(report.dnl_lsb, np.nan)], axis=1),
        header="level,code,inl_lsb,dnl_lsb", delimiter=",", comments="", fmt="%.6g")
    typer.echo(f"time constant {report.time_constant_codes:.0f} codes; INL "
               f"{abs(report.inl_lsb).max():.2f} LSB, DNL {abs(report.dnl_lsb).max():.2f} LSB, "
               f"{report.resolution_bits:.1f} bits; {out / 'analogue.csv'}")


@board.command("test")
def self_test(what: Annotated[str | None, typer.Option(
                  "--scene", help="Upload this one first; default: the step chart.")] = None,
              port: Port = None) -> None:
    """Hold the first frame after a reset against the models, bit for bit.

    Exit code 1 if anything differs. Example: [bold]tapetum board test --scene tunnel[/bold]
    """
    from .host.scene_upload import scene_words
    from .host.self_test import run_self_test

    with _open(port) as device:
        words = None if what is None else scene_words(device.config, what)
        outcome = run_self_test(device, words=words, wait_s=600,
                                say=lambda text: typer.echo(text, err=True))
    typer.echo(f"frame {outcome.frame}: {outcome.different_pixels} of {outcome.pixels_compared} "
               f"pixels and {outcome.different_bytes} of {outcome.bytes_compared} bytes differ")
    raise typer.Exit(0 if outcome.passed else 1)


@board.command()
def rows(name: Annotated[str, typer.Argument(help="icebreaker, ulx3s_25f or icepi_zero.")]
         = "icebreaker",
         out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")]
         = Path("build/board/rows"),
         port: Port = None) -> None:
    """Keep the next frame of a row camera: frame.npy (all rows and columns) and frame.png.

    Example: [bold]tapetum board rows icebreaker[/bold]
    """
    import numpy as np
    from PIL import Image
    from rich.progress import Progress

    from .host.find_port import find_port
    from .host.row_camera import receive_frame
    from .platforms.catalogue import board_named

    config = board_named(name).configuration()
    check_folder(out)
    with Progress() as progress:
        task = progress.add_task("waiting for a frame", total=1.0)
        frame = receive_frame(find_port(port), config, wait_s=10,
                              progress=lambda share: progress.update(task, completed=share))
    np.save(out / "frame.npy", frame)
    Image.fromarray(frame).save(out / "frame.png")
    typer.echo(f"{frame.shape[1]}x{frame.shape[0]}, 8 bits, in {out}")
