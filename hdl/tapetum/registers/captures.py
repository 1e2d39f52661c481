# SPDX-License-Identifier: Apache-2.0
"""Registers of each capture, and of exposures beyond the one that CCS knows."""

from ..config import DieConfig
from ..control.frame_settings import FrameSettings
from ..row_timing import ExposureGroup
from .definition import Register

__all__ = ["capture_registers"]


def capture_registers(config: DieConfig) -> list[Register]:
    """Exposure, gain onto the linear scale, noise."""
    return [*_exposures(config), *_captures(config)]


def _exposures(config: DieConfig) -> list[Register]:
    """Of the exposure groups after the first, whose exposure is at CCS addresses."""
    registers = []
    for group in config.exposure_groups[1:]:
        first = config.captures[min(group.captures)]
        names = _names(config, group)
        base = 0x3100 + 16 * group.index
        registers += [
            Register(name=f"exposure_{group.index}_coarse_integration_time", address=base,
                     width_bytes=2, unit="lines", reset=first.coarse_integration_lines,
                     limits="as coarse_integration_time; of a photodiode that was read before in "
                            "the frame, less than the lines since then",
                     sentence=f"Exposure of {names} in whole lines."),
            Register(name=f"exposure_{group.index}_fine_integration_time", address=base + 2,
                     width_bytes=2, unit="pixel clocks", reset=first.fine_integration_cycles,
                     limits="less than a line",
                     sentence=f"Exposure of {names} beyond whole lines."),
            Register(name=f"exposure_{group.index}_lag", address=base + 4, unit="lines",
                     reset=first.lag_lines, maximum=config.hdr.line_buffer_lag_lines,
                     limits="not before an earlier capture; after the one of the same photodiode",
                     sentence=f"From the frame's first read of a row to the read of {names}."),
        ]
    return registers


def _captures(config: DieConfig) -> list[Register]:
    registers = []
    highest = config.adc.maximum_code - config.adc.pedestal_codes
    for index, capture in enumerate(FrameSettings.defaults(config)["captures"]):
        name, base = config.captures[index].name, 0x3200 + 16 * index
        registers += [
            Register(name=f"capture_{index}_normalisation_mantissa", address=base, width_bytes=2,
                     reset=capture["normalisation_mantissa"], minimum=0x8000,
                     sentence=f"Gain of {name} onto the linear scale: (code * mantissa) >> shift."),
            Register(name=f"capture_{index}_normalisation_shift", address=base + 2, bits=5,
                     unit="bits", reset=capture["normalisation_shift"],
                     sentence=f"Exponent of the gain of {name} onto the linear scale."),
            Register(name=f"capture_{index}_hand_over_start", address=base + 4, width_bytes=2,
                     bits=14, unit="ADC codes", reset=capture["hand_over_start"],
                     maximum=highest - 1, limits="less than the end",
                     sentence=f"Code above the pedestal from which {name} begins to be replaced."),
            Register(name=f"capture_{index}_hand_over_end", address=base + 6, width_bytes=2,
                     bits=14, unit="ADC codes", reset=capture["hand_over_end"],
                     minimum=1, maximum=highest,
                     sentence=f"Code above the pedestal at which {name} is replaced; the ramp is "
                              "the largest power of two that fits."),
            Register(name=f"capture_{index}_digital_gain", address=0x3280 + 2 * index,
                     width_bytes=2, reset=capture["digital_gain"], unit="1/256",
                     sentence=f"Digital gain of {name}, on top of that of the colour."),
            Register(name=f"capture_{index}_noise_slope", address=base + 12, width_bytes=2,
                     unit="1/256 ADC code", reset=capture["noise_slope"],
                     sentence=f"Shot noise of {name}: by how much the square of a difference that "
                              "noise explains grows with the code."),
            Register(name=f"capture_{index}_noise_floor", address=base + 14, width_bytes=2,
                     unit="1/16 ADC code squared", reset=capture["noise_floor"],
                     sentence=f"Other noise of {name}: the square of a difference in the dark that "
                              "noise explains."),
        ]
    return registers


def _names(config: DieConfig, group: ExposureGroup) -> str:
    return " and ".join(config.captures[index].name for index in sorted(group.captures))
