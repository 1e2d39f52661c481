# SPDX-License-Identifier: Apache-2.0
"""A simulation ends, counts its clocks, and says where it stood."""

import pytest
from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from support import CycleLimitError, simulate


class Repeater(wiring.Component):
    """Copies its stream combinationally; `breaks` says which rule it breaks."""

    i: In(stream.Signature(8))
    o: Out(stream.Signature(8))

    def __init__(self, *, breaks: str = "nothing"):
        self.breaks = breaks
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        clock = Signal(4)
        m.d.sync += clock.eq(clock + 1)
        wiring.connect(m, wiring.flipped(self.i), wiring.flipped(self.o))
        if self.breaks == "valid":
            m.d.comb += self.o.valid.eq(self.i.valid & (clock != 5))
        if self.breaks == "payload":
            m.d.comb += self.o.payload.eq(self.i.payload + (clock == 5))
        return m


async def wait_ten_cycles(ctx):
    await ctx.tick().repeat(10)


async def wait_for_ever(ctx):
    while True:
        await ctx.tick()


def offer(dut):
    async def offer_one_beat(ctx):
        ctx.set(dut.i.payload, 7)
        ctx.set(dut.i.valid, 1)
        await ctx.tick().repeat(10)
    return offer_one_beat


def test_returns_the_clocks_that_passed():
    assert simulate(Module(), wait_ten_cycles, cycles=10 + 1) == 10


def test_limit_counts_clocks_of_the_first_domain():
    simulate(Module(), wait_ten_cycles, cycles=11)
    with pytest.raises(CycleLimitError, match="no end after 9 cycles of 'sync'"):
        simulate(Module(), wait_ten_cycles, cycles=9)


def test_limit_says_where_each_testbench_stood_and_how_the_streams_are():
    dut = Repeater()
    with pytest.raises(CycleLimitError) as caught:
        simulate(dut, offer(dut), wait_for_ever, cycles=50)
    message = str(caught.value)
    assert "testbench 2: wait_for_ever waits at test_simulation.py:" in message
    assert "(wait_for_ever)" in message
    assert "offer_one_beat" not in message, "that testbench had ended"
    assert "stream o: valid=1 ready=0" in message


def test_clocks_keep_their_ratio():
    counts = {}

    async def count(ctx):
        await ctx.tick("slow").repeat(20)
        counts["slow"] = 20
        counts["fast"] = ctx.get(fast)

    m = Module()
    fast = Signal(16)
    m.d.fast += fast.eq(fast + 1)
    simulate(m, count, cycles=30, domains={"slow": 50e6, "fast": 150e6})
    assert abs(counts["fast"] - 60) <= 2


@pytest.mark.parametrize("breaks, complaint", [
    ("valid", "o: valid fell before the beat was taken"),
    ("payload", "o: payload changed from 7 to 8 while it waited"),
])
def test_stream_ports_are_checked_without_asking(breaks, complaint):
    dut = Repeater(breaks=breaks)
    with pytest.raises(AssertionError, match=complaint):
        simulate(dut, offer(dut), cycles=50)


def test_stream_checks_can_be_turned_off():
    dut = Repeater(breaks="valid")
    simulate(dut, offer(dut), cycles=50, stream_domains={})


def test_a_well_behaved_stream_passes_its_checks():
    dut = Repeater()
    simulate(dut, offer(dut), cycles=50)


def test_rejects_an_unknown_stream_port():
    with pytest.raises(ValueError, match="'x' is no stream port; there are i, o"):
        simulate(Repeater(), wait_ten_cycles, cycles=50, stream_domains={"x": "sync"})


def test_rejects_no_cycles_and_no_testbench():
    with pytest.raises(ValueError, match="at least one cycle"):
        simulate(Module(), wait_ten_cycles, cycles=0)
    with pytest.raises(ValueError, match="pass at least one"):
        simulate(Module(), cycles=10)


def test_waves_only_on_request(monkeypatch, tmp_path):
    monkeypatch.setattr("support.simulation._WAVES_FOLDER", tmp_path)
    monkeypatch.delenv("TAPETUM_WAVES", raising=False)
    simulate(Module(), wait_ten_cycles, cycles=20)
    assert not list(tmp_path.iterdir())
    monkeypatch.setenv("TAPETUM_WAVES", "1")
    simulate(Module(), wait_ten_cycles, cycles=20)
    assert [path.suffix for path in tmp_path.iterdir()] == [".vcd"]
