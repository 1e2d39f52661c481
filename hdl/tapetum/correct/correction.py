# SPDX-License-Identifier: Apache-2.0
"""The room's way through: from ADC codes of all rows to corrected codes of active ones."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..control.frame_settings import adopted_settings, settings_of
from ..memory.health import MemoryHealth, gather
from ..pixel import CodePixels, corrected_bits
from ..registers.bus import WindowBus
from ..registers.window_writer import WindowWriter
from ..stream.clock_gate import AwakeFor, Gated
from .defects.defect_correction import DefectCorrection
from .digital_gain import DigitalGain
from .fixed_pattern import FixedPattern
from .lens_shading import LensShading
from .region_watch import RegionWatch
from .row_monitor import RowMonitor
from .windows import defect_list_window, defect_thresholds_window, lens_shading_window

__all__ = ["Correction"]

ROW_HOLD_CYCLES = 1 << 8
"""Longer than what is worked out behind a row."""
FRAME_HOLD_CYCLES = 1 << 18
"""Longer than two of the longest lines: the last two rows of a frame are corrected that late."""


class Correction(wiring.Component):
    """Corrects every capture, row by row, on its own.

    ::

        i ─► RegionWatch ─► FixedPattern ─► DigitalGain ─► LensShading ─┬─► DefectCorrection ─► o
                         columns, black level,                          └─► RowMonitor
                         row noise; active pixels

    A row leaves while the row two below it comes; the last two of a frame in their capture's slots
    of the next two lines. One beat per clock.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of CodePixels), always ready
        ADC codes: rows of every kind and capture; the rows of one capture are contiguous.
    settings : In(adopted_settings)
    stirred : In(1)
        The host accesses a register, or ``settings`` change.
    column_freeze, column_restart : In(1)
        Hold the estimates of columns; strobe: begin anew. A new region of interest does so too.
    temperature_stepped : In(1)
        Strobe: black is measured anew, as after a reset.
    defect_list_entries : In(13)
    defect_thresholds, defect_list, lens_shading_nodes : In(WindowBus)
        `defect_thresholds_window`, `defect_list_window`, `lens_shading_window`; write only.
    o : Out(stream of CodePixels), always ready
        Corrected codes: active rows and columns only.
    black_levels : Out(one corrected code per capture and phase)
        In units of ``2**-fraction_bits`` ADC codes; phases are (0, 0), (0, 1), (1, 0), (1, 1).
    corrected : Out(16 per capture)
        Pixels that were replaced in the last whole frame.
    column_limit, dead_row, list_invalid, rows_collided : Out(1)
        Pulses, or levels, for the faults of these names.
    memory : Out(MemoryHealth)
    """

    def __init__(self, config: DieConfig):
        self.config = config
        bits, captures = corrected_bits(config), len(config.captures)
        self.fixed_pattern, self.digital_gain = FixedPattern(config), DigitalGain(config)
        self.lens_shading, self.defects = LensShading(config), DefectCorrection(config)
        super().__init__({
            "i": In(stream.Signature(CodePixels(config.lanes, config.adc.bits),
                                     always_ready=True)),
            "settings": In(adopted_settings(config)), "stirred": In(1),
            "column_freeze": In(1), "column_restart": In(1), "temperature_stepped": In(1),
            "defect_list_entries": In(13),
            "defect_thresholds": In(WindowBus(defect_thresholds_window(config))),
            "defect_list": In(WindowBus(defect_list_window(config))),
            "lens_shading_nodes": In(WindowBus(lens_shading_window(config))),
            "o": Out(stream.Signature(CodePixels(config.lanes, bits), always_ready=True)),
            "black_levels": Out(data.ArrayLayout(data.ArrayLayout(bits, 4), captures)),
            "corrected": Out(data.ArrayLayout(16, captures)),
            "column_limit": Out(1), "dead_row": Out(1),
            "list_invalid": Out(1), "rows_collided": Out(1),
            "memory": Out(MemoryHealth()),
        })

    @property
    def latency_cycles(self) -> int:
        """Clocks from a beat at ``i`` to that of the row two above it at ``o``, at full rate."""
        return (RegionWatch.latency_cycles + self.fixed_pattern.latency_cycles
                + self.digital_gain.latency_cycles
                + self.lens_shading.latency_cycles + self.defects.latency_cycles)

    def elaborate(self, platform):
        m = Module()
        fixed_pattern, gain = self.fixed_pattern, self.digital_gain
        shading, defects = self.lens_shading, self.defects
        monitor, watch = RowMonitor(self.config), RegionWatch(self.config)
        moves = (self.i.valid | self.stirred | self.temperature_stepped
                 | self.memory.inject.any())
        m.submodules.in_row = in_row = AwakeFor(moves, hold_cycles=ROW_HOLD_CYCLES)
        m.submodules.in_frame = in_frame = AwakeFor(moves, hold_cycles=FRAME_HOLD_CYCLES)
        for name, stage in (("fixed_pattern", fixed_pattern), ("digital_gain", gain),
                            ("lens_shading", shading), ("row_monitor", monitor),
                            ("region_watch", watch)):
            m.submodules[name] = Gated(stage, awake=in_row.awake)
        m.submodules.defects = Gated(defects, awake=in_frame.awake)

        connect(m, flipped(self.i), watch.i)
        connect(m, watch.o, fixed_pattern.i)
        connect(m, fixed_pattern.o, gain.i)
        connect(m, gain.o, shading.i)
        connect(m, shading.o, defects.i)
        connect(m, defects.o, flipped(self.o))
        gather(m, self.memory, fixed_pattern.memory, shading.memory, defects.memory)
        m.d.comb += [
            watch.settings.eq(self.settings),
            monitor.i.valid.eq(shading.o.valid), monitor.i.payload.eq(shading.o.payload),
        ]

        # Each stage looks at the settings of the frame whose beat it is given.
        region = ("column_start", "column_end", "column_skip", "flip_columns")
        at_fixed_pattern = settings_of(
            m, self.settings, fixed_pattern.i.payload.tag.frame, "correction",
            "row_noise_strength", memory_name="at_fixed_pattern")
        at_gain = settings_of(
            m, self.settings, gain.i.payload.tag.frame, "correction", "colour_gains",
            "flip_columns", captures=("digital_gain",), memory_name="at_gain")
        at_shading = settings_of(m, self.settings, shading.i.payload.tag.frame, "correction",
                                 *region, memory_name="at_shading")
        at_defects = settings_of(m, self.settings, defects.frame, "correction",
                                 "line_length_cycles", *region, memory_name="at_defects")
        m.d.comb += [
            fixed_pattern.switches.eq(at_fixed_pattern.correction),
            fixed_pattern.row_noise_strength.eq(at_fixed_pattern.row_noise_strength),
            fixed_pattern.column_freeze.eq(self.column_freeze),
            fixed_pattern.column_restart.eq(self.column_restart | watch.changed),
            fixed_pattern.black_restart.eq(self.temperature_stepped),
            gain.colour_gains.eq(at_gain.colour_gains),
            *(gain.capture_gains[index].eq(at_gain.captures[index].digital_gain)
              for index in range(len(self.config.captures))),
            gain.flip_columns.eq(at_gain.flip_columns),
            gain.enable.eq(at_gain.correction.digital_gain),
            shading.column_start.eq(at_shading.column_start),
            shading.column_end.eq(at_shading.column_end),
            shading.column_skip.eq(at_shading.column_skip),
            shading.flip_columns.eq(at_shading.flip_columns),
            shading.enable.eq(at_shading.correction.lens_shading),
            defects.line_length_cycles.eq(at_defects.line_length_cycles),
            defects.region.column_start.eq(at_defects.column_start),
            defects.region.column_end.eq(at_defects.column_end),
            defects.region.column_skip.eq(at_defects.column_skip),
            defects.region.flip_columns.eq(at_defects.flip_columns),
            defects.defects_dynamic.eq(at_defects.correction.defects_dynamic),
            defects.defects_listed.eq(at_defects.correction.defects_listed),
        ]

        # What the host writes into memories
        m.submodules.threshold_writer = threshold_writer = WindowWriter(
            defect_thresholds_window(self.config))
        m.submodules.defect_writer = defect_writer = WindowWriter(defect_list_window(self.config))
        m.submodules.node_writer = node_writer = WindowWriter(lens_shading_window(self.config))
        connect(m, flipped(self.defect_thresholds), threshold_writer.window)
        connect(m, flipped(self.defect_list), defect_writer.window)
        connect(m, flipped(self.lens_shading_nodes), node_writer.window)
        m.d.comb += [
            Cat(defects.threshold_write.level, defects.threshold_write.capture).eq(
                threshold_writer.entry),
            defects.threshold_write.thresholds.defect.eq(threshold_writer.data[16:]),
            defects.threshold_write.thresholds.support.eq(threshold_writer.data[:16]),
            defects.threshold_write_enable.eq(threshold_writer.written),
            defects.list_index.eq(defect_writer.entry),
            defects.list_entry.row.eq(defect_writer.data[20:]),
            defects.list_entry.column.eq(defect_writer.data[4:17]),
            defects.list_entry.photodiodes.eq(defect_writer.data[:2]),
            defects.list_write_enable.eq(defect_writer.written),
            defects.list_entries.eq(self.defect_list_entries),
            shading.write.index.eq(node_writer.entry), shading.write.gain.eq(node_writer.data),
            shading.write_enable.eq(node_writer.written),
        ]

        # What there is to tell
        m.d.comb += [
            self.black_levels.eq(fixed_pattern.phase_levels),
            self.corrected.eq(defects.corrected),
            self.column_limit.eq(fixed_pattern.column_limit),
            self.dead_row.eq(monitor.dead_row),
            self.list_invalid.eq(defects.list_invalid | defects.list_missed),
            self.rows_collided.eq(defects.collision),
        ]
        return m
