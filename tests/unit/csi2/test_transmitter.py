# SPDX-License-Identifier: Apache-2.0
"""The transmitter sends exactly the bytes of its model, or whole rows less."""

import numpy as np
import pytest

from support import TrafficPattern
from tapetum.control.frame_settings import DataFormat
from tapetum_sim.csi2.decoder import decode
from tapetum_sim.csi2.lanes import merge_lanes
from tapetum_sim.models.csi2 import OutputRow, transmit
from unit.csi2.link_bench import Link, random_frame, settings_with, small_die


@pytest.mark.parametrize("byte_lanes", [1, 2, 4])
@pytest.mark.parametrize("lanes", [1, 2, 4])
def test_every_format_leaves_as_the_model_packs_it(lanes, byte_lanes, seed):
    config = small_die(columns=20, lanes=lanes, byte_lanes=byte_lanes)
    generator = np.random.default_rng(seed)
    rows, settings = [], {}
    for frame, data_format in enumerate(DataFormat):
        settings[frame] = settings_with(config, data_format=data_format)
        rows += random_frame(generator, frame, rows=2, columns=20, data_format=data_format)
    link = Link(config)
    assert link.run(rows, settings) == transmit(config, rows, settings)
    assert link.overflows == 0
    assert merge_lanes(link.bursts) == link.packets
