# SPDX-License-Identifier: Apache-2.0
"""What a host tells automatic exposure, and what it is told by default."""

from math import ceil

from amaranth.lib import data, enum

from ..config import LONGEST_LAMP_PERIOD_S, DieConfig, Photodiode, mantissa_and_shift

__all__ = ["Banding", "ExposureControl", "UnitGain", "banding_period_cycles"]


class Banding(enum.Enum, shape=2):
    """Flicker of the mains that a long exposure averages out."""

    OFF = 0
    HZ_100 = 1
    HZ_120 = 2


class UnitGain(data.Struct):
    """Gain of a capture onto the linear scale were it exposed as long as the first one.

    ``mantissa / 2**shift``, the mantissa with its top bit set.
    """

    mantissa: 16
    shift: 6


class ExposureControl(data.StructLayout):
    """Registers of `AutoExposure`.

    Members
    -------
    enable, hold
        Without ``enable`` the host's settings pass; with ``hold`` the exposures stay.
    banding : Banding
        The first group's exposure is a multiple of 1/100 s or 1/120 s where it is longer.
    dark_percentile, bright_percentile
        In 1/65536 of the pixels.
    dark_target, bright_target
        Level that the percentile shall reach, in 1/4096 of the full well.
    minimum_ratio
        First exposure over later ones of its photodiode, at least, in 1/16 octave.
    hysteresis
        Changes below this are not made, in 1/256 octave.
    minimum_cycles
        Shortest exposure in clocks; zero acts as one.
    minimum_lines, maximum_lines
        Of each exposure group; the maximum wins.
    unit_gains
        Of each capture.
    """

    def __init__(self, config: DieConfig):
        groups, captures = len(config.exposure_groups), len(config.captures)
        super().__init__({
            "enable": 1, "hold": 1,
            "banding": Banding,
            "dark_percentile": 16, "bright_percentile": 16,
            "dark_target": 12, "bright_target": 12,
            "minimum_ratio": 8,
            "hysteresis": 8,
            "minimum_cycles": 8,
            "minimum_lines": data.ArrayLayout(16, groups),
            "maximum_lines": data.ArrayLayout(16, groups),
            "unit_gains": data.ArrayLayout(UnitGain, captures),
        })

    @staticmethod
    def defaults(config: DieConfig) -> dict:
        """Reset values; the small photodiode sees every pulse of a lamp."""
        flicker_lines = ceil(LONGEST_LAMP_PERIOD_S / config.line_time_s)
        groups = config.exposure_groups
        return {
            "enable": 0, "hold": 0,
            "banding": Banding.OFF,
            "dark_percentile": 1 << 15, "bright_percentile": round(0.999 * (1 << 16)),
            "dark_target": 4096 // 8, "bright_target": round(0.8 * 4096),
            "minimum_ratio": 120,
            "hysteresis": 32,
            "minimum_cycles": 16,
            "minimum_lines": [0 if group.is_large else flicker_lines for group in groups],
            "maximum_lines": [0xFFFF] * len(groups),
            "unit_gains": [_unit_gain(config, index) for index in range(len(config.captures))],
        }


def banding_period_cycles(config: DieConfig, banding: Banding) -> int:
    """A period of the lamp's light in ``sync`` cycles; one cycle if banding is off."""
    frequency_hz = {Banding.OFF: config.sync_clock_hz, Banding.HZ_100: 100,
                    Banding.HZ_120: 120}[banding]
    return max(1, round(config.sync_clock_hz / frequency_hz))


def _unit_gain(config: DieConfig, index: int) -> dict[str, int]:
    capture, first = config.captures[index], config.captures[0]
    small = config.pixel.sensitivity(Photodiode.SMALL)
    sensitivity = {Photodiode.LARGE: 1.0, Photodiode.SMALL: small}
    gain = (config.electrons_per_code(capture) / config.lsb_electrons
            / (1 << config.hdr.fraction_bits)
            * sensitivity[first.photodiode] / sensitivity[capture.photodiode])
    mantissa, shift = mantissa_and_shift(gain)
    return {"mantissa": mantissa, "shift": min(max(shift, 0), 63)}
