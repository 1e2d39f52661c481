# SPDX-License-Identifier: Apache-2.0
"""The boards, by name."""

from collections.abc import Callable
from dataclasses import dataclass, field

from amaranth import Elaboratable
from amaranth.build.plat import Platform
from amaranth_boards.icebreaker import ICEBreakerPlatform

from tapetum.config import DieConfig
from tapetum_sim.bench.synthesis import Place
from tapetum_sim.errors import UserError

from ..configurations import with_board_timing, with_cells
from ..memory.sdram_chip import ULX3S_SDRAM
from ..small.configuration import larger_configuration, small_configuration
from ..whole_die import BITSTREAM_CELLS, BITSTREAM_PRESET
from .devices import ICE40UP5K, LFE5U_25F, LFE5U_85F, Device
from .ecp5_small_top import Ecp5SmallTop
from .ecp5_top import Ecp5Top
from .ice40_top import Ice40Top
from .lfe5u_25f import IcepiZeroPlatform, Ulx3s25fPlatform
from .ulx3s import Ulx3sPlatform

__all__ = ["BOARDS", "Board", "board_named"]


@dataclass(frozen=True, kw_only=True)
class Board:
    """What a bitstream is made of.

    Members
    -------
    platform : callable
        Makes the platform; ``configuration`` the die, ``top`` what goes onto it.
    device : Device
    place : Place
        How it is placed, if it is an ECP5.
    cable : str
        Name of the board in openFPGALoader.
    whole_die : bool
        Every room of the die is on it.
    """

    platform: Callable[[], Platform]
    configuration: Callable[[], DieConfig]
    top: Callable[[DieConfig], Elaboratable]
    sentence: str
    device: Device
    cable: str
    whole_die: bool = False
    place: Place = field(default_factory=Place)

    @property
    def programs(self) -> tuple[str, ...]:
        """Of the tool chain, beside yosys."""
        family = self.device.family
        return f"nextpnr-{family}", "icepack" if family == "ice40" else "ecppack"


BOARDS = {
    "ulx3s_85f": Board(
        platform=Ulx3sPlatform,
        configuration=lambda: with_cells(with_board_timing(BITSTREAM_PRESET), BITSTREAM_CELLS),
        top=lambda config: Ecp5Top(config, ULX3S_SDRAM, clock="clk25"),
        sentence="Radiona ULX3S with an LFE5U-85F: the die, of 64x48 pixels, without its array.",
        device=LFE5U_85F, cable="ulx3s", whole_die=True,
        place=Place(placer="static", router="router2", inner_registers=True, wide_tables=False,
                    joined_tables=True, least_control=6, hard_blocks=True)),
    "ulx3s_25f": Board(
        platform=Ulx3s25fPlatform, configuration=larger_configuration,
        top=lambda config: Ecp5SmallTop(config, clock="clk25", scl="0+", sda="0-"),
        sentence="Radiona ULX3S with an LFE5U-25F: 320 columns, rows on the serial line.",
        device=LFE5U_25F, cable="ulx3s"),
    "icepi_zero": Board(
        platform=IcepiZeroPlatform, configuration=larger_configuration,
        top=lambda config: Ecp5SmallTop(config, clock="clk50", scl="3", sda="2"),
        sentence="Icepi Zero with an LFE5U-25F: 320 columns, rows on the serial line.",
        device=LFE5U_25F, cable="icepi-zero"),
    "icebreaker": Board(
        platform=ICEBreakerPlatform, configuration=small_configuration, top=Ice40Top,
        sentence="1BitSquared iCEBreaker with an iCE40UP5K: 60 columns, rows on the serial line.",
        device=ICE40UP5K, cable="ice40_generic"),
}


def board_named(name: str) -> Board:
    """The board of that name; raises `UserError` with the list of names."""
    if name not in BOARDS:
        raise UserError(f"there is no board {name!r}; choose one of {', '.join(BOARDS)}.")
    return BOARDS[name]
