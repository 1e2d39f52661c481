# SPDX-License-Identifier: Apache-2.0
"""Compiled networks, from the host's files into the die's array."""

import time
from collections.abc import Callable
from pathlib import Path

from tapetum.config import ConfigError
from tapetum.npu.program import Program
from tapetum.npu.program_image import program_image
from tapetum_compiler.backend.image import load_program
from tapetum_compiler.backend.regroup import regrouped
from tapetum_compiler.errors import CompileError
from tapetum_sim.errors import UserError
from tapetum_sim.frame.array_setup import array_registers, require_room
from tapetum_sim.models.golden_inference import signed_program

from ..link.board_bus import DIE_REGISTERS, PICTURE_TABLES
from ..link.packet_format import MAXIMUM_BYTES
from ..link.picture_access import TEXT
from ..picture.font import class_captions
from .board import Board

__all__ = ["read_network", "upload_network"]

_TRIES, _SENDINGS = 3, 20
"""Of the whole program, and of each of its packets."""
_LOAD_S = 60.0


def read_network(board: Board, path: Path) -> Program:
    """A program that `tapetum compile` wrote, for fewer cells if the board's array has fewer.

    Raises
    ------
    UserError
        If the file is none, or the board's array has no room for it or cannot feed it.
    """
    config = board.config
    if config.npu is None:
        raise UserError("the die on this board has no array; choose a board that has one.")
    try:
        program = load_program(path)
        if program.cells > config.npu.cells:
            program = signed_program(regrouped(program, config.npu.cells))
        array_registers(config, program)
    except (CompileError, ConfigError) as error:
        raise UserError(f"{path.name} cannot be used: {error}") from None
    require_room(config.npu, program)
    return program


def upload_network(board: Board, program: Program,
                   progress: Callable[[int, int], None] = lambda done, total: None) -> None:
    """Load a program into the array, have every frame judged, and name its classes on the monitor.

    The array keeps what it had until the whole program has arrived and its checksum is right.

    Raises
    ------
    UserError
        If it does not arrive whole, or the array refuses it.
    """
    image = program_image(program)
    for _ in range(_TRIES):
        board.write({"program_bank": 0, "program_control": 1})
        _send(board, image, progress)
        # Bytes are counted, not addressed: a packet that was sent twice arrived twice.
        if board.read("program_bytes") == len(image):
            break
    else:
        raise UserError("the program does not arrive whole; check the cable, and try again: the "
                        "array keeps the network that it had.")
    board.write({"program_control": 2})
    deadline = time.monotonic() + _LOAD_S
    while board.read("program_control") == 2:
        if time.monotonic() > deadline:
            raise UserError("the array does not take the program over; reset the die.")
    status = board.die_map.fields("program_status", board.read("program_status"))
    if status["refused"]:
        raise UserError("the array refused the program; compile it for this die "
                        f"({board.config.name}).")
    board.write(array_registers(board.config, program))
    names = program.class_names or [f"class {number}" for number in range(program.classes)]
    board.link.write(PICTURE_TABLES + TEXT, class_captions(names))


def _send(board: Board, image: bytes, progress: Callable[[int, int], None]) -> None:
    window = board.die_map.windows["program"]
    for first in range(0, len(image), MAXIMUM_BYTES):
        part = image[first:first + MAXIMUM_BYTES]
        for _ in range(_SENDINGS):
            # Without an answer the packet may have been lost, or only the answer.
            if board.link.offer(DIE_REGISTERS + window.address, part) \
                    or board.read("program_bytes") != first:
                break
        progress(first + len(part), len(image))
