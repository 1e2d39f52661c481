# SPDX-License-Identifier: Apache-2.0
"""How much light of each level there is in a frame: per capture, per zone."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import adopted_settings, settings_of
from ..hdr.align import reading_order
from ..pixel import CodePixels, corrected_bits
from ..stream.delay import delayed
from .counter_banks import COUNT_BITS, CounterBanks
from .levels import LEVELS, LevelOfCode
from .zone_grid import ZONES, ZoneGrid

__all__ = ["ZONE_BINS", "Histogram", "LevelAddress", "ZoneAddress"]

ZONE_BINS = 32


class LevelAddress(data.Struct):
    """A counter of the whole picture."""

    level: range(LEVELS)
    capture: 2


class ZoneAddress(data.Struct):
    """A counter of one zone; zones in reading order, ``bin`` two per octave."""

    bin: range(ZONE_BINS)
    zone: range(ZONES)
    capture: 2


class Histogram(wiring.Component):
    """Counts corrected active pixels on a logarithmic scale; only looks at the stream.

    ::

        i ─► one lane ─► LevelOfCode ─┬─► CounterBanks: 128 levels per capture, metered zones
                 └─────► ZoneGrid ────┴─► CounterBanks: 16 zones of 32 bins per capture

    One pixel of each beat is counted: lane ``(beat + row / 2) % lanes``, which sees every column
    and every colour. Of 32 bins each spans half an octave, the topmost is saturation alone.

    What was counted is readable from the last row of a frame's last capture until that of the next
    frame. Counters are then cleared, for 512 clocks per capture: the next frame's active rows must
    not begin earlier, or their first pixels are not counted. The lag of a capture must not exceed
    dark rows and blanking, or the next frame's first rows are counted with this one. A frame whose
    last row never comes is counted with the next one.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of CodePixels), always ready
    settings : In(adopted_settings)
    metering_zones : In(16)
        Zones whose pixels count as levels; bit 0 is the first.
    complete : Out(1), frame : Out(16)
        Strobe: the counts of ``frame`` can be read; the number stays.
    level_address : In(LevelAddress), level_count : Out(20), 3 clocks later
    zone_address : In(ZoneAddress), zone_count : Out(20), 3 clocks later
    """

    def __init__(self, config: DieConfig):
        self.config = config
        shape = CodePixels(config.lanes, corrected_bits(config))
        super().__init__({
            "i": In(stream.Signature(shape, always_ready=True)),
            "settings": In(adopted_settings(config)),
            "metering_zones": In(ZONES, init=(1 << ZONES) - 1),
            "complete": Out(1), "frame": Out(16),
            "level_address": In(LevelAddress), "level_count": Out(COUNT_BITS),
            "zone_address": In(ZoneAddress), "zone_count": Out(COUNT_BITS),
        })

    def elaborate(self, platform):
        m = Module()
        config, captures = self.config, len(self.config.captures)
        m.submodules.level = level_of = LevelOfCode(config)
        m.submodules.grid = grid = ZoneGrid(config)
        m.submodules.levels = levels = CounterBanks(LEVELS * captures)
        m.submodules.zones = zones = CounterBanks(ZONE_BINS * ZONES * captures)

        # Clock 1: one pixel of the beat.
        pixels, beats = self.i.payload, config.array.columns // config.lanes
        beat = Signal(range(beats))
        with m.If(self.i.valid):
            m.d.sync += beat.eq(Mux(beat == beats - 1, beat, beat + 1))
            with m.If(pixels.line_last):
                m.d.sync += beat.eq(0)
        code = Signal(corrected_bits(config), reset_less=True)
        lane = (beat + pixels.tag.row[1:])[:config.lanes.bit_length() - 1]
        m.d.sync += code.eq(pixels.codes[lane] if config.lanes > 1 else pixels.codes[0])
        m.d.comb += level_of.code.eq(code)

        # Clocks 1 to 5: its level and its zone.
        m.d.comb += [
            grid.settings.eq(self.settings), grid.frame.eq(pixels.tag.frame),
            grid.row.eq(pixels.tag.row), grid.beat.eq(beat),
        ]
        wait = grid.latency_cycles
        valid = delayed(m, self.i.valid, wait, name="valid", reset_less=False)
        capture = delayed(m, pixels.tag.capture, wait, name="capture")

        # Clock 6: its two counters.
        count = Signal()
        level_address, zone_address = (Signal(LevelAddress, reset_less=True),
                                       Signal(ZoneAddress, reset_less=True))
        coarse, metered = level_of.level[2:], Signal()
        m.d.sync += [
            count.eq(valid),
            metered.eq(valid & self.metering_zones.bit_select(grid.zone, 1)),
            level_address.level.eq(level_of.level),
            level_address.capture.eq(capture),
            zone_address.zone.eq(grid.zone),
            zone_address.capture.eq(capture),
        ]
        with m.If(level_of.level == LEVELS - 1):
            m.d.sync += zone_address.bin.eq(ZONE_BINS - 1)
        with m.Else():
            m.d.sync += zone_address.bin.eq(Mux(coarse == 0, 0, coarse - 1))

        # The frame's last row is that of the capture that is read last.
        order, is_last = reading_order(config), Signal(captures, reset_less=True)
        mask = settings_of(m, self.settings, pixels.tag.frame, "capture_mask").capture_mask
        for position, index in enumerate(order):
            later = Cat(mask[other] for other in order[position + 1:])
            m.d.sync += is_last[index].eq((pixels.tag.capture == index) & ~later.any())
        ends_capture = delayed(m, self.i.valid & pixels.line_last & pixels.frame_last, 1,
                               name="ends_capture", reset_less=False)
        swap = delayed(m, ends_capture & is_last.any(), wait, name="swap", reset_less=False)
        frame = delayed(m, pixels.tag.frame, wait + 1, name="frame")
        with m.If(swap):
            m.d.sync += self.frame.eq(frame)

        m.d.comb += self.complete.eq(delayed(m, swap, 4, name="complete", reset_less=False))
        for banks, address, counted, asked, answer in (
                (levels, level_address, metered, self.level_address, self.level_count),
                (zones, zone_address, count, self.zone_address, self.zone_count)):
            m.d.comb += [
                banks.address.eq(address.as_value()), banks.count.eq(counted),
                banks.swap.eq(swap),
                banks.read_address.eq(asked.as_value()), answer.eq(banks.read_count),
            ]
        return m
