# SPDX-License-Identifier: Apache-2.0
"""Registers of statistics and automatic exposure."""

from amaranth.lib import data

from ..config import DieConfig
from ..stats.exposure_control import Banding, ExposureControl
from ..stats.zone_grid import ZONES
from .definition import Access, Field, Register, Storage

__all__ = ["exposure_control", "exposure_registers"]


def exposure_registers(config: DieConfig) -> list[Register]:
    """All of them for one configuration."""
    defaults = ExposureControl.defaults(config)

    def register(name: str, address: int, bits: int, reset: int, unit: str, sentence: str,
                 **options) -> Register:
        return Register(name=name, address=address, width_bytes=1 if bits <= 8 else 2, bits=bits,
                        reset=reset, unit=unit, sentence=sentence, storage=Storage.IMMEDIATE,
                        **options)

    table = [
        Register(name="exposure_control", address=0x3300, storage=Storage.IMMEDIATE,
                 sentence="Who sets the exposures.",
                 fields=(Field(name="enable", lsb=0, sentence="The die, from what it measures.",
                               values=((0, "the host"), (1, "the die"))),
                         Field(name="hold", lsb=1,
                               sentence="They stay as they are, whatever the light does."))),
        Register(name="exposure_banding", address=0x3301, storage=Storage.IMMEDIATE,
                 maximum=max(banding.value for banding in Banding),
                 sentence="Light of the mains that long exposures average out.",
                 fields=(Field(name="banding", lsb=0, bits=2, sentence="Which.",
                               values=((0, "none"), (1, "of 50 Hz: multiples of 10 ms"),
                                       (2, "of 60 Hz: multiples of 8.3 ms"))),)),
        register("exposure_dark_percentile", 0x3302, 16, defaults["dark_percentile"],
                 "1/65536 of the pixels", "Share of pixels darker than the one that sets the long "
                 "exposure."),
        register("exposure_bright_percentile", 0x3304, 16, defaults["bright_percentile"],
                 "1/65536 of the pixels", "Share of pixels darker than the one that sets the very "
                 "short exposure."),
        register("exposure_dark_target", 0x3306, 12, defaults["dark_target"],
                 "1/4096 of the full well", "Level that the dark percentile shall reach."),
        register("exposure_bright_target", 0x3308, 12, defaults["bright_target"],
                 "1/4096 of the full well", "Level that the bright percentile shall reach."),
        register("exposure_minimum_ratio", 0x330A, 8, defaults["minimum_ratio"], "1/16 octave",
                 "The first exposure is longer than later ones of its photodiode by this much at "
                 "least."),
        register("exposure_hysteresis", 0x330B, 8, defaults["hysteresis"], "1/256 octave",
                 "Changes smaller than this are not made."),
        register("exposure_minimum_cycles", 0x330C, 8, defaults["minimum_cycles"],
                 "pixel clocks", "Shortest exposure; zero acts as one."),
        register("exposure_metering_zones", 0x330E, ZONES, (1 << ZONES) - 1, "",
                 "Zones that the exposure goes by, a bit each; bit 0 is the first."),
        Register(name="histogram_frame", address=0x3340, width_bytes=2, unit="frames",
                 access=Access.READ_ONLY, storage=Storage.STATUS,
                 sentence="Number of the frame whose pixels the window histogram counts."),
    ]
    for group in config.exposure_groups:
        names = " and ".join(config.captures[index].name for index in sorted(group.captures))
        for offset, bound, word in ((0, "minimum", "Fewest"), (2, "maximum", "Most")):
            table.append(register(
                f"exposure_{group.index}_{bound}_lines", 0x3310 + 4 * group.index + offset, 16,
                defaults[f"{bound}_lines"][group.index], "lines",
                f"{word} whole lines that the die exposes {names}."))
    for index, capture in enumerate(config.captures):
        unit_gain = defaults["unit_gains"][index]
        table += [
            register(f"capture_{index}_unit_gain_mantissa", 0x3320 + 4 * index, 16,
                     unit_gain["mantissa"], "", minimum=1 << 15,
                     sentence=f"Gain of {capture.name} onto the linear scale were it exposed as "
                              "long as the first capture: (code * mantissa) >> shift."),
            register(f"capture_{index}_unit_gain_shift", 0x3322 + 4 * index, 6,
                     unit_gain["shift"], "bits",
                     f"Exponent of the unit gain of {capture.name}."),
        ]
    return table


def exposure_control(config: DieConfig, immediate: data.View) -> dict:
    """Where each field of `ExposureControl` comes from: its path, and the register's bits."""
    sources = {
        ("enable",): immediate.exposure_control[0], ("hold",): immediate.exposure_control[1],
        ("banding",): immediate.exposure_banding,
    }
    for name in ("dark_percentile", "bright_percentile", "dark_target", "bright_target",
                 "minimum_ratio", "hysteresis", "minimum_cycles"):
        sources[name,] = immediate[f"exposure_{name}"]
    for group in config.exposure_groups:
        for bound in ("minimum_lines", "maximum_lines"):
            sources[bound, group.index] = immediate[f"exposure_{group.index}_{bound}"]
    for index in range(len(config.captures)):
        for part in ("mantissa", "shift"):
            sources["unit_gains", index, part] = immediate[f"capture_{index}_unit_gain_{part}"]
    return sources
