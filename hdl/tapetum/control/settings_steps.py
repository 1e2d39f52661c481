# SPDX-License-Identifier: Apache-2.0
"""Which register becomes which setting, within which limits: the program of the settings guard."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from amaranth import *
from amaranth.hdl import ValueLike

from ..config import DieConfig
from .frame_settings import ARRAY_SETTINGS, COLOURS, TEST_COLOURS, Pattern, lines_since_read

__all__ = ["LimitSignals", "Rule", "SettingsStep", "largest_lags", "settings_steps"]


class Rule(IntEnum):
    """How a register's value becomes a setting."""

    CLAMP = 0
    """Limit to ``low`` and ``high``."""
    EVEN = 1
    """The same, then bit 0 is cleared; both limits are even."""
    ODD = 2
    """The same, then bit 0 is set; both limits are odd."""
    INCREMENT = 3
    """CCS odd increment to `Skip`."""
    DATA_FORMAT = 4
    """CCS data format to `DataFormat`."""
    CUT = 5
    """As `CLAMP`, but a value beyond the limits is in order."""
    GAIN = 6
    """Multiply by `LimitSignals.global_gain`, an unsigned 8.8 number; rounds down, saturates."""


@dataclass(frozen=True, kw_only=True)
class SettingsStep:
    """Read one register, limit it, write it to every one of ``targets``.

    Without a target it is only looked at, for the die has no other value than the limits.
    """

    register: str
    targets: Sequence[Value]
    rule: Rule = Rule.CLAMP
    low: ValueLike = 0
    high: ValueLike = 0xFFFF


class LimitSignals:
    """Limits that follow from settings that were written by an earlier step.

    Each follows its settings one to three cycles late, which is less than a step takes.
    """

    def __init__(self):
        self.column_start_high = Signal(13)
        self.column_end_low = Signal(13)
        self.column_end_high = Signal(13)
        self.row_end_low = Signal(12)
        self.columns_read = Signal(14)
        self.rows_read = Signal(13)
        self.frame_length_low = Signal(16)
        self.integration_high = Signal(16)
        self.fine_high = Signal(16)
        # Written by steps, as settings are, but of no frame.
        self.output_columns, self.output_rows = Signal(16), Signal(16)
        self.column_end_cut, self.row_end_cut = Signal(13), Signal(12)
        self.global_gain = Signal(16)
        self.alternate = Signal()

    def elaborate(self, m: Module, config: DieConfig, work) -> None:
        """Drive them from the settings `work`."""
        columns, lag = config.array.columns, work.lag_lines[config.last_read_capture]
        block = [2, 4, 8, 8]
        row_span, column_span = Signal(12), Signal(13)
        whole_blocks, blocks_are_odd = Signal(14), Signal()
        lag_floor = Signal(9)
        skip = work.column_skip.as_value()
        m.d.sync += [
            row_span.eq(work.row_end - work.row_start),
            column_span.eq(work.column_end - work.column_start),
            lag_floor.eq(lag + 2),
            self.row_end_low.eq(work.row_start + 1),
            self.fine_high.eq(work.line_length_cycles - 1),
            self.integration_high.eq(work.frame_length_lines - lag - 1),
            self.column_end_high.eq(columns - 1),
        ]
        rows_low = self.rows_read + (config.array.dark_rows + 1)
        m.d.sync += self.frame_length_low.eq(Mux(rows_low > lag_floor, rows_low, lag_floor))
        with m.Switch(skip):
            for code, size in enumerate(block):
                bits = size.bit_length() - 1
                with m.Case(code):
                    m.d.sync += [
                        self.column_start_high.eq(columns - size - 2),
                        self.column_end_low.eq(work.column_start + size + 1),
                        # pairs of columns must come in twos
                        blocks_are_odd.eq(~column_span[bits]),
                        whole_blocks.eq((column_span >> bits) << bits),
                        self.columns_read.eq(((column_span >> bits) + 1) << 1),
                    ]
        with m.If(blocks_are_odd):
            m.d.sync += self.column_end_high.eq(work.column_start + whole_blocks - 1)
        with m.Switch(work.row_skip.as_value()):
            for code, size in enumerate(block):
                with m.Case(code):
                    m.d.sync += self.rows_read.eq(
                        ((row_span >> size.bit_length() - 1) + 1) << 1)
        for cut, start, end, code, read, output in (
                (self.column_end_cut, work.column_start, work.column_end, skip,
                 self.columns_read, self.output_columns[2:] << 2),
                (self.row_end_cut, work.row_start, work.row_end, work.row_skip.as_value(),
                 self.rows_read, self.output_rows[1:] << 1)):
            self._cut(m, cut, start, end, block, code, read, output)

    @staticmethod
    def _cut(m: Module, cut: Signal, start: Value, end: Value, block: Sequence[int], skip: Value,
             read: Value, output: Value) -> None:
        """End of a region of which no more than ``output`` are read, two of each block."""
        reach = Signal(len(cut))
        with m.Switch(skip):
            for code, size in enumerate(block):
                with m.Case(code):
                    # It overflows only where it is not used.
                    m.d.sync += reach.eq((output << size.bit_length() - 2) - 1)
        m.d.sync += cut.eq(Mux(read > output, start + reach, end))


def largest_lags(config: DieConfig) -> list[int]:
    """Of each exposure group: what leaves room for the lags of the groups after it."""
    groups = config.exposure_groups
    largest = [config.hdr.line_buffer_lag_lines] * len(groups)
    for index in reversed(range(len(groups))):
        for later in range(index + 1, len(groups)):
            apart = int(groups[later].is_large == groups[index].is_large)
            largest[index] = min(largest[index], largest[later] - apart)
    return largest


def settings_steps(config: DieConfig, work, pins, limits: LimitSignals) -> list[SettingsStep]:
    """All steps, in an order in which each limit is known before it is needed.

    `work` is a view of `FrameSettings`, `pins` one of `PinSettings`.
    """
    rows, columns = config.array.rows, config.array.columns

    def step(register: str, *targets: Value, **options) -> SettingsStep:
        return SettingsStep(register=register, targets=targets, **options)

    return [
        # The guard asks for these two before it knows of which context: both are common.
        step("context_mode", limits.alternate),
        step("line_length_pck", work.line_length_cycles, low=config.row_timing.line_cycles),
        *_lag_steps(config, work),
        step("x_odd_inc", work.column_skip.as_value(), rule=Rule.INCREMENT),
        step("y_odd_inc", work.row_skip.as_value(), rule=Rule.INCREMENT),
        step("y_addr_start", work.row_start, rule=Rule.EVEN, high=rows - 2),
        step("y_addr_end", work.row_end, rule=Rule.ODD, low=limits.row_end_low, high=rows - 1),
        step("x_addr_start", work.column_start, rule=Rule.EVEN, high=limits.column_start_high),
        step("x_addr_end", work.column_end, rule=Rule.ODD, low=limits.column_end_low,
             high=columns - 1),
        # once more: the limit now makes the number of columns read a multiple of 4
        step("x_addr_end", work.column_end, rule=Rule.ODD, low=limits.column_end_low,
             high=limits.column_end_high),
        # and of what that leaves, no more than the output
        step("y_output_size", limits.output_rows, rule=Rule.CUT, low=2, high=rows),
        step("x_output_size", limits.output_columns, rule=Rule.CUT, low=4, high=columns),
        step("y_addr_end", work.row_end, rule=Rule.CUT, low=limits.row_end_cut,
             high=limits.row_end_cut),
        step("x_addr_end", work.column_end, rule=Rule.CUT, low=limits.column_end_cut,
             high=limits.column_end_cut),
        step("frame_length_lines", work.frame_length_lines, low=limits.frame_length_low),
        *_exposure_steps(config, work, limits),
        step("analog_gain_code_global", low=1, high=1),
        step("digital_gain_global", limits.global_gain),
        *_capture_steps(config, work),
        step("capture_mask", work.capture_mask, low=1),
        step("image_orientation", Cat(work.flip_columns, work.flip_rows)),
        step("linear_pedestal", work.pedestal_lsb),
        step("flicker_enable", work.flicker_enable),
        step("flicker_capture", work.flicker_capture, high=len(config.captures) - 1),
        step("agreement_tolerance", work.tolerance_log2),
        step("output_mode", work.uncombined),
        step("flicker_map", work.flicker_map),
        step("line_sync_packets", work.line_sync),
        *([step(name, work[name]) for name in ARRAY_SETTINGS] if config.npu else []),
        step("csi_channel_identifier", high=0),
        step("csi_signaling_mode", low=2, high=2),
        step("csi_lane_mode", low=config.csi2.byte_lanes - 1, high=config.csi2.byte_lanes - 1),
        step("binning_mode", high=0),
        step("csi_data_format", work.data_format.as_value(), rule=Rule.DATA_FORMAT),
        step("companding_table", work.companding_table),
        step("correction_enable", work.correction.as_value()),
        step("row_noise_strength", work.row_noise_strength, high=16),
        *(step(f"digital_gain_{colour}", work.colour_gains[index])
          for index, colour in enumerate(COLOURS)),
        step("test_pattern_mode", work.test_pattern.as_value(), high=len(Pattern) - 1),
        *(step(f"test_data_{colour}", work.test_data[index])
          for index, colour in enumerate(TEST_COLOURS)),
        step("trigger_mode", pins.triggered),
        step("sync_output_width", pins.sync_output_width_cycles),
        step("strobe_mode", pins.strobe_mode, high=2),
        step("strobe_capture", pins.strobe_capture, high=len(config.captures) - 1),
    ]


def _lag_steps(config: DieConfig, work) -> list[SettingsStep]:
    groups, steps = config.exposure_groups, []
    for group, largest in zip(groups[1:], largest_lags(config)[1:], strict=True):
        before = work.lag_lines[min(groups[group.index - 1].captures)]
        low: Value = before
        earlier = config.earlier_of_photodiode(group)
        if earlier is not None:
            after = work.lag_lines[min(earlier.captures)] + 1
            low = Mux(after > before, after, before)
        steps.append(SettingsStep(
            register=f"exposure_{group.index}_lag", low=low, high=largest,
            targets=[work.lag_lines[capture] for capture in group.captures]))
    return steps


def _exposure_steps(config: DieConfig, work, limits: LimitSignals) -> list[SettingsStep]:
    """An exposure begins after the last read of the row's photodiode, and ends in its frame."""
    steps = []
    for group in config.exposure_groups:
        prefix = f"exposure_{group.index}_" if group.index else ""
        captures = [work.captures[capture] for capture in group.captures]
        coarse = captures[0].coarse_integration_lines
        high: Value = limits.integration_high
        since = lines_since_read(config, work.lag_lines, group)
        if since is not None:
            high = Mux(since < high, since, high)
        steps += [
            SettingsStep(register=f"{prefix}coarse_integration_time", high=high,
                         targets=[c.coarse_integration_lines for c in captures]),
            SettingsStep(register=f"{prefix}fine_integration_time", low=coarse == 0,
                         high=Mux(coarse == limits.integration_high, 0, limits.fine_high),
                         targets=[c.fine_integration_cycles for c in captures]),
        ]
    return steps


def _capture_steps(config: DieConfig, work) -> list[SettingsStep]:
    highest, steps = config.adc.maximum_code - config.adc.pedestal_codes, []
    for index in range(len(config.captures)):
        capture, prefix = work.captures[index], f"capture_{index}_"
        steps += [
            SettingsStep(register=prefix + "normalisation_mantissa", low=0x8000,
                         targets=[capture.normalisation_mantissa]),
            SettingsStep(register=prefix + "normalisation_shift",
                         targets=[capture.normalisation_shift]),
            SettingsStep(register=prefix + "hand_over_end", low=1, high=highest,
                         targets=[capture.hand_over_end]),
            SettingsStep(register=prefix + "hand_over_start",
                         high=(capture.hand_over_end - 1)[:14],
                         targets=[capture.hand_over_start]),
            SettingsStep(register=prefix + "digital_gain", rule=Rule.GAIN,
                         targets=[capture.digital_gain]),
            SettingsStep(register=prefix + "noise_slope", targets=[capture.noise_slope]),
            SettingsStep(register=prefix + "noise_floor", targets=[capture.noise_floor]),
        ]
    return steps
