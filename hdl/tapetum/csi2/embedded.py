# SPDX-License-Identifier: Apache-2.0
"""What the embedded row above a frame tells, and where the values of all embedded rows are."""

from amaranth import *
from amaranth.lib import data

from ..config import DieConfig
from ..control.faults import Fault
from ..control.frame_settings import (
    ARRAY_SETTINGS,
    COLOURS,
    FRAMES_IN_FLIGHT,
    TEST_COLOURS,
    DataFormat,
    Skip,
)
from ..pixel import corrected_bits
from ..registers.table import register_table
from .embedded_format import EmbeddedRegister
from .formats import pixel_bits

__all__ = ["EmbeddedStatus", "ToldOf", "embedded_registers", "is_setting", "result_value",
           "setting_value"]


class EmbeddedStatus(data.StructLayout):
    """What embedded rows tell besides settings, as the die has it at any time.

    ``companding_slots`` are those of the frames in flight, see `Compander`; ``black_levels`` those
    that each capture was last corrected with. The counts and ``corrected`` are of the last whole
    frame, ``faults`` as they stand; rows below a frame tell of them.
    """

    def __init__(self, config: DieConfig):
        super().__init__({
            "companding_slots": data.ArrayLayout(3, FRAMES_IN_FLIGHT),
            "black_levels": data.ArrayLayout(
                data.ArrayLayout(corrected_bits(config), 4), len(config.captures)),
            "flicker_count": 24, "clipped_count": 24,
            "corrected": data.ArrayLayout(16, len(config.captures)),
            "faults": len(Fault),
        })


class ToldOf(data.Struct):
    """What a frame has: the results of these ``captures``, and those of their combination."""

    captures: 4
    combined: 1


def embedded_registers(config: DieConfig) -> tuple[EmbeddedRegister, ...]:
    """The row above a frame in its order: what a narrow row has no room for is at the end.

    Every setting that the frame was taken with, and the black levels that were subtracted. Names
    and addresses are those of the register table; the values are the frame's own.
    """
    registers = {register.name: register for register in register_table(config)}

    def register(name: str, *source: str | int):
        found = registers[name]
        return EmbeddedRegister(name=name, address=found.address, width_bytes=found.width_bytes,
                                source=source or (name,))

    def of_captures(*names: str) -> list[EmbeddedRegister]:
        return [register(f"capture_{index}_{name}", "captures", index, name)
                for index in range(len(config.captures)) for name in names]

    table = [
        register("csi_data_format"),
        register("fine_integration_time", "captures", 0, "fine_integration_cycles"),
        register("coarse_integration_time", "captures", 0, "coarse_integration_lines"),
        register("capture_mask", "capture_mask"),
        register("output_mode", "uncombined"),
        register("companding_table", "companding_table"),
        register("linear_pedestal", "pedestal_lsb"),
        register("frame_number"),
        register("frame_context", "context"),
        register("flicker_map", "flicker_map"),
        register("line_sync_packets", "line_sync"),
        register("companding_slot"),
    ]
    for group in config.exposure_groups[1:]:
        name, first = f"exposure_{group.index}", min(group.captures)
        table += [
            register(f"{name}_coarse_integration_time",
                     "captures", first, "coarse_integration_lines"),
            register(f"{name}_fine_integration_time", "captures", first, "fine_integration_cycles"),
            register(f"{name}_lag", "lag_lines", first),
        ]
    table += [
        register("frame_length_lines", "frame_length_lines"),
        register("line_length_pck", "line_length_cycles"),
        register("x_addr_start", "column_start"),
        register("y_addr_start", "row_start"),
        register("x_addr_end", "column_end"),
        register("y_addr_end", "row_end"),
        register("x_odd_inc"),
        register("y_odd_inc"),
        register("image_orientation"),
        register("test_pattern_mode", "test_pattern"),
        *(register(f"digital_gain_{colour}", "colour_gains", index)
          for index, colour in enumerate(COLOURS)),
        register("correction_enable", "correction"),
        register("row_noise_strength", "row_noise_strength"),
        register("flicker_enable", "flicker_enable"),
        register("flicker_capture", "flicker_capture"),
        register("agreement_tolerance", "tolerance_log2"),
        *([register(name, name) for name in ARRAY_SETTINGS] if config.npu else []),
        *of_captures("normalisation_mantissa", "normalisation_shift",
                     "hand_over_start", "hand_over_end"),
        *of_captures("digital_gain"),
        *of_captures("noise_slope", "noise_floor"),
        *(register(f"test_data_{colour}", "test_data", index)
          for index, colour in enumerate(TEST_COLOURS)),
    ]
    table += [register(f"capture_{index}_black_level_{phase}", "black_level", index, phase)
              for index in range(len(config.captures)) for phase in range(4)]
    return tuple(table)


_NO_SETTINGS = ("frame_number", "companding_slot", "black_level", "results")


def is_setting(source: tuple[str | int, ...]) -> bool:
    """Whether a value follows from `FrameSettings`."""
    return source[0] not in _NO_SETTINGS


def setting_value(source: tuple[str | int, ...], settings) -> Value:
    """The hardware of a value that `is_setting`; ``settings`` are `FrameSettings`."""
    increments = {Skip.NONE: 1, Skip.TWO_OF_FOUR: 3, Skip.TWO_OF_EIGHT: 7}

    def by_value(selector, table: dict) -> Value:
        # Chosen by the enumeration's number; numbers that it does not have yield zero.
        chosen = C(0, 16)
        for candidate, number in table.items():
            chosen = Mux(Value.cast(selector) == candidate.value, number, chosen)
        return chosen

    match source:
        case ("csi_data_format",):
            # Uncompressed and compressed bits per pixel, which are the same.
            return by_value(settings.data_format,
                            {f: pixel_bits(f) * 0x0101 for f in DataFormat})
        case ("x_odd_inc",):
            return by_value(settings.column_skip, increments)
        case ("y_odd_inc",):
            return by_value(settings.row_skip, increments)
        case ("image_orientation",):
            return Cat(settings.flip_columns, settings.flip_rows)
    field = settings
    for step in source:
        field = field[step]
    return Value.cast(field)


def result_value(source: tuple[str | int, ...], *, slot, frame, results, told) -> Value:
    """The hardware of any other value.

    ``slot`` is the companding slot of a frame, ``frame`` its number, ``results`` the
    `FrameResults`; ``told`` says what of them the frame has, see `ToldOf`.
    """
    match source:
        case ("frame_number",):
            return frame
        case ("companding_slot",):
            return slot
        case ("black_level", index, phase):
            return Mux(told.captures[index], results.black_levels[index][phase], 0)
        case ("results", "corrected", index):
            return Mux(told.captures[index], results.corrected[index], 0)
        case ("results", "flicker_count" | "clipped_count" as count):
            return Mux(told.combined, results[count], 0)
        case ("results", name):
            return Value.cast(results[name])
    raise ValueError(f"{source} is a setting.")
