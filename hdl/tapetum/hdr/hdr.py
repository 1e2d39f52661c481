# SPDX-License-Identifier: Apache-2.0
"""One frame from all captures."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..control.frame_settings import adopted_settings
from ..memory.health import MemoryHealth, gather
from ..pixel import CodePixels, KnownPixels, LinearPixels, corrected_bits
from ..stream.clock_gate import AwakeFor, Gated
from .align import Align
from .combine import Combine

__all__ = ["Hdr"]

HOLD_CYCLES = 1 << 7
"""Longer than the latency, with the end of a frame that is counted behind it."""


class Hdr(wiring.Component):
    """Brings the captures of each row together and combines them: `Align`, then `Combine`.

    Latency `latency_cycles` from a row's last capture, one beat per clock.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of CodePixels), always ready
        Corrected active rows.
    settings : In(adopted_settings)
    stirred : In(1)
        ``settings`` change.
    test : In(KnownPixels), test_valid : In(1), testing : Out(1)
        See `Combine`.
    combines : Out(1)
        Pixels enter the combination.
    o : Out(stream of LinearPixels), always ready
        The combined frame; ``tag.capture`` is the capture that came last.
    line_buffer_overflow, row_mismatch : Out(1)
        Pulses for `Fault.LINE_BUFFER_OVERFLOW` and `Fault.ROW_MISMATCH`.
    flicker_count, clipped_count : Out(24)
        Marked pixels of the last whole frame.
    memory : Out(MemoryHealth)
    """

    def __init__(self, config: DieConfig):
        self.config = config
        self.align, self.combine = Align(config), Combine(config)
        super().__init__({
            "i": In(stream.Signature(CodePixels(config.lanes, corrected_bits(config)),
                                     always_ready=True)),
            "settings": In(adopted_settings(config)), "stirred": In(1),
            "test": In(KnownPixels(len(config.captures), config.lanes, corrected_bits(config))),
            "test_valid": In(1), "testing": Out(1), "combines": Out(1),
            "o": Out(stream.Signature(LinearPixels(config.lanes), always_ready=True)),
            "line_buffer_overflow": Out(1),
            "row_mismatch": Out(1),
            "flicker_count": Out(24),
            "clipped_count": Out(24),
            "memory": Out(MemoryHealth()),
        })

    @property
    def latency_cycles(self) -> int:
        """Clocks from a beat of the row's last capture at ``i`` to the combined one at ``o``."""
        return self.align.latency_cycles + self.combine.latency_cycles

    def elaborate(self, platform):
        m = Module()
        align, combine = self.align, self.combine
        m.submodules.combining = combining = AwakeFor(
            self.i.valid | self.stirred | self.test_valid | self.memory.inject.any(),
            hold_cycles=HOLD_CYCLES)
        m.submodules.align = Gated(align, awake=combining.awake)
        m.submodules.combine = Gated(combine, awake=combining.awake)
        m.d.comb += [
            align.settings.eq(self.settings),
            combine.settings.eq(self.settings),
            combine.test.eq(self.test), combine.test_valid.eq(self.test_valid),
            self.testing.eq(combine.testing), self.combines.eq(align.o.valid),
            self.line_buffer_overflow.eq(align.overflow),
            self.row_mismatch.eq(align.mismatch),
            self.flicker_count.eq(combine.flicker_count),
            self.clipped_count.eq(combine.clipped_count),
        ]
        gather(m, self.memory, align.memory, combine.memory)
        connect(m, flipped(self.i), align.i)
        connect(m, align.o, combine.i)
        connect(m, combine.o, flipped(self.o))
        return m
