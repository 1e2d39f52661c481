# SPDX-License-Identifier: Apache-2.0
"""What a die is built for: one frozen object that drives RTL, models, documents and boards."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from math import ceil, frexp

from .npu.npu_config import NpuConfig
from .room_config import (
    LONGEST_LAMP_PERIOD_S,
    AdcConfig,
    CaptureConfig,
    ColourFilter,
    ConfigError,
    ConversionGain,
    CorrectConfig,
    Csi2Config,
    HdrConfig,
    Photodiode,
    PixelArrayConfig,
    PixelConfig,
    TimingConfig,
    require,
)
from .row_timing import ExposureGroup, RowTiming, build_row_timing, group_captures
from .vision.vision_config import VisionConfig

__all__ = [
    "AdcConfig", "CaptureConfig", "ColourFilter", "ConfigError", "ConversionGain", "CorrectConfig",
    "Csi2Config", "DieConfig", "HdrConfig", "LONGEST_LAMP_PERIOD_S", "NpuConfig",
    "Photodiode", "PixelArrayConfig", "PixelConfig", "TimingConfig", "VisionConfig",
    "mantissa_and_shift",
]


def mantissa_and_shift(gain: float) -> tuple[int, int]:
    """The nearest ``mantissa / 2**shift``, the mantissa of 16 bits with its top bit set."""
    fraction, exponent = frexp(gain)
    mantissa = round(fraction * (1 << 16))
    if mantissa == 1 << 16:
        mantissa, exponent = 1 << 15, exponent + 1
    return mantissa, 16 - exponent


@dataclass(frozen=True, kw_only=True)
class DieConfig:
    """A whole die; refuses what cannot work when it is made.

    Parameters
    ----------
    safety_clock_hz : float
        Of the watchdog, see `Watchdog`.
    npu : NpuConfig, optional
        None for a die without an array, and so without its front end, `vision`.

    Raises
    ------
    ConfigError
        One sentence with the arithmetic.
    """

    name: str
    array: PixelArrayConfig
    captures: tuple[CaptureConfig, ...]
    timing: TimingConfig
    sync_clock_hz: float
    adc_clock_hz: float
    safety_clock_hz: float = 24e6
    lanes: int = 1
    pixel: PixelConfig = field(default_factory=PixelConfig)
    adc: AdcConfig = field(default_factory=AdcConfig)
    correct: CorrectConfig = field(default_factory=CorrectConfig)
    hdr: HdrConfig = field(default_factory=HdrConfig)
    csi2: Csi2Config = field(default_factory=Csi2Config)
    vision: VisionConfig = field(default_factory=VisionConfig)
    npu: NpuConfig | None = None

    def __post_init__(self):
        require(self.sync_clock_hz > 0, "sync_clock_hz must be positive.")
        require(self.adc_clock_hz * 3 >= self.sync_clock_hz,
                f"adc_clock_hz must be at least a third of sync_clock_hz, "
                f"{self.sync_clock_hz / 3:.3g}, not {self.adc_clock_hz:.3g}.")
        require(self.sync_clock_hz / 6 <= self.safety_clock_hz <= self.sync_clock_hz,
                f"safety_clock_hz must lie between a sixth of sync_clock_hz, "
                f"{self.sync_clock_hz / 6:.3g}, and sync_clock_hz, not {self.safety_clock_hz:.3g}.")
        require(self.lanes in (1, 2, 4), f"lanes must be 1, 2 or 4, not {self.lanes}.")
        require(1 <= len(self.captures) <= 4,
                 f"a die has one to four captures, not {len(self.captures)}.")
        names = [capture.name for capture in self.captures]
        require(len(set(names)) == len(names), "captures must have different names.")
        require(self.captures[0].lag_lines == 0, "the first capture must have lag_lines 0.")
        require([c.lag_lines for c in self.captures]
                 == sorted(c.lag_lines for c in self.captures),
                 "captures must be listed in the order of their lag_lines.")
        for capture in self.captures:
            self._check_capture(capture)
        self._check_line()
        self._check_frame()
        self._check_link()

    def _check_capture(self, capture: CaptureConfig) -> None:
        limit = self.longest_integration_lines
        lines = self.exposure_cycles(capture) / self.timing.line_length_cycles
        require(lines <= limit,
                 f"capture {capture.name} integrates {lines:.2f} lines, but a frame of "
                 f"{self.timing.frame_length_lines} lines with a lag of {self.largest_lag_lines} "
                 f"leaves {limit}; shorten it or lengthen the frame.")
        require(capture.lag_lines <= self.hdr.line_buffer_lag_lines,
                 f"capture {capture.name} lags {capture.lag_lines} lines, but the line buffer "
                 f"holds {self.hdr.line_buffer_lag_lines}; raise hdr.line_buffer_lag_lines.")
        require(capture.fine_integration_cycles < self.timing.line_length_cycles,
                 f"fine_integration_cycles of capture {capture.name} must be shorter than a line.")
        shares_photodiode = [c for c in self.captures if c.photodiode is capture.photodiode
                             and c.lag_lines < capture.lag_lines]
        for earlier in shares_photodiode:
            free = (capture.lag_lines - earlier.lag_lines) * self.timing.line_length_cycles
            require(self.exposure_cycles(capture) < free,
                     f"capture {capture.name} must begin after {earlier.name} of the same "
                     f"photodiode is read: at most {free} cycles.")

    def _check_line(self) -> None:
        needed, available = self.row_timing.line_cycles, self.timing.line_length_cycles
        require(needed <= available,
                 f"the row needs {needed} cycles ({self.row_timing.arithmetic}), but a line has "
                 f"{available}; lengthen the line, or raise adc_clock_hz.")
        require(len(self.row_timing.events) <= self.timing.row_event_capacity,
                 "row_event_capacity is smaller than the row's list of events.")

    def _check_frame(self) -> None:
        rows, lines = self.array.total_rows, self.timing.frame_length_lines
        require(rows + 1 <= lines,
                 f"{rows} rows and a line of blanking do not fit a frame of {lines} lines.")

    def _check_link(self) -> None:
        carried, available = self.link_bytes_per_row, self.link_bytes_per_line
        require(carried <= available,
                 f"a RAW24 row and its flicker map of {carried} bytes together do not fit a line "
                 f"in which {self.csi2.byte_lanes} byte lanes carry {available}; add lanes, raise "
                 f"byte_clock_hz or lengthen the line.")

    # Timing -------------------------------------------------------------------------------------

    @cached_property
    def exposure_groups(self) -> tuple[ExposureGroup, ...]:
        """Captures that share one charge transfer, in the order in which a line reads them."""
        return group_captures(self.captures)

    def earlier_of_photodiode(self, group: ExposureGroup) -> ExposureGroup | None:
        """The last group before ``group`` that reads the same photodiode of a row."""
        earlier = [other for other in self.exposure_groups[:group.index]
                   if other.is_large == group.is_large]
        return earlier[-1] if earlier else None

    @property
    def last_read_capture(self) -> int:
        """A capture of the group with the largest lag, whatever a host makes of the lags."""
        return min(self.exposure_groups[-1].captures)

    @cached_property
    def row_timing(self) -> RowTiming:
        return build_row_timing(self)

    @property
    def largest_lag_lines(self) -> int:
        return max(capture.lag_lines for capture in self.captures)

    @property
    def longest_integration_lines(self) -> int:
        """An exposure may begin only after the last capture of the same row was read."""
        return self.timing.frame_length_lines - self.largest_lag_lines - 1

    @property
    def row_beats(self) -> int:
        """Beats in which one converted row leaves the column multiplexer."""
        return ceil(self.array.total_columns / self.lanes)

    @property
    def line_buffer_rows(self) -> int:
        """Rows that each line buffer holds: one is being written while the oldest is read."""
        return max(2, self.hdr.line_buffer_lag_lines + 1)

    @property
    def line_buffer_bits(self) -> int:
        """Line buffers of all captures but the last, which needs none."""
        return ((len(self.captures) - 1) * self.line_buffer_rows * self.array.columns
                * (self.adc.bits + self.hdr.fraction_bits))

    @property
    def line_buffer_occupancy(self) -> float:
        """Share of a line in which the write port, or the read port, of a line buffer is busy."""
        return self.array.columns / self.lanes / self.timing.line_length_cycles

    @property
    def line_time_s(self) -> float:
        return self.timing.line_length_cycles / self.sync_clock_hz

    @property
    def frame_time_s(self) -> float:
        return self.line_time_s * self.timing.frame_length_lines

    @property
    def link_bytes_per_row(self) -> int:
        """The longest row of the combined frame and that of its flicker map, as packets."""
        packet_overhead = 6
        return (self.array.columns * 24 // 8 + packet_overhead
                + ceil(self.array.columns / 8) + packet_overhead)

    @property
    def link_bytes_per_line(self) -> int:
        return int(self.line_time_s * self.csi2.byte_clock_hz * self.csi2.byte_lanes)

    def exposure_cycles(self, capture: CaptureConfig) -> int:
        """Integration time in ``sync`` cycles."""
        return (capture.coarse_integration_lines * self.timing.line_length_cycles
                + capture.fine_integration_cycles)

    # Scale --------------------------------------------------------------------------------------

    def electrons_per_code(self, capture: CaptureConfig) -> float:
        full_well = self.pixel.full_well_electrons(capture.photodiode)
        low_gain = full_well / self.adc.full_well_codes
        if capture.conversion_gain is ConversionGain.HIGH:
            return low_gain / self.pixel.conversion_gain_ratio
        return low_gain

    def exposure_ratio(self, capture: CaptureConfig) -> float:
        """How many electrons of the first capture one electron of this capture stands for."""
        first = self.captures[0]
        return (self.exposure_cycles(first) * self.pixel.sensitivity(first.photodiode)
                / (self.exposure_cycles(capture) * self.pixel.sensitivity(capture.photodiode)))

    @cached_property
    def lsb_electrons(self) -> float:
        """Electrons of the first capture per LSB of the linear frame; the scale just fits."""
        low_gain = [capture for capture in self.captures
                    if capture.conversion_gain is ConversionGain.LOW]
        largest = max(self.adc.full_well_codes * self.electrons_per_code(capture)
                      * self.exposure_ratio(capture) for capture in low_gain or self.captures)
        return largest / ((1 << self.hdr.linear_bits) - 1 - self.hdr.pedestal_lsb)

    def normalisation(self, capture: CaptureConfig) -> tuple[int, int]:
        """Gain from corrected codes onto the linear scale.

        Returns ``(mantissa, shift)`` so that ``(code * mantissa) >> shift`` is in linear LSB, for
        a code with ``hdr.fraction_bits`` fractional bits, black already subtracted. The mantissa
        has 16 bits, its top bit set.
        """
        gain = (self.electrons_per_code(capture) * self.exposure_ratio(capture)
                / self.lsb_electrons / (1 << self.hdr.fraction_bits))
        mantissa, shift = mantissa_and_shift(gain)
        require(0 <= shift <= 31,
                 f"capture {capture.name} needs a gain of {gain:.3g} onto the linear scale, out "
                 f"of range; choose exposures closer to each other.")
        return mantissa, shift

    def with_(self, **changes) -> "DieConfig":
        """A copy with some fields replaced, checked again."""
        return replace(self, **changes)
