# SPDX-License-Identifier: Apache-2.0
"""The die with a pixel die under it, a pen at every room boundary and a PHY that can stall."""

from collections.abc import Callable
from typing import Any, cast

from amaranth import *
from amaranth.hdl import ValueCastable
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect

from tapetum.adc.column_adc import ColumnAdc
from tapetum.adc.geometry import bond_count
from tapetum.config import DieConfig
from tapetum.control.faults import Fault
from tapetum.control.frame_settings import FrameSettings
from tapetum.csi2.packets import PacketBytes
from tapetum.die import Die

from ..pixel_die.comparator_bank import ComparatorBank
from ..pixel_die.row_lines import ROW_NUMBER_BITS, RowLines
from ..simulator import Mailbox, Recorder
from .array_pens import add_array_pens
from .direct_adc import TRIP_CODES, DirectColumnAdc
from .exposure_meter import ExposureMeter, TripRequest
from .host_writes import HostWrites
from .spi_wires import HEARD_BYTES, SpiWires

__all__ = ["CLOCK_REQUESTS", "DOMAINS", "TRIP_CODES", "Adoption", "Ended", "Measured", "PacketWord",
           "SimulationTop", "watched_signals"]

DOMAINS = ("sync", "adc", "byte", "safety", "host")
CLOCK_REQUESTS = {"adc": "counter_clock_request", "host": "host_clock_request"}

_BROKEN_BONDS = {f"bond_{port}": port for port in ("stuck_low", "stuck_high", "shorted")}
_BROKEN_ROWS = {f"row_{port}": port for port in ("stuck_low", "stuck_high", "blind")}


class Adoption(data.StructLayout):
    """A frame takes its settings, ``cycle`` ``sync`` cycles after reset."""

    def __init__(self, config: DieConfig):
        super().__init__({"frame": 16, "cycle": 40, "settings": FrameSettings(config)})


class Measured(data.Struct):
    """Exposures follow the light of ``frame``, from ``cycle`` ``sync`` cycles after reset on."""

    frame: 16
    cycle: 40


class Ended(data.Struct):
    """The bottom rows of a frame are written; ``faults`` are those that they tell of."""

    frame: 16
    channel: 2
    faults: len(Fault)


class PacketWord(data.StructLayout):
    """A word of a packet as the lanes take it, ``cycle`` byte clocks after reset."""

    def __init__(self, byte_lanes: int):
        super().__init__({"word": PacketBytes(byte_lanes), "cycle": 40})


def watched_signals(die: Die) -> dict[str, Value]:
    """Signals within a die at which `SimulationTop` looks, by name."""
    rooms: dict[Any, tuple[str, ...]] = {
        die.readout: ("ramp", "busy", "adopt", "adopt_frame"),
        die.control: ("streaming", "faults"),
        die.adc: ("pixels",), die.correct: ("o",), die.hdr: ("o",), die.selector: ("o",),
        die.stats: ("settings_out", "frame", "renewed"), die.flicker_map: ("i", "overflow"),
        die.csi2: ("overflow", "packet_bytes", "packet_strobe", "ended", "ended_now"),
    }
    if die.config.npu:
        rooms |= {die.vision: ("o", "frame_first", "incomplete", "frame"),
                  die.npu: ("last", "last_frame", "given", "verdict")}
    found: dict[str, Value] = {}
    for number, (room, members) in enumerate(rooms.items()):
        for member in members:
            watched, name = getattr(room, member), f"{number}_{member}"
            parts = ({"": watched} if isinstance(watched, ValueCastable | Value) else
                     {f"_{part}": getattr(watched, part) for part in ("payload", "valid", "ready")})
            found |= {name + part: Value.cast(value) for part, value in parts.items()
                      if not isinstance(value, Const)}
    return found


class SimulationTop(wiring.Component):
    """What the simulator runs: trip codes in, recordings out.

    Recordings: ``adc``, ``correct``, ``hdr``, ``output`` (beats of those rooms' streams),
    ``packets`` (`PacketWord`), ``adoptions`` (`Adoption`), ``measured`` (`Measured`), ``ended``
    (`Ended`), ``losses`` and ``map_losses`` (for each row, or row of the flicker map, that the link
    dropped, how many had reached it by then). Of a die with an array also those of
    `add_array_pens`.

    Parameters
    ----------
    config : DieConfig
    direct : bool
        Load trip codes as counts instead of converting them (`DirectColumnAdc`).
    inject_faults : bool
        Adds the inputs that break bonds between the dies.
    stand_in : callable
        Makes of the die what drives its signals instead, `watched_signals` among them.

    Members
    -------
    host_post : In(1), host_done : Out(1)
        Letters with what the host writes: see `HostWrites`.
    host_read : In(1), host_address : In(16), host_read_data : Out(8)
        What it reads.
    pull_scl, pull_sda : In(1), sda_level : Out(1)
        A host on the two-wire bus: which lines it pulls down, and what the data line then is.
    second_address : In(1)
    request : Out(TripRequest), request_toggle : Out(1)
        A ramp has started: post its trip codes before the next clock edge.
    adopted : Out(1)
        Toggles when the die takes the settings of another frame.
    streaming, busy, error : Out(1), faults : Out
    counter_clock_request : Out(1)
        While it is low, the clock ``adc`` stands still.
    external_sync : In(1), temperature : In(16)
    sync_output, strobe, interrupt_request : Out(1)
    phy_stall : In(1)
        Holds the PHY boundary, to see what happens then.
    spi_post : In(1), spi_done : Out(1), spi_heard : Out(8 * HEARD_BYTES)
        Transfers of the host on the SPI port: see `SpiWires`.
    host_clock_request : Out(1)
        While it is low, the clock ``host`` stands still.
    bond_stuck_low, bond_stuck_high, bond_shorted : In
        Only with ``inject_faults``, see `ComparatorBank`.
    row_stuck_low, row_stuck_high, row_blind : In(ROW_NUMBER_BITS)
        Only with ``inject_faults``: lines of the number of the row that is read, see `RowLines`.
    """

    def __init__(self, config: DieConfig, *, direct: bool = False, inject_faults: bool = False,
                 stand_in: Callable[[Die], Elaboratable] | None = None):
        self.config = config
        self.direct = direct
        self.inject_faults = inject_faults
        bonds = bond_count(config)
        broken = ({name: In(bonds) for name in _BROKEN_BONDS}
                  | {name: In(ROW_NUMBER_BITS) for name in _BROKEN_ROWS}) if inject_faults else {}
        self.die = Die(config, converter=DirectColumnAdc if direct else ColumnAdc)
        self.stand_in = stand_in(self.die) if stand_in else None
        super().__init__({
            "host_post": In(1),
            "host_done": Out(1),
            "host_read": In(1),
            "host_address": In(16),
            "host_read_data": Out(8),
            "pull_scl": In(1), "pull_sda": In(1), "sda_level": Out(1),
            "second_address": In(1),
            "request": Out(TripRequest),
            "request_toggle": Out(1),
            "adopted": Out(1),
            "streaming": Out(1),
            "busy": Out(1),
            "counter_clock_request": Out(1),
            "faults": Out(len(Fault)),
            "error": Out(1),
            "external_sync": In(1),
            "temperature": In(16),
            "sync_output": Out(1),
            "strobe": Out(1),
            "interrupt_request": Out(1),
            "phy_stall": In(1),
            "spi_post": In(1), "spi_done": Out(1), "spi_heard": Out(8 * HEARD_BYTES),
            "host_clock_request": Out(1),
            **broken,
        })

    def elaborate(self, platform):
        m = Module()
        die = self.die
        m.submodules.die = cast(Any, self.stand_in or die)
        m.submodules.host = host = HostWrites()
        connect(m, host.bus, die.bus)
        m.d.comb += [
            host.post.eq(self.host_post),
            self.host_done.eq(host.done),
            host.read.eq(self.host_read),
            host.address.eq(self.host_address),
            self.host_read_data.eq(host.read_data),
            die.scl.eq(~self.pull_scl),
            self.sda_level.eq(~(self.pull_sda | die.pull_sda)),
            die.sda.eq(self.sda_level),
            die.second_address.eq(self.second_address),
            die.external_sync.eq(self.external_sync),
            self.streaming.eq(die.control.streaming),
            die.temperature.eq(self.temperature),
            self.busy.eq(die.readout.busy),
            self.faults.eq(die.control.faults),
            self.error.eq(die.error),
            self.counter_clock_request.eq(die.counter_clock_request),
            self.sync_output.eq(die.sync_output),
            self.strobe.eq(die.strobe),
            self.interrupt_request.eq(die.interrupt_request),
        ]
        self._spi(m, die)
        with m.If(die.readout.adopt):
            m.d.sync += self.adopted.eq(~self.adopted)
        self._pixel_die(m, die)
        self._phy(m, die)
        self._pens(m, die)
        return m

    def _spi(self, m: Module, die: Die) -> None:
        m.submodules.wires = wires = SpiWires("host")
        m.d.comb += [
            wires.post.eq(self.spi_post), self.spi_done.eq(wires.done),
            self.spi_heard.eq(wires.heard), self.host_clock_request.eq(wires.request),
            die.spi_clock.eq(wires.clock), die.spi_select.eq(wires.select),
            die.spi_data_in.eq(wires.data_in), wires.data_out.eq(die.spi_data_out),
        ]

    def _pixel_die(self, m: Module, die: Die) -> None:
        m.submodules.meter = meter = ExposureMeter(self.config)
        m.d.comb += [
            meter.row_control.eq(die.row_control),
            meter.shutters.eq(die.shutters),
            meter.ramp.eq(die.readout.ramp.payload),
            meter.ramp_start.eq(die.readout.ramp.valid & die.readout.ramp.ready),
            self.request.eq(meter.request),
            self.request_toggle.eq(meter.request_toggle),
        ]
        m.submodules.rows = rows = RowLines(self.config, inject_faults=self.inject_faults)
        if self.inject_faults:
            # Registers, as those of the bonds.
            m.d.sync += [getattr(rows, port).eq(getattr(self, name))
                         for name, port in _BROKEN_ROWS.items()]
        m.d.comb += [
            rows.row_control.eq(die.row_control), rows.shutters.eq(die.shutters),
            die.row_read_back.eq(rows.row_read_back),
            die.shutter_read_back.eq(rows.shutter_read_back),
        ]
        if not self.direct:
            self._comparators(m, die, meter)

    def _comparators(self, m: Module, die: Die, meter: ExposureMeter) -> None:
        m.submodules.bank = bank = DomainRenamer("adc")(
            ComparatorBank(self.config, inject_faults=self.inject_faults))
        if self.inject_faults:
            # Registers, because a simulator evaluates what depends on an input twice.
            m.d.adc += [getattr(bank, port).eq(getattr(self, name))
                        for name, port in _BROKEN_BONDS.items()]
        m.submodules.trip_codes = trip_codes = Mailbox(bank.trips.shape(), TRIP_CODES, "adc")
        served = Signal()
        m.d.adc += served.eq(meter.request_toggle)
        m.d.comb += [
            # Simulation only: here the toggle crosses without a synchroniser, so that the codes
            # are there before the counter, which has one, begins.
            trip_codes.load.eq(meter.request_toggle ^ served),
            bank.trips.eq(trip_codes.data),
            bank.ramp_code.eq(die.ramp_code),
            bank.ramp_active.eq(die.ramp_active),
            bank.bond_pattern.eq(die.bond_pattern),
            bank.bond_map_load.eq(die.bond_map_load),
            bank.bond_map.eq(die.bond_map),
            die.comparators.eq(bank.bonds),
        ]

    def _phy(self, m: Module, die: Die) -> None:
        """A D-PHY that always takes its word, unless it is told to stall."""
        stalled = Signal()
        m.d.byte += stalled.eq(self.phy_stall)
        m.d.comb += die.phy.ready.eq(die.phy.request & ~stalled)

    def _pens(self, m: Module, die: Die) -> None:
        for name, stream in (("adc", die.adc.pixels), ("correct", die.correct.o),
                             ("hdr", die.hdr.o), ("output", die.selector.o)):
            pen = Recorder(stream.payload.shape(), name)
            m.submodules[f"{name}_pen"] = pen
            m.d.comb += pen.watch(stream)

        self._losses(m, "losses", die.selector.o, die.csi2.overflow)
        self._losses(m, "map_losses", die.flicker_map.i, die.flicker_map.overflow)

        sync_cycle, byte_cycle = Signal(40), Signal(40)
        m.d.sync += sync_cycle.eq(sync_cycle + 1)
        m.d.byte += byte_cycle.eq(byte_cycle + 1)
        if self.config.npu:
            add_array_pens(m, die, sync_cycle)
        m.submodules.packet_pen = packet_pen = Recorder(
            PacketWord(self.config.csi2.byte_lanes), "packets", "byte")
        m.d.comb += [
            packet_pen.payload.word.eq(die.csi2.packet_bytes),
            packet_pen.payload.cycle.eq(byte_cycle),
            packet_pen.valid.eq(die.csi2.packet_strobe),
            packet_pen.ready.eq(1),
        ]
        m.submodules.adoption_pen = adoption_pen = Recorder(Adoption(self.config), "adoptions")
        m.d.comb += [
            adoption_pen.payload.frame.eq(die.readout.adopt_frame),
            adoption_pen.payload.cycle.eq(sync_cycle),
            adoption_pen.payload.settings.eq(die.stats.settings_out),
            adoption_pen.valid.eq(die.readout.adopt),
            adoption_pen.ready.eq(1),
        ]
        m.submodules.ended_pen = ended_pen = Recorder(Ended, "ended")
        m.d.sync += ended_pen.payload.faults.eq(die.control.faults)
        m.d.comb += [
            ended_pen.payload.frame.eq(die.csi2.ended.frame),
            ended_pen.payload.channel.eq(die.csi2.ended.channel),
            ended_pen.valid.eq(die.csi2.ended_now),
            ended_pen.ready.eq(1),
        ]
        m.submodules.measured_pen = measured_pen = Recorder(Measured, "measured")
        m.d.comb += [
            measured_pen.payload.frame.eq(die.stats.frame),
            measured_pen.payload.cycle.eq(sync_cycle),
            measured_pen.valid.eq(die.stats.renewed),
            measured_pen.ready.eq(1),
        ]

    def _losses(self, m: Module, name: str, sent, overflow) -> None:
        """A row is reported lost a few clocks behind its last pixel, before the next one ends."""
        rows_sent = Signal(32, name=f"{name}_rows")
        with m.If(sent.valid & sent.ready & sent.payload.line_last):
            m.d.sync += rows_sent.eq(rows_sent + 1)
        m.submodules[f"{name}_pen"] = pen = Recorder(rows_sent.shape(), name)
        m.d.comb += [pen.payload.eq(rows_sent), pen.valid.eq(overflow), pen.ready.eq(1)]
