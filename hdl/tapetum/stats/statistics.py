# SPDX-License-Identifier: Apache-2.0
"""The room's way through: corrected pixels and the host's settings in, the next settings out."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import FrameSettings, adopted_settings
from ..pixel import CodePixels, corrected_bits
from ..registers.bus import WindowBus
from ..registers.definition import MemoryWindow
from ..stream.clock_gate import AwakeFor, Gated
from .auto_exposure import AutoExposure
from .exposure_control import ExposureControl
from .histogram import ZONE_BINS, Histogram
from .zone_grid import ZONES

__all__ = ["Statistics", "histogram_window"]

HISTOGRAM_HOLD_CYCLES = 1 << 12
"""Longer than the counters of four captures take to clear, or `AutoExposure.reading_cycles`."""
EXPOSURE_HOLD_CYCLES = 1 << 14
"""Longer than `AutoExposure.longest_cycles`, or the guard's pass over what the host has written."""


def histogram_window(config: DieConfig) -> MemoryWindow:
    """Counts of every capture, zone and bin, in this order."""
    return MemoryWindow(
        name="histogram", address=0x6000, entries=len(config.captures) * ZONES * ZONE_BINS,
        entry_bytes=4,
        sentence="Pixels of the last whole frame per capture, zone (4 x 4, in reading order) and "
                 "bin (two per octave below full scale, the last one saturated), 0 to 1048575; "
                 "read-only, the four bytes of an entry in order.")


class Statistics(wiring.Component):
    """`Histogram` and `AutoExposure`.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of CodePixels), always ready
        Corrected active rows; only looked at.
    adopted : In(adopted_settings)
    settings : In(FrameSettings), whole : In(1)
        What the host wants for the next frame; see `AutoExposure`.
    settings_out : Out(FrameSettings)
        What it gets.
    control : In(ExposureControl), metering_zones : In(16)
    stirred : In(1)
        Something other than pixels may have changed within `EXPOSURE_HOLD_CYCLES`: the host has
        written or reads, or a frame takes its settings.
    frame : Out(16)
        Whose counts `counts` shows.
    renewed : Out(1)
        Strobe: ``settings_out`` follows the counts of ``frame`` from the next clock on.
    counts : In(WindowBus)
        `histogram_window`. The first byte of an entry is always 0, and its reading fetches the
        others.
    ratio_overflow : Out(1)
    """

    def __init__(self, config: DieConfig):
        self.config = config
        self.histogram, self.auto_exposure = Histogram(config), AutoExposure(config)
        shape = CodePixels(config.lanes, corrected_bits(config))
        super().__init__({
            "i": In(stream.Signature(shape, always_ready=True)),
            "adopted": In(adopted_settings(config)),
            "settings": In(FrameSettings(config)), "whole": In(1, init=1),
            "settings_out": Out(FrameSettings(config)),
            "control": In(ExposureControl(config)), "metering_zones": In(ZONES),
            "stirred": In(1),
            "frame": Out(16), "renewed": Out(1),
            "counts": In(WindowBus(histogram_window(config))),
            "ratio_overflow": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        histogram, auto_exposure = self.histogram, self.auto_exposure
        m.submodules.counting = counting = AwakeFor(
            self.i.valid | self.stirred, hold_cycles=HISTOGRAM_HOLD_CYCLES)
        m.submodules.exposing = exposing = AwakeFor(
            self.stirred | histogram.complete, hold_cycles=EXPOSURE_HOLD_CYCLES)
        m.submodules.histogram = Gated(histogram, awake=counting.awake)
        m.submodules.auto_exposure = Gated(auto_exposure, awake=exposing.awake)
        m.d.comb += [
            histogram.i.valid.eq(self.i.valid), histogram.i.payload.eq(self.i.payload),
            histogram.settings.eq(self.adopted),
            histogram.metering_zones.eq(self.metering_zones),
            histogram.level_address.eq(auto_exposure.level_address),
            Value.cast(histogram.zone_address).eq(self.counts.address[2:]),
            self.counts.read_data.eq(
                Cat(histogram.zone_count, C(0, 32 - len(histogram.zone_count)))
                .word_select(~self.counts.address[:2], 8)),
            auto_exposure.settings.eq(self.settings), auto_exposure.whole.eq(self.whole),
            auto_exposure.adopted.eq(self.adopted),
            auto_exposure.control.eq(self.control),
            auto_exposure.complete.eq(histogram.complete),
            auto_exposure.frame.eq(histogram.frame),
            auto_exposure.level_count.eq(histogram.level_count),
            self.settings_out.eq(auto_exposure.settings_out),
            self.frame.eq(histogram.frame), self.renewed.eq(auto_exposure.renewed),
            self.ratio_overflow.eq(auto_exposure.ratio_overflow),
        ]
        return m
