# SPDX-License-Identifier: Apache-2.0
"""Faults in the whole die: a campaign runs, is cut off, goes on, and repeats each of its faults."""

import json

import pytest

from tapetum_sim.faults.die import run_campaign, run_one
from tapetum_sim.faults.outcome import Outcome
from tapetum_sim.faults.report import write_report
from tapetum_sim.faults.sample import FLIP_FLOPS_FROM, Kind, Stratum

OPTIONS = {"preset": "tiny", "seed": 3, "kinds": list(Kind)}


@pytest.mark.slow
def test_a_campaign_on_the_die(tmp_path):
    run_campaign(injections=12, flip_flops=12, out=tmp_path, directed=False, **OPTIONS)
    lines = (tmp_path / "injections.jsonl").read_text().splitlines()
    made = run_campaign(injections=24, flip_flops=30, out=tmp_path, resume=True, **OPTIONS)
    assert (tmp_path / "injections.jsonl").read_text().splitlines()[:24] == lines
    assert len(made.results) == 54
    summary = write_report(made, tmp_path, 0.0)
    assert summary["complete"]
    assert json.loads((tmp_path / "report.json").read_text())["strata"]

    # Every room of the die has state, and none of it belongs to the bench.
    rooms = set(summary["state_bits"])
    assert {"readout", "adc", "correct", "hdr", "compand", "csi2", "control", "cci",
            "npu", "vision", "stats"} <= rooms | {"compand"}
    assert not rooms & {"bank", "meter", "host"}
    outcomes = {result.outcome for result in made.results}
    assert any(outcome.is_dangerous for outcome in outcomes)
    assert Outcome.SAFE in outcomes

    directed = {group["name"]: group for group in summary["directed"]}
    for name, injections in (("bonds", 244), ("rows", 18)):
        assert directed[name]["injections"] == injections
        assert directed[name]["undetected"] == []

    number = next(result.injection.number for result in made.results
                  if result.outcome.is_dangerous and result.injection.stratum
                  is Stratum.FLIP_FLOPS)
    assert number >= FLIP_FLOPS_FROM
    result, line, _ = run_one(number, out=tmp_path)
    assert line["number"] == number
    assert result == next(one for one in made.results if one.injection.number == number)
