# SPDX-License-Identifier: Apache-2.0
"""Holds the array and its front end against their models, from the combined frames on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapetum.config import DieConfig
from tapetum.npu.program import Program
from tapetum.registers.array import VISION_REGISTERS
from tapetum.vision.settings import cell_pixels
from tapetum.vision.tone_table import logarithmic, tone_knots

from ..models.npu import NpuModel
from ..models.readout import rows_of_frame
from ..models.verdict import FLAGS, verdict_bytes, verdict_packets, verdict_summary
from ..models.vision import VisionModel, input_words
from .boundaries import compare_values
from .record import Boundary, VerdictOutcome
from .recordings import Recordings, Row
from .tensor_run import Judged, expected_tensors

__all__ = ["ArrayRun", "compare_array"]

GIVING_CYCLES = 2
"""From the last score to the moment in which a verdict is given."""


@dataclass(frozen=True, kw_only=True)
class ArrayRun:
    """What was compared, what the link must carry, and what the die said.

    ``summaries`` are what the bottom rows of each frame tell of its verdict, by register.
    """

    boundaries: list[Boundary] = field(default_factory=list)
    packets: bytes = b""
    summaries: dict[int, dict[str, int]] = field(default_factory=dict)
    verdicts: list[VerdictOutcome] = field(default_factory=list)


def compare_array(config: DieConfig, programs: Sequence[Program], registers: Mapping[str, int],
                  windows: Mapping[str, Sequence[int]], settings: Mapping[int, Mapping[str, Any]],
                  combined: Sequence[Row], recordings: Recordings, *,
                  tensors_lost: bool = False) -> ArrayRun:
    """Nothing to compare where no frame was to be judged.

    What a model cannot know is taken from the die: which frames came too late or too fast, and how
    long the others took, which is measured beside the die. A verdict that claims to be valid must
    be right; a whole frame may be called incomplete only if the front end reported it lost. Rows of
    the network's input may be missing only of such frames, or if the die says ``tensors_lost``.
    """
    pictures = _pictures(config, registers, windows, settings, combined)
    if not pictures:
        return ArrayRun()
    known = {program.model_id & 0xFFFFFFFF: program for program in programs}
    firsts = {int(event["frame"]): int(event["cycle"])
              for event in recordings.region_events if not event["lost"]}
    lost = {int(event["frame"]) for event in recordings.region_events if event["lost"]}
    words = _compare_words(registers, pictures, recordings, lost)
    ends = {int(event["frame"]): int(event["cycle"]) for event in recordings.frame_ends}
    expected, received, packets, outcomes = [], [], [], []
    summaries: dict[int, dict[str, int]] = {}
    judged: dict[int, Judged] = {}
    said = {int(given["verdict"]["frame"]): given for given in recordings.verdicts}
    for frame in sorted(pictures):
        if frame not in said:
            expected.append((frame, "a verdict"))
            continue
        given = said[frame]
        verdict, cycle = given["verdict"], int(given["cycle"])
        flags = tuple(name for name in FLAGS if verdict["flags"][name])
        program = known.get(int(verdict["model_id"]))
        scores: list[int] = []
        cycles = int(verdict["cycles"])
        believed = tuple(flag for flag in flags if flag != "incomplete" or frame in lost)
        if flags == ("valid",):
            scores = _scores(program, pictures[frame]) if program else []
            cycles = cycle - firsts.get(frame, 0) - GIVING_CYCLES
        content = verdict_bytes(
            frame=frame, flags=believed, model_id=int(verdict["model_id"]), cycles=cycles,
            region=_region(config, registers), scores=scores)
        expected.append((frame, content))
        summaries[frame] = verdict_summary(believed, scores)
        packets.append(verdict_packets(frame, content))
        judged[frame] = Judged(picture=pictures[frame], flags=believed, scores=scores,
                               model_id=int(verdict["model_id"]))
        outcomes.append(_outcome(verdict, flags, program,
                                 (cycle - ends[frame]) / config.sync_clock_hz))
    packets.append(expected_tensors(
        judged, settings, _region(config, registers), recordings.packet_bytes,
        cut_short=judged if tensors_lost else lost, models=[0, *known]))
    for given in recordings.verdicts:
        received.append((int(given["verdict"]["frame"]), _bytes(given["verdict"])))
    return ArrayRun(boundaries=[words, compare_values("npu", expected, received)],
                    packets=b"".join(packets), summaries=summaries, verdicts=outcomes)


def _pictures(config: DieConfig, registers: Mapping[str, int],
              windows: Mapping[str, Sequence[int]], settings: Mapping[int, Mapping[str, Any]],
              combined: Sequence[Row]) -> dict[int, NDArray[np.int8]]:
    """What the network sees of each whole frame that is to be judged."""
    if config.npu is None:
        return {}
    knots = list(tone_knots(logarithmic()))
    for index, word in enumerate(windows.get("vision_tone_curve", ())):
        knots[index] = word - (1 << 16) * (word >> 15)
    model = VisionModel(config, {"enable": 1} | {
        name: registers[f"vision_{name}"] for name in VISION_REGISTERS}, knots)
    rows: dict[int, list[NDArray]] = {}
    for row in combined:
        frame = row.key[0]
        if settings[frame]["verdict"] and not settings[frame]["uncombined"]:
            rows.setdefault(frame, []).append(row.values)
    return {frame: model.frame(np.stack(lines), settings[frame])
            for frame, lines in rows.items() if len(lines) == sum(
                row.kind == 0 for row in rows_of_frame(config, settings[frame]))}


def _compare_words(registers: Mapping[str, int], pictures: Mapping[int, NDArray[np.int8]],
                   recordings: Recordings, lost: Collection[int]) -> Boundary:
    """Frames that were lost have as many words as others, and nobody looks at them."""
    size = registers["vision_rows"] * registers["vision_columns"]
    begun = [int(event["frame"]) for event in recordings.region_events if not event["lost"]]
    expected, received = [], []
    for place, frame in enumerate(begun):
        if frame in lost or frame not in pictures:
            continue
        expected += [(frame, index, word, (index + 1) % registers["vision_columns"] == 0)
                     for index, word in enumerate(
                         word for row in input_words(pictures[frame]) for word in row)]
        received += [(frame, index, int(word["word"]), bool(word["row_last"])) for index, word in
                     enumerate(recordings.vision_words[place * size:(place + 1) * size])]
    return compare_values("vision", expected, received)


def _scores(program: Program, picture: NDArray[np.int8]) -> list[int]:
    lanes = NpuModel(program).run(picture).reshape(-1)
    return lanes[:program.classes or None].tolist()


def _region(config: DieConfig, registers: Mapping[str, int]) -> tuple[int, int, int, int]:
    cell = cell_pixels(config)
    return (registers["vision_column_start"], registers["vision_row_start"],
            registers["vision_cells_x"] * cell, registers["vision_cells_y"] * cell)


def _bytes(verdict: np.void) -> bytes:
    """The verdict as it lies in the die's register."""
    region = [int(verdict["region"][name]) for name in ("x_start", "y_start", "columns", "rows")]
    return b"".join((
        bytes([int(verdict["layout"]), sum(int(verdict["flags"][name]) << bit
                                           for bit, name in enumerate(FLAGS))]),
        int(verdict["frame"]).to_bytes(2, "little"), int(verdict["model_id"]).to_bytes(4, "little"),
        int(verdict["cycles"]).to_bytes(4, "little"),
        *(length.to_bytes(2, "little") for length in region),
        bytes([int(verdict["class_number"]), int(verdict["score_count"])]),
        int(verdict["spare"]).to_bytes(2, "little"),
        np.asarray(verdict["scores"]).astype(np.int8).tobytes()))


def _outcome(verdict: np.void, flags: tuple[str, ...], program: Program | None,
             latency_s: float) -> VerdictOutcome:
    number = int(verdict["class_number"])
    names = program.class_names if program else ()
    is_valid = flags == ("valid",)
    return VerdictOutcome(
        frame=int(verdict["frame"]), flags=flags, class_number=number if is_valid else None,
        class_name=(names[number] if number < len(names) else f"class {number}")
        if is_valid else None,
        scores=tuple(int(score) for score in verdict["scores"][:int(verdict["score_count"])]),
        cycles=int(verdict["cycles"]), latency_s=latency_s if is_valid else None,
        region=tuple(int(verdict["region"][name])
                     for name in ("x_start", "y_start", "columns", "rows")),
        model_id=int(verdict["model_id"]))
