# SPDX-License-Identifier: Apache-2.0
"""What a die is built for: one frozen object that drives RTL, models, documents and boards."""

from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from math import ceil, frexp

from .row_timing import ExposureGroup, RowTiming, build_row_timing, group_captures

__all__ = [
    "AdcConfig", "CaptureConfig", "ColourFilter", "ConfigError", "ConversionGain", "Csi2Config",
    "DieConfig", "HdrConfig", "Photodiode", "PixelArrayConfig", "PixelConfig", "TimingConfig",
]


class ConfigError(ValueError):
    """A configuration that cannot work; the message is one sentence with the arithmetic."""


class Photodiode(Enum):
    """Which of the two photodiodes of a pixel a capture reads."""

    LARGE = "large"
    SMALL = "small"


class ConversionGain(Enum):
    """Capacitance of the floating diffusion while a capture is converted."""

    HIGH = "high"
    LOW = "low"


class ColourFilter(Enum):
    """Colour of the pixels at (0, 0), (0, 1), (1, 0) and (1, 1); ``MONO`` has no filter."""

    MONO = "mono"
    RGGB = "rggb"
    GRBG = "grbg"
    GBRG = "gbrg"
    BGGR = "bggr"


def _require(condition: bool, reason: str) -> None:
    if not condition:
        raise ConfigError(reason)


@dataclass(frozen=True, kw_only=True)
class PixelArrayConfig:
    """Geometry of the pixel array.

    Physical rows are, in order: test rows, optical-black rows, active rows. Physical columns are
    optical-black columns, then active columns.

    Parameters
    ----------
    columns, rows : int
        Active pixels, multiples of 4 and of 2.
    optical_black_columns, optical_black_rows : int
        Shielded pixels that see dark current but no light; powers of two.
    test_rows : int
        Rows in which the pixel die drives known levels.
    """

    columns: int
    rows: int
    optical_black_columns: int = 16
    optical_black_rows: int = 8
    test_rows: int = 2
    colour_filter: ColourFilter = ColourFilter.RGGB

    def __post_init__(self):
        _require(16 <= self.columns <= 8192 and self.columns % 4 == 0,
                 f"columns must be a multiple of 4 from 16 to 8192, not {self.columns}.")
        _require(2 <= self.rows <= 4000 and self.rows % 2 == 0,
                 f"rows must be even, from 2 to 4000, not {self.rows}.")
        for name in ("optical_black_columns", "optical_black_rows"):
            count = getattr(self, name)
            _require(2 <= count <= 64 and count & (count - 1) == 0,
                     f"{name} must be a power of two from 2 to 64, not {count}.")
        _require(self.optical_black_columns % 4 == 0,
                 "optical_black_columns must be a multiple of 4 so that beats never mix kinds.")
        _require(0 <= self.test_rows <= 16 and self.test_rows % 2 == 0,
                 f"test_rows must be even, from 0 to 16, not {self.test_rows}.")

    @property
    def total_columns(self) -> int:
        return self.optical_black_columns + self.columns

    @property
    def dark_rows(self) -> int:
        """Rows read ahead of the active ones in every frame: test and optical-black rows."""
        return self.test_rows + self.optical_black_rows

    @property
    def total_rows(self) -> int:
        return self.dark_rows + self.rows


@dataclass(frozen=True, kw_only=True)
class PixelConfig:
    """The pixel that the die is designed for: what the combiner must know to weigh captures.

    ``small_sensitivity`` is the small photodiode's response relative to the large one.
    Defaults: a pixel that reaches 140 dB with a very short capture of 1/873.
    """

    large_full_well_electrons: float = 20_000.0
    small_full_well_electrons: float = 60_000.0
    conversion_gain_ratio: float = 7.32
    small_sensitivity: float = 1 / 32

    def __post_init__(self):
        for name in ("large_full_well_electrons", "small_full_well_electrons"):
            _require(getattr(self, name) >= 100, f"{name} must be at least 100.")
        _require(1 <= self.conversion_gain_ratio <= 64,
                 "conversion_gain_ratio must lie between 1 and 64.")
        _require(0 < self.small_sensitivity <= 1, "small_sensitivity must lie in (0, 1].")

    def full_well_electrons(self, photodiode: Photodiode) -> float:
        if photodiode is Photodiode.LARGE:
            return self.large_full_well_electrons
        return self.small_full_well_electrons

    def sensitivity(self, photodiode: Photodiode) -> float:
        return 1.0 if photodiode is Photodiode.LARGE else self.small_sensitivity


@dataclass(frozen=True, kw_only=True)
class CaptureConfig:
    """One conversion of every row.

    Parameters
    ----------
    coarse_integration_lines, fine_integration_cycles : int
        Exposure in whole lines and ``sync`` cycles (CCS 0x0202, 0x0200).
    lag_lines : int
        Lines after the frame's first read at which this capture of the same row is read.
    """

    name: str
    photodiode: Photodiode = Photodiode.LARGE
    conversion_gain: ConversionGain = ConversionGain.LOW
    coarse_integration_lines: int
    fine_integration_cycles: int = 0
    lag_lines: int = 0

    def __post_init__(self):
        _require(self.coarse_integration_lines >= 0 and self.fine_integration_cycles >= 0
                 and self.coarse_integration_lines + self.fine_integration_cycles > 0,
                 f"capture {self.name} must integrate for more than nothing.")
        _require(0 <= self.lag_lines <= 255,
                 f"lag_lines of capture {self.name} must lie between 0 and 255.")


@dataclass(frozen=True, kw_only=True)
class AdcConfig:
    """Single-slope column converters.

    ``reset_counts`` is the length of the ramp that measures the reset level;
    ``pedestal_codes`` is added to the correlated double sample so that noise around black is
    not clipped (64 at 12 bit).
    """

    bits: int = 12
    reset_counts: int = 256
    bond_group_columns: int = 16

    def __post_init__(self):
        _require(8 <= self.bits <= 14, f"bits must lie between 8 and 14, not {self.bits}.")
        _require(16 <= self.reset_counts <= 1 << self.bits
                 and self.reset_counts & (self.reset_counts - 1) == 0,
                 "reset_counts must be a power of two from 16 to the signal ramp's length.")
        _require(self.bond_group_columns in (4, 8, 16, 32),
                 "bond_group_columns must be 4, 8, 16 or 32.")

    @property
    def signal_counts(self) -> int:
        return 1 << self.bits

    @property
    def maximum_code(self) -> int:
        return self.signal_counts - 1

    @property
    def reset_bits(self) -> int:
        """Width of a reset latch: holds ``reset_counts`` itself, the count of no trip."""
        return self.reset_counts.bit_length()

    @property
    def nominal_reset_trip_counts(self) -> int:
        """Where the pixel die places the mean reset level on the ramp."""
        return min(self.reset_counts // 2, self.signal_counts // 32)

    @property
    def pedestal_codes(self) -> int:
        return self.signal_counts // 64

    @property
    def full_well_codes(self) -> int:
        """Codes above the pedestal that a full well reaches at low conversion gain."""
        return self.signal_counts * 15 // 16


@dataclass(frozen=True, kw_only=True)
class TimingConfig:
    """Frame and line timing in ``sync`` cycles, settling times in nanoseconds."""

    frame_length_lines: int
    line_length_cycles: int
    reset_settle_ns: int = 400
    transfer_settle_ns: int = 400
    gain_settle_ns: int = 400
    row_event_capacity: int = 32

    def __post_init__(self):
        _require(4 <= self.frame_length_lines <= 0xFFFF,
                 "frame_length_lines must lie between 4 and 65535.")
        _require(64 <= self.line_length_cycles <= 0xFFFF,
                 "line_length_cycles must lie between 64 and 65535.")


@dataclass(frozen=True, kw_only=True)
class HdrConfig:
    """Combination onto one linear scale.

    Parameters
    ----------
    pedestal_lsb : int
        Value of black in the linear frame, so that noise around it is kept.
    line_buffer_lag_lines : int
        Largest lag between the captures of a row that the line buffers can hold.
    fraction_bits : int
        Bits below the ADC's LSB that corrected codes carry.
    """

    linear_bits: int = 24
    pedestal_lsb: int = 64
    line_buffer_lag_lines: int = 8
    fraction_bits: int = 2

    def __post_init__(self):
        _require(self.linear_bits == 24, "linear_bits is 24: companding tables span 24 bits.")
        _require(0 <= self.pedestal_lsb <= 255, "pedestal_lsb must lie between 0 and 255.")
        _require(0 <= self.line_buffer_lag_lines <= 255,
                 "line_buffer_lag_lines must lie between 0 and 255.")
        _require(0 <= self.fraction_bits <= 4, "fraction_bits must lie between 0 and 4.")


@dataclass(frozen=True, kw_only=True)
class Csi2Config:
    """CSI-2 transmitter: byte lanes at the PHY boundary and their clock (lane rate / 8)."""

    byte_lanes: int = 2
    byte_clock_hz: float = 93.75e6
    line_sync_packets: bool = False
    row_buffer_rows: int = 2

    def __post_init__(self):
        _require(self.byte_lanes in (1, 2, 4),
                 f"byte_lanes must be 1, 2 or 4, not {self.byte_lanes}.")
        _require(2 <= self.row_buffer_rows <= 16, "row_buffer_rows must lie between 2 and 16.")


@dataclass(frozen=True, kw_only=True)
class DieConfig:
    """A whole die; refuses what cannot work when it is made.

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
    lanes: int = 1
    pixel: PixelConfig = field(default_factory=PixelConfig)
    adc: AdcConfig = field(default_factory=AdcConfig)
    hdr: HdrConfig = field(default_factory=HdrConfig)
    csi2: Csi2Config = field(default_factory=Csi2Config)

    def __post_init__(self):
        _require(self.lanes in (1, 2, 4), f"lanes must be 1, 2 or 4, not {self.lanes}.")
        _require(1 <= len(self.captures) <= 4,
                 f"a die has one to four captures, not {len(self.captures)}.")
        names = [capture.name for capture in self.captures]
        _require(len(set(names)) == len(names), "captures must have different names.")
        _require(self.captures[0].lag_lines == 0, "the first capture must have lag_lines 0.")
        _require([c.lag_lines for c in self.captures]
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
        _require(lines <= limit,
                 f"capture {capture.name} integrates {lines:.2f} lines, but a frame of "
                 f"{self.timing.frame_length_lines} lines with a lag of {self.largest_lag_lines} "
                 f"leaves {limit}; shorten it or lengthen the frame.")
        _require(capture.lag_lines <= self.hdr.line_buffer_lag_lines,
                 f"capture {capture.name} lags {capture.lag_lines} lines, but the line buffer "
                 f"holds {self.hdr.line_buffer_lag_lines}; raise hdr.line_buffer_lag_lines.")
        _require(capture.fine_integration_cycles < self.timing.line_length_cycles,
                 f"fine_integration_cycles of capture {capture.name} must be shorter than a line.")
        shares_photodiode = [c for c in self.captures if c.photodiode is capture.photodiode
                             and c.lag_lines < capture.lag_lines]
        for earlier in shares_photodiode:
            free = (capture.lag_lines - earlier.lag_lines) * self.timing.line_length_cycles
            _require(self.exposure_cycles(capture) < free,
                     f"capture {capture.name} must begin after {earlier.name} of the same "
                     f"photodiode is read: at most {free} cycles.")

    def _check_line(self) -> None:
        needed, available = self.row_timing.line_cycles, self.timing.line_length_cycles
        _require(needed <= available,
                 f"the row needs {needed} cycles ({self.row_timing.arithmetic}), but a line has "
                 f"{available}; lengthen the line, or raise adc_clock_hz.")
        _require(len(self.row_timing.events) <= self.timing.row_event_capacity,
                 "row_event_capacity is smaller than the row's list of events.")

    def _check_frame(self) -> None:
        rows, lines = self.array.total_rows, self.timing.frame_length_lines
        _require(rows + 1 <= lines,
                 f"{rows} rows and a line of blanking do not fit a frame of {lines} lines.")

    def _check_link(self) -> None:
        carried = self.array.columns * 24 // 8 + 6
        available = self.link_bytes_per_line
        _require(carried <= available,
                 f"a RAW24 row of {carried} bytes does not fit a line in which "
                 f"{self.csi2.byte_lanes} byte lanes carry {available}; add lanes, raise "
                 f"byte_clock_hz or lengthen the line.")

    # Timing -------------------------------------------------------------------------------------

    @cached_property
    def exposure_groups(self) -> tuple[ExposureGroup, ...]:
        """Captures that share one charge transfer, in the order in which a line reads them."""
        return group_captures(self.captures)

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
        largest = max(self.adc.full_well_codes * self.electrons_per_code(capture)
                      * self.exposure_ratio(capture) for capture in self.captures
                      if capture.conversion_gain is ConversionGain.LOW
                      or len(self.captures) == 1)
        return largest / ((1 << self.hdr.linear_bits) - 1 - self.hdr.pedestal_lsb)

    def normalisation(self, capture: CaptureConfig) -> tuple[int, int]:
        """Gain from corrected codes onto the linear scale.

        Returns ``(mantissa, shift)`` so that ``(code * mantissa) >> shift`` is in linear LSB, for
        a code with ``hdr.fraction_bits`` fractional bits, black already subtracted. The mantissa
        has 16 bits, its top bit set.
        """
        gain = (self.electrons_per_code(capture) * self.exposure_ratio(capture)
                / self.lsb_electrons / (1 << self.hdr.fraction_bits))
        fraction, exponent = frexp(gain)
        mantissa = round(fraction * (1 << 16))
        if mantissa == 1 << 16:
            mantissa, exponent = 1 << 15, exponent + 1
        shift = 16 - exponent
        _require(0 <= shift <= 31,
                 f"capture {capture.name} needs a gain of {gain:.3g} onto the linear scale, out "
                 f"of range; choose exposures closer to each other.")
        return mantissa, shift

    def with_(self, **changes) -> "DieConfig":
        """A copy with some fields replaced, checked again."""
        return replace(self, **changes)
