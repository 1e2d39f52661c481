# SPDX-License-Identifier: Apache-2.0
"""The boards, by name."""

from collections.abc import Callable
from dataclasses import dataclass

from amaranth import Elaboratable
from amaranth.build.plat import Platform
from amaranth_boards.ulx3s import ULX3S_85F_Platform

from tapetum.config import DieConfig
from tapetum_sim.errors import UserError

from ..configurations import with_board_timing
from ..memory.sdram_chip import ULX3S_SDRAM
from .ecp5_top import Ecp5Top

__all__ = ["BOARDS", "Board", "board_named"]


@dataclass(frozen=True, kw_only=True)
class Board:
    """What a bitstream is made of.

    Members
    -------
    platform : callable
        Makes the platform; ``configuration`` the die, ``top`` what goes onto it.
    """

    platform: Callable[[], Platform]
    configuration: Callable[[], DieConfig]
    top: Callable[[DieConfig], Elaboratable]
    sentence: str


BOARDS = {
    "ulx3s_85f": Board(
        platform=ULX3S_85F_Platform, configuration=lambda: with_board_timing("qvga"),
        top=lambda config: Ecp5Top(config, ULX3S_SDRAM, clock="clk25"),
        sentence="Radiona ULX3S with an LFE5U-85F: the whole die at 320x240."),
}


def board_named(name: str) -> Board:
    """The board of that name; raises `UserError` with the list of names."""
    if name not in BOARDS:
        raise UserError(f"there is no board {name!r}; choose one of {', '.join(BOARDS)}.")
    return BOARDS[name]
