# SPDX-License-Identifier: Apache-2.0
"""From the serial line to the board's bus."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from .board_bus import BoardBus
from .command_engine import CommandEngine
from .packet_receiver import PacketReceiver
from .slip import SlipDecoder, SlipEncoder
from .uart import UartReceiver, UartTransmitter, bit_cycles

__all__ = ["HostLink"]


class HostLink(wiring.Component):
    """::

        receive ─► bytes ─► SLIP ─► packet ─► commands ◄─► bus
        transmit ◄─ bytes ◄─ SLIP ◄─────────────┘

    Parameters
    ----------
    clock_hz, bits_per_second : float

    Members
    -------
    receive : In(1), transmit : Out(1)
        The serial line, resting high.
    bus : Out(BoardBus)
    dropped : Out(1)
        Strobe: a packet was not right.
    busy : Out(1)
        A packet is being obeyed.
    """

    def __init__(self, clock_hz: float, bits_per_second: float = 3e6):
        self.cycles = bit_cycles(clock_hz, bits_per_second)
        super().__init__({"receive": In(1, init=1), "transmit": Out(1, init=1),
                          "bus": Out(BoardBus()), "dropped": Out(1), "busy": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.receiver = receiver = UartReceiver(self.cycles)
        m.submodules.transmitter = transmitter = UartTransmitter(self.cycles)
        m.submodules.decoder = decoder = SlipDecoder()
        m.submodules.encoder = encoder = SlipEncoder()
        m.submodules.packets = packets = PacketReceiver()
        m.submodules.commands = commands = CommandEngine()
        connect(m, receiver.bytes, decoder.i)
        connect(m, decoder.o, packets.i)
        connect(m, commands.answer, encoder.i)
        connect(m, encoder.o, transmitter.bytes)
        connect(m, commands.bus, flipped(self.bus))
        m.d.comb += [
            receiver.line.eq(self.receive), self.transmit.eq(transmitter.line),
            commands.held.eq(packets.held), commands.header.eq(packets.header),
            commands.data_bytes.eq(packets.data_bytes), packets.address.eq(commands.address),
            commands.byte.eq(packets.byte), packets.release.eq(commands.release),
            self.dropped.eq(packets.dropped), self.busy.eq(packets.held),
        ]
        return m
