# SPDX-License-Identifier: Apache-2.0
"""Cameras whose pictures are computed by the test: what a measurement finds in them is known."""

from collections.abc import Callable

import numpy as np

from tapetum.config import DieConfig
from tapetum.control.frame_settings import FrameSettings
from tapetum_sim.characterise.context import Context
from tapetum_sim.characterise.plan import Plan
from tapetum_sim.characterise.shot import Shot

__all__ = ["Camera", "exposure_windows", "truth_of"]

See = Callable[[DieConfig, Plan, np.ndarray], np.ndarray]


class Camera(Context):
    """A context whose shots are what ``see`` makes of plan and exposure windows.

    It gives linear values in electrons of the first capture: frames x rows x columns. What they
    clip at is the largest linear value.
    """

    see: See

    def take(self, plan: Plan) -> Shot:
        """Ask ``see`` for the picture and put it into a shot; codes stay 0."""
        config = self.config
        windows = exposure_windows(config, plan.frames)
        electrons = self.see(config, plan, windows)
        largest = (1 << config.hdr.linear_bits) - 1
        linear = np.rint(electrons / config.lsb_electrons + config.hdr.pedestal_lsb)
        shape = (plan.frames, len(config.captures), config.array.rows, config.array.columns)
        numbers = list(range(plan.frames))
        return Shot(
            config=config, numbers=numbers,
            settings=dict.fromkeys(numbers, FrameSettings.defaults(config)),
            array_rows=np.arange(config.array.rows), codes=np.zeros(shape, np.uint16),
            corrected=np.zeros(shape, np.uint32),
            linear=np.clip(linear, 0, largest).astype(np.uint32), clipped=linear > largest,
            flicker=None, windows=windows)

    @classmethod
    def of(cls, config: DieConfig, see: See, **options) -> "Camera":
        """A camera that sees so."""
        camera = cls(config=config, **options)
        camera.see = see
        return camera


def exposure_windows(config: DieConfig, frames: int) -> np.ndarray:
    """Seconds: frames x captures x rows x (start, end)."""
    frame, capture, row = np.indices((frames, len(config.captures), config.array.rows))
    exposure_s = np.array([config.exposure_cycles(c) / config.sync_clock_hz
                           for c in config.captures])
    end = (frame + 1) * config.frame_time_s + row * config.line_time_s
    return np.stack([end - exposure_s[capture], end], axis=-1)


def truth_of(config: DieConfig, plan: Plan, windows: np.ndarray, capture: int = 0) -> np.ndarray:
    """Electrons of the first capture, as an integrator with the windows of ``capture`` sees it."""
    exposure_s = config.exposure_cycles(config.captures[0]) / config.sync_clock_hz
    return exposure_s * plan.scene.electrons_per_second * np.array([
        [plan.scene.row_radiance(row, *windows[frame, capture, row])
         for row in range(config.array.rows)] for frame in range(len(windows))])
