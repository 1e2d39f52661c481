# SPDX-License-Identifier: Apache-2.0
"""What a host does to have its frames judged: a program, a region, and the order to begin."""

from importlib.resources import files
from pathlib import Path

from tapetum.config import ConfigError, DieConfig
from tapetum.npu.npu_config import NpuConfig
from tapetum.npu.program import Program
from tapetum.npu.program_image import program_image
from tapetum.registers.array import VISION_REGISTERS
from tapetum.vision.settings import Region, vision_settings, whole_frame
from tapetum_compiler.backend.capacity import check_capacity
from tapetum_compiler.backend.image import load_program
from tapetum_compiler.errors import CompileError

from ..errors import UserError
from ..host import RegisterMap

__all__ = ["array_registers", "packaged_program", "program_writes", "require_room"]

_PACKAGED = "models/tunnel.tapetum"


def array_registers(config: DieConfig, program: Program, region: Region | None = None
                    ) -> dict[str, int]:
    """Registers with which every frame is judged by ``program``; the whole frame by default.

    Raises
    ------
    ConfigError
        The region does not fit the frame or the network.
    """
    rows, columns, channels = program.input_shape
    vision = vision_settings(config, region or whole_frame(config), columns=columns, rows=rows,
                             channels=channels, vision=config.vision)
    return {**{f"vision_{name}": vision[name] for name in VISION_REGISTERS},
            "vision_apply": 1, "verdict": 1}


def program_writes(config: DieConfig, program: Program, *, bank: int = 0, load: bool = True
                   ) -> list[tuple[int, int]]:
    """Register accesses that send a program, and have it taken over."""
    registers = RegisterMap(config)
    window = registers.windows["program"]
    writes = registers.write({"program_bank": bank, "program_control": 1})
    writes += [(window.address + place % window.size_bytes, byte)
               for place, byte in enumerate(program_image(program))]
    return [*writes, *(registers.write({"program_control": 2}) if load else [])]


def packaged_program(config: DieConfig) -> Program | None:
    """The project's own network, if the die has an array and its front end can feed it."""
    path = Path(str(files("tapetum_compiler").joinpath(_PACKAGED)))
    if config.npu is None or not path.exists():
        return None
    program = load_program(path)
    try:
        array_registers(config, program)
        require_room(config.npu, program)
    except (ConfigError, UserError):
        return None
    return program


def require_room(npu: NpuConfig, program: Program) -> None:
    """Refuse a program that is too large; raises `UserError` with all that is."""
    try:
        check_capacity(program, npu)
    except CompileError as error:
        raise UserError(f"{error}.") from None
