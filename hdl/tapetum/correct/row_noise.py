# SPDX-License-Identifier: Apache-2.0
"""Noise that all pixels of a conversion share."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..memory.health import MemoryHealth
from ..pixel import CodePixels, corrected_bits
from .row_hold import RowHold
from .shielded_mean import ShieldedMean

__all__ = ["FULL_STRENGTH", "RowNoise", "largest_row_noise"]

FULL_STRENGTH = 16
"""All that was measured is subtracted; strengths are sixteenths."""


def largest_row_noise(config: DieConfig) -> int:
    """Corrected codes by which a row is shifted at most: 1/128 of the scale, less one."""
    return (config.adc.signal_counts << config.hdr.fraction_bits) // 128 - 1


class RowNoise(wiring.Component):
    """Subtracts from each row what its shielded pixels are off the pedestal by.

    ::

        i ─┬─► RowHold ────────────────────────────────► - ─► saturate ─► o
           └─► ShieldedMean ─► limit ─► x strength / 16 ─┘

    Stands behind the black level, of which it removes what is left as well. Saturates at zero and
    at all ones; what is all ones stays so. Latency at full rate `latency_cycles`; one beat per
    clock. Rows keep their distance.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i, o : streams of CodePixels, always ready
        Corrected codes: all rows, all columns.
    enable : In(1), strength : In(5)
        Of the beat's frame, valid with every shielded beat. Strength in sixteenths; above 16
        counts as 16.
    memory : Out(MemoryHealth)
    """

    def __init__(self, config: DieConfig):
        self.config = config
        shape = CodePixels(config.lanes, corrected_bits(config))
        super().__init__({
            "i": In(stream.Signature(shape, always_ready=True)),
            "enable": In(1),
            "strength": In(5),
            "o": Out(stream.Signature(shape, always_ready=True)),
            "memory": Out(MemoryHealth()),
        })

    @property
    def latency_cycles(self) -> int:
        """Clocks from ``i`` to ``o`` of a row without bubbles."""
        shielded_beats = self.config.array.optical_black_columns // self.config.lanes
        return shielded_beats + ShieldedMean.latency_cycles + 5

    def elaborate(self, platform):
        m = Module()
        config, bits = self.config, corrected_bits(self.config)
        pedestal = config.adc.pedestal_codes << config.hdr.fraction_bits
        largest = largest_row_noise(config)
        pixels = self.i.payload

        m.submodules.mean = mean = ShieldedMean(config, bits + 1)
        m.submodules.hold = hold = RowHold(self.i.payload.shape(), self.latency_cycles)
        m.d.comb += [
            mean.valid.eq(self.i.valid),
            mean.shielded.eq(pixels.optical_black),
            mean.line_last.eq(pixels.line_last),
            *(mean.values[lane].eq(pixels.codes[lane] - pedestal)
              for lane in range(config.lanes)),
            hold.i.valid.eq(self.i.valid), hold.i.payload.eq(pixels),
            hold.line_last.eq(pixels.line_last),
            # The first beat needs 3 clocks from here; the product below takes 2.
            hold.release.eq(mean.done),
        ]
        connect(m, hold.memory, flipped(self.memory))
        strength = Signal(range(FULL_STRENGTH + 1), reset_less=True)
        with m.If(self.i.valid & pixels.optical_black):
            full = self.strength >= FULL_STRENGTH
            m.d.sync += strength.eq(Mux(self.enable, Mux(full, FULL_STRENGTH, self.strength), 0))
        limited = Signal(range(-largest, largest + 1), reset_less=True)
        common = Signal(range(-largest, largest + 1), reset_less=True)
        with m.If(mean.mean > largest):
            m.d.sync += limited.eq(largest)
        with m.Elif(mean.mean < -largest):
            m.d.sync += limited.eq(-largest)
        with m.Else():
            m.d.sync += limited.eq(mean.mean)
        measured = Signal()
        m.d.sync += measured.eq(mean.done)
        with m.If(measured):
            m.d.sync += common.eq((limited * strength + FULL_STRENGTH // 2) >> 4)

        beat, out = (Signal.like(pixels, name=name, reset_less=True) for name in ("beat", "out"))
        beat_valid, out_valid = Signal(), Signal()
        m.d.sync += [
            beat_valid.eq(hold.o.valid), beat.eq(hold.o.payload),
            out_valid.eq(beat_valid), out.eq(beat),
        ]
        for lane in range(config.lanes):
            difference = Signal(signed(bits + 2), name=f"difference_{lane}", reset_less=True)
            m.d.sync += difference.eq(hold.o.payload.codes[lane] - common)
            with m.If(beat.codes[lane].all() | (~difference[-1] & difference[bits])):
                m.d.sync += out.codes[lane].eq(~0)
            with m.Elif(difference[-1]):
                m.d.sync += out.codes[lane].eq(0)
            with m.Else():
                m.d.sync += out.codes[lane].eq(difference[:bits])
        m.d.comb += [self.o.valid.eq(out_valid), self.o.payload.eq(out)]
        return m
