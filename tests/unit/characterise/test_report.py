# SPDX-License-Identifier: Apache-2.0
"""The report says what was measured, how, and how to do it again; what was not is null."""

import json

import pytest
from typer.testing import CliRunner

from tapetum.presets import preset
from tapetum_sim.characterise.backends import Backend
from tapetum_sim.characterise.catalogue import CATALOGUE, KEYS, choose
from tapetum_sim.characterise.context import Context
from tapetum_sim.characterise.measurement import Measurement, at_least, at_most
from tapetum_sim.characterise.table import figure_text
from tapetum_sim.characterise.write import Outcome, summarise, write_report
from tapetum_sim.cli import app
from tapetum_sim.errors import UserError

PNG = b"\x89PNG\r\n\x1a\n"


def outcome(*measurements) -> Outcome:
    return Outcome(
        context=Context(config=preset("tiny"), backend=Backend.MODEL, seed=3, frames=2),
        preset="tiny", options={"only": [], "scenes": [], "frames": 2},
        measurements=list(measurements), scenes=[], wall_s=1.0)


def measured(key="hdr.dynamic_range_db", figure: float | None = 139.5, target=None):
    return Measurement(key=key, figure=figure, unit="dB", target=target or at_least(140),
                       method="By <eye>.", details={"note": 1}, pictures={"a curve": PNG})


@pytest.mark.parametrize("target, figure, met", [
    (at_least(140), 140.0, True), (at_least(140), 139.9, False), (at_most(1), 1.0, True),
    (at_most(1), 1.1, False), (at_most(1), None, None)])
def test_targets_are_limits(target, figure, met):
    assert measured(figure=figure, target=target).met is met


def test_keys_nest_and_what_was_not_measured_is_null():
    summary = summarise(outcome(measured()))
    assert summary["hdr"]["dynamic_range_db"] == 139.5
    for key in KEYS:
        if key != "hdr.dynamic_range_db":
            group, _, name = key.partition(".")
            assert summary[group][name] is None, key
    assert summary["backend"] == "model"


def test_each_measurement_tells_its_target_command_and_method():
    entry, = summarise(outcome(measured()))["measurements"]
    assert entry["target"] == "≥ 140"
    assert entry["met"] is False
    assert entry["command"] == ("tapetum characterise --preset tiny --only hdr.dynamic_range_db "
                                "--backend model --frames 2 --seed 3")
    assert entry["method"] == "By <eye>."


def test_the_folder_holds_numbers_page_and_plots(tmp_path):
    (tmp_path / "stale.png").write_bytes(PNG)
    write_report(outcome(measured()), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a-curve.png", "report.html", "report.json"]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "By &lt;eye&gt;." in page
    assert "not met" in page
    assert "data:image/png;base64," in page
    assert "http" not in page.replace("http-equiv", ""), "one file, nothing to fetch"
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["seed"] == 3


def test_a_dash_stands_for_no_figure():
    assert figure_text(measured(figure=None)) == "–"
    assert figure_text(measured()) == "139.5 dB"


def test_keys_are_different_and_in_groups():
    keys = [entry.key for entry in CATALOGUE]
    assert len(set(keys)) == len(keys)
    assert set(keys) <= set(KEYS)
    assert {key.partition(".")[0] for key in KEYS} == {"hdr", "lfm", "correct", "exposure"}


def test_a_group_or_a_key_can_be_chosen():
    config = preset("tiny")
    chosen = [entry.key for entry in choose(config, ["hdr.snr_min_db", "lfm"])]
    assert chosen[:2] == ["hdr.snr_min_db", "lfm.detection"]
    assert all(key.startswith(("hdr.snr_min_db", "lfm.")) for key in chosen)
    assert [entry.key for entry in choose(config)] == [
        entry.key for entry in CATALOGUE if entry.exists(config)]


def test_what_cannot_be_chosen_is_named_with_a_remedy():
    with pytest.raises(UserError, match="did you mean hdr"):
        choose(preset("tiny"), ["hdrr"])
    with pytest.raises(UserError, match="needs --backend rtl"):
        choose(preset("tiny"), ["exposure"], Backend.MODEL)


def test_the_command_line_measures_one_figure(tmp_path):
    result = CliRunner().invoke(app, [
        "characterise", "--preset", "tiny", "--backend", "model", "--frames", "2",
        "--only", "hdr.dynamic_range_db", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "hdr.dynamic_range_db" in result.output
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert 130 < report["hdr"]["dynamic_range_db"] < 145
    assert not (tmp_path / "run").exists(), "recordings are not kept"


def test_the_command_line_measures_a_scene(tmp_path):
    result = CliRunner().invoke(app, [
        "characterise", "--preset", "tiny", "--backend", "model", "--frames", "2",
        "--scene", "chart", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    scene, = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["scenes"]
    assert scene["scene"] == "chart"
    assert 0 < scene["error_rms"] < 0.1


def test_the_command_line_refuses_in_one_sentence(tmp_path):
    result = CliRunner().invoke(app, [
        "characterise", "--only", "nothing", "--out", str(tmp_path)])
    assert result.exit_code == 2
