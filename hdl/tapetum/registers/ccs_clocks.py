# SPDX-License-Identifier: Apache-2.0
"""Registers of the clock tree that CCS assumes, and of the clock that the die really has."""

from ..config import DieConfig
from .constant import constant, megahertz
from .definition import Register, Storage

__all__ = ["clock_registers"]

_EXTERNAL_MHZ = (6.0, 27.0)
_PRE_DIVIDER = (1, 4)
_MULTIPLIER = (10, 400)
_PLL_MHZ = (400.0, 3200.0)
_SYSTEM_DIVIDER = (1, 16)
_SYSTEM_MHZ = (50.0, 3200.0)
_PIXEL_DIVIDER = (4, 32)
_PIXEL_MHZ = (5.0, 320.0)

_KEPT = "The die has no PLL of its own: the board or the package makes its clocks."


def clock_registers(config: DieConfig) -> list[Register]:
    """All of them for one configuration.

    The limits are those of a single PLL without a branch for the link, from an external clock of
    24 MHz or so. A driver derives its settings from them and from the link frequency that it is
    told; what it writes is kept and changes nothing.
    """
    return [*_set_up(), *_limits(), *_capabilities(config)]


def _set_up() -> list[Register]:
    def kept(name: str, address: int, bounds: tuple[int, int], reset: int, sentence: str
             ) -> Register:
        return Register(name=name, address=address, width_bytes=2, storage=Storage.KEPT,
                        reset=reset, minimum=bounds[0], maximum=bounds[1], sentence=sentence,
                        note=_KEPT)

    return [
        Register(name="extclk_frequency_mhz", address=0x0136, width_bytes=2,
                 storage=Storage.KEPT, reset=24 << 8, unit="1/256 MHz",
                 sentence="External clock that the host assumes.", note=_KEPT),
        kept("vt_pix_clk_div", 0x0300, _PIXEL_DIVIDER, 12,
             "Divider of the pixel clock that the host assumes."),
        kept("vt_sys_clk_div", 0x0302, _SYSTEM_DIVIDER, 1,
             "Divider of the system clock that the host assumes."),
        kept("pre_pll_clk_div", 0x0304, _PRE_DIVIDER, 1,
             "Divider in front of the PLL that the host assumes."),
        kept("pll_multiplier", 0x0306, _MULTIPLIER, 50,
             "Multiplier of the PLL that the host assumes."),
        kept("op_pix_clk_div", 0x0308, _PIXEL_DIVIDER, 12,
             "Divider of the link's pixel clock that the host assumes."),
        kept("op_sys_clk_div", 0x030A, _SYSTEM_DIVIDER, 1,
             "Divider of the link's bit clock that the host assumes."),
    ]


def _limits() -> list[Register]:
    def pair(name: str, addresses: tuple[int, int], bounds: tuple[float, float],
             what: str, register=constant) -> list[Register]:
        return [register(f"{word}_{name}", address, bound, f"{title} {what}.")
                for word, title, address, bound in zip(
                    ("min", "max"), ("Smallest", "Largest"), addresses, bounds, strict=True)]

    def frequency(name: str, addresses: tuple[int, int], bounds: tuple[float, float],
                  what: str) -> list[Register]:
        return pair(f"{name}_clk_freq_mhz", addresses, bounds, f"frequency {what}", megahertz)

    return [
        *frequency("ext", (0x1100, 0x1104), _EXTERNAL_MHZ, "of the external clock"),
        *pair("pre_pll_clk_div", (0x1108, 0x110A), _PRE_DIVIDER, "divider in front of the PLL"),
        *frequency("pll_ip", (0x110C, 0x1110), _EXTERNAL_MHZ, "into the PLL"),
        *pair("pll_multiplier", (0x1114, 0x1116), _MULTIPLIER, "multiplier of the PLL"),
        *frequency("pll_op", (0x1118, 0x111C), _PLL_MHZ, "out of the PLL"),
        *pair("vt_sys_clk_div", (0x1120, 0x1122), _SYSTEM_DIVIDER, "divider of the system clock"),
        *frequency("vt_sys", (0x1124, 0x1128), _SYSTEM_MHZ, "of the system clock"),
        *frequency("vt_pix", (0x112C, 0x1130), _PIXEL_MHZ, "of the pixel clock"),
        *pair("vt_pix_clk_div", (0x1134, 0x1136), _PIXEL_DIVIDER, "divider of the pixel clock"),
    ]


def _capabilities(config: DieConfig) -> list[Register]:
    return [
        constant("clock_tree_pll_capability", 0x11B8, 0x0E,
                 "One PLL; its first divider may be odd, that of link pixels need not divide "
                 "evenly.", width_bytes=1),
        constant("clock_capa_type_capability", 0x11B9, 0,
                 "Limits of frequencies are IEEE 754 numbers.", width_bytes=1),
        constant("pixel_clock", 0x3008, round(config.sync_clock_hz),
                 "Clock in which lines are measured, whatever a host assumes.",
                 width_bytes=4, unit="Hz"),
    ]
