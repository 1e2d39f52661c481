# SPDX-License-Identifier: Apache-2.0
"""The room's way in and out: pixels to the lanes of a PHY."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..control.frame_settings import FRAMES_IN_FLIGHT, adopted_settings
from ..memory.checked_queue import CheckedQueue
from ..memory.crossing_memory import CrossingMemory
from ..memory.health import MemoryHealth, gather
from ..npu.verdict import VerdictSummary
from ..pixel import OutputPixels
from ..stream.queue import AsyncQueue
from ..stream.skid_buffer import SkidBuffer
from .arbiter import PacketArbiter
from .crc import FRAME_CHECKSUM
from .embedded import EmbeddedStatus
from .embedded_encoder import EmbeddedEncoder, EmbeddedGroup
from .frame_results import EndedFrame, ResultKeeper
from .frame_tracker import FrameTracker
from .lanes import LaneDistributor, PhyLanes
from .link_pixels import LinkPixels
from .packetiser import Packetiser
from .packets import PacketBytes, PacketSource
from .phy_clock import ClockSettings
from .row_collector import RowCollector, row_buffer_words
from .row_descriptor import RowDescriptor, RowGroup
from .row_sender import RowSender
from .verdict_packets import SentFrame

__all__ = ["Csi2Transmitter"]


class Csi2Transmitter(wiring.Component):
    """CSI-2 transmitter up to the PHY boundary: rows are stored whole, then sent whole.

    ::

        sync                              │ byte
        pixels ─► collector ─► row memory ┼─► reader ─► gearbox ─┐
                     │                    │                      ▼
                  tracker ─► descriptors ─┼─► sender ──────► arbiter ─► packetiser ─► lanes ─► phy
                     ▲                    │      ▲              ▲
        settings ─► encoder ─► embedded ──┼──────┘           results

    Pixels are taken at ``lanes`` per clock, always. A row that finds no free slot because the
    link stalled or is too slow is dropped as a whole.

    Parameters
    ----------
    config : DieConfig
    byte_domain : str
        Clock of the byte lanes, asynchronous to ``sync``.
    result_sources : int
        Further sources of packets, in ``byte_domain``, that share the link with the rows.

    Members
    -------
    pixels : In(stream of OutputPixels(lanes)), always ready
    settings : In(adopted_settings)
        Formats and test patterns, and what embedded rows tell.
    status : In(EmbeddedStatus)
        What they tell of the moment.
    verdict : In(VerdictSummary), verdict_given : In(1)
        The same, of a die with an array.
    ended : Out(EndedFrame), ended_now : Out(1)
        The last frame whose bottom rows have been written; strobe as they are.
    clock : In(ClockSettings)
        In ``sync``: how the PHY's clock is requested.
    overflow : Out(1)
        In ``sync``: strobe for each row that was lost.
    memory : Out(MemoryHealth)
        In ``sync``: of the row memory, and of the settings that embedded rows tell.
    results : In(PacketSource(byte_lanes)).array(result_sources)
        Present if there are any.
    verdict_wanted : In(FRAMES_IN_FLIGHT), verdict_sent : In(SentFrame) in ``byte_domain``
        Frames, by the low bits of their number, whose end waits until their verdict was sent.
    phy : Out(PhyLanes(byte_lanes)), in ``byte_domain``
    packet_bytes : Out(PacketBytes(byte_lanes)), packet_strobe : Out(1), in ``byte_domain``
        Probe: what the lanes take, in the clock in which they take it.
    """

    def __init__(self, config: DieConfig, byte_domain: str = "byte", *, result_sources: int = 0):
        self.config, self.byte_domain = config, byte_domain
        self.result_sources = result_sources
        byte_lanes = config.csi2.byte_lanes
        ports = {
            "pixels": In(stream.Signature(OutputPixels(config.lanes), always_ready=True)),
            "settings": In(adopted_settings(config)),
            "status": In(EmbeddedStatus(config)),
            "verdict": In(VerdictSummary), "verdict_given": In(1),
            "ended": Out(EndedFrame), "ended_now": Out(1),
            "clock": In(ClockSettings),
            "overflow": Out(1), "memory": Out(MemoryHealth()),
            "verdict_wanted": In(FRAMES_IN_FLIGHT), "verdict_sent": In(SentFrame),
            "phy": Out(PhyLanes(byte_lanes)),
            "packet_bytes": Out(PacketBytes(byte_lanes)),
            "packet_strobe": Out(1),
        }
        if result_sources:
            ports["results"] = In(PacketSource(byte_lanes)).array(result_sources)
        super().__init__(ports)

    def elaborate(self, platform):
        m = Module()
        config, byte_domain = self.config, self.byte_domain
        byte_lanes, rows = config.csi2.byte_lanes, config.csi2.row_buffer_rows
        in_byte_domain = DomainRenamer(byte_domain)

        link_pixels = LinkPixels(config)
        collector, tracker = RowCollector(config), FrameTracker(config)
        encoder, sender = EmbeddedEncoder(config), RowSender(config)
        keeper = ResultKeeper(config)
        arbiter = PacketArbiter(byte_lanes, 1 + self.result_sources)
        packetiser, distributor = Packetiser(byte_lanes), LaneDistributor(byte_lanes)
        m.submodules.link_pixels = link_pixels
        m.submodules.collector, m.submodules.tracker = collector, tracker
        m.submodules.encoder, m.submodules.keeper = encoder, keeper
        m.submodules.sender = in_byte_domain(sender)
        m.submodules.arbiter = in_byte_domain(arbiter)
        m.submodules.packetiser = in_byte_domain(packetiser)
        m.submodules.distributor = in_byte_domain(distributor)

        m.submodules.row_memory = memory = CrossingMemory(
            RowGroup, depth=row_buffer_words(config), i_domain="sync", o_domain=byte_domain)

        # As many embedded rows as rows: each waits no longer than the row that it announces. Those
        # below a frame wait for the encoder, and it for room.
        m.submodules.embedded = embedded = CheckedQueue(
            EmbeddedGroup, _power_of_two(rows * encoder.largest_groups),
            i_domain="sync", o_domain=byte_domain)
        told_groups = SkidBuffer(EmbeddedGroup)
        m.submodules.told_groups = in_byte_domain(told_groups)
        m.submodules.descriptors = descriptors = CheckedQueue(
            RowDescriptor, _power_of_two(rows + 4), i_domain="sync", o_domain=byte_domain)
        m.submodules.released = released = AsyncQueue(
            1, _power_of_two(rows + 1), i_domain=byte_domain, o_domain="sync")

        m.submodules.checksums = checksums = AsyncQueue(
            FRAME_CHECKSUM.width, 4, i_domain=byte_domain, o_domain="sync")

        # The clock's settings cross as a whole, whenever they have changed.
        m.submodules.clocks = clocks = AsyncQueue(
            ClockSettings, 4, i_domain="sync", o_domain=byte_domain)
        told, in_force = Signal(ClockSettings), Signal(ClockSettings)
        m.d.comb += [clocks.i.payload.eq(self.clock), clocks.o.ready.eq(1),
                     clocks.i.valid.eq(self.clock.as_value() != told.as_value())]
        with m.If(clocks.i.valid & clocks.i.ready):
            m.d.sync += told.eq(self.clock)
        with m.If(clocks.o.valid):
            m.d[byte_domain] += in_force.eq(clocks.o.payload)

        connect(m, flipped(self.pixels), link_pixels.i)
        connect(m, link_pixels.o, collector.pixels)
        connect(m, tracker.descriptors, descriptors.i)
        connect(m, encoder.o, embedded.i)
        connect(m, descriptors.o, sender.rows)
        connect(m, embedded.o, told_groups.i)
        connect(m, told_groups.o, sender.embedded_groups)
        connect(m, sender.released, released.i)
        connect(m, released.o, tracker.released)
        connect(m, sender.checksums, checksums.i)
        connect(m, checksums.o, tracker.checksums)
        connect(m, sender.packets, arbiter.sources[0])
        for number in range(self.result_sources):
            connect(m, flipped(self.results[number]), arbiter.sources[1 + number])
        connect(m, arbiter.merged, packetiser.source)
        connect(m, packetiser.packets, distributor.packets)
        connect(m, distributor.phy, flipped(self.phy))
        gather(m, self.memory, memory.memory, encoder.memory, tracker.memory, embedded.memory,
               descriptors.memory)
        m.d.comb += [
            link_pixels.settings.eq(self.settings), collector.settings.eq(self.settings),
            tracker.verdict_wanted.eq(self.verdict_wanted),
            sender.verdict_sent.eq(self.verdict_sent),
            encoder.settings.eq(self.settings),
            encoder.companding_slots.eq(self.status.companding_slots),
            encoder.results.eq(keeper.results),
            keeper.status.eq(self.status), keeper.counted.eq(tracker.counted),
            keeper.opened.eq(tracker.opened), keeper.stored_frame.eq(tracker.stored_frame),
            keeper.verdict.eq(self.verdict), keeper.verdict_given.eq(self.verdict_given),
            keeper.frame.eq(tracker.frame), tracker.verdict_known.eq(keeper.verdict_known),
            keeper.close.eq(tracker.close), keeper.whole.eq(tracker.encode_whole),
            keeper.checksum.eq(tracker.checksum),
            collector.may_store.eq(tracker.may_store),
            collector.accept.eq(tracker.accept),
            tracker.began.eq(collector.began), tracker.began_tag.eq(collector.began_tag),
            tracker.ended.eq(collector.ended), tracker.row.eq(collector.row),
            encoder.start.eq(tracker.encode), encoder.row.eq(tracker.encode_row),
            encoder.frame.eq(tracker.frame), encoder.channel.eq(tracker.channel),
            encoder.whole.eq(tracker.encode_whole),
            encoder.row_groups.eq(tracker.encode_groups), tracker.encoded.eq(encoder.done),
            memory.write_enable.eq(collector.write_enable),
            memory.write_address.eq(collector.write_address),
            memory.write_word.eq(collector.write_group),
            memory.enable.eq(sender.read_enable), memory.address.eq(sender.read_address),
            sender.read_group.eq(memory.word),
            distributor.clock.eq(in_force),
            self.overflow.eq(tracker.overflow),
            self.packet_bytes.eq(packetiser.packets.payload),
            self.packet_strobe.eq(packetiser.packets.valid & packetiser.packets.ready),
        ]
        m.d.sync += self.ended_now.eq(tracker.close)
        with m.If(tracker.close):
            m.d.sync += [self.ended.frame.eq(tracker.frame),
                         self.ended.channel.eq(tracker.channel),
                         self.ended.checksum.eq(tracker.checksum)]
        return m


def _power_of_two(count: int) -> int:
    return 1 << (count - 1).bit_length()
