# SPDX-License-Identifier: Apache-2.0
"""Readout, converters, two-wire port and a pixel die: the row camera but for its pins."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect

from tapetum.cci.cci import filter_cycles
from tapetum.cci.cci_target import CciTarget
from tapetum.config import DieConfig
from tapetum.control.frame_settings import FrameSettings
from tapetum.readout.row_event import RowEventWord
from tapetum.readout.sequencer import Sequencer

from ..link.slip import SlipEncoder
from ..link.uart import UartTransmitter, bit_cycles
from .die_converter import DieConverter
from .row_sender import RowSender
from .small_converter import SmallConverter
from .small_pixel_die import SmallPixelDie
from .small_registers import SmallRegisters

__all__ = ["SmallCore"]


class SmallCore(wiring.Component):
    """Each row that is converted leaves as a packet on the serial line.

    ::

        two wires ─► CciTarget ─► registers ─► sequencer ─ row lines ─► pixel die
                                                   │ ramps                  │ comparators
        serial line ◄─ SLIP ◄─ row sender ◄── converter ◄───────────────────┘

    The die's sequencer runs alone, without the second one that checks it, from a table of events
    that cannot be written. Clocks: ``sync`` and ``adc``.

    Parameters
    ----------
    config : DieConfig
        One of `small_configuration`.
    whole_converters : bool
        Those of the die, not `SmallConverter`.
    bits_per_second : float

    Members
    -------
    scl, sda, pull_sda
        Of `CciTarget`.
    transmit : Out(1)
    fault : Out(1)
        A ramp or a row was lost since the reset.
    beat : Out(1)
        Changes twice a second or so while frames are taken.
    """

    def __init__(self, config: DieConfig, *, whole_converters: bool = False,
                 bits_per_second: float = 3e6):
        self.config, self.bits_per_second = config, bits_per_second
        self.converter = (DieConverter if whole_converters else SmallConverter)(config)
        super().__init__({
            "scl": In(1, init=1), "sda": In(1, init=1), "pull_sda": Out(1),
            "transmit": Out(1, init=1), "fault": Out(1), "beat": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        config = self.config
        m.submodules.cci = cci = CciTarget(filter_cycles=filter_cycles(config))
        m.submodules.registers = registers = SmallRegisters(config)
        m.submodules.readout = sequencer = Sequencer(config)
        m.submodules.adc = converter = self.converter
        m.submodules.pixel_die = pixel_die = SmallPixelDie(config)
        m.submodules.sender = sender = RowSender(config)
        m.submodules.encoder = encoder = SlipEncoder()
        m.submodules.line = line = UartTransmitter(
            bit_cycles(config.sync_clock_hz, self.bits_per_second))
        connect(m, cci.bus, registers.bus)
        connect(m, converter.codes, sender.codes)
        connect(m, sender.bytes, encoder.i)
        connect(m, encoder.o, line.bytes)

        layout = FrameSettings(config)
        settings = Signal(layout)
        m.d.comb += settings.eq(layout.const(FrameSettings.defaults(config)))
        m.d.comb += settings.captures[0].coarse_integration_lines.eq(
            registers.coarse_integration_lines)
        given, done = sequencer.i, sequencer.o
        m.d.comb += [
            given.settings.eq(settings), given.streaming.eq(registers.streaming),
            given.triggered.eq(0), given.sync_pulse.eq(0),
            given.transfer_cycles[0].eq(config.row_timing.transfer_cycles[0]),
            given.ramp_ready.eq(converter.ramp.ready),
            converter.ramp.valid.eq(done.ramp_valid), converter.ramp.payload.eq(done.ramp),
            pixel_die.row_control.eq(done.row_control), pixel_die.shutters.eq(done.shutters),
            pixel_die.ramp_code.eq(converter.ramp_code),
            pixel_die.ramp_active.eq(converter.ramp_active),
            converter.comparators.eq(pixel_die.comparators),
            cci.scl.eq(self.scl), cci.sda.eq(self.sda), self.pull_sda.eq(cci.pull_sda),
            registers.frame.eq(sequencer.positions[0].frame),
            self.transmit.eq(line.line), self.beat.eq(sequencer.positions[0].frame[3]),
        ]
        with m.If(sequencer.conversion_overrun | converter.overrun):
            m.d.sync += self.fault.eq(1)
        self._events(m, given, done)
        return m

    def _events(self, m: Module, given: data.View, done: data.View) -> None:
        """The table of row events, one clock behind its address."""
        words = [RowEventWord.encode(event) for event in self.config.row_timing.events]
        event = Signal(RowEventWord, init=RowEventWord.from_bits(RowEventWord.end()))
        with m.Switch(done.play_address):
            for place, word in enumerate(words):
                with m.Case(place):
                    m.d.sync += Value.cast(event).eq(word)
            with m.Default():
                m.d.sync += Value.cast(event).eq(RowEventWord.end())
        m.d.comb += given.table_event.eq(event)
