# SPDX-License-Identifier: Apache-2.0
"""How much of a program the golden inference sees, by the model of the array."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from tapetum.npu.program import CHANNEL_LANES, LANES, Mode, Program
from tapetum.presets import preset
from tapetum_compiler.models import tunnel_program
from tapetum_sim.models.golden_inference import signature
from tapetum_sim.models.npu import NpuModel
from tapetum_sim.train.camera import FastCamera
from tapetum_sim.train.data import HELD_OUT_SEED, INPUT_SHAPE, make_pictures

KINDS = ("convolution", "convolution", "convolution", "convolution", "maximum", "maximum",
         "full connection")
"""Layers of the packaged network."""


def drawn(program: Program, random: np.random.Generator) -> tuple[str, Program]:
    """Where a bit of the weights was inverted, and the program with it."""
    bases = [layer.weight_base for layer in program.layers]
    cell, word, lane, bit = (int(random.integers(limit)) for limit in (
        program.cells, program.weights.shape[1], LANES, 8))
    number = int(np.searchsorted(bases, word, side="right")) - 1
    used = program.layers[number].mode is Mode.KERNEL_ROW or lane < CHANNEL_LANES
    weights = program.weights.copy()
    weights[cell, word, lane] ^= np.uint8(1 << bit).view(np.int8)
    return KINDS[number] if used else "unused lane", replace(program, weights=weights)


def test_the_packaged_program_has_its_signature():
    program = tunnel_program()
    assert program.signature == signature(program)


@pytest.mark.parametrize("count, least", [
    (200, 0.96), pytest.param(1500, 0.985, marks=pytest.mark.slow)])
def test_of_a_hundred_wrong_bits_of_convolutions_about_one_is_not_seen(count, least, seed):
    program, random = tunnel_program(), np.random.default_rng(seed)
    bits, seen = Counter(), Counter()
    for _ in range(count):
        place, wrong = drawn(program, random)
        bits[place] += 1
        seen[place] += signature(wrong) != program.signature
    print({place: f"{seen[place]} of {bits[place]}" for place in bits})
    assert seen["convolution"] >= least * bits["convolution"]
    assert not seen["unused lane"], "nothing is multiplied with it"


@pytest.mark.slow
def test_what_changes_a_score_is_seen(seed):
    """Pictures that the network was not trained with. What is missed lies mostly in maxima: a
    wrong zero shows only where it makes another pixel the largest.
    """
    program, random = tunnel_program(), np.random.default_rng(seed)
    rows, columns, channels = INPUT_SHAPE
    camera = FastCamera(preset("tiny"), rows=rows, columns=columns, channels=channels)
    shown, = make_pictures(camera, range(HELD_OUT_SEED, HELD_OUT_SEED + 8), captures=[None])

    def scores(of: Program) -> list[list[int]]:
        return [NpuModel(of).run(picture).ravel()[:of.classes].tolist() for picture in shown.codes]

    right, harmful, seen = scores(program), 0, 0
    for _ in range(400):
        _, wrong = drawn(program, random)
        if scores(wrong) != right:
            harmful += 1
            seen += signature(wrong) != program.signature
    print(f"{harmful} of 400 change a score of 8 pictures, {seen} of these the signature")
    assert seen >= 0.94 * harmful
