# SPDX-License-Identifier: Apache-2.0
"""``tapetum replay``."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["replay"]


def replay(
    folder: Annotated[Path, typer.Argument(help="Folder of a running `tapetum serve`.")]
        = Path("build/serve"),
    frames: Annotated[int, typer.Option(min=1, max=1000, help="Frames to receive.")] = 1,
    lanes: Annotated[int | None, typer.Option(
        min=1, max=4, help="Of the board; by default those of the die.")] = None,
    data_format: Annotated[str | None, typer.Option(
        metavar="CODE", help="As CCS has it, for example 0x0c0c for RAW12; by default the widest "
        "for which the driver finds clocks.")] = None,
    exposure: Annotated[int | None, typer.Option(
        min=0, help="In lines; by default as long as the frame allows.")] = None,
) -> None:
    """Play the stock Linux driver's probe and stream sequence on a virtual sensor.

    Each transaction that the mainline `ccs` driver makes, in its order, over the wires of the die
    that `tapetum serve` simulates. Exits with 1 where the driver would have given up.

    Examples:

    [bold]tapetum replay[/bold]

    [bold]tapetum replay /tmp/sensor --frames 3 --data-format 0x0a0a[/bold]
    """
    from ..ccs import DriverSetup, NakError, StreamSetup
    from ..ccs.probe import ProbeError
    from ..client import RefusedError, VirtualSensor
    from ..errors import UserError
    from ..report.console import StageProgress
    from ..serve.replay import replay as replay_on

    try:
        code = None if data_format is None else int(data_format, 0)
    except ValueError:
        raise UserError(f"--data-format {data_format!r} must be a number, for example 0x0c0c."
                        ) from None
    try:
        virtual = VirtualSensor(folder)
    except OSError:
        raise UserError(f"nobody serves a virtual sensor in {folder}; start `tapetum serve --out "
                        f"{folder}` first.") from None
    with virtual, StageProgress() as progress:
        try:
            info = virtual.bus.info()
            setup = DriverSetup(lanes=info["lanes"] if lanes is None else lanes)
            done = replay_on(virtual, setup, StreamSetup(data_format=code, exposure_lines=exposure),
                             frames=frames, progress=progress)
        except (NakError, ProbeError) as error:
            typer.echo(f"tapetum: the driver gives up: {error}", err=True)
            raise typer.Exit(1) from None
        except (ConnectionError, RefusedError) as error:
            raise UserError(f"the virtual sensor in {folder} did not go on ({error}); start it "
                            f"anew.") from None
        except KeyError:
            raise UserError(f"the driver has no clocks for the data format {data_format}; it has "
                            f"for others, leave --data-format out.") from None
    typer.echo(f"{done.sensor.name}: {done.sensor.columns}x{done.sensor.rows}, probed in "
               f"{done.probe_transactions} transactions, {done.probe_ps / 1e9:.1f} ms of bus time "
               f"at {info['bus_hz']} Hz, no NAK")
    for code, (link_hz, clocks) in done.sensor.formats.items():
        typer.echo(f"format 0x{code:04x}: link {link_hz / 1e6:g} MHz, pixels "
                   f"{clocks.pixel_hz / 1e6:g} MHz")
    for frame in done.frames:
        rows, columns = frame.pixels.shape
        typer.echo(f"frame {frame.number}: {columns}x{rows} RAW{frame.bits}, "
                   f"{len(frame.errors)} errors")
    if any(frame.errors or frame.bits == 0 for frame in done.frames):
        raise typer.Exit(1)
