# SPDX-License-Identifier: Apache-2.0
"""Notices frames whose columns come in other beats than those of the frame before."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import adopted_settings, settings_of
from ..pixel import CodePixels
from ..stream.delay import delayed

__all__ = ["RegionWatch"]


class RegionWatch(wiring.Component):
    """Compares region, skipping and flip of the columns as the first row of a frame comes.

    What was learnt of each beat's column is then worthless. The first row is that of the capture
    that is read first; captures that lag may still have rows of the frame before. Latency
    `latency_cycles`: the pulse comes ahead of the frame's first beat.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i, o : streams of CodePixels, always ready
        ADC codes of all rows.
    settings : In(adopted_settings)
    changed : Out(1)
        Pulse.
    """

    latency_cycles = 5

    def __init__(self, config: DieConfig):
        shape = CodePixels(config.lanes, config.adc.bits)
        super().__init__({
            "i": In(stream.Signature(shape, always_ready=True)),
            "o": Out(stream.Signature(shape, always_ready=True)),
            "settings": In(adopted_settings(config)),
            "changed": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        frame = self.i.payload.tag.frame
        chosen = settings_of(m, self.settings, frame, "column_start", "column_end", "column_skip",
                             "flip_columns")
        region = Cat(chosen.column_start, chosen.column_end, chosen.column_skip,
                     chosen.flip_columns)
        comes = delayed(m, self.i.valid, 1, name="comes", reset_less=False)
        frame, region = (delayed(m, value, 1, name=name)
                         for value, name in ((frame, "frame"), (region, "region")))

        # The newest frame alone counts: rows of the one before it, ``last``, still come in between.
        newest, known = Signal(16), Signal()
        last = Signal(16, reset_less=True)
        current, before = (Signal(len(region), reset_less=True, name=name)
                           for name in ("current", "before"))
        begins, is_new, was_known = Signal(), Signal(), Signal()
        m.d.sync += [
            begins.eq(comes & (~known | ((frame != newest) & (~was_known | (frame != last))))),
            is_new.eq(begins & ~is_new),  # the beat behind was judged before its frame was known
        ]
        frame, region = (delayed(m, value, 1, name=f"{name}_begins")
                         for value, name in ((frame, "frame"), (region, "region")))
        with m.If(begins & ~is_new):
            m.d.sync += [newest.eq(frame), last.eq(newest), known.eq(1), was_known.eq(known),
                         current.eq(region), before.eq(current)]
        m.d.sync += self.changed.eq(is_new & was_known & (current != before))
        m.d.comb += [
            self.o.valid.eq(delayed(m, self.i.valid, self.latency_cycles, name="valid",
                                    reset_less=False)),
            self.o.payload.eq(delayed(m, self.i.payload, self.latency_cycles, name="pixels")),
        ]
        return m
