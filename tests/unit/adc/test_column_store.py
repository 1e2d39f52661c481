# SPDX-License-Identifier: Apache-2.0
"""Planes and memories of a block of columns show the same in every clock."""

import random

import pytest
from amaranth import *

from support import expect_rejected, simulate
from tapetum.adc.column_memories import ColumnMemories
from tapetum.adc.column_planes import ColumnPlanes
from tapetum.adc.column_store import part_count, reads_in_turns
from tapetum.pixel import RampKind

from .bench import small_config

_COLUMNS = 18
_COUNTS = 24


class Both(Elaboratable):
    """Both forms with the same inputs."""

    def __init__(self, config):
        self.stores = [form(config, columns=_COLUMNS, counter_domain="adc")
                       for form in (ColumnPlanes, ColumnMemories)]
        first = self.stores[0]
        self.inputs = {name: Signal.like(getattr(first, name)) for name in (
            "comparators", "open", "gray", "kind", "bank", "select",
            *(["turn"] if reads_in_turns(config) else []))}
        self.copy, self.copied_bank = Signal(), Signal()

    def elaborate(self, platform):
        m = Module()
        for store in self.stores:
            m.submodules += store
            m.d.comb += [getattr(store, name).eq(value) for name, value in self.inputs.items()]
            m.d.comb += [store.copy.eq(self.copy.replicate(store.strobe_copies)),
                         store.copied_bank.eq(self.copied_bank.replicate(store.strobe_copies))]
        return m


@pytest.mark.parametrize("lanes", [1, 4])
def test_both_forms_show_the_same_in_every_clock(lanes, seed):
    config, generator = small_config(lanes=lanes), random.Random(seed)
    dut, parts = Both(config), part_count(config)
    seen: set[int] = set()

    async def ramp(ctx, kind, bank):
        trips = [generator.randrange(_COUNTS + 4) for _ in range(_COLUMNS)]
        ctx.set(dut.inputs["kind"], kind)
        ctx.set(dut.inputs["bank"], bank)
        ctx.set(dut.inputs["comparators"], 0)
        await ctx.tick("adc").repeat(2)
        for count in range(_COUNTS + 6):
            ctx.set(dut.inputs["open"], count < _COUNTS)
            ctx.set(dut.inputs["gray"], count ^ count >> 1)
            ctx.set(dut.inputs["comparators"],
                    sum((trip <= count) << column for column, trip in enumerate(trips)))
            await ctx.tick("adc")

    async def convert(ctx):
        # Singles and pairs in any order, a reset level that is converted again, two rows at once.
        for _ in range(8):
            order = generator.choice(([0], [1], [0, 0], [0, 1]))
            for bank in order:
                await ramp(ctx, RampKind.RESET, bank)
            for bank in sorted(set(order), reverse=True):
                await ramp(ctx, RampKind.SIGNAL, bank)
                if generator.random() < 0.2:
                    continue  # a row that is lost
                await ctx.tick()
                ctx.set(dut.copied_bank, bank)
                ctx.set(dut.copy, 1)
                await ctx.tick()
                ctx.set(dut.copy, 0)
                seen.add(-1)

    async def read(ctx):
        copied = False
        while True:
            select = 0
            for part in range(parts):
                mine = range(part, _COLUMNS, parts)
                select |= generator.choice([0, *(1 << column for column in mine)])
            ctx.set(dut.inputs["select"], select)
            if "turn" in dut.inputs:
                ctx.set(dut.inputs["turn"], generator.getrandbits(1))
            await ctx.delay(1e-9)
            planes, memories = ([ctx.get(plane) for plane in store.found]
                                for store in dut.stores)
            if seen and not copied:
                assert planes == memories
                seen.update(planes)
            _, _, copied = await ctx.tick().sample(dut.copy)

    simulate(dut, convert, cycles=8 * 6 * 4 * _COUNTS,
             domains={"sync": 75e6, "adc": 100e6}, background=(read,))
    assert len(seen) > 3


def test_rejects_a_block_without_columns():
    with expect_rejected("column"):
        ColumnMemories(small_config(), columns=0, counter_domain="adc")
