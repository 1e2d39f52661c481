# SPDX-License-Identifier: Apache-2.0
"""Registers that publish the limits of exposure, gain, timing and region."""

from ..config import ColourFilter, DieConfig
from .constant import constant
from .definition import Register

__all__ = ["limit_registers"]


def limit_registers(config: DieConfig) -> list[Register]:
    """All of them for one configuration."""
    return [*_analog_gain(), *_exposure_and_gain(config), *_timing(config), *_region(config),
            *_increments(), *_scaling_and_range(config), *_readout(config)]


def _analog_gain() -> list[Register]:
    return [
        constant("analog_gain_capability", 0x0080, 0, "One analogue gain for all pixels."),
        constant("analog_gain_code_min", 0x0084, 1, "Smallest code of the analogue gain."),
        constant("analog_gain_code_max", 0x0086, 1,
                 "Largest code of the analogue gain: the die has no other gain than 1."),
        constant("analog_gain_code_step", 0x0088, 1, "Step of codes of the analogue gain."),
        constant("analog_gain_type", 0x008A, 0,
                 "The analogue gain is (m0 * code + c0) / (m1 * code + c1)."),
        constant("analog_gain_m0", 0x008C, 1, "m0 of the analogue gain."),
        constant("analog_gain_c0", 0x008E, 0, "c0 of the analogue gain."),
        constant("analog_gain_m1", 0x0090, 0, "m1 of the analogue gain."),
        constant("analog_gain_c1", 0x0092, 1, "c1 of the analogue gain."),
    ]


def _exposure_and_gain(config: DieConfig) -> list[Register]:
    return [
        constant("integration_time_capability", 0x1000, 1, "Exposure has a fine part."),
        constant("coarse_integration_time_min", 0x1004, 0, "Shortest coarse exposure.",
                 unit="lines"),
        constant("coarse_integration_time_max_margin", 0x1006, config.largest_lag_lines + 1,
                 "A frame is at least this much longer than the coarse exposure.", unit="lines"),
        constant("fine_integration_time_min", 0x1008, 1,
                 "Shortest fine exposure where the coarse one is zero.", unit="pixel clocks"),
        constant("fine_integration_time_max_margin", 0x100A, 1,
                 "A line is at least this much longer than the fine exposure.",
                 unit="pixel clocks"),
        constant("digital_gain_capability", 0x1081, 2, "One digital gain for all pixels.",
                 width_bytes=1, note="Those of colours and captures are manufacturer specific."),
        constant("digital_gain_min", 0x1084, 0, "Smallest digital gain.", unit="1/256"),
        constant("digital_gain_max", 0x1086, 0xFFFF, "Largest digital gain.", unit="1/256"),
        constant("digital_gain_step_size", 0x1088, 1, "Step of a digital gain.", unit="1/256"),
    ]


def _timing(config: DieConfig) -> list[Register]:
    array = config.array
    shortest = 2 + array.dark_rows + 1
    return [
        constant("min_frame_length_lines", 0x1140, max(shortest, config.largest_lag_lines + 2),
                 "Shortest frame, with the smallest region.", unit="lines"),
        constant("max_frame_length_lines", 0x1142, 0xFFFF, "Longest frame.", unit="lines"),
        constant("min_line_length_pck", 0x1144, config.row_timing.line_cycles, "Shortest line.",
                 unit="pixel clocks"),
        constant("max_line_length_pck", 0x1146, 0xFFFF, "Longest line.", unit="pixel clocks"),
        constant("min_line_blanking_pck", 0x1148,
                 max(config.row_timing.line_cycles - array.columns, 1),
                 "Shortest line less the columns of the array.", unit="pixel clocks"),
        constant("min_frame_blanking_lines", 0x114A, array.dark_rows + 1,
                 "Fewest lines of a frame without active rows.", unit="lines"),
        constant("min_line_length_pck_step_size", 0x114C, 1, "Step of the line length.",
                 width_bytes=1, unit="pixel clocks"),
        constant("timing_mode_capability", 0x114D, 0, "The host sets the frame length.",
                 width_bytes=1),
        constant("gain_delay_type", 0x1151, 0, "Gains and exposures apply to the same frame.",
                 width_bytes=1),
    ]


def _region(config: DieConfig) -> list[Register]:
    array = config.array

    def divisor(name: str, address: int, value: int, what: str) -> Register:
        return constant(name, address, value, f"{what} is a multiple of this.", width_bytes=1,
                        unit="pixels")

    return [
        constant("x_addr_min", 0x1180, 0, "First column.", unit="pixels"),
        constant("y_addr_min", 0x1182, 0, "First row.", unit="pixels"),
        constant("x_addr_max", 0x1184, array.columns - 1, "Last column.", unit="pixels"),
        constant("y_addr_max", 0x1186, array.rows - 1, "Last row.", unit="pixels"),
        constant("min_x_output_size", 0x1188, 4, "Fewest columns of a frame.", unit="pixels"),
        constant("min_y_output_size", 0x118A, 2, "Fewest rows of a frame.", unit="pixels"),
        constant("max_x_output_size", 0x118C, array.columns, "Most columns of a frame.",
                 unit="pixels"),
        constant("max_y_output_size", 0x118E, array.rows, "Most rows of a frame.",
                 unit="pixels"),
        divisor("x_addr_start_div_constant", 0x1190, 2, "x_addr_start"),
        divisor("y_addr_start_div_constant", 0x1191, 2, "y_addr_start"),
        divisor("x_addr_end_div_constant", 0x1192, 2, "x_addr_end + 1"),
        divisor("y_addr_end_div_constant", 0x1193, 2, "y_addr_end + 1"),
        divisor("x_size_div", 0x1194, 4, "The width of the region"),
        divisor("y_size_div", 0x1195, 2, "The height of the region"),
        divisor("x_output_div", 0x1196, 4, "The number of columns of a frame"),
        divisor("y_output_div", 0x1197, 2, "The number of rows of a frame"),
        constant("non_flexible_resolution_support", 0x1198, 0x07,
                 "The multiples above hold; an output smaller than the region is cut, a larger "
                 "one not filled up.", width_bytes=1),
    ]


def _increments() -> list[Register]:
    return [
        constant("min_even_inc", 0x11C0, 1, "Smallest even increment.", unit="pixels"),
        constant("min_odd_inc", 0x11C2, 1, "Smallest odd increment.", unit="pixels"),
        constant("max_even_inc", 0x11C4, 1, "Largest even increment.", unit="pixels"),
        constant("max_odd_inc", 0x11C6, 7, "Largest odd increment.", unit="pixels"),
        constant("aux_subsamp_capability", 0x11C8, 0x02,
                 "Of the odd increments, those are known that read two of a power of two.",
                 width_bytes=1),
    ]


def _scaling_and_range(config: DieConfig) -> list[Register]:
    bits = config.hdr.linear_bits
    note = "The captures' exposures are manufacturer specific, as there are more than two."
    return [
        constant("scaling_capability", 0x1200, 0, "No scaling."),
        constant("digital_crop_capability", 0x120E, 0, "No cropping behind the region.",
                 width_bytes=1),
        constant("hdr_capability_1", 0x1210, 0, "CCS's short exposure is not the one here.",
                 width_bytes=1, note=note),
        constant("min_hdr_bit_depth", 0x1211, bits, "Fewest bits of the combined frame.",
                 width_bytes=1, unit="bits"),
        constant("hdr_capability_2", 0x121B, 0, "Nor is its synthesis.", width_bytes=1),
        constant("max_hdr_bit_depth", 0x121C, bits, "Most bits of the combined frame.",
                 width_bytes=1, unit="bits"),
        constant("hdr_internal_bit_depth", 0x0223, bits,
                 "Bits of the combined frame before companding.", width_bytes=1, unit="bits"),
    ]


def _readout(config: DieConfig) -> list[Register]:
    mono = config.array.colour_filter is ColourFilter.MONO
    return [
        constant("pixel_readout_capability", 0x11CB, int(mono),
                 "The array has no colour filter." if mono else "The array has a colour mosaic.",
                 width_bytes=1),
    ]
