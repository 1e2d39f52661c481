# SPDX-License-Identifier: Apache-2.0
"""A board by the names of its registers."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from tapetum.config import DieConfig
from tapetum.registers.definition import Register
from tapetum_sim.errors import UserError
from tapetum_sim.host import RegisterError, RegisterMap

from ..link.board_bus import BOARD_REGISTERS, DIE_REGISTERS, MEMORY
from ..memory.memory_port import BURST_BYTES
from ..registers.table import IDENTIFICATION, board_registers
from .packets import without_padding
from .serial_link import SerialLink

__all__ = ["Board"]

class Board:
    """What `tapetum board` and tests do with a board, real or simulated.

    Parameters
    ----------
    link : SerialLink
    config : DieConfig
        What the board was built for; that its die has no array it tells itself.
    reset_s : float
        How long a restart of the die may take: long in simulation.

    Members
    -------
    own_registers : dict of Register
        Those of the board, by name; the others are the die's.

    Raises
    ------
    UserError
        If something else answers than this board.
    """

    def __init__(self, link: SerialLink, config: DieConfig, *, reset_s: float = 120.0):
        self._reset_s = reset_s
        self.link, self.config = link, config
        self.die_map = RegisterMap(config)
        self.own_registers = {register.name: register for register in board_registers(config)}
        found, size = self.get("identification"), self.get("array_size")
        wanted = config.array.columns << 16 | config.array.rows
        if found != IDENTIFICATION or size != wanted:
            raise UserError(f"this board is built for {size >> 16}x{size & 0xFFFF} pixels, not for "
                            f"{config.array.columns}x{config.array.rows}; choose its preset with "
                            f"--preset.")
        # Registers of a room that is not there read as zero.
        if config.npu is not None and not self.read("vision_reciprocal"):
            self.config = replace(config, npu=None)
            self.die_map = RegisterMap(self.config)

    # Registers of the board ----------------------------------------------------------------------

    def get(self, name: str) -> int:
        register = self._register(name)
        data = self.link.read(BOARD_REGISTERS + register.address, register.width_bytes)
        return int.from_bytes(data, "big")

    def set(self, **values: int) -> None:
        for name, value in values.items():
            self.link.write(*self._write_of(name, value))

    def _write_of(self, name: str, value: int) -> tuple[int, bytes]:
        """Address and bytes."""
        register = self._register(name)
        if not register.is_writable or value & ~register.mask:
            raise UserError(f"register {name} of the board takes "
                            + (f"0 to {register.mask}, not {value}." if register.is_writable
                               else "no value: it can only be read."))
        return (BOARD_REGISTERS + register.address,
                value.to_bytes(register.width_bytes, "big"))

    def _register(self, name: str) -> Register:
        if name not in self.own_registers:
            raise UserError(f"the board has no register {name!r}; it has "
                            f"{', '.join(self.own_registers)}.")
        return self.own_registers[name]

    # Registers of the die ------------------------------------------------------------------------

    def read(self, name: str) -> int:
        addresses = self.die_map.read(name)
        return self.die_map.decode(name, self.link.read(
            DIE_REGISTERS + addresses[0], len(addresses)))

    def write(self, values: Mapping[str, int]) -> None:
        for first, data in _runs(self.die_map.write(values)):
            self.link.write(DIE_REGISTERS + first, data)

    def reset_die(self) -> None:
        """All of the die as after power-up, and its tests done."""
        self.set(die_restart=1)
        deadline = time.monotonic() + self._reset_s
        for name in ("software_reset", "bond_test", "safety_self_test"):
            while self.read(name) & 1:
                if time.monotonic() > deadline:
                    raise UserError(f"the die does not end its reset ({name} stays set); load the "
                                    f"bitstream again.")

    # Registers of either, as a user names them ---------------------------------------------------

    def value(self, name: str) -> int:
        """Of the board's register, or of the die's."""
        if name in self.own_registers:
            return self.get(name)
        try:
            return self.read(name)
        except RegisterError as error:
            raise UserError(str(error)) from None

    def apply(self, pairs: Iterable[tuple[str, int]]) -> None:
        """Write registers of both in this order, or none if one cannot be written."""
        writes: list[tuple[int, bytes]] = []
        try:
            for name, value in pairs:
                if name in self.own_registers:
                    writes.append(self._write_of(name, value))
                else:
                    writes += [(DIE_REGISTERS + first, data)
                               for first, data in _runs(self.die_map.write({name: value}))]
        except RegisterError as error:
            raise UserError(str(error)) from None
        for address, data in writes:
            self.link.write(address, data)

    # Frames --------------------------------------------------------------------------------------

    def capture(self, progress: Callable[[int, int], None] = lambda done, total: None,
                wait_s: float = 5.0) -> bytes:
        """All packets of the next whole frame."""
        self.set(capture_start=1)
        return self.captured(progress, wait_s)

    def captured(self, progress: Callable[[int, int], None] = lambda done, total: None,
                 wait_s: float = 5.0) -> bytes:
        """Those of a capture that was started before."""
        deadline = time.monotonic() + wait_s
        while self.get("capture_start"):
            if time.monotonic() > deadline:
                raise UserError("no frame came; is the die streaming (mode_select = 1)?")
        if self.get("capture_lost"):
            raise UserError("the memory was too slow for this frame; capture another.")
        count, place = self.get("capture_bytes"), self.get("capture_place")
        whole = -(-count // BURST_BYTES) * BURST_BYTES
        kept = self.link.read(MEMORY + place, whole, lambda done: progress(done, whole))
        return without_padding(kept[:count])


def _runs(accesses: list[tuple[int, int]]) -> list[tuple[int, bytes]]:
    """Bytes at addresses that follow each other, together."""
    runs: list[tuple[int, bytearray]] = []
    for address, byte in accesses:
        if runs and address == runs[-1][0] + len(runs[-1][1]):
            runs[-1][1].append(byte)
        else:
            runs.append((address, bytearray([byte])))
    return [(first, bytes(data)) for first, data in runs]
