# SPDX-License-Identifier: Apache-2.0
"""Registers for which CCS 1.1 has words, at its addresses and under its names."""

from ..config import ColourFilter, DieConfig
from ..control.frame_settings import COLOURS
from ..correct.amplify import UNITY_GAIN
from .definition import Access, Field, Register, Storage

__all__ = ["CCS_DATA_FORMATS", "CCS_ODD_INCREMENTS", "MANUFACTURER_ID", "ccs_registers"]

CCS_DATA_FORMATS = (0x0808, 0x0A0A, 0x0C0C, 0x0E0E, 0x1010, 0x1414, 0x1818)
"""Codes of `csi_data_format` in the order of `DataFormat`: bits before, bits after packing."""
CCS_ODD_INCREMENTS = (1, 3, 7)
"""Values of the odd increments in the order of `Skip`."""
MANUFACTURER_ID = 0x5450
"""ASCII "TP": MIPI has assigned no number to this design."""

_PIXEL_ORDER = {ColourFilter.GRBG: 0, ColourFilter.RGGB: 1, ColourFilter.BGGR: 2,
                ColourFilter.GBRG: 3, ColourFilter.MONO: 1}


def _constant(name: str, address: int, value: int, sentence: str, *, width_bytes: int = 2,
              unit: str = "") -> Register:
    return Register(name=name, address=address, width_bytes=width_bytes, unit=unit,
                    access=Access.READ_ONLY, storage=Storage.CONSTANT, reset=value,
                    sentence=sentence)


def ccs_registers(config: DieConfig) -> list[Register]:
    """All of them for one configuration, in the order of their addresses."""
    return [*_identification(config), *_set_up(config), *_timing(config), *_region(config),
            *_limits(config)]


def _identification(config: DieConfig) -> list[Register]:
    formats = [_constant(f"data_format_descriptor_{index}", 0x00C2 + 2 * index, code,
                         f"Data format {index}: {code >> 8} bits before and after packing.")
               for index, code in enumerate(CCS_DATA_FORMATS)]
    return [
        _constant("module_model_id", 0x0000, 1, "Model of the module."),
        _constant("module_revision_number_major", 0x0002, 0, "Major revision of the module.",
                  width_bytes=1),
        Register(name="frame_count", address=0x0005, access=Access.READ_ONLY,
                 storage=Storage.STATUS, reset=0xFF, unit="frames",
                 sentence="Number of the last frame that was planned, modulo 255.",
                 limits="0 to 254 while streaming, 255 in standby"),
        Register(name="pixel_order", address=0x0006, access=Access.READ_ONLY,
                 storage=Storage.STATUS, reset=_PIXEL_ORDER[config.array.colour_filter],
                 sentence="Colours of the first pixels of the first rows, as flips leave them.",
                 fields=(Field(name="order", lsb=0, bits=2, sentence="Order of the colours.",
                               values=((0, "GRBG"), (1, "RGGB"), (2, "BGGR"), (3, "GBRG"))),),
                 note="A monochrome array reports RGGB and ignores flips."),
        _constant("mipi_ccs_version", 0x0007, 0x11, "Version 1.1 of CCS.", width_bytes=1),
        _constant("module_manufacturer_id", 0x000E, MANUFACTURER_ID,
                  'Maker of the module: ASCII "TP", not assigned by MIPI.'),
        _constant("module_revision_number_minor", 0x0010, 1, "Minor revision of the module.",
                  width_bytes=1),
        _constant("sensor_model_id", 0x0016, 1, "Model of the die."),
        _constant("sensor_revision_number", 0x0018, 1, "Revision of the die.", width_bytes=1),
        _constant("sensor_manufacturer_id", 0x0020, MANUFACTURER_ID,
                  'Maker of the die: ASCII "TP", not assigned by MIPI.'),
        _constant("data_format_model_type", 0x00C0, 1, "Data format descriptors are of 2 bytes.",
                  width_bytes=1),
        _constant("data_format_model_subtype", 0x00C1, len(formats),
                  "Number of data format descriptors.", width_bytes=1),
        *formats,
    ]


def _set_up(config: DieConfig) -> list[Register]:
    return [
        Register(name="mode_select", address=0x0100, storage=Storage.IMMEDIATE,
                 sentence="Starts the stream; when cleared it ends after the frame under way.",
                 fields=(Field(name="streaming", lsb=0, sentence="Stream frames.",
                               values=((0, "software standby"), (1, "streaming"))),)),
        Register(name="image_orientation", address=0x0101,
                 sentence="Order in which columns and rows are read.",
                 fields=(Field(name="horizontal_mirror", lsb=0, sentence="Last column first."),
                         Field(name="vertical_flip", lsb=1, sentence="Last row first."))),
        Register(name="software_reset", address=0x0103, access=Access.SELF_CLEARING,
                 storage=Storage.STATUS,
                 sentence="Brings every register to its reset value and stops the stream.",
                 fields=(Field(name="reset", lsb=0,
                               sentence="Reads as one until the reset has ended."),),
                 note="Writes are ignored while it reads as one, about 10 µs at 100 MHz."),
        Register(name="grouped_parameter_hold", address=0x0104, storage=Storage.IMMEDIATE,
                 sentence="While set, what is written waits; when cleared, all of it applies "
                          "to the same frame.",
                 fields=(Field(name="hold", lsb=0, sentence="Hold settings of frames back."),)),
        _constant("csi_signaling_mode", 0x0111, 2, "The link speaks D-PHY.", width_bytes=1),
        Register(name="csi_data_format", address=0x0112, width_bytes=2, reset=0x0C0C,
                 sentence="Bits per pixel before and after packing.",
                 fields=(Field(name="format", lsb=0, bits=16, sentence="Which format.",
                               values=tuple((code, f"RAW{code >> 8}")
                                            for code in CCS_DATA_FORMATS)),),
                 limits="any other acts as 0x0c0c and is flagged"),
        _constant("csi_lane_mode", 0x0114, config.csi2.byte_lanes - 1,
                  "Number of data lanes, less one.", width_bytes=1, unit="lanes"),
    ]


def _timing(config: DieConfig) -> list[Register]:
    first, timing = config.captures[0], config.timing
    return [
        Register(name="fine_integration_time", address=0x0200, width_bytes=2, unit="pixel clocks",
                 reset=first.fine_integration_cycles, limits="less than a line",
                 sentence="Exposure of the first capture beyond whole lines."),
        Register(name="coarse_integration_time", address=0x0202, width_bytes=2, unit="lines",
                 reset=first.coarse_integration_lines,
                 limits="at most frame_length_lines - largest lag - 1",
                 sentence="Exposure of the first capture in whole lines."),
        *(Register(name=f"digital_gain_{colour}", address=0x020E + 2 * index, width_bytes=2,
                   reset=UNITY_GAIN, unit="1/256",
                   sentence=f"Digital gain of {name} pixels in every capture.")
          for index, (colour, name) in enumerate(zip(COLOURS, (
              "green in red rows", "red", "blue", "green in blue rows"), strict=True))),
        Register(name="frame_length_lines", address=0x0340, width_bytes=2, unit="lines",
                 reset=timing.frame_length_lines,
                 limits=f"at least the rows read + {config.array.dark_rows + 1}, and the largest "
                        "lag + 2",
                 sentence="From the start of a frame to that of the next."),
        Register(name="line_length_pck", address=0x0342, width_bytes=2, unit="pixel clocks",
                 reset=timing.line_length_cycles, minimum=config.row_timing.line_cycles,
                 sentence="From the start of a line to that of the next."),
    ]


def _region(config: DieConfig) -> list[Register]:
    rows, columns = config.array.rows, config.array.columns

    def edge(name: str, address: int, reset: int, maximum: int, limits: str, sentence: str
             ) -> Register:
        return Register(name=name, address=address, width_bytes=2, unit="pixels", reset=reset,
                        maximum=maximum, limits=limits, sentence=sentence)

    def increment(axis: str, address: int) -> list[Register]:
        what = {"x": "columns", "y": "rows"}[axis]
        return [
            _constant(f"{axis}_even_inc", address, 1,
                      f"Step from an even to an odd address of {what}; always one.",
                      unit="pixels"),
            Register(name=f"{axis}_odd_inc", address=address + 2, width_bytes=2, reset=1,
                     minimum=1, maximum=7, unit="pixels",
                     limits="1 reads all, 3 two of four, 7 two of eight; any other acts as the "
                            "next lower one and is flagged",
                     sentence=f"Step from an odd to an even address of {what}."),
        ]

    def output(name: str, address: int, reset: int, what: str) -> Register:
        return Register(name=name, address=address, width_bytes=2, unit="pixels", reset=reset,
                        access=Access.READ_ONLY, storage=Storage.STATUS,
                        sentence=f"Number of {what} that the region and the increments leave.")

    return [
        edge("x_addr_start", 0x0344, 0, columns - 4, "even", "First column of the region."),
        edge("y_addr_start", 0x0346, 0, rows - 2, "even", "First row of the region."),
        edge("x_addr_end", 0x0348, columns - 1, columns - 1,
             "odd; the columns read are a multiple of 4", "Last column of the region."),
        edge("y_addr_end", 0x034A, rows - 1, rows - 1, "odd, beyond y_addr_start",
             "Last row of the region."),
        output("x_output_size", 0x034C, columns, "columns"),
        output("y_output_size", 0x034E, rows, "rows"),
        *increment("x", 0x0380),
        *increment("y", 0x0384),
    ]


def _limits(config: DieConfig) -> list[Register]:
    array = config.array
    lag = config.largest_lag_lines
    shortest = 2 + array.dark_rows + 1
    return [
        _constant("integration_time_capability", 0x1000, 1, "Exposure has a fine part."),
        _constant("coarse_integration_time_min", 0x1004, 0, "Shortest coarse exposure.",
                  unit="lines"),
        _constant("coarse_integration_time_max_margin", 0x1006, lag + 1,
                  "A frame is at least this much longer than the coarse exposure.", unit="lines"),
        _constant("fine_integration_time_min", 0x1008, 1,
                  "Shortest fine exposure where the coarse one is zero.", unit="pixel clocks"),
        _constant("fine_integration_time_max_margin", 0x100A, 1,
                  "A line is at least this much longer than the fine exposure.",
                  unit="pixel clocks"),
        _constant("digital_gain_capability", 0x1081, 1, "Each colour has a digital gain.",
                  width_bytes=1),
        _constant("digital_gain_min", 0x1084, 0, "Smallest digital gain.", unit="1/256"),
        _constant("digital_gain_max", 0x1086, 0xFFFF, "Largest digital gain.", unit="1/256"),
        _constant("digital_gain_step_size", 0x1088, 1, "Step of a digital gain.", unit="1/256"),
        _constant("min_frame_length_lines", 0x1140, max(shortest, lag + 2),
                  "Shortest frame, with the smallest region.", unit="lines"),
        _constant("max_frame_length_lines", 0x1142, 0xFFFF, "Longest frame.", unit="lines"),
        _constant("min_line_length_pck", 0x1144, config.row_timing.line_cycles, "Shortest line.",
                  unit="pixel clocks"),
        _constant("max_line_length_pck", 0x1146, 0xFFFF, "Longest line.", unit="pixel clocks"),
        _constant("min_line_blanking_pck", 0x1148,
                  max(config.row_timing.line_cycles - array.columns, 1),
                  "Shortest line less the columns of the array.", unit="pixel clocks"),
        _constant("min_frame_blanking_lines", 0x114A, array.dark_rows + 1,
                  "Fewest lines of a frame without active rows.", unit="lines"),
        _constant("x_addr_min", 0x1180, 0, "First column.", unit="pixels"),
        _constant("y_addr_min", 0x1182, 0, "First row.", unit="pixels"),
        _constant("x_addr_max", 0x1184, array.columns - 1, "Last column.", unit="pixels"),
        _constant("y_addr_max", 0x1186, array.rows - 1, "Last row.", unit="pixels"),
        _constant("min_x_output_size", 0x1188, 4, "Fewest columns of a frame.", unit="pixels"),
        _constant("min_y_output_size", 0x118A, 2, "Fewest rows of a frame.", unit="pixels"),
        _constant("max_x_output_size", 0x118C, array.columns, "Most columns of a frame.",
                  unit="pixels"),
        _constant("max_y_output_size", 0x118E, array.rows, "Most rows of a frame.",
                  unit="pixels"),
        _constant("min_even_inc", 0x11C0, 1, "Smallest even increment.", unit="pixels"),
        _constant("min_odd_inc", 0x11C2, 1, "Smallest odd increment.", unit="pixels"),
        _constant("max_even_inc", 0x11C4, 1, "Largest even increment.", unit="pixels"),
        _constant("max_odd_inc", 0x11C6, 7, "Largest odd increment.", unit="pixels"),
    ]
