# SPDX-License-Identifier: Apache-2.0
"""Several sources of packets, one link."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .packets import PacketSource

__all__ = ["PacketArbiter"]


class PacketArbiter(wiring.Component):
    """Lets one source at a time send one whole packet; the lowest number goes first.

    Rows of pixels, which have a deadline, belong at number 0; what else a frame carries (flicker
    map, verdict) fills the gaps between them. Adds no clock: an idle link takes an offer at once.

    Parameters
    ----------
    byte_lanes, sources : int

    Members
    -------
    sources : In(PacketSource(byte_lanes)).array(sources)
    merged : Out(PacketSource(byte_lanes))
    """

    def __init__(self, byte_lanes: int, sources: int):
        if sources < 1:
            raise ValueError(f"an arbiter needs at least one source, not {sources}.")
        self.byte_lanes = byte_lanes
        super().__init__({
            "sources": In(PacketSource(byte_lanes)).array(sources),
            "merged": Out(PacketSource(byte_lanes)),
        })

    def elaborate(self, platform):
        m = Module()
        granted = Signal(range(len(self.sources)))
        held = Signal.like(granted)
        waiting, in_payload = Signal(), Signal()
        with m.If(waiting | in_payload):
            m.d.comb += granted.eq(held)
        with m.Else():
            for number in reversed(range(len(self.sources))):
                with m.If(self.sources[number].descriptors.valid):
                    m.d.comb += granted.eq(number)

        descriptors, payload = self.merged.descriptors, self.merged.payload
        with m.Switch(granted):
            for number, source in enumerate(self.sources):
                with m.Case(number):
                    # Nothing shows before its turn, so that an offer never has to be withdrawn.
                    shown = in_payload | (source.descriptors.valid
                                          & source.descriptors.payload.is_long)
                    m.d.comb += [
                        descriptors.valid.eq(source.descriptors.valid & ~in_payload),
                        descriptors.payload.eq(source.descriptors.payload),
                        source.descriptors.ready.eq(descriptors.ready & ~in_payload),
                        payload.valid.eq(source.payload.valid & shown),
                        payload.payload.eq(source.payload.payload),
                    ]
        # Who is sending is known from before: a new offer need not be looked at for that.
        m.d.comb += [source.payload.ready.eq(payload.ready & in_payload & (held == number))
                     for number, source in enumerate(self.sources)]

        m.d.sync += [
            held.eq(granted),
            waiting.eq(descriptors.valid & ~descriptors.ready),
        ]
        with m.If(descriptors.valid & descriptors.ready):
            m.d.sync += in_payload.eq(descriptors.payload.is_long)
        with m.Elif(payload.valid & payload.ready & payload.payload.last):
            m.d.sync += in_payload.eq(0)
        return m
