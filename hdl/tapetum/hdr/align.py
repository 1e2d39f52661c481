# SPDX-License-Identifier: Apache-2.0
"""Rows that were converted at different times meet again."""

from typing import Any

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import adopted_settings, settings_of
from ..memory.code import Parity
from ..memory.health import MemoryHealth, gather
from ..memory.word_check import WordCheck
from ..pixel import AlignedPixels, CodePixels, corrected_bits
from ..stream.delay import delayed
from .row_ring import RowKey, RowRing

__all__ = ["Align", "reading_order"]

SEEK_CYCLES = 4
"""From the first beat of a row's last capture until its partners are read."""
READ_CYCLES = 3
"""From a column to its beat: see `RowRing`."""


def reading_order(config: DieConfig) -> tuple[int, ...]:
    """Captures in the order in which the row's conversions leave the multiplexer."""
    return tuple(capture for group in config.exposure_groups for capture in group.captures)


class Align(wiring.Component):
    """Rows of early captures wait in rings; with the row's last capture all leave together.

    The last capture of a row is the one latest in reading order among those in the frame's
    ``capture_mask``. Run-time lags are therefore free from 0 to ``hdr.line_buffer_lag_lines`` as
    long as they do not decrease along the reading order. Latency `latency_cycles`, one beat per
    clock; a row leaves at the pace of its last capture.

    A partner that is not there is left out of ``present`` and reported; a row whose last capture
    is missing does not leave, and is reported when the next one does. The following rows find
    their partners again.

    Assumes 12 clocks between rows (`row_timing.READ_OVERHEAD_CYCLES`).

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of CodePixels), always ready
        Corrected active rows of all captures; the rows of one capture are contiguous.
    settings : In(adopted_settings)
    o : Out(stream of AlignedPixels), always ready
    overflow : Out(1)
        Pulse: a row was pushed out of a full ring before its last capture came.
    mismatch : Out(1)
        Pulse: a row left without one of its captures, or a row did not leave at all.
    memory : Out(MemoryHealth)
        Also of what waits for a row's partners in registers.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        captures, bits = len(config.captures), corrected_bits(config)
        super().__init__({
            "i": In(stream.Signature(CodePixels(config.lanes, bits), always_ready=True)),
            "settings": In(adopted_settings(config)),
            "o": Out(stream.Signature(AlignedPixels(captures, config.lanes, bits),
                                      always_ready=True)),
            "overflow": Out(1),
            "mismatch": Out(1),
            "memory": Out(MemoryHealth()),
        })

    @property
    def latency_cycles(self) -> int:
        """Clocks from a beat of the last capture at ``i`` to the aligned beat at ``o``."""
        return 1 + SEEK_CYCLES + READ_CYCLES

    def elaborate(self, platform):
        m = Module()
        config, captures = self.config, len(self.config.captures)
        order = reading_order(config)

        # The beat, with the mask of its frame.
        beat = Signal.like(self.i.payload, reset_less=True)
        valid, first = Signal(), Signal(init=1)
        mask = Signal(captures, reset_less=True)
        m.d.sync += [
            valid.eq(self.i.valid),
            beat.eq(self.i.payload),
            mask.eq(settings_of(m, self.settings, self.i.payload.tag.frame,
                                "capture_mask").capture_mask),
        ]
        with m.If(valid):
            m.d.sync += first.eq(beat.line_last)

        is_last, key = Signal(), Signal(RowKey)
        m.d.comb += [key.row.eq(beat.tag.row), key.frame.eq(beat.tag.frame[:2])]
        for position, capture in enumerate(order):
            later = Cat(mask[other] for other in order[position + 1:])
            with m.If(beat.tag.capture == capture):
                m.d.comb += is_last.eq(mask[capture] & ~later.any())

        target, seek = Signal(RowKey), Signal()
        with m.If(valid & first & is_last):
            m.d.sync += [target.eq(key), seek.eq(1)]

        # Its row leaves a little later: stale rows at the head of a ring have gone by then.
        code = Parity(len(beat.as_value()))
        coded = delayed(m, Cat(beat.as_value(), code.encode(beat.as_value())), SEEK_CYCLES,
                        name="leaving")
        leaving: Any = data.View(beat.shape(), coded[:code.data_bits])
        leaving_valid = delayed(m, valid & is_last, SEEK_CYCLES, name="leaving_valid",
                                reset_less=False)
        leaving_mask = delayed(m, mask, SEEK_CYCLES, name="leaving_mask")
        leaving_first = Signal(init=1)
        column, next_column = Signal(range(self._beats)), Signal(range(self._beats))
        m.d.comb += column.eq(Mux(leaving_first, 0, next_column))
        with m.If(leaving_valid):
            m.d.sync += [
                leaving_first.eq(leaving.line_last),
                next_column.eq(Mux(column == self._beats - 1, column, column + 1)),
            ]

        found_now, held, present = Signal(captures), Signal(captures), Signal(captures)
        m.d.comb += present.eq(Mux(leaving_first, found_now, held))
        with m.If(leaving_valid):
            m.d.sync += held.eq(present)
        missing = Signal()
        m.d.comb += missing.eq((leaving_mask & ~present).any())

        overflows, read_beats, healths = [], {}, []
        for capture in order[:-1]:
            ring = RowRing(data.ArrayLayout(corrected_bits(config), config.lanes),
                           rows=config.line_buffer_rows, beats=self._beats)
            m.submodules[f"ring_{config.captures[capture].name}"] = ring
            found = Signal(name=f"found_{capture}")
            release = Signal(name=f"release_{capture}")
            arrived_last = leaving.tag.capture == capture
            m.d.sync += [
                found.eq(ring.found),
                release.eq(leaving_valid & leaving.line_last & present[capture] & ~arrived_last),
            ]
            m.d.comb += [
                ring.i.valid.eq(valid & mask[capture] & ~is_last
                                & (beat.tag.capture == capture)),
                ring.i.payload.eq(beat.codes),
                ring.i_key.eq(key), ring.i_first.eq(first), ring.i_last.eq(beat.line_last),
                ring.target.eq(target), ring.seek.eq(seek),
                ring.column.eq(column), ring.release.eq(release),
                ring.read.eq(leaving_valid & present[capture] & ~arrived_last),
                found_now[capture].eq(leaving_mask[capture] & (found | arrived_last)),
            ]
            overflows.append(ring.overflow)
            healths.append(ring.memory)
            read_beats[capture] = ring.beat
        m.d.comb += found_now[order[-1]].eq(leaving_mask[order[-1]])
        m.d.sync += self.overflow.eq(Cat(overflows).any())

        # Rows must leave in unbroken order, whoever was last to arrive.
        expected_row, expected_frame = Signal(12), Signal(2)
        between_frames = Signal(init=1)
        in_order = Mux(between_frames, leaving.tag.row == 0,
                       (leaving.tag.row == expected_row)
                       & (leaving.tag.frame[:2] == expected_frame))
        m.d.sync += self.mismatch.eq(leaving_valid & leaving_first & (missing | ~in_order))
        with m.If(leaving_valid & leaving.line_last):
            m.d.sync += [
                expected_row.eq(leaving.tag.row + 1),
                expected_frame.eq(leaving.tag.frame),
                between_frames.eq(leaving.frame_last),
            ]

        coded_out = delayed(m, coded, READ_CYCLES, name="out")
        out: Any = data.View(beat.shape(), coded_out[:code.data_bits])
        m.submodules.check = check = WordCheck(code)
        m.d.comb += [check.word.eq(coded_out), check.read.eq(self.o.valid)]
        gather(m, self.memory, check.health, *healths)
        aligned = self.o.payload
        m.d.comb += [
            self.o.valid.eq(delayed(m, leaving_valid, READ_CYCLES, name="out_valid",
                                    reset_less=False)),
            aligned.present.eq(delayed(m, present, READ_CYCLES, name="out_present")),
            aligned.line_last.eq(out.line_last),
            aligned.frame_last.eq(out.frame_last),
            aligned.tag.eq(out.tag),
        ]
        for capture in range(captures):
            codes = out.codes
            if capture in read_beats:
                codes = Mux(out.tag.capture == capture, out.codes.as_value(),
                            read_beats[capture].as_value())
            m.d.comb += aligned.codes[capture].eq(codes)
        return m

    @property
    def _beats(self) -> int:
        return self.config.array.columns // self.config.lanes
