# SPDX-License-Identifier: Apache-2.0
"""The bench of networks says what it measured, and what it could not."""

import json
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from tapetum_sim.bench import npu
from tapetum_sim.bench.tables import npu_table, npu_verdict_table
from tapetum_sim.errors import UserError
from unit.compiler.tflite_models import DATA, data_file


def test_absent_networks_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("TAPETUM_DATA", str(tmp_path))
    report = npu.bench_npu(((8, 1),), tmp_path / "out")
    assert report["results"] == []
    assert str(tmp_path / "models" / "vww_96_int8.tflite") in report["absent"]
    assert len(set(report["absent"])) == len(report["absent"])
    assert json.loads((tmp_path / "out" / "npu.json").read_text(encoding="utf-8")) == report


def test_without_a_folder_of_networks_it_says_how_to_name_one(tmp_path, monkeypatch):
    monkeypatch.delenv("TAPETUM_DATA", raising=False)
    with pytest.raises(UserError, match="set TAPETUM_DATA"):
        npu.bench_npu(((8, 1),), tmp_path)


@pytest.mark.slow
def test_published_networks_need_fewer_cycles_than_others_say(tmp_path, monkeypatch):
    data_file("models/vww_96_int8.tflite")
    monkeypatch.setenv("TAPETUM_DATA", str(DATA))
    report = npu.bench_npu(((8, 1), (8, 2)), tmp_path, simulate=False)
    cycles = {(result["network"], result["pixels"]): result["cycles"]
              for result in report["results"]}
    assert cycles["VWW, dense", 1] <= 123_000
    assert cycles["VWW, live", 1] <= 64_000
    assert cycles["ResNet8", 1] <= 200_000
    assert cycles["VWW, dense", 2] <= 63_000
    assert cycles["VWW, live", 2] <= 33_000
    assert cycles["ResNet8", 2] <= 100_000
    depthwise = [result["depthwise_utilisation"] for result in report["results"]]
    assert np.mean([share for share in depthwise if share]) > 0.5

    text = StringIO()
    Console(file=text, width=200).print(npu_table(report), npu_verdict_table(report))
    assert f"{cycles['VWW, live', 1]:,}" in text.getvalue()
    assert "Ethos-U55-64" in text.getvalue()
    behind = {(result["network"], result["pixels"]): result["verdict_cycles"]
              for result in report["results"]}
    assert behind["VWW, live", 2] <= 6_500
    assert behind["ResNet8", 2] <= 25_000
    assert behind["VWW, dense", 2] <= 32_000
    assert f"{behind['VWW, live', 2]:,}" in text.getvalue()
