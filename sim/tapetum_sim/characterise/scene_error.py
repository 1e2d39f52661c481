# SPDX-License-Identifier: Apache-2.0
"""How far the combined frame is from the scene's truth, beyond noise."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import numpy as np

from ..pixel_die import PixelDieParameters
from ..scenes import load_scene
from .context import Context
from .drawing import draw
from .measurement import Measurement, at_most
from .optimum import optimum_noise
from .plan import Plan
from .shot import Shot

__all__ = ["DEFAULT_SCENES", "DEFAULT_SCENE_SHOTS", "SceneResult", "radiance_error", "scene_error"]

DEFAULT_SCENES = ("chart", "tunnel")
SETTLING_FRAMES = 2
STILL = 1e-3
"""Exposures of a pixel that differ by more than this share saw something move or flicker."""
LEAST_SNR = 20.0
"""Ratio of signal to expected noise from which on a pixel is judged: 26 dB."""
SHOWN_ERROR = 0.02


@dataclass(frozen=True, kw_only=True)
class SceneResult:
    """Of one scene; shares are of all pixels of the frame.

    Members
    -------
    error_rms : float or None
        Relative, beyond noise. None where no pixel can be judged.
    total_rms : float or None
        Relative, noise included.
    bias : float or None
        Mean relative error.
    judged, moving, clipped, should_clip : float
        Shares: judged; left out because something moves there; reported as clipped; brighter
        than every capture can measure.
    floor_electrons : float or None
        Faintest light that is judged.
    """

    scene: str
    error_rms: float | None
    total_rms: float | None
    bias: float | None
    judged: float
    moving: float
    clipped: float
    should_clip: float
    floor_electrons: float | None
    notices: tuple[str, ...]
    picture: bytes = field(repr=False)

    def figures(self) -> Mapping[str, Any]:
        """Ready for JSON."""
        values = asdict(self)
        del values["picture"]
        return values


def scene_error(context: Context, name: str) -> SceneResult:
    """Measure a scene by its name or file, once."""
    return context.once(f"scene {name}", lambda c: _measure(c, name))


DEFAULT_SCENE_SHOTS = tuple(partial(scene_error, name=name) for name in DEFAULT_SCENES)


def radiance_error(context: Context) -> Measurement:
    """The worst of the default scenes."""
    errors = [scene_error(context, name) for name in DEFAULT_SCENES]
    known = [error.error_rms for error in errors if error.error_rms is not None]
    return Measurement(
        key="hdr.radiance_error_rms", figure=max(known, default=None), unit="",
        target=at_most(0.005),
        method=f"The scenes {' and '.join(DEFAULT_SCENES)} with a pixel die of usual noise, "
               f"spread and column errors. Relative error against the scene's own truth in the "
               f"exposure that each row had; products of the errors of different frames, so that "
               f"noise, which is different in each, averages out; the pixels' own spread of "
               f"response (PRNU), which no die can know, is taken off in quadrature. Over "
               f"pixels of at least {20 * np.log10(LEAST_SNR):.0f} dB, not reported as clipped, "
               f"where nothing moves and no pixel of the die is defective. The worst scene.",
        details={"scenes": [error.figures() for error in errors]},
        pictures={f"error on {error.scene}": error.picture for error in errors})


def _measure(context: Context, name: str) -> SceneResult:
    config = context.config
    scene = load_scene(config, name)
    parameters = PixelDieParameters()
    plan = Plan(name=f"scene-{scene.name}", scene=scene, parameters=parameters,
                frames=SETTLING_FRAMES + max(2, context.frames))
    shot = context.take(plan)
    truth, still = _truth(shot, scene)
    defective = np.zeros(truth.shape[1:], bool)
    for defect in plan.pixel_die(config, context.seed).defects:
        defective[defect.row, defect.column] = True

    measured = shot.electrons[SETTLING_FRAMES:]
    clipped = shot.clipped[SETTLING_FRAMES:]
    noise = optimum_noise(config, parameters, truth[0])
    bright = truth[0] >= LEAST_SNR * noise
    judged = still & bright & ~defective & ~clipped.any(axis=0) & np.isfinite(noise)
    figures = dict.fromkeys(("error_rms", "total_rms", "bias"))
    relative = (measured - truth) / np.where(truth > 0, truth, 1)
    if judged.any():
        error = relative[:, judged]
        frames = len(error)
        # Products of different frames only: (sum^2 - sum of squares) / (n (n - 1)).
        common = ((error.sum(axis=0) ** 2 - (error ** 2).sum(axis=0))
                  / (frames * (frames - 1))).mean()
        figures = {
            "error_rms": float(np.sqrt(max(0.0, common - parameters.photo_response_spread ** 2))),
            "total_rms": float(np.sqrt((error ** 2).mean())), "bias": float(error.mean())}
    return SceneResult(
        scene=name, **figures, judged=float(judged.mean()), moving=float((~still).mean()),
        clipped=float(clipped.mean()), should_clip=float(np.isinf(noise).mean()),
        floor_electrons=float(truth[0][bright].min()) if bright.any() else None,
        notices=tuple(scene.notices), picture=_picture(relative, judged))


def _truth(shot: Shot, scene) -> tuple[np.ndarray, np.ndarray]:
    """Electrons of the first capture in each frame, and where all exposures saw the same."""
    config = shot.config
    exposure_s = config.exposure_cycles(config.captures[0]) / config.sync_clock_hz
    frames, captures, rows, _ = shot.windows[SETTLING_FRAMES:].shape
    truth = np.zeros((frames, rows, scene.columns))
    still = np.ones((rows, scene.columns), bool)
    for frame in range(frames):
        for index, row in enumerate(shot.array_rows.tolist()):
            seen = [scene.row_radiance(row, *shot.windows[SETTLING_FRAMES + frame, capture, index])
                    for capture in range(captures)]
            truth[frame, index] = seen[0] * scene.electrons_per_second * exposure_s
            spread = np.max(seen, axis=0) - np.min(seen, axis=0)
            still[index] &= spread <= STILL * np.max(seen, axis=0)
    return truth, still & (np.ptp(truth, axis=0) <= STILL * truth.max(axis=0))


def _picture(relative: np.ndarray, judged: np.ndarray) -> bytes:
    with draw(height=5.2) as (figure, picture):
        axes = figure.subplots()
        shown = np.where(judged, relative.mean(axis=0), np.nan)
        image = axes.imshow(100 * shown, cmap="RdBu_r", vmin=-100 * SHOWN_ERROR,
                            vmax=100 * SHOWN_ERROR, interpolation="nearest")
        axes.set_facecolor("#888888")
        axes.set_xticks([])
        axes.set_yticks([])
        figure.colorbar(image, label="mean error in % (grey: not judged)", shrink=0.8)
    return picture.getvalue()
