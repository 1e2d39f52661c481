# SPDX-License-Identifier: Apache-2.0
"""Every measurement, and what the die must have for it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from tapetum.config import DieConfig

from ..errors import UserError
from . import (
    black_level_figures,
    defect_figures,
    fixed_pattern_figures,
    lamp_figures,
    noise_figures,
)
from .backends import Backend
from .black_level_figures import temperature_shot, warming_shot
from .context import Context
from .defect_figures import DEFECT_SHOTS
from .exposure_figures import exposure_shot, frames_to_settle
from .false_marks import false_marks
from .features import Feature, always, correction, has_auto_exposure, has_flicker_map
from .flat_fields import flat_fields
from .ghosts import edge_shot, ghosts
from .lamps import lamp_survey
from .measurement import Measurement
from .noise_curve import noise_curve
from .scene_error import DEFAULT_SCENE_SHOTS, radiance_error

__all__ = ["CATALOGUE", "KEYS", "Entry", "choose"]


@dataclass(frozen=True)
class Entry:
    """A measurement by its key in ``report.json``; it is not made where ``exists`` says no.

    ``shots`` take what it needs, in any order and at the same time as those of others. With
    ``rtl_only`` the models alone do not do: settings follow from what the die has seen.
    """

    key: str
    measure: Callable[[Context], Measurement]
    shots: tuple[Callable[[Context], object], ...]
    exists: Feature = always
    rtl_only: bool = False


CATALOGUE = (
    Entry("hdr.dynamic_range_db", noise_figures.dynamic_range, (noise_curve,)),
    Entry("hdr.snr_min_db", noise_figures.snr_minimum, (noise_curve,)),
    Entry("hdr.snr_worst_below_optimum_db", noise_figures.snr_below_optimum, (noise_curve,)),
    Entry("hdr.radiance_error_rms", radiance_error, DEFAULT_SCENE_SHOTS),
    Entry("hdr.ghost_lsb", ghosts, (edge_shot,)),
    Entry("lfm.detection", lamp_figures.detection, (lamp_survey,)),
    Entry("lfm.mmp", lamp_figures.mmp, (lamp_survey,)),
    Entry("lfm.mmp_ideal", lamp_figures.mmp_ideal, (lamp_survey,)),
    Entry("lfm.mmp_worst_below_ideal", lamp_figures.mmp_below_ideal, (lamp_survey,)),
    Entry("lfm.false_marks", false_marks, (noise_curve, lamp_survey), has_flicker_map),
    Entry("correct.column_dsnu_lsb", fixed_pattern_figures.column_dsnu, (flat_fields,)),
    Entry("correct.column_prnu_percent", fixed_pattern_figures.column_prnu, (flat_fields,)),
    Entry("correct.row_noise_reduction_db", fixed_pattern_figures.row_noise_reduction,
          (flat_fields,)),
    Entry("correct.defects_corrected", defect_figures.defects_corrected, DEFECT_SHOTS,
          correction("defects_dynamic")),
    Entry("correct.good_pixels_touched", defect_figures.good_pixels_touched, DEFECT_SHOTS,
          correction("defects_dynamic")),
    Entry("correct.black_level_error_lsb", black_level_figures.black_level_error,
          (warming_shot, temperature_shot)),
    Entry("correct.black_level_frames", black_level_figures.black_level_frames, (warming_shot,)),
    Entry("exposure.frames_to_settle", frames_to_settle, (exposure_shot,), has_auto_exposure,
          rtl_only=True),
)
"""In the order in which they are shown."""

KEYS = tuple(entry.key for entry in CATALOGUE)
"""All keys of the report: what is not measured is null."""


def choose(config: DieConfig, only: Iterable[str] = (),
           backend: Backend = Backend.RTL) -> list[Entry]:
    """Measurements that die and backend allow; of those the ones that are asked for.

    ``only`` holds keys or their first parts (``hdr``, ``correct.column_dsnu_lsb``).

    Raises
    ------
    UserError
        A name that no key begins with, or that this die cannot be measured for.
    """
    available = [entry for entry in CATALOGUE if entry.exists(config)
                 and not (entry.rtl_only and backend is Backend.MODEL)]
    wanted = list(only)
    for name in wanted:
        if any(_names(name, entry.key) for entry in available):
            continue
        if any(_names(name, key) for key in KEYS):
            raise UserError(f"{name} cannot be measured: this die has nothing of the kind, or "
                            f"it needs --backend rtl.")
        groups = sorted({key.partition(".")[0] for key in KEYS})
        nearest = get_close_matches(name, [*KEYS, *groups], n=1)
        hint = f"did you mean {nearest[0]}?" if nearest else f"choose from {', '.join(groups)}."
        raise UserError(f"there is no measurement {name!r}; {hint}")
    return [entry for entry in available
            if not wanted or any(_names(name, entry.key) for name in wanted)]


def _names(name: str, key: str) -> bool:
    return key == name or key.startswith(name + ".")
