# SPDX-License-Identifier: Apache-2.0
"""Exposures and gains are the model's, and legal whatever the host and the light do."""

from math import log2

import numpy as np
import pytest

from support import simulate
from support.exposure_loop import loop_config
from tapetum.config import DieConfig
from tapetum.control.frame_settings import FrameSettings
from tapetum.stats.auto_exposure import AutoExposure
from tapetum.stats.exposure_control import Banding, ExposureControl
from tapetum_sim.models.auto_exposure import AutoExposureModel, exponential, logarithm
from tapetum_sim.models.settings import frame_settings

LEVELS = 128


def host_settings(config: DieConfig, generator) -> dict:
    """Anything that a host can bring past the guard."""
    from support.random_settings import random_settings
    from tapetum.registers.table import register_table
    from tapetum.registers.definition import Access, Storage
    registers = {r.name: r.reset for r in register_table(config)
                 if r.access is Access.READ_WRITE and r.storage is Storage.FRAME}
    registers |= random_settings(config, generator)
    return frame_settings(config, registers).settings
