# SPDX-License-Identifier: Apache-2.0
"""What each room is built for; :class:`tapetum.config.DieConfig` gathers them."""

from dataclasses import dataclass
from enum import Enum

__all__ = [
    "AdcConfig",
    "CaptureConfig",
    "ColourFilter",
    "ConfigError",
    "ConversionGain",
    "CorrectConfig",
    "Csi2Config",
    "HdrConfig",
    "LONGEST_LAMP_PERIOD_S",
    "Photodiode",
    "PixelArrayConfig",
    "PixelConfig",
    "TimingConfig",
    "require",
]


LONGEST_LAMP_PERIOD_S = 1 / 90
"""A capture that integrates as long sees a pulse of every lamp of 90 Hz or more."""


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


def require(condition: bool, reason: str) -> None:
    """Refuse a configuration with a sentence."""
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
        require(16 <= self.columns <= 8192 and self.columns % 4 == 0,
                 f"columns must be a multiple of 4 from 16 to 8192, not {self.columns}.")
        require(2 <= self.rows <= 4000 and self.rows % 2 == 0,
                 f"rows must be even, from 2 to 4000, not {self.rows}.")
        for name in ("optical_black_columns", "optical_black_rows"):
            count = getattr(self, name)
            require(2 <= count <= 64 and count & (count - 1) == 0,
                     f"{name} must be a power of two from 2 to 64, not {count}.")
        require(self.optical_black_columns % 4 == 0,
                 "optical_black_columns must be a multiple of 4 so that beats never mix kinds.")
        require(0 <= self.test_rows <= 16 and self.test_rows % 2 == 0,
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

    ``small_sensitivity`` is the small photodiode's response relative to the large one; read noise
    is that of the correlated double sample, quantisation left out.
    Defaults: a pixel that reaches 140 dB with a very short capture of 1/960.
    """

    large_full_well_electrons: float = 20_000.0
    small_full_well_electrons: float = 60_000.0
    conversion_gain_ratio: float = 7.32
    small_sensitivity: float = 1 / 32
    high_gain_read_noise_electrons: float = 1.0
    low_gain_read_noise_electrons: float = 5.0
    small_read_noise_electrons: float = 5.0

    def __post_init__(self):
        for name in ("large_full_well_electrons", "small_full_well_electrons"):
            require(getattr(self, name) >= 100, f"{name} must be at least 100.")
        for name in ("high_gain_read_noise_electrons", "low_gain_read_noise_electrons",
                     "small_read_noise_electrons"):
            require(0 <= getattr(self, name) <= 1000, f"{name} must lie between 0 and 1000.")
        require(1 <= self.conversion_gain_ratio <= 64,
                 "conversion_gain_ratio must lie between 1 and 64.")
        require(0 < self.small_sensitivity <= 1, "small_sensitivity must lie in (0, 1].")

    def full_well_electrons(self, photodiode: Photodiode) -> float:
        if photodiode is Photodiode.LARGE:
            return self.large_full_well_electrons
        return self.small_full_well_electrons

    def sensitivity(self, photodiode: Photodiode) -> float:
        return 1.0 if photodiode is Photodiode.LARGE else self.small_sensitivity

    def read_noise_electrons(self, photodiode: Photodiode, gain: ConversionGain) -> float:
        if photodiode is Photodiode.SMALL:
            return self.small_read_noise_electrons
        if gain is ConversionGain.HIGH:
            return self.high_gain_read_noise_electrons
        return self.low_gain_read_noise_electrons


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
        require(self.coarse_integration_lines >= 0 and self.fine_integration_cycles >= 0
                 and self.coarse_integration_lines + self.fine_integration_cycles > 0,
                 f"capture {self.name} must integrate for more than nothing.")
        require(0 <= self.lag_lines <= 255,
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
        require(8 <= self.bits <= 14, f"bits must lie between 8 and 14, not {self.bits}.")
        require(16 <= self.reset_counts <= 1 << self.bits
                 and self.reset_counts & (self.reset_counts - 1) == 0,
                 "reset_counts must be a power of two from 16 to the signal ramp's length.")
        require(self.bond_group_columns in (4, 8, 16, 32),
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

    @property
    def saturation_codes(self) -> int:
        """Codes above the pedestal from which the full well, not the light, decides.

        Below the full well by what columns, rows and rounding may take from it.
        """
        return min(self.full_well_codes * 127 // 128, self.full_well_codes - 4)


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
        for name in ("reset_settle_ns", "transfer_settle_ns", "gain_settle_ns"):
            require(getattr(self, name) >= 0, f"{name} must not be negative.")
        require(4 <= self.frame_length_lines <= 0xFFFF,
                 "frame_length_lines must lie between 4 and 65535.")
        require(64 <= self.line_length_cycles <= 0xFFFF,
                 "line_length_cycles must lie between 64 and 65535.")


@dataclass(frozen=True, kw_only=True)
class CorrectConfig:
    """Memories of the corrections.

    Parameters
    ----------
    defect_list_entries : int
        Capacity of the list of known defects; a power of two.
    shading_cell_pixels : int
        Distance of the nodes of the lens-shading grid; a power of two.
    """

    defect_list_entries: int = 256
    shading_cell_pixels: int = 64

    def __post_init__(self):
        entries, cell = self.defect_list_entries, self.shading_cell_pixels
        require(16 <= entries <= 4096 and entries & (entries - 1) == 0,
                f"defect_list_entries must be a power of two from 16 to 4096, not {entries}.")
        require(16 <= cell <= 512 and cell & (cell - 1) == 0,
                f"shading_cell_pixels must be a power of two from 16 to 512, not {cell}.")


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
        require(self.linear_bits == 24, "linear_bits is 24: companding tables span 24 bits.")
        require(0 <= self.pedestal_lsb <= 255, "pedestal_lsb must lie between 0 and 255.")
        require(0 <= self.line_buffer_lag_lines <= 255,
                 "line_buffer_lag_lines must lie between 0 and 255.")
        require(0 <= self.fraction_bits <= 4, "fraction_bits must lie between 0 and 4.")


@dataclass(frozen=True, kw_only=True)
class Csi2Config:
    """CSI-2 transmitter: byte lanes at the PHY boundary and their clock (lane rate / 8)."""

    byte_lanes: int = 2
    byte_clock_hz: float = 93.75e6
    line_sync_packets: bool = False
    row_buffer_rows: int = 2

    def __post_init__(self):
        require(self.byte_lanes in (1, 2, 4),
                 f"byte_lanes must be 1, 2 or 4, not {self.byte_lanes}.")
        require(self.byte_clock_hz > 0, "byte_clock_hz must be positive.")
        require(2 <= self.row_buffer_rows <= 16, "row_buffer_rows must lie between 2 and 16.")
