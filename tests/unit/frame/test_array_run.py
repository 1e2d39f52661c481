# SPDX-License-Identifier: Apache-2.0
"""What the array says is held against its model; what it admits not to know is believed."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from amaranth.hdl import Shape

from support.programs import random_program
from support.small_dies import small_die
from tapetum.config import NpuConfig
from tapetum.control.frame_settings import FrameSettings
from tapetum.npu.step import InputWord
from tapetum.vision.tone_table import logarithmic, tone_knots
from tapetum_sim.frame.array_pens import FrameEnd, GivenVerdict, RegionEvent
from tapetum_sim.frame.array_run import GIVING_CYCLES, compare_array
from tapetum_sim.frame.array_setup import array_registers
from tapetum_sim.frame.recordings import Recordings, Row
from tapetum_sim.host import RegisterMap
from tapetum_sim.models.npu import NpuModel
from tapetum_sim.models.tensors import FrameTensors, tensor_packets
from tapetum_sim.models.verdict import verdict_bytes, verdict_packets
from tapetum_sim.models.vision import VisionModel, input_words
from tapetum_sim.simulator import unpack

DIE = small_die("judged", npu=NpuConfig())
PROGRAM = random_program(DIE, model_id=0x99)
FRAMES, CYCLES = (4, 5), 3000


def records(shape, values: list[int]) -> np.ndarray:
    """A recording of these beats."""
    words = -(-Shape.cast(shape).width // 32)
    raw = b"".join(value.to_bytes(4 * words, "little") for value in values)
    return unpack(np.frombuffer(raw, "<u4").reshape(-1, words), shape)


class Run:
    """What a die that does everything right leaves behind."""

    def __init__(self, seed: int):
        generator = np.random.default_rng(seed)
        self.registers = {name: register.reset
                          for name, register in RegisterMap(DIE).registers.items()
                          if register.is_writable} | array_registers(DIE, PROGRAM)
        settings: dict[str, Any] = FrameSettings.defaults(DIE) | {"verdict": 1}
        self.settings = dict.fromkeys(FRAMES, settings)
        linear = generator.integers(0, 1 << 24, (len(FRAMES), DIE.array.rows, DIE.array.columns))
        self.rows = [Row(key=(frame, 0, 0, row), values=values, marks={})
                     for frame, picture in zip(FRAMES, linear, strict=True)
                     for row, values in enumerate(picture)]
        vision = VisionModel(DIE, {
            name: self.registers[f"vision_{name}"] for name in (
                "column_start", "row_start", "cells_x", "cells_y", "columns", "rows", "rgb",
                "reciprocal", "reciprocal_shift")}, tone_knots(logarithmic()))
        pictures = [vision.frame(picture, settings) for picture in linear]
        self.scores = [NpuModel(PROGRAM).run(picture).reshape(-1)[:PROGRAM.classes].tolist()
                       for picture in pictures]
        self.words = [word | (place == len(row) - 1) << 64 for picture in pictures
                      for row in input_words(picture) for place, word in enumerate(row)]
        self.flags = [("valid",), ("valid",)]
        self.pictures, self.link = pictures, b""

    def verdict(self, place: int, flags: tuple[str, ...]) -> bytes:
        region = (0, 0, DIE.array.columns, DIE.array.rows)
        return verdict_bytes(frame=FRAMES[place], flags=flags, model_id=0x99, cycles=CYCLES,
                             region=region, scores=self.scores[place])

    def compare(self, lost: tuple[int, ...] = (), spoil: int = 0, tensors_lost: bool = False):
        """``spoil`` is a pattern that the first verdict's bits differ by."""
        firsts = {frame: 10_000 * frame for frame in FRAMES}
        contents = [int.from_bytes(self.verdict(place, flags), "little")
                    for place, flags in enumerate(self.flags)]
        contents[0] ^= spoil
        recordings = SimpleNamespace(
            packet_bytes=self.link,
            vision_words=records(InputWord, self.words),
            region_events=records(RegionEvent, [
                *(frame | cycle << 17 for frame, cycle in firsts.items()),
                *(frame | 1 << 16 for frame in lost)]),
            frame_ends=records(FrameEnd, [
                frame | cycle + 2000 << 16 for frame, cycle in firsts.items()]),
            verdicts=records(GivenVerdict, [
                content | firsts[frame] + CYCLES + GIVING_CYCLES << 320
                for frame, content in zip(FRAMES, contents, strict=True)]))
        return compare_array(DIE, [PROGRAM], self.registers, {}, self.settings, self.rows,
                             cast(Recordings, recordings), tensors_lost=tensors_lost)


@pytest.fixture
def run(seed):
    return Run(seed)


def mismatches(compared) -> dict[str, int]:
    return {boundary.name: boundary.mismatches for boundary in compared.boundaries}


def test_a_die_that_is_right_differs_nowhere(run):
    compared = run.compare()
    assert mismatches(compared) == {"vision": 0, "npu": 0}
    assert compared.packets == b"".join(
        verdict_packets(frame, run.verdict(place, ("valid",)))
        for place, frame in enumerate(FRAMES))
    last = compared.verdicts[-1]
    assert last.class_name == f"class {int(np.argmax(run.scores[-1]))}"
    assert last.latency_s == pytest.approx(
        (CYCLES + GIVING_CYCLES - 2000) / DIE.sync_clock_hz)


@pytest.mark.parametrize("bit", [8 * 4, 8 * 8 + 1, 8 * 12, 8 * 20, 8 * 24, 8 * 28 + 3])
def test_any_bit_of_a_valid_verdict_counts(run, bit):
    assert mismatches(run.compare(spoil=1 << bit)) == {"vision": 0, "npu": 1}


def test_a_wrong_word_counts(run):
    run.words[70] ^= 1 << 9
    assert mismatches(run.compare()) == {"vision": 1, "npu": 0}


def test_what_is_marked_is_believed_and_has_no_class(run):
    run.flags[0] = ("incomplete",)
    run.words[3] ^= 1
    compared = run.compare(lost=(FRAMES[0],))
    assert mismatches(compared) == {"vision": 0, "npu": 0}
    assert compared.verdicts[0].class_name is None
    assert compared.verdicts[0].latency_s is None


def test_a_whole_frame_that_is_called_incomplete_counts(run):
    run.flags[0] = ("incomplete",)
    assert mismatches(run.compare()) == {"vision": 0, "npu": 1}


def tensors(run: Run) -> list[FrameTensors]:
    return [FrameTensors(frame=frame, model_id=0x99, picture=picture, output=scores, flags=flags,
                         region=(0, 0, DIE.array.columns, DIE.array.rows))
            for frame, picture, scores, flags in zip(
                FRAMES, run.pictures, run.scores, run.flags, strict=True)]


def test_input_and_output_are_expected_on_the_link_if_they_are_wanted(run):
    run.settings = {frame: settings | {"network_input": 1, "network_output": frame & 1}
                    for frame, settings in run.settings.items()}
    sent = tensors(run)
    assert run.compare().packets.endswith(
        tensor_packets([replace(sent[0], output=None), sent[1]]))


def test_rows_of_an_input_may_be_missing_only_where_the_die_says_so(run):
    run.settings = {frame: settings | {"network_input": 1}
                    for frame, settings in run.settings.items()}
    run.flags[0] = ("incomplete",)
    cut = tensor_packets([
        replace(tensor, output=None, lost_rows=(3, 4)) for tensor in tensors(run)])
    run.link = cut
    first = tensor_packets([replace(tensors(run)[0], output=None, lost_rows=(3, 4))])
    second = tensor_packets([replace(tensors(run)[1], output=None)])
    assert run.compare(lost=(FRAMES[0],)).packets.endswith(first + second)
    assert run.compare(lost=(FRAMES[0],), tensors_lost=True).packets.endswith(cut)


def test_a_verdict_that_never_came_counts(run):
    run.settings[9] = run.settings[FRAMES[0]]
    run.rows += [Row(key=(9, 0, 0, row), values=np.zeros(DIE.array.columns, np.int64), marks={})
                 for row in range(DIE.array.rows)]
    assert mismatches(run.compare())["npu"] == 1


def test_frames_that_nobody_asked_about_are_not_compared(run):
    run.settings = {frame: settings | {"verdict": 0} for frame, settings in run.settings.items()}
    assert run.compare().boundaries == []
