# SPDX-License-Identifier: Apache-2.0
"""The room: from the combined frame to what the array looks at."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..control.frame_settings import adopted_settings, settings_of
from ..memory.health import MemoryHealth, gather
from ..npu.step import InputWord
from ..pixel import LinearPixels
from ..registers.bus import WindowBus
from ..room_config import require
from ..stream.delay import delayed
from .column_sums import ColumnSums, area_sum_bits
from .magnitude import Magnitude
from .output_rows import InputCode, OutputRows
from .pixel_queue import PixelQueue
from .region_cut import RegionCut
from .row_sums import RowSums
from .settings import VisionConfig, VisionSettings, cell_pixels
from .tone_curve import TONE_WINDOW, ToneCurve

__all__ = ["Vision"]

_MARGIN_CYCLES = 4


class Vision(wiring.Component):
    """A region of each frame, averaged down to the network's size, on a tone curve, as int8 rows.

    ::

        i ─► RegionCut ─► PixelQueue ─► RowSums ─► ColumnSums ─► Magnitude ─► ToneCurve ─┐
                 ▲                                                                       │
                 └─────────── delivered, overflow ─────────────── OutputRows ◄───────────┘
                                                                       └─► o

    Every pixel of the region counts by the share of it that an output covers: no rounding before
    the division. A frame that begins always delivers all its words; one that is ``incomplete`` ends
    with words of zero. Only one row of outputs is kept.

    Words of a row follow the last pixel that it needs: the first by `latency_cycles`, and three
    clocks more under a colour filter, each further one by four clocks, one on a mono die.

    Parameters
    ----------
    config : DieConfig
    vision : VisionConfig, optional

    Members
    -------
    i : In(stream of LinearPixels), always ready
        The combined frame.
    settings : In(VisionSettings)
        What the next frame takes with its first pixel; see `vision_settings`.
    adopted : In(adopted_settings)
        For flips and pedestal.
    tone : In(WindowBus)
        `TONE_WINDOW`.
    o : Out(stream of InputWord)
        Pixels of the input, row by row; ``row_last`` with the last one of each.
    codes : Out(stream of InputCode), always ready
        The same before they become words, none of them made up.
    active : Out(VisionSettings)
        Of the present frame.
    frame_first : Out(1), frame : Out(16)
        Strobe: the first pixel of this frame's region has come.
    incomplete : Out(1)
        Strobe: ``frame`` did not bring its whole region, or a queue overflowed; it may never have
        begun.
    overflow : Out(1)
        A queue did overflow in the frame that began last.
    memory : Out(MemoryHealth)

    Raises
    ------
    ConfigError
        If a line is not longer than a row has pixels.
    """

    def __init__(self, config: DieConfig, vision: VisionConfig | None = None):
        self.config, self.vision = config, vision or VisionConfig()
        line, columns = config.timing.line_length_cycles, config.array.columns
        require(line >= columns + _MARGIN_CYCLES,
                f"the network's front end takes a pixel per clock, but a line of {line} cycles has "
                f"{columns} pixels; lengthen the line.")
        super().__init__({
            "i": In(stream.Signature(LinearPixels(config.lanes), always_ready=True)),
            "settings": In(VisionSettings),
            "adopted": In(adopted_settings(config)),
            "tone": In(WindowBus(TONE_WINDOW)),
            "o": Out(stream.Signature(InputWord)),
            "codes": Out(stream.Signature(InputCode, always_ready=True)),
            "active": Out(VisionSettings),
            "frame_first": Out(1), "frame": Out(16), "incomplete": Out(1), "overflow": Out(1),
            "memory": Out(MemoryHealth()),
        })

    @property
    def latency_cycles(self) -> int:
        """From a pixel at ``i`` to the word that it completes at ``o``, if that is alone."""
        return (RegionCut.latency_cycles + PixelQueue.latency_cycles + RowSums.latency_cycles
                + ColumnSums.latency_cycles + Magnitude.latency_cycles + ToneCurve.latency_cycles
                + OutputRows.latency_cycles)

    def elaborate(self, platform):
        m = Module()
        config, vision = self.config, self.vision
        m.submodules.cut = cut = RegionCut(config)
        m.submodules.pixels = pixels = PixelQueue(config)
        m.submodules.row_sums = row_sums = RowSums(config, vision)
        m.submodules.column_sums = column_sums = ColumnSums(config, vision)
        m.submodules.magnitude = magnitude = Magnitude(area_sum_bits(config))
        m.submodules.curve = curve = ToneCurve()
        tail = Magnitude.latency_cycles + ToneCurve.latency_cycles
        m.submodules.rows = rows = OutputRows(vision, drain_cycles=tail + _MARGIN_CYCLES)
        connect(m, flipped(self.i), cut.i)
        connect(m, cut.o, pixels.i)
        connect(m, flipped(self.tone), curve.window)
        connect(m, rows.o, flipped(self.o))
        gather(m, self.memory, row_sums.memory, column_sums.memory, curve.memory, rows.memory)

        # Frames
        restart, failed = Signal(), Signal()
        m.d.comb += [
            cut.settings.eq(self.settings), self.active.eq(cut.active),
            restart.eq(cut.begins | cut.lost),
            failed.eq(pixels.overflow | rows.overflow), cut.abort.eq(failed),
            cut.delivered.eq(rows.delivered), cut.busy.eq(rows.busy),
            pixels.clear.eq(cut.lost), rows.begins.eq(cut.begins), rows.lost.eq(cut.lost),
            rows.settings.eq(cut.active), row_sums.restart.eq(restart),
            row_sums.settings.eq(cut.active), column_sums.restart.eq(restart),
            column_sums.settings.eq(cut.active), self.frame_first.eq(cut.begins),
            self.frame.eq(cut.frame), self.incomplete.eq(cut.lost),
        ]
        with m.If(failed | cut.begins):
            m.d.sync += self.overflow.eq(failed)

        # What flips and pedestal of the frame are.
        frame = settings_of(m, self.adopted, cut.number, "pedestal_lsb", "flip_columns",
                            "flip_rows")
        pedestal = Signal(8, reset_less=True)
        m.d.sync += pedestal.eq(frame.pedestal_lsb)
        m.d.comb += row_sums.pedestal.eq(pedestal)
        if cell_pixels(config) == 2:
            red_y, red_x = divmod(config.array.colour_filter.value.index("r"), 2)
            m.d.sync += [column_sums.red_x.eq(red_x ^ frame.flip_columns),
                         column_sums.red_y.eq(red_y ^ frame.flip_rows)]

        # Pixels
        area = column_sums.o
        m.d.comb += [
            row_sums.valid.eq(pixels.valid), row_sums.value.eq(pixels.value),
            column_sums.row_done.eq(row_sums.row_done), column_sums.half.eq(row_sums.half),
            row_sums.address.eq(column_sums.address), row_sums.read.eq(column_sums.read),
            column_sums.sum.eq(row_sums.sum),
            magnitude.valid.eq(column_sums.valid), magnitude.sum.eq(area.sum),
            magnitude.pixels_log2.eq(area.pixels_log2),
            magnitude.reciprocal.eq(cut.active.reciprocal),
            magnitude.reciprocal_shift.eq(cut.active.reciprocal_shift),
            curve.segment.eq(magnitude.segment), curve.fraction.eq(magnitude.fraction),
        ]
        valid = delayed(m, column_sums.valid, Magnitude.latency_cycles, name="valid",
                        reset_less=False)
        m.d.comb += curve.valid.eq(valid)
        m.d.comb += [
            rows.valid.eq(delayed(m, valid, ToneCurve.latency_cycles, name="coded",
                                  reset_less=False)),
            Cat(rows.pixel_last, rows.row_last).eq(delayed(
                m, Cat(area.pixel_last, area.row_last), tail, name="lasts")),
            rows.code.eq(curve.code),
            self.codes.valid.eq(rows.valid), self.codes.payload.code.eq(rows.code),
            self.codes.payload.row_last.eq(rows.row_last),
        ]
        return m
