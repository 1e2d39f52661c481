# SPDX-License-Identifier: Apache-2.0
"""Works out on which lines the exposures of a frame begin and its rows are read."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..control.frame_settings import FrameSettings, Skip
from .frame_plan import FramePlan

__all__ = ["FramePlanner", "PLANNING_CYCLES"]

PLANNING_CYCLES = 48
"""A frame is planned within this many cycles: less than the shortest line."""


class FramePlanner(wiring.Component):
    """Plans one frame at a time, in a few cycles per exposure group.

    With *lead* of a group = coarse + borrow - lag (lines from the first reset of the group to the
    frame's first read; *borrow* is 1 where the fine part begins in the line before), the first
    read comes after the planning line by the largest of

    - the largest lead + 1: every exposure begins in a later line than this;
    - ``frame_length_lines`` counted from the previous frame's first read (free-running only);
    - the previous frame's rows + the largest decrease of a lag: a read pointer has ended before it
      begins again;
    - the largest lead + the previous frame's largest lag + 1, counted from the previous frame's
      first read: no row is reset before all captures of the previous frame have read it. Where
      first row, skip or flip differ, a row's turn differs too: then + the previous frame's rows.

    From idle only the first one counts.

    Members
    -------
    settings : In(FrameSettings), plan : In(1)
        Strobe. The settings stand still for `PLANNING_CYCLES` from then on. A group's exposure and
        lag are those of its first capture.
    fresh, free_running : In(1), lines_since_read : In(13)
        With ``plan``: starts from idle; not triggered; lines since the previous first read.
    line_length : In(16), transfer_cycles : In(16 bit per group)
    next_frame : Out(16)
        Number of the frame that the next ``plan`` plans.
    renumber : In(1), number : In(16)
        Between plans: ``next_frame`` becomes ``number``.
    plans : Out(FramePlan, of the even and of the odd frame)
    wait_lines : Out(17), shutter_cycle : Out(16), load_shutter : Out(2 bit per group)
        Strobes for the `ShutterPointer` of each group and parity.
    planned : Out(1), read_wait_lines : Out(17)
        Strobe: the first read is this many lines after this one.
    lag_lines : Out(8 bit per group)
        Of the frame that was planned last.
    exposes_together : Out(2 bit per group)
        All active rows of the even, of the odd frame integrate together for a while.
    """

    def __init__(self, config: DieConfig):
        self.config = config
        groups = len(config.exposure_groups)
        super().__init__({
            "settings": In(FrameSettings(config)),
            "plan": In(1),
            "fresh": In(1),
            "free_running": In(1),
            "lines_since_read": In(13),
            "line_length": In(16),
            "transfer_cycles": In(data.ArrayLayout(16, groups)),
            "next_frame": Out(16),
            "renumber": In(1),
            "number": In(16),
            "plans": Out(data.ArrayLayout(FramePlan(config), 2)),
            "wait_lines": Out(17),
            "shutter_cycle": Out(16),
            "load_shutter": Out(data.ArrayLayout(2, groups)),
            "planned": Out(1),
            "read_wait_lines": Out(17),
            "lag_lines": Out(data.ArrayLayout(8, groups)),
            "exposes_together": Out(data.ArrayLayout(2, groups)),
        })

    def elaborate(self, platform):
        m = Module()
        config = self.config
        groups = config.exposure_groups
        first_captures = [min(group.captures) for group in groups]

        settings = self.settings
        fresh, free_running, parity = (Signal(reset_less=True, name=name)
                                       for name in ("fresh", "free_running", "parity"))
        since = Signal(13, reset_less=True)
        group = Signal(range(len(groups)))
        last_group = group == len(groups) - 1

        # The previous frame, as far as it restrains this one.
        previous_rows = Signal(13, reset_less=True)
        previous_lags = [Signal(8, reset_less=True, name=f"previous_lag_{g.index}")
                         for g in groups]
        previous_largest_lag = Signal(8, reset_less=True)
        previous_order = Signal(15, reset_less=True)

        rows, order = Signal(13, reset_less=True), Signal(15, reset_less=True)
        is_reordered = Signal(reset_less=True)
        span, tail = Signal(12, reset_less=True), Signal(12, reset_less=True)
        offset = Signal(signed(17), reset_less=True)
        lead_without_borrow = Signal(signed(18), reset_less=True)
        leads = [Signal(signed(18), reset_less=True, name=f"lead_{g.index}") for g in groups]
        cycles = [Signal(16, reset_less=True, name=f"shutter_cycle_{g.index}") for g in groups]
        largest_lead, best, after_rows, after_reads, period = (
            Signal(signed(19), reset_less=True, name=name) for name in
            ("largest_lead", "best", "after_rows", "after_reads", "period"))
        largest_lag, lag_decrease = Signal(8, reset_less=True), Signal(8, reset_less=True)

        # Of the group at hand.
        coarse, fine, transfer = (Signal(16, reset_less=True, name=name)
                                  for name in ("coarse", "fine", "transfer"))
        lag, previous_lag = (Signal(8, reset_less=True, name=name)
                             for name in ("lag", "previous_lag"))
        enabled, has_fine = (Signal(reset_less=True, name=name)
                             for name in ("enabled", "has_fine"))
        lead = Signal(signed(18), reset_less=True)
        decrease = Signal(signed(9), reset_less=True)
        has_larger_lead, has_larger_lag, has_larger_decrease, is_together, is_later = (
            Signal(reset_less=True, name=name) for name in
            ("has_larger_lead", "has_larger_lag", "has_larger_decrease", "is_together",
             "is_later"))
        exposed_lines = Signal(17, reset_less=True)

        def of_group(values):
            return Array(values)[group]

        m.d.comb += self.read_wait_lines.eq(best)
        for g in groups:
            m.d.comb += self.lag_lines[g.index].eq(previous_lags[g.index])

        def write_window(**fields):
            for number in (0, 1):
                with m.If(parity == number):
                    for name, value in fields.items():
                        m.d.sync += getattr(self.plans[number].window, name).eq(value)

        with m.FSM():
            with m.State("idle"):
                # Taken in every clock, so that only the state depends on the late ``plan``.
                m.d.sync += [
                    fresh.eq(self.fresh),
                    free_running.eq(self.free_running),
                    since.eq(self.lines_since_read),
                    parity.eq(self.next_frame[0]),
                    group.eq(0),
                ]
                with m.If(self.renumber):
                    m.d.sync += self.next_frame.eq(self.number)
                with m.If(self.plan):
                    m.next = "number"
            with m.State("number"):
                m.d.sync += self.next_frame.eq(self.next_frame + 1)
                for number in (0, 1):
                    with m.If(parity == number):
                        m.d.sync += [
                            self.plans[number].frame.eq(self.next_frame),
                            self.plans[number].capture_mask.eq(settings.capture_mask),
                        ]
                m.next = "measure region"
            with m.State("measure region"):
                m.d.sync += [
                    span.eq(settings.row_end - settings.row_start),
                    largest_lead.eq(0), largest_lag.eq(0), lag_decrease.eq(0),
                ]
                m.next = "count rows"
            with m.State("count rows"):
                # A span of rows is odd; its pairs are 2, 4 or 8 rows apart.
                with m.Switch(settings.row_skip):
                    for skip in Skip:
                        with m.Case(skip):
                            stride_bits = 1 + int(skip.value)
                            pairs = span >> stride_bits
                            m.d.sync += [
                                tail.eq((pairs << stride_bits) + 1),
                                rows.eq((pairs << 1) + 2),
                            ]
                m.next = "write window"
            with m.State("write window"):
                first = Signal(12)
                m.d.comb += first.eq(settings.row_start + Mux(settings.flip_rows, tail, 0))
                write_window(first=first, last_row=(rows - 1)[:12], skip=settings.row_skip,
                             flip=settings.flip_rows)
                m.d.sync += order.eq(Cat(first, settings.row_skip, settings.flip_rows))
                m.next = "fetch group"

            with m.State("fetch group"):
                m.d.sync += [
                    coarse.eq(of_group(settings.captures[c].coarse_integration_lines
                                       for c in first_captures)),
                    fine.eq(of_group(settings.captures[c].fine_integration_cycles
                                     for c in first_captures)),
                    lag.eq(of_group(settings.lag_lines[c] for c in first_captures)),
                    previous_lag.eq(of_group(previous_lags)),
                    transfer.eq(of_group(self.transfer_cycles[g.index] for g in groups)),
                    enabled.eq(of_group((settings.capture_mask & sum(1 << c for c in g.captures))
                                        .any() for g in groups)),
                    is_reordered.eq(order != previous_order),
                ]
                m.next = "place shutter"
            with m.State("place shutter"):
                m.d.sync += [
                    offset.eq(transfer - fine),
                    lead_without_borrow.eq(coarse - lag),
                    has_fine.eq(fine != 0),
                    decrease.eq(previous_lag - lag),
                ]
                m.next = "borrow a line"
            with m.State("borrow a line"):
                borrow = offset < 0
                m.d.sync += [
                    lead.eq(lead_without_borrow + borrow),
                    exposed_lines.eq(coarse + has_fine),
                ]
                for g in groups:
                    with m.If(group == g.index):
                        m.d.sync += cycles[g.index].eq(offset + Mux(borrow, self.line_length, 0))
                m.next = "compare"
            with m.State("compare"):
                m.d.sync += [
                    has_larger_lead.eq(enabled & (lead > largest_lead)),
                    has_larger_lag.eq(lag > largest_lag),
                    has_larger_decrease.eq(decrease > lag_decrease),
                    is_together.eq(exposed_lines >= rows),
                ]
                m.next = "find largest"
            with m.State("find largest"):
                with m.If(has_larger_lead):
                    m.d.sync += largest_lead.eq(lead)
                with m.If(has_larger_lag):
                    m.d.sync += largest_lag.eq(lag)
                with m.If(has_larger_decrease):
                    m.d.sync += lag_decrease.eq(decrease)
                for g in groups:
                    with m.If(group == g.index):
                        m.d.sync += leads[g.index].eq(lead)
                        for number in (0, 1):
                            with m.If(parity == number):
                                m.d.sync += self.exposes_together[g.index][number].eq(
                                    is_together)
                m.d.sync += group.eq(group + 1)
                with m.If(last_group):
                    m.d.sync += group.eq(0)
                    m.next = "add up"
                with m.Else():
                    m.next = "fetch group"

            with m.State("add up"):
                m.d.sync += [
                    best.eq(largest_lead + 1),
                    after_rows.eq(previous_rows + lag_decrease),
                    after_reads.eq(previous_largest_lag
                                   + Mux(is_reordered, previous_rows, 1)),
                    period.eq(settings.frame_length_lines - since),
                ]
                m.next = "count from previous read"
            with m.State("count from previous read"):
                m.d.sync += [
                    after_rows.eq(after_rows - since),
                    after_reads.eq(after_reads + largest_lead),
                ]
                m.next = "compare period"
            with m.State("compare period"):
                m.d.sync += [
                    after_reads.eq(after_reads - since),
                    is_later.eq(~fresh & free_running & (period > best)),
                ]
                m.next = "wait for period"
            for candidate, name, following in ((period, "period", "pointers"),
                                               (after_rows, "pointers", "rows"),
                                               (after_reads, "rows", None)):
                with m.State(f"wait for {name}"):
                    with m.If(is_later):
                        m.d.sync += best.eq(candidate)
                    m.next = f"compare {following}" if following else "count from here"
            for candidate, name in ((after_rows, "pointers"), (after_reads, "rows")):
                with m.State(f"compare {name}"):
                    m.d.sync += is_later.eq(~fresh & (candidate > best))
                    m.next = f"wait for {name}"
            with m.State("count from here"):
                m.d.sync += [
                    self.wait_lines.eq(best - of_group(leads)),
                    self.shutter_cycle.eq(of_group(cycles)),
                ]
                m.next = "load pointer"
            with m.State("load pointer"):
                for g in groups:
                    is_masked = ~(settings.capture_mask & sum(1 << c for c in g.captures)).any()
                    with m.If((group == g.index) & ~is_masked):
                        m.d.comb += self.load_shutter[g.index].eq(Mux(parity, 0b10, 0b01))
                m.d.sync += group.eq(group + 1)
                m.next = "count from here"
                with m.If(last_group):
                    m.d.comb += self.planned.eq(1)
                    m.d.sync += [
                        group.eq(0),
                        previous_rows.eq(config.array.dark_rows + rows),
                        previous_largest_lag.eq(largest_lag),
                        previous_order.eq(order),
                    ]
                    for g in groups:
                        m.d.sync += previous_lags[g.index].eq(
                            settings.lag_lines[first_captures[g.index]])
                    m.next = "idle"
        return m
