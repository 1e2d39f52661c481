# SPDX-License-Identifier: Apache-2.0
"""Which columns of a row leave, in which order."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import adopted_settings, settings_of

__all__ = ["ColumnAddress", "RowReader"]


class ColumnAddress(data.StructLayout):
    """One beat's columns: lane pair ``n`` is column pair ``pairs[n]``, mirrored if ``mirror``.

    With one lane the beat is column ``second`` of ``pairs[0]``.
    """

    def __init__(self, config: DieConfig):
        pairs = config.array.total_columns // 2
        super().__init__({
            "pairs": data.ArrayLayout(range(pairs), max(1, config.lanes // 2)),
            "second": 1,
            "mirror": 1,
            "optical_black": 1,
            "line_first": 1,
            "line_last": 1,
            "valid": 1,
        })


class RowReader(wiring.Component):
    """Steps through one row: all optical-black columns, then the region of interest.

    Skipping takes whole colour pairs: one of two (odd increment 3) or one of four (7). Under flip
    the columns of the region leave in reversed order; optical-black columns never turn round.

    Latency: the first address 4 clocks after ``start``. Throughput: an address per clock.

    Members
    -------
    start : In(1)
        Only while not ``busy``.
    frame : In(2)
        Low bits of the row's frame number; stable from ``start`` until not ``busy``.
    settings : In(adopted_settings)
    busy : Out(1)
        From the clock after ``start`` to the last address.
    address : Out(ColumnAddress)
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "start": In(1),
            "frame": In(2),
            "settings": In(adopted_settings(config)),
            "busy": Out(1),
            "address": Out(ColumnAddress(config)),
        })

    def elaborate(self, platform):
        m = Module()
        config, lanes, address = self.config, self.config.lanes, self.address
        black_pairs = config.array.optical_black_columns // 2
        pair_count = config.array.total_columns // 2
        pair = Signal(range(pair_count))
        width = len(pair)
        beat_pairs = len(address.pairs)

        start_pair, end_pair, span = (Signal(width, name=name, reset_less=True)
                                      for name in ("start_pair", "end_pair", "span"))
        step, region_step = (Signal(signed(width + 1), name=name, reset_less=True)
                             for name in ("step", "region_step"))
        region_first = Signal(width, reset_less=True)
        region_second = Signal(width, reset_less=True)
        skip, flip = Signal(2, reset_less=True), Signal(reset_less=True)
        remaining = Signal(width + 1, reset_less=True)
        region_remaining = Signal(width + 1, reset_less=True)

        def beats_left(pairs):
            """Beats after the first, for one pair more than ``pairs``."""
            return {1: (pairs << 1) | 1, 2: pairs, 4: pairs >> 1}[lanes]

        firsts = [region_first, region_second][:beat_pairs]
        adopted = settings_of(m, self.settings, self.frame, "column_start", "column_end",
                              "column_skip", "flip_columns")
        m.d.sync += address.valid.eq(0)
        if lanes == 1:
            m.d.sync += address.second.eq(~address.second)
        advance = address.second != address.mirror if lanes == 1 else Const(1)
        m.d.comb += self.busy.eq(1)

        def next_beat():
            m.d.sync += [
                address.valid.eq(1), address.line_first.eq(0),
                remaining.eq(remaining - 1),
            ]
            with m.If(advance):
                for lane_pair in address.pairs:
                    m.d.sync += lane_pair.eq((lane_pair + step * beat_pairs)[:width])

        with m.FSM():
            with m.State("idle"):
                m.d.comb += self.busy.eq(0)
                with m.If(self.start):
                    m.next = "fetch"

            with m.State("fetch"):
                m.d.sync += [
                    start_pair.eq(adopted.column_start[1:]),
                    end_pair.eq(adopted.column_end[1:]),
                    skip.eq(Value.cast(adopted.column_skip)),
                    flip.eq(adopted.flip_columns),
                ]
                m.next = "measure"

            with m.State("measure"):
                m.d.sync += [span.eq(end_pair - start_pair),
                             start_pair.eq(start_pair + black_pairs)]
                m.next = "begin"

            with m.State("begin"):
                with m.Switch(skip):
                    for code, shift in ((0, 0), (1, 1), (None, 2)):
                        with (m.Default() if code is None else m.Case(code)):
                            whole = span & ~Const((1 << shift) - 1, width)
                            pace = 1 << shift
                            m.d.sync += [
                                region_first.eq(start_pair + Mux(flip, whole, 0)),
                                region_second.eq(start_pair + Mux(flip, whole - pace, pace)),
                                region_step.eq(Mux(flip, -pace, pace)),
                                region_remaining.eq(beats_left(span >> shift)),
                            ]
                m.d.sync += [
                    address.valid.eq(1), address.second.eq(0), address.mirror.eq(0),
                    address.optical_black.eq(1), address.line_first.eq(1),
                    address.line_last.eq(0),
                    remaining.eq(beats_left(Const(black_pairs - 1, width))), step.eq(1),
                ]
                for number, lane_pair in enumerate(address.pairs):
                    m.d.sync += lane_pair.eq(number)
                m.next = "optical_black"

            with m.State("optical_black"):
                with m.If(remaining == 0):
                    m.d.sync += [
                        address.valid.eq(1), address.second.eq(flip), address.mirror.eq(flip),
                        address.optical_black.eq(0), address.line_first.eq(0),
                        address.line_last.eq(region_remaining == 0),
                        remaining.eq(region_remaining), step.eq(region_step),
                    ]
                    for lane_pair, first in zip(address.pairs, firsts, strict=True):
                        m.d.sync += lane_pair.eq(first)
                    m.next = "region"
                with m.Else():
                    next_beat()

            with m.State("region"):
                with m.If(remaining == 0):
                    m.next = "idle"
                with m.Else():
                    next_beat()
                    m.d.sync += address.line_last.eq(remaining == 1)
        return m
