# SPDX-License-Identifier: Apache-2.0
"""Options that several verbs share."""

from difflib import get_close_matches
from math import inf
from typing import Annotated

import typer

from ..errors import UserError

__all__ = ["ElectronsPerSecond", "PresetName", "check_preset_name"]


def _complete_preset(incomplete: str) -> list[str]:
    from tapetum.presets import PRESETS

    return [name for name in PRESETS if name.startswith(incomplete)]


def check_preset_name(name: str) -> str:
    """Return `name`, or refuse it with the nearest preset and the list of all."""
    from tapetum.presets import PRESETS

    if name in PRESETS:
        return name
    nearest = get_close_matches(name, PRESETS, n=1)
    hint = f"did you mean {nearest[0]}? There are" if nearest else "choose one of"
    raise UserError(f"there is no preset {name!r}; {hint} {', '.join(PRESETS)}.")


PresetName = Annotated[str, typer.Option(
    "--preset", metavar="NAME", autocompletion=_complete_preset, callback=check_preset_name,
    help="Configuration of the die; `tapetum presets` lists them.")]
"""Type of a verb's ``preset`` parameter: the name of an existing preset."""


def _check_scale(value: float | None) -> float | None:
    if value is None or 0 < value < inf:
        return value
    raise UserError(f"--electrons-per-second must be finite and above 0, not {value:g}; leave "
                    f"it out and the scene fills the range.")


ElectronsPerSecond = Annotated[float | None, typer.Option(
    "--electrons-per-second", callback=_check_scale,
    help="Electrons per second of the large photodiode for one unit of the scene's radiance; "
    "by default the scene fills the range.")]
"""Type of a verb's ``electrons_per_second`` parameter: the scale of its scene."""
