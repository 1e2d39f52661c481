# SPDX-License-Identifier: Apache-2.0
"""``tapetum sim``."""

from pathlib import Path
from typing import Annotated

import typer

from ..frame.way import Way
from .options import ElectronsPerSecond, PresetName

__all__ = ["sim"]


def sim(
    preset: PresetName = "vga",
    scene: Annotated[str, typer.Option(
        metavar="NAME|FILE", help="tunnel, chart, flicker, or a scene-linear picture: OpenEXR, "
        "Radiance .hdr, 16-bit PNG or TIFF, .npy.")] = "tunnel",
    frames: Annotated[int, typer.Option(min=1, max=1000, help="Frames to take.")] = 1,
    seed: Annotated[int, typer.Option(help="Of all noise and defects.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for report, pictures and arrays.")]
        = Path("build/sim"),
    set_: Annotated[list[str] | None, typer.Option(
        "--set", metavar="REGISTER=VALUE", help="Write a register before streaming; may be "
        "repeated. `tapetum registers` lists them.")] = None,
    electrons_per_second: ElectronsPerSecond = None,
    temperature: Annotated[float, typer.Option(
        min=-60, max=150, help="Of the pixel die, in degrees Celsius.")] = 25.0,
    ideal: Annotated[bool, typer.Option(
        "--ideal", help="A pixel die without noise, spread and defects.")] = False,
    direct: Annotated[bool, typer.Option(
        "--direct", help="Load the columns' counts directly instead of simulating every ramp; "
        "the codes are the same, the simulation is faster.")] = False,
    program: Annotated[Path | None, typer.Option(
        help="A .tapetum file of `tapetum compile`: the network that judges the frames. By "
        "default the project's own, on a die that has an array.")] = None,
    judge: Annotated[bool, typer.Option(
        "--judge/--no-judge", help="Let the array say what it sees.")] = True,
    host: Annotated[Way, typer.Option(
        help="How the host sets the die up: on the bus inside, or through the SPI port.")]
        = Way.BUS,
    sync_pulse: Annotated[list[int] | None, typer.Option(
        metavar="CYCLE", min=0, help="Pulse the external sync pin so many pixel clocks after "
        "streaming began; may be repeated. For --set trigger_mode=1.")] = None,
    stall: Annotated[list[str] | None, typer.Option(
        metavar="FROM:TO", help="Hold the PHY between these pixel clocks; may be repeated.")]
        = None,
    waves: Annotated[bool, typer.Option(
        "--waves", help="Write waveforms with a viewer layout; slower.")] = False,
) -> None:
    """Run a scene through pixel die, converters, combination and link, and check every bit.

    Writes report.json, report.html, pictures, linear.npy, captures.npy and packets.bin. Exits
    with 1 if anything differs from the models, a frame is incomplete or the link had an error.

    Examples:

    [bold]tapetum sim[/bold]

    [bold]tapetum sim --preset tiny --scene chart --set image_orientation=3[/bold]

    [bold]tapetum sim --scene desk.exr --frames 3 --set csi_data_format=0x1818[/bold]

    [bold]tapetum sim --program network.tapetum --host spi[/bold]

    [bold]tapetum sim --preset tiny --stall 1900000:2600000[/bold]
    """
    from ..errors import UserError
    from ..frame.session import simulate
    from ..output import reserved
    from ..report.console import StageProgress, print_summary

    registers = _registers(set_ or [])
    stimuli = _stimuli(sync_pulse or [], stall or [])
    if registers.get("trigger_mode") and not sync_pulse:
        raise UserError("trigger_mode=1 waits for sync pulses and none is asked for: add "
                        "--sync-pulse 1000, once per frame.")
    with reserved(out), StageProgress() as progress:
        summary = simulate(
            preset=preset, scene=scene, frames=frames, seed=seed, out=out,
            registers=registers, stimuli=stimuli, electrons_per_second=electrons_per_second,
            temperature_celsius=temperature, ideal=ideal, direct=direct,
            waves=waves, program=program, way=host, judge=judge, progress=progress)
    print_summary(summary, out)
    link = summary["csi2"]
    if (summary["mismatches"] or summary["dropped_frames"] or not summary["pixels_compared"]
            or link["ecc_errors"] or link["crc_errors"] or link["frame_crc_errors"]
            or link["sequence_errors"]):
        raise typer.Exit(1)


def _stimuli(sync_pulses: list[int], stalls: list[str]):
    from ..errors import UserError
    from ..frame.setup import Action, Stimulus

    stimuli = [Stimulus(after_cycles=cycle, action=Action.SYNC_PULSE) for cycle in sync_pulses]
    for stall in stalls:
        begin, _, end = stall.partition(":")
        if not (begin.isdecimal() and end.isdecimal() and int(begin) < int(end)):
            raise UserError(f"--stall {stall!r} must be FROM:TO in pixel clocks, for example "
                            f"--stall 1900000:2600000.")
        stimuli += [Stimulus(after_cycles=int(begin), action=Action.STALL, value=1),
                    Stimulus(after_cycles=int(end), action=Action.STALL, value=0)]
    return tuple(stimuli)


def _registers(assignments: list[str]) -> dict[str, int]:
    from ..errors import UserError

    registers = {}
    for assignment in assignments:
        name, _, value = assignment.partition("=")
        try:
            registers[name.strip()] = int(value, 0)
        except ValueError:
            raise UserError(f"--set {assignment!r} must be REGISTER=VALUE with a whole number, "
                            f"for example --set capture_mask=3.") from None
    return registers
