# SPDX-License-Identifier: Apache-2.0
"""No row is selected, driven or emptied otherwise than asked without being noticed."""

from itertools import combinations

import pytest
from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from support import simulate
from tapetum.pixel import RowControl, ShutterControl
from tapetum.presets import preset
from tapetum.room_config import PixelArrayConfig
from tapetum.safety.row_read_back import SETTLE_CYCLES, RowReadBackCheck
from tapetum_sim.pixel_die.row_lines import RowLines

CONFIG = preset("tiny").with_(
    array=PixelArrayConfig(columns=16, rows=24, optical_black_rows=2, test_rows=2))
ROWS = CONFIG.array.total_rows
SHUTTERS = 2 * len(CONFIG.exposure_groups)
LATENCY_CYCLES = SETTLE_CYCLES + 3
ROW_CYCLES = 2 * LATENCY_CYCLES
LINES = RowLines(CONFIG, inject_faults=True)
CONTROL_BITS = RowControl.as_shape().size
ADDRESS_BITS = 12


class Stack(wiring.Component):
    """Both dies."""

    def __init__(self, *, inject_faults: bool = True):
        self.check = RowReadBackCheck(CONFIG)
        self.lines = RowLines(CONFIG, inject_faults=inject_faults)
        super().__init__({"row_control": In(RowControl),
                          "shutters": In(data.ArrayLayout(ShutterControl, SHUTTERS)),
                          "restart": In(1), "inject": In(1), "raised": Out(1)})

    def elaborate(self, platform):
        m = Module()
        check, lines = self.check, self.lines
        m.submodules.check = ResetInserter(self.restart)(check)
        m.submodules.lines = ResetInserter(self.restart)(lines)
        m.d.comb += [
            check.row_control.eq(self.row_control), lines.row_control.eq(self.row_control),
            check.shutters.eq(self.shutters), lines.shutters.eq(self.shutters),
            check.row_read_back.eq(lines.row_read_back),
            check.shutter_read_back.eq(lines.shutter_read_back),
            check.inject.eq(self.inject), self.raised.eq(check.raised),
        ]
        return m


async def read_row(ctx, stack, row: int, *, until=None) -> bool:
    """Empty, select and drive a row as a frame does; tell whether that was found to be wrong."""
    found = False
    control = {"physical_row": row, "select": 1}
    for step, levels in enumerate(({"reset": 1}, {"high_gain": 1}, {"transfer_large": 1},
                                   {"transfer_small": 1}, {"select": 0})):
        ctx.set(stack.row_control, control | levels)
        if step == 0:
            ctx.set(stack.shutters, [{"physical_row": row, "reset": 1}] * SHUTTERS)
            await ctx.tick()
            ctx.set(stack.shutters, [{"physical_row": row, "reset": 0}] * SHUTTERS)
        for _ in range(LATENCY_CYCLES + 1):
            await ctx.tick()
            found |= bool(ctx.get(stack.raised))
    return found


def frame(stack, faults, results):
    async def testbench(ctx):
        for fault in faults:
            for name in ("stuck_low", "stuck_high", "blind"):
                ctx.set(getattr(stack.lines, name), fault.get(name, 0))
            ctx.set(stack.restart, 1)
            await ctx.tick()
            ctx.set(stack.restart, 0)
            results.append(False)
            for row in range(ROWS):
                if await read_row(ctx, stack, row):
                    results[-1] = True
                    break
    return testbench


def found(faults: list[dict[str, int]]) -> list[bool]:
    """Of each fault, whether a frame shows it."""
    stack, results = Stack(), []
    limit = len(faults) * (ROWS + 1) * 6 * (LATENCY_CYCLES + 2)
    simulate(stack, frame(stack, faults, results), cycles=limit)
    return results


def stuck(bond: int, level: int) -> dict[str, int]:
    return {"stuck_high" if level else "stuck_low": 1 << bond}


def address_bit(bond: int) -> int | None:
    """Which bit of a row's number an input bond carries, if any."""
    place = bond if bond < CONTROL_BITS else (bond - CONTROL_BITS) % (ADDRESS_BITS + 1)
    return place if bond < LINES.input_bonds and place < ADDRESS_BITS else None


def has_no_effect(bond: int, level: int) -> bool:
    """Whether all rows, and all that comes back of them, are as they should be."""
    bit = address_bit(bond)
    if bit is None and bond >= LINES.input_bonds:
        # Bits of a number that comes back; of levels and pulses both values occur.
        place = bond - LINES.input_bonds
        first = 2 * ADDRESS_BITS + 4
        of_shutter = place >= first
        place = (place - first) % (2 * ADDRESS_BITS + 1) if of_shutter else place
        if of_shutter and ADDRESS_BITS <= place < 2 * ADDRESS_BITS and level == 1:
            # What a shutter emptied stands there until its next pulse: never idle, always high.
            return all(not row >> place - ADDRESS_BITS & 1 for row in range(ROWS))
        # Idle buses are low: the inverted one too, so there only "high" has been seen low.
        return (place < ADDRESS_BITS and level == 0
                and all(not row >> place & 1 for row in range(ROWS)))
    return bit is not None and level == 0 and all(not row >> bit & 1 for row in range(ROWS))


BONDS = [(bond, level) for bond in range(LINES.input_bonds + LINES.output_bonds)
         for level in (0, 1)]


def assert_all_found(bonds: list[tuple[int, int]]) -> None:
    results = found([stuck(*bond) for bond in bonds])
    wrong = [bond for bond, result in zip(bonds, results, strict=True)
             if result == has_no_effect(*bond)]
    assert not wrong


def test_every_bond_of_the_row_and_of_one_shutter_is_watched():
    one_shutter = CONTROL_BITS + ADDRESS_BITS + 1
    assert_all_found([bond for bond in BONDS if bond[0] < one_shutter])


@pytest.mark.slow
def test_every_bond_is_watched():
    assert_all_found(BONDS)


@pytest.mark.parametrize("bits", [1, 2])
def test_rows_that_are_selected_together_are_found(bits):
    blind = [sum(1 << bit for bit in chosen)
             for chosen in combinations(range(ROWS.bit_length()), bits)]
    assert found([{"blind": mask} for mask in blind]) == [True] * len(blind)


def test_rows_that_do_not_exist_are_no_alias():
    assert found([{"blind": 1 << 7}, {"blind": 0xF00}]) == [False, False]


def test_a_whole_frame_is_right_without_a_fault_and_from_either_pixel_die():
    for stack in (Stack(), Stack(inject_faults=False)):
        async def testbench(ctx, stack=stack):
            for row in range(ROWS):
                assert not await read_row(ctx, stack, row), row
        simulate(stack, testbench, cycles=(ROWS + 1) * 6 * (LATENCY_CYCLES + 2))


def test_the_injection_is_found_in_standby_and_while_rows_are_read():
    stack = Stack(inject_faults=False)

    async def testbench(ctx):
        ctx.set(stack.inject, 1)
        await ctx.tick().repeat(LATENCY_CYCLES)
        assert ctx.get(stack.raised)
        ctx.set(stack.inject, 0)
        await ctx.tick().repeat(LATENCY_CYCLES)
        assert not await read_row(ctx, stack, 3)
        ctx.set(stack.inject, 1)
        assert await read_row(ctx, stack, 4)

    simulate(stack, testbench, cycles=20 * LATENCY_CYCLES)


def test_a_wrong_row_is_found_within_the_stated_latency():
    stack = Stack()

    async def testbench(ctx):
        ctx.set(stack.lines.stuck_low, 1)
        ctx.set(stack.row_control, {"physical_row": 5, "select": 1})
        await ctx.tick().repeat(LATENCY_CYCLES - 1)
        assert not ctx.get(stack.raised)
        await ctx.tick()
        assert ctx.get(stack.raised)

    simulate(stack, testbench, cycles=40)
