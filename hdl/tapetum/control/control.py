# SPDX-License-Identifier: Apache-2.0
"""Between the host's bus and the rest of the die: settings in, status out."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..csi2.frame_results import EndedFrame
from ..csi2.phy_clock import ClockSettings
from ..memory.health import MemoryHealth
from ..npu.host_ports import ArrayControl, ArrayStatus
from ..npu.verdict import NO_CLASS
from ..pixel import corrected_bits
from ..registers.array import VISION_REGISTERS, default_vision
from ..registers.bank import RegisterBank
from ..registers.bus import RegisterBus, RegisterWatch, WindowBus
from ..registers.ccs_codes import VISIBLE_PIXELS
from ..registers.ccs_identity import frame_format_status
from ..registers.exposure import exposure_control
from ..registers.layout import RegisterLayout
from ..registers.table import memory_windows, register_table
from ..safety.host_ports import SafetyControl, SafetyStatus
from ..spi.framing import SpiStatus
from ..stats.exposure_control import ExposureControl
from ..stats.zone_grid import ZONES
from ..stream.clock_gate import AwakeFor, Gated
from ..vision.settings import VisionSettings
from .contexts import ContextSequence
from .fault_port import FaultPort
from .faults import Fault
from .frame_flags import FrameFlags, flag_layout
from .frame_settings import FrameSettings, adopted_settings
from .frame_status import FrameStatus
from .pin_settings import PinSettings
from .settings_guard import SettingsGuard

__all__ = ["Control"]

ACCESS_HOLD_CYCLES = 1 << 6
"""Longer than an access takes from the bus to whatever it commands."""


class Control(wiring.Component):
    """Registers, the guard of settings, the settings of the frames in flight, faults.

    What the host writes passes the guard and is in ``settings`` at most ``latency_cycles`` after
    the last write of a burst, whole again; the frame that is planned next takes it. A frame that
    is planned with clamped settings raises `Fault.SETTINGS_CLAMPED`. A software reset brings
    registers to their reset values, stops the stream and clears the faults.

    Members
    -------
    bus : In(RegisterBus)
    streaming : Out(1)
    settings : Out(FrameSettings), whole : Out(1)
        What the host wants the next frame to be taken with. While not ``whole`` they are being
        worked on; in the first clock of another context they are not either.
    planned : In(FrameSettings)
        The same after automatic exposure.
    pins : Out(PinSettings)
    adopt : In(1), adopt_frame : In(16)
        Strobe: this frame is planned, with ``planned``.
    adopted : Out(adopted_settings)
        The same with its settings, for all rooms that keep them.
    flags : Out(flag_layout)
        See `FrameFlags`.
    raised : In(len(Fault))
    faults : Out(len(Fault)), error : Out(1)
        ``error`` is meant for a pin; `fault_mask` chooses what raises it.
    bond_test_start : Out(1)
        Strobe, after every reset and on command, as soon as no lines run: a test amid a frame would
        take the time of its conversions.
    reading : In(1)
        Lines run.
    bond_test_busy : In(1), bond_repaired, bond_unrepairable : In(1)
        The last two are strobes; the register keeps them until the next test.
    black_levels : In(one corrected code per capture and phase), corrected : In(16 per capture)
    column_freeze, column_restart : Out(1), defect_list_entries : Out(13)
    flicker_count, clipped_count : In(24), ended : In(EndedFrame)
    phy_clock : Out(ClockSettings)
        But for ``streaming``, which is not the host's alone.
    cci_error_check : Out(1), cci_read_code : In(8)
    spi_enable : Out(1), spi_status : In(SpiStatus)
    waking : Out(1)
        Registers go back to their reset values: writes are ignored.
    companding_load : Out(1), companding_bits : Out(5), companding_shown : Out(3)
        See `Companding`; ``companding_busy``, ``companding_refused`` : In(1) and
        ``companding_slot`` : In(3) are its answer.
    exposure_control : Out(ExposureControl), metering_zones : Out(16)
    histogram_frame : In(16)
    safety : Out(SafetyControl), safety_status : In(SafetyStatus)
        The self-test starts with a reset; ``streaming`` waits for its end.
    register_watch : Out(RegisterWatch), memory : Out(MemoryHealth)
    array_control : Out(ArrayControl), array_status : In(ArrayStatus)
        Only of a die with an array.
    windows : Out, a `WindowBus` by name of each memory window
    """

    def __init__(self, config: DieConfig):
        self.config = config
        self.registers, self.memory_windows = register_table(config), memory_windows(config)
        self._guard = SettingsGuard(config, self.registers)
        super().__init__({
            "bus": In(RegisterBus()),
            "streaming": Out(1),
            "settings": Out(FrameSettings(config)), "whole": Out(1),
            "planned": In(FrameSettings(config)),
            "pins": Out(PinSettings),
            "exposure_control": Out(ExposureControl(config)), "metering_zones": Out(ZONES),
            "histogram_frame": In(16),
            "adopt": In(1), "adopt_frame": In(16),
            "adopted": Out(adopted_settings(config)), "flags": Out(flag_layout(config)),
            "raised": In(len(Fault)), "faults": Out(len(Fault)), "error": Out(1),
            "bond_test_start": Out(1), "bond_test_busy": In(1), "reading": In(1),
            "bond_repaired": In(1), "bond_unrepairable": In(1),
            "black_levels": In(data.ArrayLayout(
                data.ArrayLayout(corrected_bits(config), 4), len(config.captures))),
            "corrected": In(data.ArrayLayout(16, len(config.captures))),
            "column_freeze": Out(1), "column_restart": Out(1), "defect_list_entries": Out(13),
            "flicker_count": In(24), "clipped_count": In(24),
            "ended": In(EndedFrame), "phy_clock": Out(ClockSettings),
            "cci_error_check": Out(1), "cci_read_code": In(8),
            "spi_enable": Out(1, init=1), "spi_status": In(SpiStatus), "waking": Out(1),
            "companding_load": Out(1), "companding_bits": Out(5), "companding_shown": Out(3),
            "companding_busy": In(1), "companding_refused": In(1),
            "companding_slot": In(3),
            "register_watch": Out(RegisterWatch(RegisterLayout(self.registers))),
            "memory": Out(MemoryHealth()),
            "safety": Out(SafetyControl), "safety_status": In(SafetyStatus),
            "windows": Out(wiring.Signature(
                {window.name: Out(WindowBus(window)) for window in self.memory_windows})),
        } | ({"array_control": Out(ArrayControl),
              "array_status": In(ArrayStatus, init={"verdict": {"class_number": NO_CLASS}})}
             if config.npu else {}))

    @property
    def latency_cycles(self) -> int:
        """From the write of a register's last byte until ``settings`` have it, of one context."""
        return self._guard.latency_cycles + 7

    @property
    def alternating_latency_cycles(self) -> int:
        """The same of two contexts."""
        return self._guard.alternating_latency_cycles + 7

    def elaborate(self, platform):
        m = Module()
        bank, guard = RegisterBank(self.registers, self.memory_windows), self._guard
        m.submodules.accessed = accessed = AwakeFor(
            self.bus.write | self.bus.read | self.memory.inject.any(),
            hold_cycles=ACCESS_HOLD_CYCLES)
        m.submodules.bank = Gated(bank, awake=(
            accessed.awake | bank.busy | guard.pending | self.register_watch.busy))
        m.submodules.guard = Gated(guard, awake=bank.changed | bank.busy | guard.pending)
        m.submodules.contexts = contexts = ContextSequence(self.config)
        flags = FrameFlags(self.config)
        m.submodules.flags = Gated(flags, awake=self.adopt)
        m.submodules.faults = faults = FaultPort()
        m.submodules.status = status = FrameStatus(self.config)

        connect(m, flipped(self.bus), bank.bus)
        connect(m, bank.watch, flipped(self.register_watch))
        connect(m, bank.health, flipped(self.memory))
        for window in self.memory_windows:
            connect(m, getattr(bank.windows, window.name),
                    flipped(getattr(self.windows, window.name)))
        immediate, commanded = bank.immediate, bank.commanded
        was_busy, bond_test_waits, bond_status = Signal(), Signal(), Signal(2)
        m.d.comb += [
            bank.reset.eq(commanded.software_reset),
            self.streaming.eq(immediate.mode_select & ~self.safety_status.running),
            self.bond_test_start.eq(bond_test_waits & ~self.reading),

            guard.changed.eq(bank.changed), guard.busy.eq(bank.busy),
            guard.hold.eq(immediate.grouped_parameter_hold),
            bank.word_address.eq(guard.word_address), guard.word.eq(bank.word),
            contexts.first.eq(guard.settings), contexts.second.eq(guard.second),
            contexts.alternate.eq(guard.alternate), contexts.streaming.eq(self.streaming),
            contexts.adopt.eq(self.adopt),
            self.settings.eq(contexts.settings), self.whole.eq(guard.whole & ~contexts.turned),
            self.pins.eq(guard.pins),

            self.adopted.adopt.eq(self.adopt), self.adopted.frame.eq(self.adopt_frame),
            self.adopted.settings.eq(self.planned),
            flags.adopted.eq(self.adopted), self.flags.eq(flags.flags),

            faults.raised.eq(self.raised), faults.clamped.eq(self.planned.clamped & self.adopt),
            faults.clear.eq(bank.cleared.fault_status), faults.clear_all.eq(bank.busy),
            faults.mask.eq(immediate.fault_mask),
            self.faults.eq(faults.faults), self.error.eq(faults.error),

            status.streaming.eq(self.streaming),
            status.adopt.eq(self.adopt), status.adopt_frame.eq(self.adopt_frame),
            status.flip_columns.eq(self.planned.flip_columns),
            status.flip_rows.eq(self.planned.flip_rows), status.context.eq(self.planned.context),

            bank.status.frame_count.eq(status.frame_count),
            bank.status.frame_number.eq(status.frame_number),
            bank.status.frame_context.eq(status.frame_context),
            bank.status.pixel_order.eq(status.pixel_order),
            bank.status.software_reset.eq(bank.busy),
            bank.status.settings_status.eq(Cat(guard.settings.clamped, guard.pending)),
            bank.status.fault_status.eq(faults.faults),
            bank.status.bond_test.eq(self.bond_test_busy | bond_test_waits),
            bank.status.bond_status.eq(bond_status),
            self.column_freeze.eq(immediate.column_calibration),
            self.column_restart.eq(commanded.column_restart),
            bank.status.column_restart.eq(0),
            self.defect_list_entries.eq(immediate.defect_list_entries),
            self.metering_zones.eq(immediate.exposure_metering_zones),
            bank.status.histogram_frame.eq(self.histogram_frame),
            bank.status.flicker_count.eq(self.flicker_count),
            bank.status.clipped_count.eq(self.clipped_count),
            self.phy_clock.gated.eq(immediate.phy_clock),
            self.phy_clock.lead.eq(immediate.phy_clock_lead),
            self.phy_clock.trail.eq(immediate.phy_clock_trail),
            bank.status.frame_checksum.eq(self.ended.checksum),
            bank.status.frame_checksum_frame.eq(self.ended.frame),
            bank.status.frame_checksum_channel.eq(self.ended.channel),
            self.cci_error_check.eq(immediate.cci_error_check),
            bank.status.cci_read_code.eq(self.cci_read_code),
            self.waking.eq(bank.busy),
            self.spi_enable.eq(immediate.spi_control),
            bank.status.spi_status.eq(Cat(self.spi_status.refusal, self.spi_status.writing)),
            bank.status.spi_block_number.eq(self.spi_status.number),
            bank.status.spi_blocks_accepted.eq(self.spi_status.accepted),
            bank.status.spi_blocks_refused.eq(self.spi_status.refused),
            self.companding_load.eq(commanded.companding_load),
            self.companding_bits.eq(immediate.companding_bits),
            self.companding_shown.eq(immediate.companding_shown),
            bank.status.companding_load.eq(self.companding_busy),
            bank.status.companding_slot.eq(self.companding_slot),
            bank.status.companding_status.eq(self.companding_refused),
        ]
        for name, count in zip(frame_format_status(self.config),
                               (guard.columns_read, guard.rows_read), strict=True):
            descriptor = bank.status[name]
            m.d.comb += [descriptor.eq(count), descriptor[-4:].eq(VISIBLE_PIXELS)]
        for path, value in exposure_control(self.config, immediate).items():
            field = self.exposure_control
            for step in path:
                field = field[step]
            m.d.comb += Value.cast(field).eq(value)
        self._safety(m, bank, woke=was_busy & ~bank.busy)
        if self.config.npu:
            self._array(m, bank)
        # The bonds are tested at start-up: as soon as the registers have their reset values.
        m.d.sync += was_busy.eq(bank.busy)
        with m.If(commanded.bond_test | (was_busy & ~bank.busy)):
            m.d.sync += bond_test_waits.eq(1)
        with m.Elif(self.bond_test_start):
            m.d.sync += bond_test_waits.eq(0)
        with m.If(self.bond_test_start):
            m.d.sync += bond_status.eq(0)
        with m.Else():
            m.d.sync += bond_status.eq(
                bond_status | Cat(self.bond_repaired, self.bond_unrepairable))
        for index in range(len(self.config.captures)):
            name = f"capture_{index}"
            m.d.comb += bank.status[f"{name}_corrected_defects"].eq(self.corrected[index])
            m.d.comb += [bank.status[f"{name}_black_level_{phase}"].eq(level)
                         for phase, level in enumerate(self.black_levels[index])]
        return m

    def _safety(self, m: Module, bank: RegisterBank, *, woke: Value) -> None:
        control, status, immediate = self.safety, self.safety_status, bank.immediate
        m.d.comb += [
            control.clear.eq(bank.cleared.safety_status), control.clear_all.eq(bank.busy),
            control.mask.eq(immediate.safety_mask), control.inject.eq(immediate.safety_inject),
            control.start.eq(bank.commanded.safety_self_test[0] | woke),
            control.temperature_minimum.eq(immediate.temperature_minimum),
            control.temperature_maximum.eq(immediate.temperature_maximum),
            control.test_row_tolerance_log2.eq(immediate.test_row_tolerance),
            bank.status.safety_status.eq(status.found),
            bank.status.safety_self_test.eq(Cat(status.running, status.done)),
            bank.status.safety_self_test_passed.eq(status.passed),
            bank.status.temperature.eq(status.temperature),
            bank.status.register_crc.eq(status.register_crc),
            bank.status.test_frame_signature.eq(status.test_frame_signature),
        ]

    def _array(self, m: Module, bank: RegisterBank) -> None:
        control, status = self.array_control, self.array_status
        immediate, commanded = bank.immediate, bank.commanded
        m.d.comb += [
            control.bank.eq(immediate.program_bank),
            control.restart.eq(commanded.program_control[0]),
            control.load.eq(commanded.program_control[1]),
            control.deadline.eq(immediate.verdict_deadline),
            control.interrupt_classes.eq(immediate.interrupt_classes),
            control.interrupt_score.eq(immediate.interrupt_score),
            control.interrupt_clear.eq(bank.cleared.interrupt_status | bank.busy),
            control.hold.eq(immediate.verdict_hold),
            bank.status.interrupt_status.eq(status.interrupt),
            bank.status.program_control.eq(status.loading << 1),
            bank.status.program_status.eq(Cat(status.loaded, status.refused, status.has_signature,
                                              status.test_given_up)),
            bank.status.golden_inferences.eq(status.tests),
            bank.status.program_bytes.eq(status.received),
            bank.status.program_model.eq(status.model_id),
            bank.status.vision_apply.eq(0),
            bank.status.verdict_flags.eq(status.verdict.flags),
            bank.status.verdict_class.eq(status.verdict.class_number),
            bank.status.verdict_score.eq(status.verdict.score),
        ]
        # The registers of a region are many, and only all of them together are one.
        vision = Signal(VisionSettings, init=default_vision(self.config))
        m.d.comb += [control.vision.eq(vision)]
        with m.If(commanded.vision_apply | bank.busy):
            m.d.sync += [vision[name].eq(immediate[f"vision_{name}"])
                         for name in VISION_REGISTERS]
