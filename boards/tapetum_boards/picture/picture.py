# SPDX-License-Identifier: Apache-2.0
"""The live picture: from the die's pixels to a monitor's symbols, through the board's memory."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out, connect, flipped

from tapetum.config import DieConfig
from tapetum.csi2.packets import PacketBytes
from tapetum.pixel import CodePixels, corrected_bits

from ..memory.memory_port import MemoryPort
from .capture_viewer import CaptureViewer
from .combined_viewer import CombinedViewer
from .dvi_channels import DviChannels, DviSymbols
from .layout import PICTURE_MODES, PictureLayout, PictureState, Plane
from .line_buffer import LineBuffer
from .line_reader import LineReader, ShownBuffers
from .plane_writer import PlaneWriter
from .raster import Raster
from .screen import Screen
from .text_lines import TextLines
from .tone_table import CAPTURE_INDEX_BITS, COMBINED_INDEX_BITS, capture_curve, combined_curve
from .video_timing import VideoTiming

__all__ = ["MEMORY_CLIENTS", "Picture", "PictureWrite"]

MEMORY_CLIENTS = ("combined", "marks", "line", "capture")
_WAITING_WORDS = {Plane.COMBINED: 32, Plane.MARKS: 32, Plane.CAPTURE: 1024}
"""Captures and marks come a whole row at a time, faster than the memory takes them; pixels of the
combined frame at the pace of the link."""


class PictureWrite(wiring.Signature):
    """New captions, letters and curves.

    Members
    -------
    text, capture_curve, combined_curve : Out(1)
        Strobe: a byte for this table.
    address : Out, data : Out(8)
    """

    def __init__(self):
        super().__init__({"text": Out(1), "capture_curve": Out(1), "combined_curve": Out(1),
                          "address": Out(COMBINED_INDEX_BITS), "data": Out(8)})


class Picture(wiring.Component):
    """::

        sync                                         │ pixel
        codes ──► CaptureViewer ─► writer ─┐         │            raster ─┬───────► text
                                         memory      │               │    └──────────┐ │
        packets ► CombinedViewer ► writers ┴► reader ┼► line buffer ─┴► screen ◄─────┘ ▼
                        └─ verdict ──────────────────┼────────────────►    └► DVI channels

    What is on the right is what a host would see of the packets; on the left is one capture of the
    same frames, which the link carries only in place of the combined one.

    Parameters
    ----------
    config : DieConfig
    timing : VideoTiming
    address_bits : int
        Of the memory.

    Members
    -------
    codes : In(stream of CodePixels), always ready
        Corrected captures.
    packets : In(PacketBytes(2)), strobe : In(1), in ``byte``
    mode : In(PICTURE_MODES), capture : In(2), fault : In(1)
    tables : In(PictureWrite)
    memory : MEMORY_CLIENTS of Out(MemoryPort), those that can wait least first
    lost : Out(1)
        Strobe: the memory was too slow, in one direction or the other.
    symbols : Out(DviSymbols), in ``pixel``
    """

    def __init__(self, config: DieConfig, timing: VideoTiming, address_bits: int):
        if config.csi2.byte_lanes != 2 or config.lanes != 1:
            raise ValueError("the picture is made of packets on 2 lanes and of 1 pixel per clock, "
                             f"not of {config.csi2.byte_lanes} and {config.lanes}.")
        if 2 * config.csi2.byte_clock_hz > config.sync_clock_hz:
            raise ValueError("a word of pixels takes two clocks of sync: the byte clock must not "
                             f"exceed {config.sync_clock_hz / 2e6:g} MHz.")
        self.config, self.timing, self.address_bits = config, timing, address_bits
        self.layout = PictureLayout(array=config.array, timing=timing)
        self.code_bits = corrected_bits(config)
        super().__init__({
            "codes": In(stream.Signature(CodePixels(1, self.code_bits), always_ready=True)),
            "packets": In(PacketBytes(2)), "strobe": In(1),
            "mode": In(PICTURE_MODES), "capture": In(2), "fault": In(1),
            "tables": In(PictureWrite()),
            "memory": Out(MemoryPort(address_bits)).array(len(MEMORY_CLIENTS)),
            "lost": Out(1), "symbols": Out(DviSymbols()),
        })

    def elaborate(self, platform):
        m = Module()
        layout, tables = self.layout, self.tables
        ports = dict(zip(MEMORY_CLIENTS, self.memory, strict=True))
        black = self.config.adc.pedestal_codes << self.config.hdr.fraction_bits
        m.submodules.of_capture = of_capture = CaptureViewer(
            self.code_bits, capture_curve(black >> self.code_bits - CAPTURE_INDEX_BITS))
        m.submodules.of_link = of_link = CombinedViewer(
            combined_curve(self.config.hdr.pedestal_lsb))
        connect(m, flipped(self.codes), of_capture.codes)
        writers = {}
        for plane, words in ((Plane.CAPTURE, of_capture.words), (Plane.COMBINED, of_link.pixels),
                             (Plane.MARKS, of_link.marks)):
            name = plane.name.lower()
            m.submodules[f"{name}_writer"] = writer = PlaneWriter(
                layout, plane, self.address_bits, _WAITING_WORDS[plane])
            connect(m, words, writer.i)
            connect(m, writer.memory, flipped(ports[name]))
            writers[name] = writer
        m.submodules.reader = reader = LineReader(layout, self.address_bits)
        connect(m, reader.memory, flipped(ports["line"]))

        m.d.comb += [
            of_link.packets.eq(self.packets), of_link.strobe.eq(self.strobe),
            of_capture.capture.eq(self.capture),
            of_capture.table_write.eq(tables.capture_curve),
            of_capture.table_address.eq(tables.address[:CAPTURE_INDEX_BITS]),
            of_capture.table_data.eq(tables.data),
            of_link.table_write.eq(tables.combined_curve),
            of_link.table_address.eq(tables.address),
            of_link.table_data.eq(tables.data),
            self.lost.eq(reader.late | Cat(writer.lost for writer in writers.values()).any()),
        ]
        self._monitor(m, of_link, writers, reader)
        return m

    def _monitor(self, m: Module, of_link: CombinedViewer, writers: dict[str, PlaneWriter],
                 reader: LineReader) -> None:
        layout, tables = self.layout, self.tables
        in_pixel = DomainRenamer("pixel")
        m.submodules.raster = raster = in_pixel(Raster(self.timing))
        screen = Screen(layout)
        m.submodules.screen = in_pixel(screen)
        m.submodules.line_buffer = line_buffer = LineBuffer(layout)
        m.submodules.text = text = TextLines(self.config, layout)
        channels = DviChannels()
        m.submodules.channels = in_pixel(channels)

        # At the start of each line the memory is asked for the next one; ahead of line 0 all that a
        # frame shows is chosen, and then stands still.
        asks, is_last = Signal(), Signal()
        with m.If(raster.place.line_first):
            m.d.pixel += [asks.eq(~asks),
                          is_last.eq(raster.place.row == self.timing.total_rows - 1)]
        asked, before, first = Signal(), Signal(), Signal()
        m.submodules.asked = FFSynchronizer(asks, asked)
        m.submodules.first = FFSynchronizer(is_last, first)
        state, buffers, shown = Signal(PictureState), Signal(ShownBuffers), Signal(2)
        start = Signal()
        moved = Signal()
        m.d.sync += [before.eq(asked), moved.eq(asked != before), start.eq(moved)]
        with m.If(moved & first):
            m.d.sync += [
                state.mode.eq(self.mode), state.capture.eq(self.capture),
                state.class_number.eq(of_link.verdict.class_number),
                state.score.eq(of_link.verdict.score), state.has_verdict.eq(of_link.verdict.valid),
                state.marked.eq(of_link.marked & writers["marks"].any), state.fault.eq(self.fault),
                *(buffers[name].eq(writer.whole) for name, writer in writers.items()),
                shown.eq(Cat(writers["capture"].any, writers["combined"].any)),
            ]
        m.d.comb += [
            reader.start.eq(start), reader.first.eq(first), reader.buffers.eq(buffers),
            reader.full.eq(state.mode != PICTURE_MODES.SPLIT), line_buffer.line.eq(reader.line),
            # Quasi-static: they change a line before the first one of a frame.
            screen.state.eq(state), text.state.eq(state), screen.shown.eq(shown),
            screen.place.eq(raster.place), text.place.eq(raster.place),
            line_buffer.parity.eq(screen.parity), line_buffer.combined.eq(screen.combined),
            line_buffer.column.eq(screen.column),
            screen.level.eq(line_buffer.level), screen.mark.eq(line_buffer.mark),
            screen.dot.eq(text.dot), screen.upper.eq(text.upper), screen.lower.eq(text.lower),
            channels.beam.eq(screen.beam), self.symbols.eq(channels.symbols),
            text.write.eq(tables.text), text.write_data.eq(tables.data),
            text.write_address.eq(tables.address),
        ]
