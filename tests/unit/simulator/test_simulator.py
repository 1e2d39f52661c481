# SPDX-License-Identifier: Apache-2.0
"""The simulator keeps its promises: clocks, order of writes, recordings, cache, limits."""

import re
from fractions import Fraction

import numpy as np
import pytest
from amaranth.hdl import signed, unsigned
from amaranth.lib import data

from support import expect_rejected
from tapetum_sim.simulator import (
    Build,
    Clock,
    CycleLimitError,
    Mailbox,
    Recorder,
    SimulationError,
    Window,
    build,
    read_recording,
    read_window,
    run,
    unpack,
)
from tapetum_sim.simulator.runner import BuildError, tool_versions
from unit.simulator.simulator_top import (
    EVENT_CYCLES,
    WINDOW_CYCLES,
    Beat,
    SimulatorTop,
    WideBeat,
)

DOMAINS = ("sync", "adc", "byte")
BENCH = "unit.simulator.simulator_bench"
CLOCKS = (
    Clock(domain="sync", frequency_hz=100_000_000),
    Clock(domain="adc", frequency_hz=620_000_000, phase_ps=17),
    Clock(domain="byte", frequency_hz=Fraction(297_000_000_000, 2997), phase_ps=4_321),
)


@pytest.fixture(scope="module")
def simulator() -> Build:
    return build(SimulatorTop(), domains=DOMAINS)


@pytest.fixture
def bench(simulator, tmp_path):
    def run_test(name, limit_cycles=20_000, folder="run", **options):
        return run(simulator, BENCH, testcase=name, clocks=CLOCKS, directory=tmp_path / folder,
                   limit_cycles=limit_cycles, **options)
    return run_test


def test_clock_edges_lie_at_their_exact_rational_times(bench):
    times = bench("edges", parameters={"edges": 300}).results["times"]
    for clock, port in zip(CLOCKS, ("clk", "adc_clk", "byte_clk"), strict=True):
        period = 2 * clock.half_period_ps
        assert times[port] == [int(clock.phase_ps + k * period) for k in range(1, 301)] or \
            times[port] == [int(clock.phase_ps + k * period) for k in range(300)]


def test_clocks_keep_their_ratio(bench):
    cycles = bench("beats", parameters={"events": 40}).cycles
    for clock in CLOCKS:
        expected = Fraction(clock.frequency_hz) / CLOCKS[0].frequency_hz * cycles["sync"]
        assert abs(cycles[clock.domain] - expected) <= CLOCKS[1].frequency_hz / 100_000_000


def test_writes_act_between_the_edge_they_answer_and_the_next(bench):
    reports = []
    bench("ordering", parameters={"sync_period_ps": 10_000}, progress=reports.append)
    assert reports == [{"done": 1, "total": 2, "text": "ordering"}]


def test_letters_arrive_with_the_next_load(bench):
    bench("mailbox")


def test_reset_can_be_requested_again(bench):
    bench("reset")


def test_recordings_hold_every_accepted_beat_and_no_other(bench):
    result = bench("beats", parameters={"events": 40})
    beats = read_recording(result.directory / "beats.beats", Beat)
    number = np.arange(len(beats))
    assert result.results["adc_count"] / 6 < len(beats) < result.results["adc_count"] / 3
    assert result.results["count"] // EVENT_CYCLES == 40
    np.testing.assert_array_equal(beats["number"], number)
    np.testing.assert_array_equal(beats["last"], number % 8 == 7)
    np.testing.assert_array_equal(beats["inverse"], number ^ 0xFFFFF)
    for i in range(3):
        np.testing.assert_array_equal(beats["levels"][:, i], (number + 11 * i + 16) % 32 - 16)
    word = number | (number ^ 0xFFFFF) << 20 | number << 40
    np.testing.assert_array_equal(beats["word"], word.astype(np.uint64))
    wide = read_recording(result.directory / "wide.beats", WideBeat)
    assert wide["words"].shape == (len(beats), 16)
    np.testing.assert_array_equal(wide["words"], number[:, None] | np.arange(16) << 20)


def test_only_those_recorders_record_that_are_asked_to(bench):
    result = bench("beats", parameters={"events": 5}, record=["wide"])
    assert (result.directory / "wide.beats").stat().st_size
    assert not (result.directory / "beats.beats").exists()


def test_what_was_flushed_can_be_read_while_the_simulation_runs(bench):
    result = bench("flushed")
    before, after = result.results["sizes"]
    assert before < after == (result.directory / "wide.beats").stat().st_size


def test_a_window_holds_the_last_clocks_as_of_its_last_half(bench):
    result = bench("beats", parameters={"events": 40})
    counts = read_window(result.directory / "counts.window").astype(int)
    assert len(counts) == WINDOW_CYCLES
    assert (np.diff(counts) == 1).all()
    assert 0 <= result.results["count"] - counts[-1] <= WINDOW_CYCLES // 2
    assert not len(read_window(result.directory / "others.window"))


def test_two_runs_are_bit_identical(bench):
    first, second = (bench("beats", parameters={"events": 5}, folder=name) for name in "ab")
    assert first.results == second.results
    assert first.cycles == second.cycles
    for name in ("beats.beats", "wide.beats"):
        assert (first.directory / name).read_bytes() == (second.directory / name).read_bytes()


def test_a_build_is_found_again(simulator):
    again = build(SimulatorTop(), domains=DOMAINS)
    assert again.cached
    assert again.directory == simulator.directory


def test_a_build_compiles_nothing_that_the_library_holds(simulator):
    log = (simulator.directory / "build.log").read_text()
    compiled = set(re.findall(r" -c .*?(\w+)\.cpp$", log, re.MULTILINE))
    assert "main" in compiled
    assert not {name for name in compiled if name.startswith("verilated")} | (
        compiled & {"recorder", "mailbox"})


@pytest.mark.slow
def test_waves_are_written_on_request(tmp_path):
    traced = build(SimulatorTop(), domains=DOMAINS, waves=True)
    run(traced, BENCH, testcase="beats", clocks=CLOCKS, directory=tmp_path, limit_cycles=20_000,
        parameters={"events": 5}, waves=True)
    assert (tmp_path / f"waves.{traced.waves}").stat().st_size > 1000


def test_the_cycle_limit_says_where_the_run_stood(bench):
    with pytest.raises(CycleLimitError, match=r"1000 cycles of clock adc .*\(cycles: sync 16\d, "):
        bench("endless", limit_cycles=1000, limit_domain="adc")


def test_a_failure_carries_the_words_of_the_test(bench):
    with pytest.raises(SimulationError,
                       match=r"failing: .*the count is not what it was said to be"):
        bench("failing")


def test_rejects_runs_that_cannot_work(simulator, tmp_path, bench):
    with pytest.raises(ValueError, match="a clock for each of sync, adc, byte"):
        run(simulator, BENCH, clocks=CLOCKS[:2], directory=tmp_path, limit_cycles=1)
    with pytest.raises(ValueError, match="without waves"):
        bench("beats", waves=True)
    with pytest.raises(SimulationError, match="no test was run"):
        bench("nothing_of_this_name")


def test_rejects_builds_that_cannot_work(tmp_path):
    with pytest.raises(ValueError, match="profile"):
        build(SimulatorTop(), domains=DOMAINS, profile="fastest")


def test_rejects_impossible_parts():
    with expect_rejected("frequency"):
        Clock(domain="sync", frequency_hz=0)
    with expect_rejected("time zero"):
        Clock(domain="sync", frequency_hz=1, phase_ps=-1)
    with expect_rejected("'wide'", "1024 bits"):
        Recorder(1025, "wide")
    with expect_rejected("'../escape'"):
        Recorder(8, "../escape")
    with expect_rejected("'empty'"):
        Mailbox(0, "empty")
    with expect_rejected("1 to 32 bits, not 33"):
        Window(33, 10, "wide")
    with expect_rejected("even number of clocks, not 5"):
        Window(8, 5, "odd")


def test_unpack_handles_fields_across_words():
    layout = data.StructLayout({"a": 31, "b": 64, "c": signed(33)})
    value = layout.const({"a": 0x7FFF_FFFE, "b": 0x0123_4567_89AB_CDEF, "c": -5}).as_bits()
    words = np.frombuffer(value.to_bytes(16, "little"), "<u4").reshape(1, 4)
    beat = unpack(words, layout)[0]
    assert (beat["a"], beat["b"], beat["c"]) == (0x7FFF_FFFE, 0x0123_4567_89AB_CDEF, -5)
    with pytest.raises(ValueError, match="64 bits"):
        unpack(words, unsigned(65))


def test_a_compiler_that_is_missing_is_named(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(BuildError, match="no-such-compiler is not installed"):
        tool_versions()
