# SPDX-License-Identifier: Apache-2.0
"""What two published networks cost the array, beside what they cost others."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tapetum.npu.program import CHANNEL_LANES, LANES, Mode
from tapetum_compiler.backend.compile import Compilation, compile_network
from tapetum_compiler.importers import read_network

from ..errors import UserError
from ..models.npu import NpuModel
from ..provenance import package_versions, revision
from .machine import describe_machine

__all__ = ["CASES", "PEERS", "ROW_PERIOD_CYCLES", "Case", "bench_npu"]

ROW_PERIOD_CYCLES = 17_000
"""Of the input rows for which the time after the last one is stated."""


@dataclass(frozen=True)
class Case:
    """A network of the reference material, with or without what no image changes."""

    name: str
    file: str
    image: str
    dense: bool = False


CASES = (
    Case("VWW, dense", "vww_96_int8.tflite", "vww/quant_test_yes_0.dat", dense=True),
    Case("VWW, live", "vww_96_int8.tflite", "vww/quant_test_yes_0.dat"),
    Case("ResNet8", "pretrainedResnet_quant.tflite", "cifar10/quant_cat.dat"),
)
PEERS = (
    {"system": "Ethos-U55-64, Vela's estimate", "macs_per_cycle": 64,
     "vww_cycles": 356_000, "resnet8_cycles": 356_000},
    {"system": "Ethos-U55-128, Vela's estimate", "macs_per_cycle": 128,
     "vww_cycles": 210_000, "resnet8_cycles": 184_000},
    {"system": "weight-stationary 8x8 with im2col", "macs_per_cycle": 64,
     "vww_cycles": 328_000, "resnet8_cycles": 206_000},
    {"system": "GAP9 NE16", "macs_per_cycle": 162,
     "vww_cycles": 416_000, "resnet8_cycles": 228_000},
)
"""Published or estimated cycles of one inference, all channels of the model counted."""


def bench_npu(sizes: tuple[tuple[int, int], ...], out: Path, *, simulate: bool = True,
              progress: Callable[[str, float, float], None] = lambda text, done, total: None
              ) -> dict[str, Any]:
    """Compile and run each of `CASES` for arrays of so many cells and pixels.

    Writes ``npu.json`` into `out`.

    Cycles are the model's; with `simulate`, those of the RTL stand beside them. The environment
    variable TAPETUM_DATA names the folder of networks; ``absent`` lists those that it lacks.

    Raises
    ------
    UserError
        If the variable is not set.
    """
    if "TAPETUM_DATA" not in os.environ:
        raise UserError("set TAPETUM_DATA to the folder of reference networks")
    data = Path(os.environ["TAPETUM_DATA"])
    out.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {
        "machine": describe_machine(), "versions": package_versions(), "revision": revision(),
        "row_period_cycles": ROW_PERIOD_CYCLES, "peers": list(PEERS), "absent": [], "results": []}
    for case in CASES:
        model, picture = data / "models" / case.file, data / "images" / case.image
        missing = [str(path) for path in (model, picture) if not path.exists()]
        report["absent"] += [name for name in missing if name not in report["absent"]]
        if missing:
            continue
        for size in sizes:
            progress(f"{case.name}, {size[0]} cells x {size[1]} pixels", len(report["results"]),
                     len(CASES) * len(sizes))
            report["results"].append(_result(case, size, model, picture, simulate))
            (out / "npu.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    (out / "npu.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report


def _result(case: Case, size: tuple[int, int], file: Path, picture: Path,
            simulate: bool) -> dict[str, Any]:
    from ..inference.array import run_array

    network = read_network(file)
    started = time.perf_counter()
    cells, pixels = size
    multipliers = cells * pixels * CHANNEL_LANES
    made = compile_network(network, cells=cells, pixels=pixels, dense=case.dense)
    compile_s = time.perf_counter() - started
    image = np.fromfile(picture, np.int8).reshape(made.program.input_shape)
    model = NpuModel(made.program)
    scores = model.run(image)
    live = compile_network(network, cells=cells, pixels=pixels, dense=case.dense,
                           row_period=ROW_PERIOD_CYCLES)
    rtl = run_array(made.program, image) if simulate else None
    slow = run_array(live.program, image, row_period=ROW_PERIOD_CYCLES) if simulate else None
    for run in (rtl, slow):
        if run is not None and not np.array_equal(run.scores, scores.reshape(-1)):
            raise AssertionError(f"{case.name}: the array's scores differ from the model's")
    return {
        "network": case.name, "cells": cells, "pixels": pixels, "multipliers": multipliers,
        "macs": made.macs, "computed_macs": made.network.macs, "cycles": model.cycles,
        "utilisation": round(made.network.macs / (model.cycles * multipliers), 4),
        "depthwise_utilisation": _depthwise(made), "waits": sum(made.schedule.waits),
        "rtl_cycles": rtl.cycles if rtl else None,
        "model_error": round(model.cycles / rtl.cycles - 1, 5) if rtl else None,
        "verdict_cycles": live.schedule.verdict_cycles,
        "rtl_verdict_cycles": slow.cycles - slow.last_input if slow else None,
        "verdict_activation_bytes": live.activation_bytes,
        "activation_bytes": made.activation_bytes,
        "weight_bytes": made.program.weights.shape[1] * cells * LANES,
        "compile_s": round(compile_s, 2),
    }


def _depthwise(made: Compilation) -> float | None:
    """Products of depthwise layers per clock of theirs, of nine multipliers a cell and pixel."""
    layers = [layer for layer in made.layers
              if layer.mode is Mode.DEPTHWISE and layer.kind == "depthwise"]
    cycles = sum(layer.cycles + layer.waits for layer in layers)
    if not layers:
        return None
    multipliers = layers[0].cells * layers[0].pixels * LANES
    return round(sum(layer.macs for layer in layers) / (cycles * multipliers), 4)
