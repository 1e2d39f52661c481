# SPDX-License-Identifier: Apache-2.0
"""The flicker map: one bit per pixel of the combined frame, on a virtual channel of its own."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..control.frame_settings import FRAMES_IN_FLIGHT
from ..memory.health import MemoryHealth
from ..pixel import RowTag
from .formats import DataType
from .packets import PacketSource
from .result_row import ResultStore
from .result_rows import ResultRows

__all__ = ["FLICKER_CHANNEL", "FlickerBits", "FlickerMap"]

FLICKER_CHANNEL = 1


class FlickerBits(data.StructLayout):
    """One beat of the flicker map: a mark per lane, lane 0 the leftmost pixel."""

    def __init__(self, lanes: int):
        self.lanes = lanes
        super().__init__({"bits": lanes, "line_last": 1, "frame_last": 1, "tag": RowTag})


class FlickerMap(wiring.Component):
    """Marks into `ResultRows`: a packet of type 0x30 on virtual channel 1 for each row.

    Eight pixels per byte, the first one in bit 0, zeros up to a whole byte. Throughput: ``lanes``
    marks per ``sync`` clock, always.

    Parameters
    ----------
    config : DieConfig
    byte_domain : str
        Clock of the byte lanes, asynchronous to ``sync``.

    Members
    -------
    i : In(stream of FlickerBits(lanes)), always ready
        Rows of the combined frame.
    send : In(FRAMES_IN_FLIGHT)
        Bit for each frame in flight, by the low bits of its number: its map is wanted. Must be 0
        for uncombined frames, whose second capture has this virtual channel.
    overflow, packets, memory : Out
        Of `ResultRows`.
    """

    def __init__(self, config: DieConfig, byte_domain: str = "byte"):
        self.config, self.byte_domain = config, byte_domain
        self.store = ResultStore(
            data_types=(DataType.FLICKER_MAP,), virtual_channel=FLICKER_CHANNEL,
            beat_bits=config.lanes, row_bytes=-(-config.array.columns // 8),
            slots=config.csi2.row_buffer_rows, byte_lanes=config.csi2.byte_lanes)
        super().__init__({
            "i": In(stream.Signature(FlickerBits(config.lanes), always_ready=True)),
            "send": In(FRAMES_IN_FLIGHT),
            "overflow": Out(1),
            "packets": Out(PacketSource(config.csi2.byte_lanes)),
            "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.link = link = ResultRows(self.store, self.byte_domain)
        connect(m, link.packets, flipped(self.packets))
        connect(m, link.memory, flipped(self.memory))
        beat = self.i.payload
        m.d.comb += [
            link.i.valid.eq(self.i.valid & self.send.bit_select(beat.tag.frame[:2], 1)),
            link.i.payload.bits.eq(beat.bits), link.i.payload.frame.eq(beat.tag.frame),
            link.i.payload.line_last.eq(beat.line_last),
            link.i.payload.frame_last.eq(beat.frame_last),
            self.overflow.eq(link.overflow),
        ]
        return m
