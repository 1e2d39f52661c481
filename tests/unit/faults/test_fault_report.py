# SPDX-License-Identifier: Apache-2.0
"""The report counts what happened, and says of what it is a share."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from amaranth.hdl import Fragment

from tapetum.control.faults import Fault
from tapetum.die import Die
from tapetum.presets import preset
from tapetum_sim.errors import UserError
from tapetum_sim.faults.build import FaultSimulator
from tapetum_sim.faults.die import Campaign, room_names, run_campaign
from tapetum_sim.faults.netlist import Element
from tapetum_sim.faults.outcome import Outcome, mechanism_names, results_of
from tapetum_sim.faults.report import write_report
from tapetum_sim.faults.sample import FLIP_FLOPS_FROM, Injection, Kind, Stratum
from tapetum_sim.faults.scenario import Scenario

FRAME_PS, ROW_PS = 64_000, 1_000
QUIET = {"end": "converged", "wrong_ps": 0, "dangerous": "", "dangerous_ps": None,
         "detected_ps": None, "error_ps": None, "receiver_ps": None, "mechanisms": 0, "found": 0}
HARM = {"end": "observed", "dangerous": "pixels", "dangerous_ps": 3_000}
TOLD = {"end": "decided", "detected_ps": 4_000, "error_ps": 4_500,
        "mechanisms": 1 << Fault.ROW_MISMATCH}

ELEMENTS = tuple(Element(variable=f"v{index}", path=path, width=8, depth=depth,
                         bits=tuple(range(8)), is_memory=depth > 1, on_die=True)
                 for index, (path, depth) in enumerate(
                     (("readout.row", 1), ("hdr.align.ring", 64))))


def campaign(*outcomes: dict, flips: int = 0) -> Campaign:
    """Even numbers fall into the register, odd ones into the memory."""
    drawn, lines = [], []
    for number, outcome in enumerate(outcomes):
        is_flip = number >= len(outcomes) - flips
        drawn.append(Injection(
            number=number + is_flip * FLIP_FLOPS_FROM, kind=Kind.SEU, word=0, bit=1, offset_ps=0,
            stratum=Stratum.FLIP_FLOPS if is_flip else Stratum.ALL, element=number % 2))
        lines.append(QUIET | outcome | {"number": drawn[-1].number})
    return Campaign(
        config=preset("tiny"), options={"seed": 5},
        simulator=FaultSimulator(directory=Path(), elements=ELEMENTS),
        scenario=Scenario(window_ps=FRAME_PS, observed_ps=2 * FRAME_PS, row_ps=ROW_PS,
                          frame_ps=FRAME_PS, description="preset tiny streams"),
        results=list(results_of(ELEMENTS, drawn, lines, allowed_ps=FRAME_PS)),
        wanted=len(drawn), directed=[])


def outcome_of(**line) -> Outcome:
    return campaign(line).results[0].outcome


def test_each_outcome_follows_from_what_was_observed():
    assert outcome_of(**HARM) is Outcome.DANGEROUS_UNDETECTED
    assert outcome_of(**HARM | TOLD) is Outcome.DANGEROUS_DETECTED
    assert outcome_of(**HARM | TOLD | {"detected_ps": FRAME_PS}) is Outcome.DANGEROUS_DETECTED
    assert outcome_of(**HARM | TOLD | {"detected_ps": FRAME_PS + 1}) is Outcome.DANGEROUS_LATE
    assert outcome_of(**TOLD) is Outcome.SAFE_DETECTED
    assert outcome_of() is Outcome.SAFE
    for end in ("dormant", "untouched", "observed"):
        assert outcome_of(end=end) is Outcome.SAFE_LATENT
    assert outcome_of(end="stopped") is Outcome.DANGEROUS_UNDETECTED


def test_a_stuck_bit_has_a_frame_from_its_first_wrong_value_on():
    late = HARM | TOLD | {"detected_ps": 2 * FRAME_PS}
    assert outcome_of(**late, wrong_ps=FRAME_PS) is Outcome.DANGEROUS_DETECTED
    assert outcome_of(**late, wrong_ps=FRAME_PS - 1) is Outcome.DANGEROUS_LATE


def test_late_detection_is_listed_but_does_not_count(tmp_path):
    late = HARM | TOLD | {"detected_ps": 2 * FRAME_PS}
    summary = write_report(campaign(late, HARM | TOLD, HARM), tmp_path, 1)
    coverage = summary["strata"]["all"]["coverage"]
    assert (coverage["count"], coverage["of"]) == (1, 3)
    latency = summary["latency"]
    assert (latency["detected_within_a_frame"], latency["detected"]) == (1, 2)
    assert latency["detection_frames_max"] == 2
    assert summary["mechanisms"][0]["dangerous"] == 2


def test_what_the_receiver_sees_is_no_detection_but_is_counted(tmp_path):
    summary = write_report(campaign(HARM | {"receiver_ps": 9}, HARM, HARM | TOLD, {}), tmp_path, 1)
    stratum = summary["strata"]["all"]
    assert (stratum["coverage"]["count"], stratum["coverage"]["of"]) == (1, 3)
    assert stratum["with_receiver"]["count"] == 2


def test_rooms_latencies_and_worst_places_are_listed(tmp_path):
    made = campaign(HARM, HARM | TOLD, HARM, {}, HARM, flips=1)
    summary = write_report(made, tmp_path, 2.5)
    assert summary["injections"] == summary["wanted"] == 5
    rooms = {room["name"]: room for room in summary["rooms"]["all"]}
    assert rooms["readout"]["coverage"] == {"count": 0, "of": 2, "value": 0.0,
                                            "low": 0.0, "high": pytest.approx(0.658, abs=1e-3)}
    assert rooms["hdr"]["coverage"]["value"] == 1
    assert summary["worst"][0]["path"] == "readout.row"
    assert summary["worst"][0]["examples"] == [0, 2, FLIP_FLOPS_FROM + 4]
    assert summary["latency"]["detection_frames_max"] == 4_000 / FRAME_PS
    assert summary["latency"]["pin_rows_max"] == 0.5
    assert summary["mechanisms"] == [{"name": "row_mismatch", "dangerous": 1, "safe": 0}]
    assert summary["state_bits"] == {"hdr": {"flip_flops": 0, "memory_bits": 512},
                                     "readout": {"flip_flops": 8, "memory_bits": 0}}
    assert json.loads((tmp_path / "report.json").read_text()) == summary
    page = (tmp_path / "report.html").read_text()
    assert "readout.row" in page
    assert "have\nnot been simulated" not in page


def test_all_that_a_die_is_made_of_belongs_to_a_room():
    die = Die(preset("tiny"))
    fragment = Fragment.get(die, None)
    own = [signal.name for domain, statements in fragment.statements.items() if domain != "comb"
           for statement in statements for signal in statement._lhs_signals()]
    names = {*own, *(name for _, name, *_ in fragment.subfragments)}
    assert "memories__corrected" in names
    rooms = {replace(ELEMENTS[0], path=f"{name}.register").room for name in names}
    assert rooms == {name for name in names if name in vars(die)} == set(room_names(die.config))


def test_a_campaign_that_is_not_complete_says_so(tmp_path):
    made = campaign(HARM, {})
    del made.results[1:]
    assert write_report(made, tmp_path, 1)["complete"] is False
    assert "1 faults have\nnot been simulated yet" in (tmp_path / "report.html").read_text()


def test_safety_mechanisms_take_the_place_of_their_common_bit():
    bit = 1 << Fault.DEAD_ROW
    assert mechanism_names(bit, 0b10, {0: "temperature", 1: "row_read_back"}) == (
        "dead_row", "row_read_back")
    assert mechanism_names(bit, 0, {0: "temperature"}) == ("dead_row",)


def test_an_unknown_room_is_refused_before_anything_is_built(tmp_path):
    with pytest.raises(UserError, match=r"no room 'kitchen'; choose one of adc, .*, readout"):
        run_campaign(preset="tiny", injections=1, flip_flops=0, seed=1, out=tmp_path,
                     kinds=list(Kind), room="kitchen",
                     progress=lambda text, done, total: pytest.fail(text))
    assert not any(tmp_path.iterdir())
