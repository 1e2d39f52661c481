# SPDX-License-Identifier: Apache-2.0
"""The die, a pixel die over it and a host beside it: everything on a board but its pins."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out, connect, flipped

from tapetum.config import DieConfig
from tapetum.die import Die
from tapetum_sim.pixel_die.row_lines import RowLines

from .analogue.analogue_column import AnalogueColumn, AnaloguePins
from .buttons.actions import button_actions
from .buttons.button_engine import ButtonEngine
from .capture.packet_capture import PacketCapture
from .link.bus_decoder import BusDecoder
from .link.bus_share import BoardBusShare
from .link.die_access import DieAccess
from .link.host_link import HostLink
from .link.memory_access import MemoryAccess
from .link.picture_access import PictureAccess
from .memory.memory_port import BURST_BYTES
from .memory.memory_share import MemoryShare
from .memory.sdram_chip import SdramChip
from .memory.sdram_controller import SdramController, SdramPins
from .picture.dvi_channels import DviSymbols
from .picture.picture import MEMORY_CLIENTS, Picture
from .picture.video_timing import VGA_60HZ, VideoTiming
from .pixel_die.board_pixel_die import BoardPixelDie
from .registers.board_registers import BoardRegisters
from .registers.table import board_registers

__all__ = ["DOMAINS", "PIXEL_DOMAIN", "BoardCore"]

DOMAINS = ("sync", "adc", "byte", "safety")
"""Of the die."""
PIXEL_DOMAIN = "pixel"
"""Of a monitor."""
RESTART_CYCLES = 256
"""Clocks of ``sync``: dozens of the slowest one."""


class BoardCore(wiring.Component):
    """::

        serial ─► HostLink ─► BusDecoder ─┬► die registers
                                          ├► board registers ─► pixel die ◄─► die
                                          └► memory ◄─ packets of a frame ◄────┤
                                               └──────► picture ◄──────────────┘

    Clocks: those of `DOMAINS`, as the die has them, and `PIXEL_DOMAIN` with a monitor.

    Parameters
    ----------
    config : DieConfig
        One of `with_board_timing`.
    chip : SdramChip
    bits_per_second : float
        Of the serial line.
    read_delay_cycles : int
        See `SdramController`.
    monitor : VideoTiming, optional
        None: no picture.

    Members
    -------
    receive : In(1), transmit : Out(1)
        The serial line.
    memory : Out(SdramPins)
    scl, sda, pull_sda : the die's two-wire bus
    spi_clock, spi_select, spi_data_in, spi_data_out, spi_drive : its fast port
    error, interrupt_request, strobe : Out(1)
    buttons : In
        Asynchronous, high while pressed; in the order of `button_actions`.
    analogue : Out(AnaloguePins)
        In ``adc``.
    symbols : Out(DviSymbols)
        In `PIXEL_DOMAIN`, if there is a monitor.
    """

    def __init__(self, config: DieConfig, chip: SdramChip, *, bits_per_second: float = 3e6,
                 read_delay_cycles: int = 1, monitor: VideoTiming | None = VGA_60HZ):
        self.monitor = monitor
        self.read_delay_cycles = read_delay_cycles
        self.config, self.chip, self.bits_per_second = config, chip, bits_per_second
        self.die = Die(config)
        self.restart, self.restarting = Signal(), Signal()
        self.row_line_stuck = Signal()
        super().__init__({
            "receive": In(1, init=1), "transmit": Out(1, init=1), "memory": Out(SdramPins(chip)),
            "scl": In(1, init=1), "sda": In(1, init=1), "pull_sda": Out(1),
            "spi_clock": In(1), "spi_select": In(1, init=1), "spi_data_in": In(1),
            "spi_data_out": Out(1), "spi_drive": Out(1),
            "error": Out(1), "interrupt_request": Out(1), "strobe": Out(1),
            "buttons": In(len(button_actions(config))), "analogue": Out(AnaloguePins()),
            **({"symbols": Out(DviSymbols())} if monitor else {}),
        })

    def elaborate(self, platform):
        m = Module()
        config, die = self.config, self.die
        rows = RowLines(config)
        self._restart(m, die, rows)
        m.submodules.pixel_die = pixel_die = BoardPixelDie(
            config, memory_address_bits=self.chip.burst_address_bits)
        for name in ("row_control", "shutters", "ramp_code", "ramp_active", "bond_pattern"):
            m.d.comb += getattr(pixel_die, name).eq(getattr(die, name))
        m.d.comb += [
            die.comparators.eq(pixel_die.comparators),
            rows.row_control.eq(die.row_control), rows.shutters.eq(die.shutters),
            die.row_read_back.eq(rows.row_read_back),
            die.row_read_back.row.eq(rows.row_read_back.row | self.row_line_stuck),
            die.shutter_read_back.eq(rows.shutter_read_back),
            die.scl.eq(self.scl), die.sda.eq(self.sda), self.pull_sda.eq(die.pull_sda),
            die.spi_clock.eq(self.spi_clock), die.spi_select.eq(self.spi_select),
            die.spi_data_in.eq(self.spi_data_in), self.spi_data_out.eq(die.spi_data_out),
            self.spi_drive.eq(die.spi_drive),
            self.error.eq(die.error), self.interrupt_request.eq(die.interrupt_request),
            self.strobe.eq(die.strobe),
            # No board has a D-PHY: the packets end in memory.
            die.phy.ready.eq(die.phy.request),
        ]
        self._host(m, pixel_die)
        return m

    def _restart(self, m: Module, die: Die, rows: RowLines) -> None:
        """Resets the die and the decoders of its rows, in all clocks: the host's line goes on.

        They have domains of their own, on the same clocks, so that what derives a clock from one
        of them is reset as well.
        """
        left = Signal(range(RESTART_CYCLES + 1))
        with m.If(self.restart):
            m.d.sync += left.eq(RESTART_CYCLES)
        with m.Elif(left != 0):
            m.d.sync += left.eq(left - 1)
        held = Signal()
        m.d.sync += held.eq(left != 0)
        m.d.comb += self.restarting.eq(held | (left != 0))
        own = {domain: f"die_{domain}" for domain in DOMAINS}
        for domain, name in own.items():
            seen = held
            if domain != "sync":
                seen = Signal(name=f"held_{domain}")
                m.submodules[f"held_{domain}"] = FFSynchronizer(held, seen, o_domain=domain)
            m.domains += ClockDomain(name, local=True)
            m.d.comb += [ClockSignal(name).eq(ClockSignal(domain)),
                         ResetSignal(name).eq(ResetSignal(domain, allow_reset_less=True) | seen)]
        m.submodules.die = DomainRenamer(own)(die)
        m.submodules.rows = DomainRenamer(own)(rows)

    def _host(self, m: Module, pixel_die: BoardPixelDie) -> None:
        config, die = self.config, self.die
        m.submodules.controller = controller = SdramController(
            self.chip, config.sync_clock_hz, read_delay_cycles=self.read_delay_cycles)
        connect(m, controller.pins, flipped(self.memory))
        bits = self.chip.burst_address_bits
        pictures = [] if self.monitor is None else [*MEMORY_CLIENTS]
        # Those that can wait least come first: a few pixels of the link, a line of the monitor
        # (half of the sensor's), then what may take all of the sensor's; the host is the last.
        order = [*pictures[:3], "packets", "scene", *pictures[3:], "host"]
        m.submodules.share = share = MemoryShare(bits, len(order))
        clients = dict(zip(order, share.clients, strict=True))
        connect(m, share.memory, controller.port)

        m.submodules.link = link = HostLink(config.sync_clock_hz, self.bits_per_second)
        m.submodules.decoder = decoder = BusDecoder()
        m.submodules.die_access = die_access = DieAccess()
        m.submodules.registers = registers = BoardRegisters(board_registers(config))
        m.submodules.memory_access = memory_access = MemoryAccess(bits)
        m.submodules.capture = capture = PacketCapture(bits, config.csi2.byte_lanes)
        m.submodules.buttons = buttons = ButtonEngine(
            list(button_actions(config).values()), config.sync_clock_hz)
        m.submodules.bus_share = bus_share = BoardBusShare()
        connect(m, link.bus, bus_share.host)
        connect(m, buttons.bus, bus_share.buttons)
        connect(m, bus_share.bus, decoder.bus)
        connect(m, decoder.die, die_access.bus)
        connect(m, decoder.board, registers.bus)
        connect(m, decoder.memory, memory_access.bus)
        connect(m, die_access.die, die.bus)
        connect(m, capture.memory, clients["packets"])
        connect(m, pixel_die.memory, clients["scene"])
        connect(m, memory_access.memory, clients["host"])
        if self.monitor is not None:
            self._picture(m, registers, decoder, clients)

        m.submodules.analogue_column = column = AnalogueColumn()
        connect(m, column.pins, flipped(self.analogue))
        m.d.comb += [
            column.start.eq(registers.analogue_start_strobe),
            column.level.eq(registers.analogue_level),
            registers.analogue_start.eq(column.busy), registers.analogue_total.eq(column.total),
        ]

        dropped = Signal(32)
        with m.If(link.dropped):
            m.d.sync += dropped.eq(dropped + 1)
        settings = pixel_die.settings
        m.d.comb += [
            buttons.buttons.eq(self.buttons), buttons.host_busy.eq(link.busy),
            bus_share.taken.eq(buttons.busy),
            link.receive.eq(self.receive), self.transmit.eq(link.transmit),
            die_access.waits.eq(die.bus_waits),
            capture.packets.eq(die.csi2.packet_bytes), capture.strobe.eq(die.csi2.packet_strobe),
            capture.start.eq(registers.capture_start_strobe),
            capture.place.eq(registers.capture_place >> (BURST_BYTES - 1).bit_length()),
            registers.capture_start.eq(capture.busy), registers.capture_lost.eq(capture.lost),
            registers.capture_bytes.eq(capture.count), registers.dropped_packets.eq(dropped),
            self.restart.eq(registers.die_restart_strobe),
            registers.die_restart.eq(self.restarting),
            die.temperature.eq(registers.temperature),
            settings.scene.eq(registers.scene), settings.freeze.eq(registers.noise_freeze),
            settings.read_shift.eq(registers.read_noise_shift),
            settings.seed.eq(registers.noise_seed), settings.defects.eq(registers.defects),
            self.row_line_stuck.eq(registers.row_line_stuck),
            settings.lamp_period_clocks.eq(registers.lamp_period),
            settings.lamp_on_clocks.eq(registers.lamp_on),
        ]
        for index in range(3):
            mode = settings.modes[index]
            m.d.comb += [
                mode.gain.mantissa.eq(getattr(registers, f"mode_{index}_gain_mantissa")),
                mode.gain.exponent.eq(getattr(registers, f"mode_{index}_gain_exponent")),
                mode.shot_shift.eq(getattr(registers, f"mode_{index}_shot_noise_shift")),
                mode.full_well.eq(getattr(registers, f"mode_{index}_full_well")),
            ]

    def _picture(self, m: Module, registers: BoardRegisters, decoder: BusDecoder,
                 clients: dict) -> None:
        die = self.die
        m.submodules.picture_access = access = PictureAccess()
        m.submodules.picture = picture = Picture(
            self.config, self.monitor, self.chip.burst_address_bits)
        connect(m, decoder.picture, access.bus)
        connect(m, access.tables, picture.tables)
        for name, port in zip(MEMORY_CLIENTS, picture.memory, strict=True):
            connect(m, port, clients[name])
        corrected = die.correct.o
        m.submodules.picture_fault = FFSynchronizer(die.error, picture.fault)
        lost = Signal()
        with m.If(picture.lost):
            m.d.sync += lost.eq(1)
        with m.Elif(registers.picture_lost_strobe):
            m.d.sync += lost.eq(0)
        m.d.comb += [
            picture.codes.valid.eq(corrected.valid), picture.codes.payload.eq(corrected.payload),
            picture.packets.eq(die.csi2.packet_bytes), picture.strobe.eq(die.csi2.packet_strobe),
            picture.mode.eq(registers.picture_mode), picture.capture.eq(registers.picture_capture),
            registers.picture_lost.eq(lost),
            self.symbols.eq(picture.symbols),
        ]
