# SPDX-License-Identifier: Apache-2.0
"""Bytes onto lanes: the boundary to a D-PHY."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .packets import PacketBytes
from .phy_clock import ClockSettings, PhyClock

__all__ = ["LaneDistributor", "PhyLanes"]


class PhyLanes(wiring.Signature):
    """Byte interface of a D-PHY transmitter, in the manner of its PPI.

    Members
    -------
    clock_request : Out(1)
        High-speed clock: from some time before ``request``, which the host may set, to some time
        after it. See `PhyClock`.
    request : Out(1)
        High-speed burst: from before the first byte of a packet to its last; then low for at
        least two clocks, in which the PHY ends the burst (EoT, LP-11).
    data : Out(8).array(byte_lanes)
        Byte ``lane`` of each word, lane 0 first in the packet.
    valid : Out(byte_lanes)
        Lanes that carry a byte. A lane whose valid falls while others still send has reached the
        end of its burst: packets need not be a multiple of the lanes long, no filler is sent.
    ready : In(1)
        The PHY takes the word. It may wait as long as it likes for the first word of a burst
        (start of transmission) or anywhere else.

    ::

        request __/‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾\\____/‾
        ready   ______/‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾\\____
        lane 0    [ b0   ][ b2 ][ b4 ]
        lane 1    [ b1   ][ b3 ]
    """

    def __init__(self, byte_lanes: int):
        self.byte_lanes = byte_lanes
        super().__init__({
            "clock_request": Out(1),
            "request": Out(1),
            "data": Out(data.ArrayLayout(8, byte_lanes)),
            "valid": Out(byte_lanes),
            "ready": In(1),
        })

    def __eq__(self, other):
        return isinstance(other, PhyLanes) and self.byte_lanes == other.byte_lanes

    __hash__ = None


class LaneDistributor(wiring.Component):
    """One burst per packet, byte ``n`` on lane ``n`` modulo ``byte_lanes`` (CSI-2 §6.1).

    Parameters
    ----------
    byte_lanes : int

    Members
    -------
    packets : In(stream of PacketBytes(byte_lanes))
    clock : In(ClockSettings)
    phy : Out(PhyLanes(byte_lanes))
    """

    def __init__(self, byte_lanes: int):
        self.byte_lanes = byte_lanes
        super().__init__({
            "packets": In(stream.Signature(PacketBytes(byte_lanes))),
            "clock": In(ClockSettings),
            "phy": Out(PhyLanes(byte_lanes)),
        })

    def elaborate(self, platform):
        m = Module()
        word = self.packets.payload
        m.submodules.clock = clock = PhyClock()
        m.d.comb += [
            self.phy.data.eq(word.bytes),
            clock.settings.eq(self.clock),
            clock.wanted.eq(self.packets.valid | self.phy.request),
            self.phy.clock_request.eq(clock.clock),
        ]
        with m.FSM():
            with m.State("STOP"):
                with m.If(self.packets.valid & clock.ready):
                    m.d.sync += self.phy.request.eq(1)
                    m.next = "BURST"
            with m.State("BURST"):
                m.d.comb += self.packets.ready.eq(self.phy.ready)
                for lane in range(self.byte_lanes):
                    m.d.comb += self.phy.valid[lane].eq(self.packets.valid & (word.count > lane))
                with m.If(self.packets.valid & self.phy.ready & word.last):
                    m.d.sync += self.phy.request.eq(0)
                    m.next = "STOP"
        return m
