# SPDX-License-Identifier: Apache-2.0
"""The FPGA bench times the room and not its harness, and outlives a room that fails."""

import json
from io import StringIO
from operator import attrgetter

import pytest
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from rich.console import Console
from typer.testing import CliRunner

from tapetum.die import Die
from tapetum.presets import preset
from tapetum_sim.bench import rooms
from tapetum_sim.bench.ecp5 import FlowError, Implementation, implement
from tapetum_sim.bench.harness import harness_rtlil
from tapetum_sim.bench.tables import fpga_table
from tapetum_sim.cli import app


class Toy(wiring.Component):
    """Adds in one clock and counts in another: 8 and 4 registers of its own."""

    def __init__(self):
        super().__init__({"a": In(8), "b": In(8), "sum": Out(8), "count": Out(4)})

    def elaborate(self, platform):
        m = Module()
        total = Signal(8)
        counter = Signal(4)
        m.d.sync += total.eq(self.a + self.b)
        m.d.adc += counter.eq(counter + 1)
        m.d.comb += [self.sum.eq(total), self.count.eq(counter)]
        return m


def toy_rtlil() -> str:
    return harness_rtlil(Toy(), lambda port: "adc" if port == "count" else "sync",
                         ("sync", "adc"))


def test_a_register_stands_at_every_port():
    text = toy_rtlil()
    for name in ("a", "b", "sum", "count"):
        assert f"harness__{name}" in text
    for port in ("clk", "rst", "adc_clk", "adc_rst", "a", "b", "sum", "count"):
        assert f"\\{port}\n" in text


@pytest.mark.slow  # the first call of nextpnr on a machine compiles it
def test_a_toy_is_placed_and_its_own_registers_are_counted(tmp_path):
    made = implement(toy_rtlil(), tmp_path)
    assert made.mhz.keys() == {"clk", "adc_clk"} == made.critical_paths.keys()
    assert made.mhz["clk"] > 150
    assert made.critical_paths["clk"]["logic_ns"] > 0
    assert (made.flip_flops, made.dsp18, made.block_ram) == (8 + 4, 0, 0)


def test_a_refused_design_is_an_error_with_the_tools_words(tmp_path):
    with pytest.raises(FlowError, match=r"(?s)yosys failed with 1: .*ERROR"):
        implement("module \\top\n  nonsense\nend\n", tmp_path)


def test_every_room_and_every_domain_of_its_ports_exists():
    die = Die(preset("tiny"))
    for name, room in (rooms.ROOMS | rooms.BLOCKS).items():
        made = room.make(die.config) if room.make else attrgetter(name)(die)
        assert set(room.domains) <= set(made.signature.members), name


def implemented(mhz: float) -> Implementation:
    return Implementation(mhz={"clk": mhz}, critical_paths={}, lut4=10, flip_flops=20, dsp18=3,
                          block_ram=4)


def test_a_room_that_fails_does_not_stop_the_others(tmp_path, monkeypatch):
    def flow(text, folder, **options):
        if folder.name == "correct":
            raise FlowError("nextpnr failed with 1:\nERROR: no place left")
        return implemented(120.0 if folder.name == "selector" else 90.0)

    monkeypatch.setattr(rooms, "implement", flow)
    stages = []
    report = rooms.bench_rooms(preset("tiny"), ["correct", "selector", "compander"], tmp_path,
                               lambda text, done, total: stages.append((text, done, total)))
    assert stages[1] == ("placing and routing selector", 1, 3)
    assert "no place left" in report["rooms"]["correct"]["error"]
    assert report["rooms"]["selector"]["margin"] == {"clk": 0.2}
    assert report == json.loads((tmp_path / "fpga.json").read_text(encoding="utf-8"))

    text = StringIO()
    Console(file=text, width=140).print(fpga_table(report))
    lines = {line.split()[0]: line for line in text.getvalue().splitlines() if line.strip()}
    assert "ERROR: no place left" in lines["correct"]
    assert "+20%" in lines["selector"]
    assert "-10%" in lines["compander"]


def test_results_of_other_rooms_are_kept_for_the_same_preset_only(tmp_path, monkeypatch):
    monkeypatch.setattr(rooms, "implement", lambda text, folder, **options: implemented(120.0))
    rooms.bench_rooms(preset("tiny"), ["selector"], tmp_path)
    assert list(rooms.bench_rooms(preset("tiny"), ["compander"], tmp_path)["rooms"]) == [
        "compander", "selector"]
    two_lanes = preset("tiny").with_(lanes=2)
    assert list(rooms.bench_rooms(two_lanes, ["selector"], tmp_path)["rooms"]) == ["selector"]
    assert list(rooms.bench_rooms(preset("qvga"), ["compander"], tmp_path)["rooms"]) == [
        "compander"]


@pytest.mark.parametrize("arguments, sentence", [
    (["--room", "kitchen"], "there is no room 'kitchen'; choose from readout, correct"),
    (["--preset", "tiny", "--preset", "vga"], "give one --preset with --fpga."),
    (["--lanes", "3"], "lanes must be 1, 2 or 4, not 3."),
])
def test_a_wrong_request_is_refused_in_one_sentence(arguments, sentence):
    result = CliRunner().invoke(app, ["bench", "--fpga", *arguments])
    assert result.exit_code == 2
    assert result.stderr.startswith(f"tapetum: {sentence}")
