# SPDX-License-Identifier: Apache-2.0
"""Small random networks, compiled for the array."""

import numpy as np

from tapetum.config import DieConfig
from tapetum.npu.program import Program
from tapetum.registers.array import default_vision
from tapetum_compiler.backend.compile import compile_network
from unit.compiler.networks import RING, convolution, network_of, tensor

__all__ = ["random_program"]


def random_program(config: DieConfig, *, seed: int = 1, classes: int = 5, model_id: int = 1
                   ) -> Program:
    """For the input that the die's front end gives by default."""
    generator, vision = np.random.default_rng([seed, model_id]), default_vision(config)
    image = tensor("image", (vision["rows"], vision["columns"], 3 if vision["rgb"] else 1),
                   zero_point=-7)
    first = convolution(generator, image, "first", channels=16, window=(3, 3), stride=(2, 2),
                        padding=RING)
    second = convolution(generator, first.output, "second", channels=classes,
                         window=(first.output.height, first.output.width), zero_point=3)
    return compile_network(network_of(first, second), model_id=model_id).program
