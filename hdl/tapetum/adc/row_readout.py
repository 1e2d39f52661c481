# SPDX-License-Identifier: Apache-2.0
"""From the row buffers to the pixel stream: reader, multiplexer and correlated double sampling."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import adopted_settings
from ..pixel import CodePixels, RowTag
from .column_multiplexer import MULTIPLEXER_LATENCY_CYCLES, ColumnMultiplexer
from .column_store import part_count, plane_count, reads_in_turns
from .correlated_sampler import SAMPLER_LATENCY_CYCLES, CorrelatedSampler
from .geometry import BLOCK_COLUMNS, column_blocks
from .row_reader import RowReader

__all__ = ["ROW_LATENCY_CYCLES", "RowReadout"]

_PIPELINE_CYCLES = MULTIPLEXER_LATENCY_CYCLES + SAMPLER_LATENCY_CYCLES
ROW_LATENCY_CYCLES = 4 + _PIPELINE_CYCLES
"""Clocks from ``start`` to the first beat."""


class RowReadout(wiring.Component):
    """Sends one row of codes per ``start``, ``lanes`` pixels per clock without bubbles.

    Members
    -------
    start : In(1), busy : Out(1)
        ``busy`` as long as the row buffers are needed; the pipeline empties behind it.
    tag : In(RowTag), frame_last : In(1)
        Of the row; change only with ``start``.
    settings : In(adopted_settings)
    select, turns, found
        To and from the blocks of columns: see `ColumnMultiplexer`.
    pixels : Out(stream of CodePixels)
        Always ready.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        adc, blocks = config.adc, len(column_blocks(config))
        super().__init__({
            "start": In(1),
            "busy": Out(1),
            "tag": In(RowTag),
            "frame_last": In(1),
            "settings": In(adopted_settings(config)),
            "select": Out(BLOCK_COLUMNS).array(blocks),
            "found": In(part_count(config)).array(blocks, plane_count(config)),
            "pixels": Out(stream.Signature(CodePixels(config.lanes, adc.bits),
                                           always_ready=True)),
        } | ({"turns": Out(blocks)} if reads_in_turns(config) else {}))

    def elaborate(self, platform):
        m = Module()
        signal_bits = self.config.adc.bits + 1
        m.submodules.reader = reader = RowReader(self.config)
        m.submodules.multiplexer = multiplexer = ColumnMultiplexer(self.config)
        was_busy = Signal()
        m.d.sync += was_busy.eq(reader.busy)
        m.d.comb += [
            reader.start.eq(self.start),
            reader.frame.eq(self.tag.frame[:2]),
            reader.settings.eq(self.settings),
            self.busy.eq(reader.busy),
            multiplexer.start.eq(self.start),
            multiplexer.stop.eq(was_busy & ~reader.busy),
            multiplexer.address.eq(reader.address),
            *(mine.eq(select) for mine, select in zip(self.select, multiplexer.select,
                                                      strict=True)),
        ]
        if reads_in_turns(self.config):
            m.d.comb += self.turns.eq(multiplexer.turns)
        for theirs, block in zip(multiplexer.found, self.found, strict=True):
            m.d.comb += [plane.eq(found) for plane, found in zip(theirs, block, strict=True)]

        pixels = self.pixels.payload
        for lane, bits in enumerate(multiplexer.o):
            m.submodules[f"sampler_{lane}"] = sampler = CorrelatedSampler(self.config.adc)
            m.d.comb += [
                sampler.signal.eq(bits[:signal_bits]),
                sampler.reset.eq(bits[signal_bits:]),
                pixels.codes[lane].eq(sampler.code),
            ]

        address = reader.address
        last_of_frame = Signal()
        flags = Cat(address.valid, address.optical_black, address.line_last, address.line_first)
        for stage in range(_PIPELINE_CYCLES):
            following = Signal(4, name=f"flags_{stage}")
            m.d.sync += following.eq(flags)
            if stage == _PIPELINE_CYCLES - 1:
                # The next row may be under way: its tag and flag take over with its first beat.
                with m.If(flags[3] & flags[0]):
                    m.d.sync += [pixels.tag.eq(self.tag), last_of_frame.eq(self.frame_last)]
                m.d.sync += pixels.frame_last.eq(flags[2] & last_of_frame)
            flags = following
        m.d.comb += [
            self.pixels.valid.eq(flags[0]),
            pixels.optical_black.eq(flags[1]),
            pixels.line_last.eq(flags[2]),
        ]
        return m
