# SPDX-License-Identifier: Apache-2.0
"""Whether a clock tree that a sensor publishes can serve a link, by the rules of CCS."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["PllError", "PllLimits", "PllSettings", "solve_pll"]


class PllError(ValueError):
    """No setting of the clock tree serves the link; the message says what was out of reach."""


@dataclass(frozen=True, kw_only=True)
class PllLimits:
    """Limits of a sensor with one PLL whose link has no clock branch of its own.

    Pairs are smallest and largest; frequencies are in Hz.
    """

    external_hz: tuple[float, float]
    pre_divider: tuple[int, int]
    pll_input_hz: tuple[float, float]
    multiplier: tuple[int, int]
    pll_output_hz: tuple[float, float]
    system_divider: tuple[int, int]
    system_hz: tuple[float, float]
    pixel_divider: tuple[int, int]
    pixel_hz: tuple[float, float]
    odd_pre_divider: bool
    """The first divider may be odd, not only one or even."""
    uneven_lanes: bool
    """Pixels need not divide evenly over the lanes."""

    @staticmethod
    def from_registers(values: Mapping[int, int]) -> "PllLimits":
        """Out of the registers that `read_limits` has read.

        Raises
        ------
        PllError
            The sensor has two PLLs, or a clock branch for its link.
        """
        if values[0x11B8] & 1 or all(values[address] for address in
                                     (0x1160, 0x1162, 0x116C, 0x116E)):
            raise PllError("the sensor has two PLLs or clocks of its link, which are not solved "
                           "here.")

        def pair(low: int, high: int) -> tuple[int, int]:
            return values[low], values[high]

        def frequencies(low: int, high: int) -> tuple[float, float]:
            first, second = (_hertz(values[address], bool(values[0x11B9] & 1))
                             for address in (low, high))
            return first, second

        return PllLimits(
            external_hz=frequencies(0x1100, 0x1104), pre_divider=pair(0x1108, 0x110A),
            pll_input_hz=frequencies(0x110C, 0x1110), multiplier=pair(0x1114, 0x1116),
            pll_output_hz=frequencies(0x1118, 0x111C), system_divider=pair(0x1120, 0x1122),
            system_hz=frequencies(0x1124, 0x1128), pixel_hz=frequencies(0x112C, 0x1130),
            pixel_divider=pair(0x1134, 0x1136), odd_pre_divider=bool(values[0x11B8] >> 2 & 1),
            uneven_lanes=bool(values[0x11B8] >> 3 & 1))


def _hertz(bits: int, is_fixed_point: bool) -> float:
    megahertz = bits / (1 << 16) if is_fixed_point else struct.unpack(
        ">f", bits.to_bytes(4, "big"))[0]
    return megahertz * 1e6


@dataclass(frozen=True, kw_only=True)
class PllSettings:
    """What a driver writes, and the clock that it expects of it."""

    pre_divider: int
    multiplier: int
    system_divider: int
    pixel_divider: int
    pixel_hz: float


def solve_pll(limits: PllLimits, *, external_hz: int, link_hz: int, lanes: int,
              bits_per_pixel: int) -> PllSettings:
    """Settings with the smallest first divider, then the smallest multiplier.

    The system clock is the bit clock of all lanes together, two bits per period of ``link_hz``
    each; the pixel clock sends a pixel of ``bits_per_pixel`` in every period.

    Raises
    ------
    PllError
        There are none.
    """
    system_hz = 2 * link_hz * lanes
    checks = (("the external clock", external_hz, limits.external_hz),
              ("the system clock", system_hz, limits.system_hz),
              ("the pixel clock", system_hz / bits_per_pixel, limits.pixel_hz),
              ("the pixel divider", bits_per_pixel, limits.pixel_divider))
    for what, value, (low, high) in checks:
        if not low <= value <= high:
            raise PllError(f"{what} of {value:g} lies outside {low:g} to {high:g}.")
    if bits_per_pixel % lanes and not limits.uneven_lanes:
        raise PllError(f"{bits_per_pixel} bits do not divide evenly over {lanes} lanes.")
    for pre_divider in range(limits.pre_divider[0], limits.pre_divider[1] + 1):
        if pre_divider > 1 and pre_divider % 2 and not limits.odd_pre_divider:
            continue
        input_hz = external_hz / pre_divider
        if not limits.pll_input_hz[0] <= input_hz <= limits.pll_input_hz[1]:
            continue
        for system_divider in _one_or_even(*limits.system_divider):
            multiplier, rest = divmod(system_hz * system_divider * pre_divider, external_hz)
            output_hz = system_hz * system_divider
            if (not rest and limits.multiplier[0] <= multiplier <= limits.multiplier[1]
                    and limits.pll_output_hz[0] <= output_hz <= limits.pll_output_hz[1]):
                return PllSettings(
                    pre_divider=pre_divider, multiplier=multiplier,
                    system_divider=system_divider, pixel_divider=bits_per_pixel,
                    pixel_hz=system_hz / bits_per_pixel)
    raise PllError(f"no divider and multiplier bring {external_hz} Hz to {system_hz} Hz.")


def _one_or_even(low: int, high: int) -> list[int]:
    return [number for number in range(low, high + 1) if number == 1 or number % 2 == 0]
