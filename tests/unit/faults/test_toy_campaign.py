# SPDX-License-Identifier: Apache-2.0
"""A campaign finds of a known design exactly what is known of it."""

import pytest

from tapetum_sim.errors import UserError
from tapetum_sim.faults.build import FaultSimulator, build_fault_simulator
from tapetum_sim.faults.campaign import (
    DIRECTED,
    note_campaign,
    noted_campaign,
    read_results,
    run_injections,
)
from tapetum_sim.faults.die import run_one
from tapetum_sim.faults.outcome import Outcome, results_of
from tapetum_sim.faults.sample import Injection, Kind, Stratum, draw
from unit.faults.toy import CLOCKS, CYCLE_PS, FAULT_PS, SINKS, WINDOW_PS, Toy, write_scenario

UNDETECTED, DETECTED = Outcome.DANGEROUS_UNDETECTED, Outcome.DANGEROUS_DETECTED

STATE_BITS = {"count": 8, "plain": 8, "guarded": 8, "parity": 1, "kept": 4, "filled": 1, "told": 1,
              "error": 1, "words": 16 * 8}


@pytest.fixture(scope="module")
def simulator() -> FaultSimulator:
    return build_fault_simulator(Toy(), die="room", sinks=SINKS, profile="unit")


@pytest.fixture
def campaign(simulator, tmp_path):
    def run(injections, folder="campaign", **options):
        out = tmp_path / folder
        out.mkdir(exist_ok=True)
        run_injections(simulator, write_scenario(tmp_path / "scenario"), CLOCKS, injections, out,
                       **options)
        return list(results_of(simulator.elements, injections, read_results(out),
                               allowed_ps=WINDOW_PS))
    return run


def every_bit(simulator: FaultSimulator, kind: Kind) -> list[Injection]:
    places = [(index, word, bit) for index, element in enumerate(simulator.elements)
              if element.on_die for word in range(element.depth) for bit in element.bits]
    return [Injection(number=number, stratum=Stratum.ALL, kind=kind, element=element, word=word,
                      bit=bit, offset_ps=FAULT_PS)
            for number, (element, word, bit) in enumerate(places)]


def by_place(results) -> dict[str, set[Outcome]]:
    """Outcomes by register; the memory's by whether the word is ever read."""
    places: dict[str, set[Outcome]] = {}
    for result in results:
        name = result.element.path
        if result.element.is_memory:
            name = "words read" if result.injection.word < 8 else "words not read"
        places.setdefault(name, set()).add(result.outcome)
    return places


def test_every_state_bit_is_found_and_nothing_else(simulator):
    found = {element.path: element.state_bits for element in simulator.elements if element.on_die}
    named = {name: bits for name, bits in found.items() if name in STATE_BITS}
    assert named == STATE_BITS
    # What remains is the register behind the memory's read port.
    assert [bits for name, bits in found.items() if name not in STATE_BITS] in ([8], [])


def test_upsets_do_what_is_known_of_each_register(simulator, campaign):
    injections = every_bit(simulator, Kind.SEU)
    results = campaign(injections)
    assert len(results) == len(injections)
    places = by_place(results)
    assert places["plain"] == {UNDETECTED}
    assert places["guarded"] == {DETECTED}
    assert places["parity"] == {Outcome.SAFE_DETECTED}
    assert places["kept"] == {Outcome.SAFE_LATENT}
    # The flag of the memory has it filled again, with the same; the pin is driven with every clock.
    assert places["filled"] == places["error"] == {Outcome.SAFE}
    assert places["told"] == {Outcome.SAFE_DETECTED}
    assert places["words read"] == {UNDETECTED}
    assert places["words not read"] == {Outcome.SAFE_LATENT}
    counters = [r for r in results if r.element.path == "count" and r.injection.bit >= 4]
    assert {r.outcome for r in counters} == {UNDETECTED}


def test_detection_and_pin_are_timed_to_the_clock(simulator, campaign):
    injections = [one for one in every_bit(simulator, Kind.SEU)
                  if simulator.elements[one.element].path == "guarded"]
    for result in campaign(injections):
        assert 0 < result.detected_ps <= 10_000
        assert result.error_ps - result.detected_ps == 10_000
        assert result.harmed_ps > result.error_ps


@pytest.mark.parametrize("kind", [Kind.STUCK_0, Kind.STUCK_1])
def test_stuck_bits_stay_although_the_register_is_written(simulator, campaign, kind):
    results = campaign(every_bit(simulator, kind))
    places = by_place(results)
    # Four periods count through 16 values of the upper half; the lower half is always zero.
    for result in results:
        if result.element.path == "plain" and result.injection.bit < 4:
            assert result.outcome is (UNDETECTED if kind is Kind.STUCK_1 else Outcome.SAFE_LATENT)
        if result.element.path == "guarded" and result.injection.bit < 4:
            assert result.outcome is (DETECTED if kind is Kind.STUCK_0 else Outcome.SAFE_LATENT)
    assert places["words not read"] == {Outcome.SAFE_LATENT}
    assert Outcome.SAFE_DETECTED in places["parity"]


@pytest.mark.parametrize("kind", [Kind.STUCK_0, Kind.STUCK_1])
def test_a_stuck_bit_is_wrong_from_the_value_on_that_it_spoils(simulator, campaign, kind):
    results = campaign(every_bit(simulator, kind))
    # Each word holds its own number, and is not written again.
    for result in results:
        if result.element.is_memory:
            held = result.injection.word >> result.injection.bit & 1
            assert result.wrong_ps == (None if held == (kind is Kind.STUCK_1) else 0)
    # Parity is looked at in every clock; the upper half changes after some periods.
    told = [result for result in results if result.element.path == "guarded"
            and result.detected_ps is not None]
    assert {result.wrong_ps > CYCLE_PS for result in told} == {False, True}
    assert all(0 <= result.latency_ps <= 2 * CYCLE_PS for result in told)


def test_a_campaign_that_was_cut_off_ends_as_one_that_was_not(simulator, campaign, seed):
    drawn = draw(simulator.elements, stratum=Stratum.ALL, count=60, seed=seed,
                 window_ps=WINDOW_PS, kinds=list(Kind))
    whole = campaign(drawn, "whole")
    half = campaign(drawn[:25], "parts", jobs=1)
    assert half == whole[:25]
    assert campaign(drawn, "parts") == whole


def test_a_fault_alone_does_what_it_did_among_others(simulator, campaign, seed):
    drawn = draw(simulator.elements, stratum=Stratum.ALL, count=40, seed=seed,
                 window_ps=WINDOW_PS, kinds=list(Kind))
    among = campaign(drawn)
    alone = [campaign([one], f"only-{one.number}")[0] for one in drawn[7:10]]
    assert alone == among[7:10]


def test_a_folder_with_another_campaign_is_not_resumed(tmp_path):
    note_campaign(tmp_path, {"seed": 1}, resume=True)
    note_campaign(tmp_path, {"simulator": "a"}, resume=True)
    assert noted_campaign(tmp_path) == {"seed": 1, "simulator": "a"}
    for other in ({"seed": 2}, {"simulator": "b"}):
        with pytest.raises(UserError, match=f"another {next(iter(other))}"):
            note_campaign(tmp_path, other, resume=True)
    note_campaign(tmp_path, {"seed": 2}, resume=False)
    assert noted_campaign(tmp_path) == {"seed": 2}


def test_a_new_campaign_takes_away_its_own_results_alone(tmp_path):
    own = [tmp_path / "injections.jsonl", tmp_path / DIRECTED / "rows" / "injections.jsonl"]
    others = [tmp_path / "faults" / "injections.jsonl",
              tmp_path / "faults" / DIRECTED / "rows" / "injections.jsonl"]
    for file in own + others:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}\n")
    note_campaign(tmp_path, {"seed": 1}, resume=True)
    assert all(file.exists() for file in own + others)
    note_campaign(tmp_path, {"seed": 1}, resume=False)
    assert [file.exists() for file in own + others] == [False, False, True, True]


def test_a_note_that_was_cut_off_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "campaign.json").write_text('{"seed"')
    with pytest.raises(UserError, match="is damaged; start anew"):
        note_campaign(tmp_path, {"seed": 1}, resume=True)
    note_campaign(tmp_path, {"seed": 1}, resume=False)


def test_one_fault_of_a_campaign_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserError, match="holds no campaign"):
        run_one(3, out=tmp_path)
