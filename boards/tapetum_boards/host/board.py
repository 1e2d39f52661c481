# SPDX-License-Identifier: Apache-2.0
"""A board by the names of its registers."""

import time
from collections.abc import Callable, Iterable, Mapping

from tapetum.registers.definition import Register
from tapetum_sim.errors import UserError
from tapetum_sim.host import RegisterError, RegisterMap

from ..configurations import BOARD_PRESETS, configuration_of, with_board_timing
from ..link.board_bus import BOARD_REGISTERS, DIE_REGISTERS, MEMORY
from ..memory.memory_port import BURST_BYTES
from ..pixel_die.uploaded_scene import SCENE_PLACE
from ..registers.table import IDENTIFICATION, board_registers
from .packets import without_padding
from .serial_link import SerialLink

__all__ = ["Board"]


class Board:
    """What `tapetum board` and tests do with a board, real or simulated.

    Parameters
    ----------
    link : SerialLink
    reset_s : float
        How long a restart of the die may take: long in simulation.

    Members
    -------
    config : DieConfig
        What the board was built for, as it says itself.
    own_registers : dict of Register
        Those of the board, by name; the others are the die's.

    Raises
    ------
    UserError
        If something else answers than a board of this revision.
    """

    def __init__(self, link: SerialLink, *, reset_s: float = 120.0):
        self._reset_s = reset_s
        self.link = link
        # What says what the board is lies at the same places in every configuration.
        self.own_registers = _by_name(board_registers(with_board_timing(BOARD_PRESETS[0])))
        if self.get("identification") != IDENTIFICATION:
            raise UserError("what answers is no board of this revision; build its bitstream again "
                            "with `tapetum board build`, and load it with `tapetum board flash`.")
        columns, rows = divmod(self.get("array_size"), 1 << 16)
        captures, clock_hz = self.get("captures"), self.get("sync_clock")
        config = configuration_of(columns=columns, rows=rows, captures=captures,
                                  cells=self.get("array_cells"))
        if config is None or round(config.sync_clock_hz) != clock_hz:
            raise UserError(f"this board is built for {columns}x{rows} pixels and {captures} "
                            f"captures at {clock_hz / 1e6:g} MHz, which this revision does not "
                            f"know; build its bitstream again with `tapetum board build`.")
        self.config = config
        self.die_map = RegisterMap(config)
        self.own_registers = _by_name(board_registers(config))

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
        if name == "capture_place" and (value % BURST_BYTES or value >= SCENE_PLACE):
            raise UserError(f"capture_place is a multiple of {BURST_BYTES} below the uploaded "
                            f"scene at 0x{SCENE_PLACE:x}, not 0x{value:x}.")
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


def _by_name(registers: Iterable[Register]) -> dict[str, Register]:
    return {register.name: register for register in registers}


def _runs(accesses: list[tuple[int, int]]) -> list[tuple[int, bytes]]:
    """Bytes at addresses that follow each other, together."""
    runs: list[tuple[int, bytearray]] = []
    for address, byte in accesses:
        if runs and address == runs[-1][0] + len(runs[-1][1]):
            runs[-1][1].append(byte)
        else:
            runs.append((address, bytearray([byte])))
    return [(first, bytes(data)) for first, data in runs]
