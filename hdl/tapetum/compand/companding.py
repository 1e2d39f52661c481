# SPDX-License-Identifier: Apache-2.0
"""The room's way through: the compander, with the tables that the host has programmed."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..control.frame_settings import FRAMES_IN_FLIGHT, adopted_settings
from ..memory.health import MemoryHealth
from ..pixel import LinearPixels, OutputPixels
from ..registers.bus import WindowBus
from ..registers.definition import MemoryWindow
from ..stream.clock_gate import AwakeFor, Gated
from .compander import Compander
from .table_loader import TableLoader
from .tables import SEGMENT_CAPACITY

__all__ = ["SEGMENTS_WINDOW", "Companding"]

HOLD_CYCLES = 1 << 7
"""Longer than the latency, or an access on its way."""

SEGMENTS_WINDOW = MemoryWindow(
    name="companding_segments", address=0x4400, entries=SEGMENT_CAPACITY, entry_bytes=4,
    sentence="Segments of a companding table, from 0 up: width as a power of two in the first "
             "byte, 0xff behind the last segment, and rise in output codes in the other three; "
             "writes edit, reads show the table that companding_shown names.")


class Companding(wiring.Component):
    """`Compander` and `TableLoader`: a frame keeps the table that it was adopted with.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of LinearPixels), o : Out(stream of OutputPixels), always ready
        See `Compander`.
    settings : In(adopted_settings)
    stirred : In(1)
        The host accesses a register, or ``adopt``.
    test : In(1)
        See `Compander`.
    segments : In(WindowBus)
        `SEGMENTS_WINDOW`.
    shown : In(3), output_bits : In(5), load : In(1)
    busy, refused, table_invalid : Out(1)
        See `TableLoader`.
    slots : Out(3 per frame in flight)
        See `Compander`.
    slot : Out(3)
        That of the frame adopted last.
    memory : Out(MemoryHealth)
    """

    def __init__(self, config: DieConfig):
        self.compander = Compander(config)
        super().__init__({
            "i": In(stream.Signature(LinearPixels(config.lanes), always_ready=True)),
            "o": Out(stream.Signature(OutputPixels(config.lanes), always_ready=True)),
            "settings": In(adopted_settings(config)), "stirred": In(1), "test": In(1),
            "segments": In(WindowBus(SEGMENTS_WINDOW)),
            "shown": In(3), "output_bits": In(5), "load": In(1),
            "busy": Out(1), "refused": Out(1), "table_invalid": Out(1),
            "slot": Out(3), "slots": Out(data.ArrayLayout(3, FRAMES_IN_FLIGHT)),
            "memory": Out(MemoryHealth()),
        })

    @property
    def latency_cycles(self) -> int:
        """Clocks from ``i`` to ``o``."""
        return self.compander.latency_cycles

    def elaborate(self, platform):
        m = Module()
        compander, loader = self.compander, TableLoader()
        m.submodules.companding = companding = AwakeFor(
            self.i.valid | self.stirred | self.test | self.memory.inject.any(),
            hold_cycles=HOLD_CYCLES)
        awake = companding.awake | loader.busy
        m.submodules.compander = Gated(compander, awake=awake)
        m.submodules.loader = Gated(loader, awake=awake)
        connect(m, flipped(self.i), compander.i)
        connect(m, compander.o, flipped(self.o))
        connect(m, compander.memory, flipped(self.memory))
        newest = Signal(2)
        with m.If(self.settings.adopt):
            m.d.sync += newest.eq(self.settings.frame)
        m.d.comb += [
            self.slot.eq(Value.cast(compander.slots).word_select(newest, 3)),
            compander.settings.eq(self.settings), compander.test.eq(self.test),
            compander.programmed.eq(loader.programmed),
            compander.write.eq(loader.write), compander.write_enable.eq(loader.write_enable),
            loader.in_use.eq(compander.in_use),
            loader.window_address.eq(self.segments.address),
            loader.window_write.eq(self.segments.write),
            loader.window_write_data.eq(self.segments.write_data),
            self.segments.read_data.eq(loader.window_read_data),
            loader.shown.eq(self.shown), loader.load.eq(self.load),
            loader.output_bits.eq(self.output_bits),
            self.busy.eq(loader.busy), self.refused.eq(loader.refused),
            self.table_invalid.eq(loader.table_invalid),
            self.slots.eq(compander.slots),
        ]
        return m
