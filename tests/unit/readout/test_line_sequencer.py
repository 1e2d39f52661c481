# SPDX-License-Identifier: Apache-2.0
"""Lines and the events in them."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from support import simulate
from tapetum.readout.line_sequencer import LineSequencer
from tapetum.readout.row_event import RowEventWord
from tapetum.readout.row_event_table import RowEventTable

from .bench import small_die


class _Lines(wiring.Component):
    """Sequencer and table, as they stand in the controller."""

    write: In(1)
    address: In(7)
    data: In(8)
    start: In(1)
    due: Out(1)

    def elaborate(self, platform):
        m = Module()
        config = small_die(1)
        m.submodules.table = self.table = table = RowEventTable(config)
        m.submodules.lines = self.lines = lines = LineSequencer(config)
        m.d.comb += [
            table.address.eq(self.address), table.write_data.eq(self.data),
            table.write.eq(self.write), table.play_address.eq(lines.play_address),
            lines.table_event.eq(table.event), lines.line_length_cycles.eq(64),
            lines.start.eq(self.start), self.due.eq(lines.due),
        ]
        return m


def play(times: list[int], lines: int = 3) -> tuple[list[list[int]], int]:
    """Cycles at which events were due, line by line, and the number of short lines."""
    dut = _Lines()
    due: list[list[int]] = []
    short = 0

    async def bench(ctx):
        nonlocal short
        await ctx.tick().repeat(dut.table.fill_cycles)
        for index in range(32):
            word = (RowEventWord.const({"time_cycles": times[index], "capture": index % 4})
                    .as_value().value if index < len(times) else RowEventWord.end())
            for byte, value in enumerate(word.to_bytes(4, "big")):
                ctx.set(dut.write, 1)
                ctx.set(dut.address, 4 * index + byte)
                ctx.set(dut.data, value)
                await ctx.tick()
        ctx.set(dut.write, 0)
        ctx.set(dut.start, 1)
        await ctx.tick()
        ctx.set(dut.start, 0)
        while len(due) <= lines:
            if ctx.get(dut.lines.line_start):
                due.append([])
            if ctx.get(dut.due):
                due[-1].append(ctx.get(dut.lines.cycle))
            short += ctx.get(dut.lines.line_too_short)
            await ctx.tick()

    simulate(dut, bench, cycles=1000)
    return due[:lines], short


def test_events_may_come_in_every_cycle_from_the_first():
    times = [0, 1, 2, 3, 20, 21, 61, 62]
    assert play(times) == ([times] * 3, 0)


def test_a_full_table_needs_no_end():
    times = list(range(10, 42))
    assert play(times) == ([times] * 3, 0)


def test_events_out_of_order_or_beyond_the_line_are_reported():
    assert play([5, 4, 9]) == ([[5]] * 3, 3)
    assert play([5, 70]) == ([[5]] * 3, 3)
