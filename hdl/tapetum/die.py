# SPDX-License-Identifier: Apache-2.0
"""The whole logic die: rooms in the order that data flows, and the wires between them."""

from collections.abc import Callable

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from .adc.bond_test import BondPattern
from .adc.column_adc import ColumnAdc
from .adc.geometry import bond_count
from .array_wiring import wire_array
from .cci.cci import Cci
from .compand.companding import Companding
from .compand.output_selector import OutputSelector
from .config import DieConfig
from .control.control import Control
from .control.faults import Fault
from .correct.correction import Correction
from .csi2.flicker_map import FlickerMap
from .csi2.lanes import PhyLanes
from .csi2.network_tensors import NetworkTensors
from .csi2.transmitter import Csi2Transmitter
from .csi2.verdict_packets import VerdictPackets
from .hdr.hdr import Hdr
from .memory.health import MemoryHealth, gather
from .npu.npu import Npu
from .pixel import RampKind, RowControl, RowReadBack, ShutterControl, ShutterReadBack
from .readout.readout import Readout
from .registers.bus import RegisterBus
from .safety.mechanism import Mechanism
from .safety.safety import Safety
from .safety.tested_path import add_test_frame
from .safety.watchdog import Watchdog
from .spi.spi import Spi
from .stats.statistics import Statistics
from .stream.clock_gate import AwakeFor
from .vision.vision import Vision

__all__ = ["Die"]

LINK_HOLD_CYCLES = 1 << 20
"""From the last row that was read to the end of its frame on the link, unless that is stalled."""


class Die(wiring.Component):
    """Comparator edges in, CSI-2 bytes out.

    ::

        row lines ◄── readout ──ramps──► adc ──► correct ─┬► hdr ──► compander ─┐
                         ▲                                └─────────────────► selector ─► csi2
                      settings          ramp code ▲ comparators                           │
  bus, i2c ► cci ◄► control ◄── status, faults ───┴───────────────────────────────────── phy
  spi ───────►┘

    The flicker map leaves `hdr` with the combined pixels and joins them in `csi2`. So does what
    the array sees, if there is one: `hdr` ─► `vision` ─► `npu` ─► `verdicts` ─► `csi2`, and what
    goes into it and comes out of it: `vision`, `npu` ─► `tensors` ─► `csi2`.

    Rooms are attributes under their own names, so that a simulation can watch what passes.

    Parameters
    ----------
    config : DieConfig
    counter_domain, byte_domain : str
        Clocks of the column counters and of the CSI-2 byte lanes, asynchronous to ``sync``.
    safety_domain : str
        The watchdog's clock, asynchronous to all others.
    converter : callable
        Makes the column converters from configuration and domain; the result has the ports of
        `ColumnAdc`.

    Members
    -------
    row_control : Out(RowControl), shutters : Out(2 ShutterControl per exposure group)
        Row lines of the pixel die.
    row_read_back : In(RowReadBack), shutter_read_back : In(2 ShutterReadBack per exposure group)
        What became of them there; see `RowReadBackCheck`.
    ramp_code, ramp_active : Out, in ``counter_domain``
        What the pixel die's comparators compare with; ``comparators`` : In is their answer.
    ramp_kind : Out(RampKind)
        In ``sync``; holds still during a ramp.
    counter_clock_request : Out(1)
        In ``sync``: the clock of ``counter_domain`` may stand still while this is low, see
        `ColumnAdc`.
    bond_pattern, bond_map_load, bond_map : Out, in ``counter_domain``
        Test and repair of the bonds, see `ColumnAdc`.
    scl, sda, pull_sda, second_address
        Two-wire bus of the host, see `CciTarget`.
    spi_clock, spi_select, spi_data_in, spi_data_out, spi_drive
        Fast port of the host, see `SpiPins`.
    bus : In(RegisterBus), bus_waits : Out(1)
        Of a host on the die itself; see `BusShare`.
    external_sync : In(1)
        Asynchronous pin: starts a frame in triggered mode.
    temperature : In(16)
        Of the sensor, in two's complement; see `TemperatureMonitor`. Asynchronous.
    sync_output, strobe, error : Out(1)
        Pins: frame sync, lamp, any unmasked fault. The watchdog raises ``error`` in
        ``safety_domain``, all others do in ``sync``.
    interrupt_request : Out(1)
        Pin: the array has seen what the host waits for. Always 0 without an array.
    phy : Out(PhyLanes), in ``byte_domain``
    """

    def __init__(self, config: DieConfig, *, counter_domain: str = "adc",
                 byte_domain: str = "byte", safety_domain: str = "safety",
                 converter: Callable[[DieConfig, str], wiring.Component] = ColumnAdc):
        self.config = config
        self.cci = Cci(config)
        self.spi = Spi()
        self.control = Control(config)
        self.safety = Safety(config)
        self.watchdog = Watchdog(config, counter_domain=counter_domain, byte_domain=byte_domain,
                                 safety_domain=safety_domain)
        self.readout = Readout(config)
        self.adc = converter(config, counter_domain)
        self.correct = Correction(config)
        self.stats = Statistics(config)
        self.hdr = Hdr(config)
        self.compander = Companding(config)
        self.selector = OutputSelector(config, combined_latency_cycles=(
            self.hdr.latency_cycles + self.compander.latency_cycles))
        self.flicker_map = FlickerMap(config, byte_domain)
        self.csi2 = Csi2Transmitter(config, byte_domain, result_sources=3 if config.npu else 1)
        if config.npu:
            self.vision = Vision(config, config.vision)
            self.npu = Npu(config.npu)
            self.verdicts = VerdictPackets(config, byte_domain)
            self.tensors = NetworkTensors(config, byte_domain)
        super().__init__({
            "row_control": Out(RowControl),
            "shutters": Out(data.ArrayLayout(ShutterControl, 2 * len(config.exposure_groups))),
            "row_read_back": In(RowReadBack),
            "shutter_read_back": In(
                data.ArrayLayout(ShutterReadBack, 2 * len(config.exposure_groups))),
            "ramp_code": Out(config.adc.bits),
            "ramp_active": Out(1),
            "ramp_kind": Out(RampKind),
            "counter_clock_request": Out(1),
            "comparators": In(bond_count(config)),
            "bond_pattern": Out(BondPattern),
            "bond_map_load": Out(1),
            "bond_map": Out(config.adc.bond_group_columns),
            "scl": In(1, init=1), "sda": In(1, init=1), "pull_sda": Out(1),
            "second_address": In(1),
            "spi_clock": In(1), "spi_select": In(1, init=1), "spi_data_in": In(1),
            "spi_data_out": Out(1), "spi_drive": Out(1),
            "bus": In(RegisterBus()), "bus_waits": Out(1),
            "external_sync": In(1),
            "temperature": In(16),
            "sync_output": Out(1),
            "strobe": Out(1),
            "error": Out(1),
            "interrupt_request": Out(1),
            "phy": Out(PhyLanes(config.csi2.byte_lanes)),
        })

    def elaborate(self, platform):
        m = Module()
        cci, control, readout, adc = self.cci, self.control, self.readout, self.adc
        spi, safety = self.spi, self.safety
        correct, hdr, compander = self.correct, self.hdr, self.compander
        stats, selector, csi2 = self.stats, self.selector, self.csi2
        m.submodules.cci, m.submodules.spi, m.submodules.control = cci, spi, control
        m.submodules.safety, m.submodules.watchdog = safety, self.watchdog
        m.submodules.readout, m.submodules.adc = readout, adc
        m.submodules.correct, m.submodules.stats, m.submodules.hdr = correct, stats, hdr
        m.submodules.compander, m.submodules.selector = compander, selector
        m.submodules.flicker_map, m.submodules.csi2 = self.flicker_map, csi2

        # What moves although no pixel does: the host, and frames that take their settings.
        stirred = Signal()
        m.d.comb += [stirred.eq(cci.bus.write | cci.bus.read | readout.adopt),
                     *(room.stirred.eq(stirred) for room in (correct, stats, hdr, compander))]

        # Pixels
        connect(m, readout.ramp, adc.ramp)
        connect(m, adc.pixels, correct.i)
        m.d.comb += [
            hdr.i.valid.eq(correct.o.valid), hdr.i.payload.eq(correct.o.payload),
            selector.codes.valid.eq(correct.o.valid),
            selector.codes.payload.eq(correct.o.payload),
            stats.i.valid.eq(correct.o.valid), stats.i.payload.eq(correct.o.payload),
        ]
        connect(m, hdr.o, compander.i)
        connect(m, compander.o, selector.combined)
        connect(m, selector.o, csi2.pixels)
        marks, combined = self.flicker_map.i, hdr.o.payload
        m.d.comb += [
            marks.valid.eq(hdr.o.valid),
            marks.payload.bits.eq(combined.flicker),
            marks.payload.line_last.eq(combined.line_last),
            marks.payload.frame_last.eq(combined.frame_last),
            marks.payload.tag.eq(combined.tag),
        ]
        connect(m, self.flicker_map.packets, csi2.results[0])

        if self.config.npu:
            wire_array(m, self, stirred)

        # Settings
        m.d.comb += [
            correct.settings.eq(control.adopted),
            correct.column_freeze.eq(control.column_freeze),
            correct.column_restart.eq(control.column_restart),
            correct.defect_list_entries.eq(control.defect_list_entries),
            stats.settings.eq(control.settings), stats.whole.eq(control.whole),
            stats.adopted.eq(control.adopted),
            stats.control.eq(control.exposure_control),
            stats.metering_zones.eq(control.metering_zones),
            control.histogram_frame.eq(stats.frame),
            control.planned.eq(stats.settings_out),
            readout.settings.eq(stats.settings_out),
            readout.streaming.eq(control.streaming),
            readout.triggered.eq(control.pins.triggered),
            readout.sync_output_width_cycles.eq(control.pins.sync_output_width_cycles),
            readout.strobe_mode.eq(control.pins.strobe_mode),
            readout.strobe_capture.eq(control.pins.strobe_capture),
            control.adopt.eq(readout.adopt),
            control.adopt_frame.eq(readout.adopt_frame),
            self.flicker_map.send.eq(control.flags.flicker_map),
            *(room.settings.eq(control.adopted)
              for room in (adc, hdr, compander, selector, csi2)),
        ]
        m.d.comb += [
            readout.row_event_address.eq(control.windows.row_events.address),
            readout.row_event_write.eq(control.windows.row_events.write),
            readout.row_event_write_data.eq(control.windows.row_events.write_data),
            control.windows.row_events.read_data.eq(readout.row_event_read_data),
        ]

        connect(m, control.windows.companding_segments, compander.segments)
        connect(m, control.windows.histogram, stats.counts)
        connect(m, control.windows.defect_thresholds, correct.defect_thresholds)
        connect(m, control.windows.defect_list, correct.defect_list)
        connect(m, control.windows.lens_shading, correct.lens_shading_nodes)
        m.d.comb += [
            compander.load.eq(control.companding_load),
            compander.output_bits.eq(control.companding_bits),
            compander.shown.eq(control.companding_shown),
            csi2.status.flicker_count.eq(hdr.flicker_count),
            csi2.status.clipped_count.eq(hdr.clipped_count),
            csi2.status.companding_slots.eq(compander.slots),
            csi2.status.black_levels.eq(correct.black_levels),
            csi2.status.corrected.eq(correct.corrected),
            csi2.status.faults.eq(control.faults),
        ]

        # Rows are on their way for some time after the last one was read.
        m.submodules.streaming = streaming = AwakeFor(
            control.streaming | readout.busy, hold_cycles=LINK_HOLD_CYCLES)

        # Status and faults
        m.d.comb += [
            adc.bond_test.eq(control.bond_test_start),
            control.bond_test_busy.eq(~adc.bond_test_done),
            control.reading.eq(readout.busy),
            control.bond_repaired.eq(adc.bond_repaired),
            control.bond_unrepairable.eq(adc.bond_unrepairable),
            control.black_levels.eq(correct.black_levels),
            control.corrected.eq(correct.corrected),
            control.companding_busy.eq(compander.busy),
            control.companding_refused.eq(compander.refused),
            control.companding_slot.eq(compander.slot),
            control.flicker_count.eq(hdr.flicker_count),
            control.clipped_count.eq(hdr.clipped_count),
            control.ended.eq(csi2.ended),
            csi2.clock.eq(control.phy_clock), csi2.clock.streaming.eq(streaming.awake),
            *(control.raised[fault].eq(raised) for fault, raised in (
                (Fault.CONVERSION_OVERRUN, readout.conversion_overrun),
                (Fault.READ_OVERRUN, adc.read_overrun),
                (Fault.BOND_UNREPAIRABLE, adc.bond_unrepairable),
                (Fault.BOND_REPAIRED, adc.bond_repaired),
                (Fault.SYNC_DURING_FRAME, readout.sync_during_frame),
                (Fault.LINE_BUFFER_OVERFLOW, hdr.line_buffer_overflow),
                (Fault.ROW_MISMATCH, hdr.row_mismatch),
                (Fault.ROW_BUFFER_OVERFLOW, csi2.overflow),
                (Fault.LINE_TOO_SHORT, readout.line_too_short),
                (Fault.OUTPUT_TORN, selector.torn),
                (Fault.COMPANDING_TABLE_INVALID, compander.table_invalid),
                (Fault.COLUMN_LIMIT, correct.column_limit),
                (Fault.DEAD_ROW, correct.dead_row),
                (Fault.DEFECT_LIST_INVALID, correct.list_invalid),
                (Fault.DEFECT_ROWS_COLLIDED, correct.rows_collided),
                (Fault.EXPOSURE_RATIO_OVERFLOW, stats.ratio_overflow),
                (Fault.FLICKER_MAP_OVERFLOW, self.flicker_map.overflow),
                (Fault.CCI_CODE_WRONG, cci.pec_error),
                (Fault.SPI_BLOCK_REFUSED, spi.refused),
                (Fault.SAFETY, safety.alarm),
            )),
        ]

        # Safety
        connect(m, control.register_watch, safety.registers)
        m.d.comb += [
            safety.control.eq(control.safety), control.safety_status.eq(safety.status),
            safety.standby.eq(~control.streaming & ~readout.busy),
            safety.temperature.eq(self.temperature),
            correct.temperature_stepped.eq(safety.temperature_stepped),
            safety.adopt.eq(readout.adopt), safety.adopt_frame.eq(readout.adopt_frame),
            safety.settings.eq(stats.settings_out), safety.ramp.eq(readout.ramp.payload),
            safety.ramp_start.eq(readout.ramp.valid & readout.ramp.ready),
            safety.sent.valid.eq(selector.o.valid), safety.sent.payload.eq(selector.o.payload),
            safety.converted.valid.eq(adc.pixels.valid),
            safety.converted.payload.eq(adc.pixels.payload),
            safety.row_control.eq(readout.row_control), safety.shutters.eq(readout.shutters),
            safety.row_read_back.eq(self.row_read_back),
            safety.shutter_read_back.eq(self.shutter_read_back),
        ]

        self._watch(m)

        # Pins
        connect(m, flipped(self.bus), cci.local)
        connect(m, spi.bus, cci.spi)
        connect(m, cci.bus, control.bus)
        connect(m, csi2.phy, flipped(self.phy))
        m.d.comb += [
            cci.scl.eq(self.scl), cci.sda.eq(self.sda), self.pull_sda.eq(cci.pull_sda),
            cci.second_address.eq(self.second_address), self.bus_waits.eq(cci.local_waits),
            cci.pec.eq(control.cci_error_check),
            control.cci_read_code.eq(cci.read_code),
            spi.clock.eq(self.spi_clock), spi.select.eq(self.spi_select),
            spi.data_in.eq(self.spi_data_in), self.spi_data_out.eq(spi.data_out),
            self.spi_drive.eq(spi.drive), spi.waits.eq(cci.spi_waits),
            spi.enable.eq(control.spi_enable), spi.hold.eq(control.waking),
            control.spi_status.eq(spi.status),
            self.row_control.eq(readout.row_control),
            self.shutters.eq(readout.shutters),
            self.ramp_code.eq(adc.ramp_code),
            self.ramp_active.eq(adc.ramp_active),
            self.ramp_kind.eq(adc.ramp_kind),
            self.counter_clock_request.eq(adc.counter_clock_request),
            adc.comparators.eq(self.comparators),
            self.bond_pattern.eq(adc.bond_pattern),
            self.bond_map_load.eq(adc.bond_map_load),
            self.bond_map.eq(adc.bond_map),
            readout.external_sync.eq(self.external_sync),
            self.sync_output.eq(readout.sync_output),
            self.strobe.eq(readout.strobe),
            self.error.eq(control.error | self.watchdog.alarm),
        ]
        return m

    def _watch(self, m: Module) -> None:
        """Mechanisms that live where they act."""
        control, readout, safety, dog = self.control, self.readout, self.safety, self.watchdog
        settings, memories = self.stats.settings_out, MemoryHealth().create()
        gather(m, memories, control.memory, readout.memory, self.correct.memory, self.hdr.memory,
               self.compander.memory, self.selector.memory, self.flicker_map.memory,
               self.csi2.memory,
               *([self.vision.memory, self.npu.memory, self.verdicts.memory, self.tensors.memory]
                 if self.config.npu else []))
        uncorrectable = safety.inject[Mechanism.MEMORY]
        m.d.comb += [
            *(safety.raised[mechanism].eq(raised) for mechanism, raised in (
                (Mechanism.WATCHDOG, dog.raised),
                (Mechanism.SEQUENCER, readout.sequencer_differs),
                (Mechanism.MEMORY, memories.uncorrectable),
                (Mechanism.MEMORY_CORRECTED, memories.corrected),
                *([(Mechanism.GOLDEN_INFERENCE, self.npu.differs)] if self.config.npu else []),
            )),
            readout.sequencer_inject.eq(safety.inject[Mechanism.SEQUENCER]),
            memories.inject.eq(Cat(safety.inject[Mechanism.MEMORY_CORRECTED] | uncorrectable,
                                   uncorrectable)),
            dog.inject.eq(safety.inject[Mechanism.WATCHDOG]),
            dog.armed.eq(control.safety.mask[Mechanism.WATCHDOG]),
            dog.counter_clock_request.eq(self.adc.counter_clock_request),
            dog.busy.eq(readout.busy),
            dog.free_running.eq(control.streaming & ~control.pins.triggered),
            dog.line_start.eq(readout.line_start), dog.frame_start.eq(readout.frame_start),
            dog.adopt.eq(readout.adopt),
            dog.line_length_cycles.eq(settings.line_length_cycles),
            dog.frame_length_lines.eq(settings.frame_length_lines),
        ]
        add_test_frame(m, self.hdr, self.compander, self.selector, safety)
        if self.config.npu:
            m.d.comb += [
                self.npu.test.eq(control.safety.mask[Mechanism.GOLDEN_INFERENCE]),
                self.npu.inject.eq(safety.inject[Mechanism.GOLDEN_INFERENCE]),
            ]
