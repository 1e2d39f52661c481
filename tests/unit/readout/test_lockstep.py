# SPDX-License-Identifier: Apache-2.0
"""Two sequencers in lockstep: an upset that reaches pixels or converters is told."""

import json
import random
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from amaranth import *
from amaranth.back import rtlil
from amaranth.hdl import Fragment

from support import simulate
from tapetum.control.frame_settings import FrameSettings
from tapetum.readout.lockstep import LAG_CYCLES
from tapetum.readout.readout import Readout
from tapetum_sim.tools import find_tool

from .bench import small_die

CONFIG = small_die(2, rows=4, lag_lines=2, frame_length_lines=14)
REPORT_CYCLES = LAG_CYCLES + 3
"""From what the outputs do to ``sequencer_differs``."""
RUN_CYCLES = 40 * CONFIG.timing.line_length_cycles
Event = Callable[[Any], None]


class Upsettable(Elaboratable):
    """A controller; ``state`` lists the registers of the sequencer in use, ``pixels`` is what
    pixels and converters see."""

    def __init__(self):
        self.readout = readout = Readout(CONFIG)
        lines = readout.row_control
        levels = Cat(lines.select, lines.reset, lines.transfer_large, lines.transfer_small,
                     lines.high_gain)
        shutters = [readout.shutters[i] for i in range(2 * len(CONFIG.exposure_groups))]
        pixels = Cat(
            levels, Mux(levels.any(), lines.physical_row, 0),
            *(Cat(each.reset, Mux(each.reset, each.physical_row, 0)) for each in shutters),
            Mux(readout.ramp.valid, Value.cast(readout.ramp.payload), 0), readout.ramp.valid)
        self.pixels = Signal(len(pixels))
        m = Module()
        m.submodules.readout = readout
        m.d.comb += self.pixels.eq(pixels)
        self.fragment = Fragment.get(m, None)
        self.state: list[Any] = []
        self._collect(self._part(self._part(self.fragment, "readout"), "sequencer"))

    @staticmethod
    def _part(fragment: Any, name: str) -> Any:
        return next(part for part, its_name, *_ in fragment.subfragments if its_name == name)

    def _collect(self, fragment: Any) -> None:
        for domain, statements in fragment.statements.items():
            if domain != "comb":
                driven = {id(signal): signal for statement in statements
                          for signal in statement._lhs_signals()}
                self.state += driven.values()
        for part, *_ in fragment.subfragments:
            self._collect(part)

    def elaborate(self, platform):
        return self.fragment

    def run(self, events: dict[int, Event], cycles: int = RUN_CYCLES) -> tuple[list, list]:
        """Of each cycle what pixels see, and whether the sequencers differ."""
        pixels, told = [], []

        async def testbench(ctx):
            ctx.set(self.readout.settings, FrameSettings.defaults(CONFIG))
            ctx.set(self.readout.ramp.ready, 1)
            for cycle in range(cycles):
                if cycle in events:
                    events[cycle](ctx)
                _, _, seen, differs = await ctx.tick().sample(
                    self.pixels, self.readout.sequencer_differs)
                pixels.append(seen)
                told.append(differs)

        simulate(self, testbench, cycles=cycles + 10, stream_domains={})
        return pixels, told

    def setting(self, **levels: int) -> Event:
        def event(ctx):
            for name, level in levels.items():
                ctx.set(getattr(self.readout, name), level)
        return event


@pytest.fixture(scope="module")
def undisturbed():
    dut = Upsettable()
    pixels, told = dut.run({10: dut.setting(streaming=1)})
    assert len(set(pixels)) > 20
    assert not any(told)
    return pixels


def upset_at_random(generator: random.Random, undisturbed: list) -> bool:
    """Invert a bit of the sequencer in use; whether pixels saw it, of which it must tell."""
    dut = Upsettable()
    bits = [(signal, bit) for signal in dut.state for bit in range(len(signal))]
    signal, bit = generator.choice(bits)
    cycle = generator.randrange(200, RUN_CYCLES - 800)

    def upset(ctx):
        ctx.set(signal, ctx.get(Value.cast(signal)) ^ 1 << bit)

    pixels, told = dut.run({10: dut.setting(streaming=1), cycle: upset})
    harmed = [now for now, (seen, right) in enumerate(zip(pixels, undisturbed, strict=True))
              if seen != right]
    if harmed:
        assert True in told, f"bit {bit} of {signal.name} in cycle {cycle}"
        assert told.index(True) <= harmed[0] + REPORT_CYCLES
        assert told.index(True) > cycle
    return bool(harmed)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("case", range(100))
def test_an_upset_that_reaches_pixels_is_told_within_five_clocks(case, undisturbed, seed):
    upset_at_random(random.Random(f"{seed} {case}"), undisturbed)


def test_upsets_do_reach_pixels(undisturbed, seed):
    generator = random.Random(seed)
    assert any(upset_at_random(generator, undisturbed) for _ in range(40))


@pytest.mark.parametrize("triggered", [0, 1])
def test_injection_is_found_in_standby_whatever_starts_frames(triggered):
    dut = Upsettable()
    _, told = dut.run({5: dut.setting(triggered=triggered),
                       20: dut.setting(sequencer_inject=1),
                       60: dut.setting(sequencer_inject=0)}, cycles=200)
    assert 20 < told.index(True) < 20 + 10
    assert not any(told[60 + 40:])


def test_injection_is_found_in_standby_and_both_agree_again_before_and_after_frames(undisturbed):
    dut = Upsettable()
    on, off = dut.setting(sequencer_inject=1), dut.setting(sequencer_inject=0)
    go, stop = dut.setting(streaming=1), dut.setting(streaming=0)
    begin, end = 1000, 3000
    _, told = dut.run({20: on, 60: off, 200: go, begin: stop, end: on, end + 50: off,
                       end + 200: go}, cycles=end + 2000)
    assert told.index(True) < 20 + 10
    assert not any(told[60 + 40:end])
    assert any(told[end:end + 10])
    assert not any(told[end + 50 + 40:])


def test_injection_while_frames_are_taken_harms_none(undisturbed):
    dut = Upsettable()
    pixels, told = dut.run({10: dut.setting(streaming=1),
                            900: dut.setting(sequencer_inject=1),
                            2400: dut.setting(sequencer_inject=0)})
    assert any(told[900:2400])
    assert pixels == undisturbed


@pytest.mark.slow
def test_synthesis_keeps_both_sequencers(tmp_path):
    (tmp_path / "readout.il").write_text(rtlil.convert(Readout(CONFIG)), encoding="utf-8")
    script = ("read_rtlil readout.il; hierarchy -auto-top; proc; flatten; opt -full; "
              "opt_merge -share_all; opt_clean; write_json readout.json")
    subprocess.run([find_tool("yosys"), "-q", "-p", script], cwd=tmp_path, check=True)
    modules = json.loads((tmp_path / "readout.json").read_text(encoding="utf-8"))["modules"]
    top, = (module for module in modules.values()
            if int(module["attributes"].get("top", "0"), 2))
    stored = {bit for cell in top["cells"].values() if "dff" in cell["type"]
              for bit in cell["connections"]["Q"]}
    first, second = ({bit for name, net in top["netnames"].items() if name.startswith(path)
                      # The number that the copy takes over in standby is the other's.
                      if "copy" not in name or "number" not in name.rsplit(".", 1)[-1]
                      for bit in net["bits"] if bit in stored}
                     for path in ("sequencer.", "lockstep.copy."))
    own = first - second
    assert len(first) > 1000
    assert len(own) >= 0.99 * len(first)
    assert len(second - first) >= 0.99 * len(first)
