# SPDX-License-Identifier: Apache-2.0
"""Registers for which CCS 1.1 has words, at its addresses and under its names: what a host sets."""

from ..config import DieConfig
from ..correct.amplify import UNITY_GAIN
from .ccs_clocks import clock_registers
from .ccs_codes import CCS_DATA_FORMATS, CCS_ODD_INCREMENTS, MANUFACTURER_ID
from .ccs_identity import identity_registers
from .ccs_limits import limit_registers
from .ccs_link import link_registers
from .ccs_test_patterns import test_pattern_registers
from .constant import constant
from .definition import Access, Field, Register, Storage

__all__ = ["CCS_DATA_FORMATS", "CCS_ODD_INCREMENTS", "MANUFACTURER_ID", "ccs_registers"]


def ccs_registers(config: DieConfig) -> list[Register]:
    """All of them for one configuration."""
    return [*identity_registers(config), *_set_up(), *_exposure(config), *clock_registers(config),
            *_timing(config), *_region(config), *_binning(), *link_registers(config),
            *limit_registers(config), *test_pattern_registers()]


def _set_up() -> list[Register]:
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
                 note="Writes are ignored while it reads as one, a pixel clock for every byte of "
                      "the register memory: about 20 µs at 100 MHz."),
        Register(name="grouped_parameter_hold", address=0x0104, storage=Storage.IMMEDIATE,
                 sentence="While set, what is written waits; when cleared, all of it applies "
                          "to the same frame.",
                 fields=(Field(name="hold", lsb=0, sentence="Hold settings of frames back."),)),
        Register(name="fast_standby_ctrl", address=0x0106, storage=Storage.KEPT,
                 sentence="Whether a frame may be cut short when the stream ends.",
                 fields=(Field(name="truncate", lsb=0, sentence="It may be.",
                               values=((0, "complete frames"), (1, "frame truncation"))),),
                 note="The die always completes the frame under way, as fast_standby_capability "
                      "says."),
    ]


def _exposure(config: DieConfig) -> list[Register]:
    first = config.captures[0]
    return [
        Register(name="fine_integration_time", address=0x0200, width_bytes=2, unit="pixel clocks",
                 reset=first.fine_integration_cycles, limits="less than a line",
                 sentence="Exposure of the first capture beyond whole lines."),
        Register(name="coarse_integration_time", address=0x0202, width_bytes=2, unit="lines",
                 reset=first.coarse_integration_lines,
                 limits="at most frame_length_lines - largest lag - 1",
                 sentence="Exposure of the first capture in whole lines."),
        Register(name="analog_gain_code_global", address=0x0204, width_bytes=2, reset=1,
                 minimum=1, maximum=1,
                 sentence="Analogue gain, of which the die has only 1.",
                 limits="any other acts as 1 and is flagged"),
        Register(name="digital_gain_global", address=0x020E, width_bytes=2, reset=UNITY_GAIN,
                 unit="1/256",
                 sentence="Digital gain of every pixel, on top of those of its colour and "
                          "capture.",
                 limits="its product with a capture's gain is rounded down, at most 255.99"),
    ]


def _timing(config: DieConfig) -> list[Register]:
    timing = config.timing
    return [
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

    def edge(name: str, address: int, reset: int, maximum: int, limits: str, sentence: str, *,
             minimum: int = 0) -> Register:
        return Register(name=name, address=address, width_bytes=2, unit="pixels", reset=reset,
                        minimum=minimum, maximum=maximum, limits=limits, sentence=sentence)

    def increment(axis: str, address: int) -> list[Register]:
        what = {"x": "columns", "y": "rows"}[axis]
        return [
            constant(f"{axis}_even_inc", address, 1,
                     f"Step from an even to an odd address of {what}; always one.",
                     unit="pixels"),
            Register(name=f"{axis}_odd_inc", address=address + 2, width_bytes=2, reset=1,
                     minimum=1, maximum=7, unit="pixels",
                     limits="1 reads all, 3 two of four, 7 two of eight; any other acts as the "
                            "next lower one and is flagged",
                     sentence=f"Step from an odd to an even address of {what}."),
        ]

    return [
        edge("x_addr_start", 0x0344, 0, columns - 4, "even", "First column of the region."),
        edge("y_addr_start", 0x0346, 0, rows - 2, "even", "First row of the region."),
        edge("x_addr_end", 0x0348, columns - 1, columns - 1,
             "odd; the columns read are a multiple of 4", "Last column of the region."),
        edge("y_addr_end", 0x034A, rows - 1, rows - 1, "odd, beyond y_addr_start",
             "Last row of the region."),
        edge("x_output_size", 0x034C, columns, columns,
             "a multiple of 4; rounded down, never flagged",
             "Most columns of a frame: what the region has beyond is cut off at its end, what it "
             "lacks is not filled in.", minimum=4),
        edge("y_output_size", 0x034E, rows, rows, "even; rounded down, never flagged",
             "Most rows of a frame, likewise.", minimum=2),
        *increment("x", 0x0380),
        *increment("y", 0x0384),
    ]


def _binning() -> list[Register]:
    return [
        Register(name="binning_mode", address=0x0900, bits=1, maximum=0,
                 sentence="Binning, which the die does not do.",
                 limits="1 acts as 0 and is flagged"),
    ]
