# SPDX-License-Identifier: Apache-2.0
"""What inferences gave, as plain values for JSON."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapetum.npu.program import CHANNEL_LANES

from .backends import Backend, Model, Outcome

__all__ = ["compare", "describe"]

_FIRST_ONES = 10


def describe(model: Model, outcome: Outcome) -> dict[str, Any]:
    """Scores and class; of the array also cycles, by layer as well, and utilisation.

    Utilisation counts the multiplications that were computed against 8 of each cell's multipliers.
    A row's cycles last until the next one begins, so that they add up.
    """
    best = int(np.argmax(outcome.scores))
    names = model.program.class_names
    said: dict[str, Any] = {
        "class": best, "class_name": names[best] if best < len(names) else None,
        "scores": outcome.scores.tolist(),
    }
    if outcome.cycles is None or outcome.starts is None:
        return said
    said |= {"cycles": outcome.cycles, "overrun": outcome.overrun,
             "cycles_before_first_row": int(outcome.starts[0])}
    reports = model.made.layers if model.made else None
    if reports:
        said["utilisation"] = _share(sum(layer.macs for layer in reports), outcome.cycles, model)
    lengths = np.diff(outcome.starts, append=outcome.cycles)
    said["layers"] = []
    for number, record in enumerate(model.program.layers):
        cycles = int(lengths[model.program.schedule == number].sum())
        layer = {"layer": number, "mode": record.mode.name.lower(), "cycles": cycles}
        if reports:
            layer |= {"name": reports[number].name, "macs": reports[number].macs,
                      "utilisation": _share(reports[number].macs, cycles, model)}
        said["layers"].append(layer)
    return said


def _share(macs: int, cycles: int, model: Model) -> float:
    lanes = model.program.cells * model.program.pixels * CHANNEL_LANES
    return round(macs / (cycles * lanes), 4)


def compare(outcomes: dict[Backend, Outcome]) -> dict[str, Any]:
    """Every value of every tensor that two backends have, against the first that has it.

    Channels that were left out count with their constants.
    """
    order = [backend for backend in (Backend.REFERENCE, Backend.MODEL, Backend.RTL)
             if backend in outcomes]
    compared = mismatches = 0
    first: list[dict[str, Any]] = []
    for index, backend in enumerate(order[1:], 1):
        for name, codes in outcomes[backend].tensors.items():
            sources = [source for source in order[:index] if name in outcomes[source].tensors]
            if not sources:
                continue
            wanted, known = outcomes[sources[0]], outcomes[backend].known[name]
            both = known & wanted.known[name]
            compared += codes[..., both].size
            wrong = (codes != wanted.tensors[name]) & both
            mismatches += int(wrong.sum())
            first += _places(name, backend, sources[0], wanted.tensors[name], codes, wrong)
    return {"backends": order, "values_compared": compared, "mismatches": mismatches,
            "first": first[:_FIRST_ONES]}


def _places(name: str, backend: Backend, source: Backend, wanted: NDArray[np.int8],
            codes: NDArray[np.int8], wrong: NDArray[np.bool_]) -> list[dict[str, Any]]:
    return [{"tensor": name, "row": row, "column": column, "channel": channel,
             source.value: int(wanted[row, column, channel]),
             backend.value: int(codes[row, column, channel])}
            for row, column, channel in np.argwhere(wrong)[:_FIRST_ONES].tolist()]
