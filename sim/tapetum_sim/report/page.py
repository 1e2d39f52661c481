# SPDX-License-Identifier: Apache-2.0
"""``report.html``: one self-contained page, pictures first."""

from base64 import b64encode
from importlib.resources import files
from typing import Any

import jinja2

from ..frame.record import RunRecord

__all__ = ["render"]


def render(record: RunRecord, summary: dict[str, Any], pictures: dict[str, bytes],
           timeline: bytes | None) -> str:
    """Render the page; ``pictures`` are PNG by name, in the order in which they are shown."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined,
                                     trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(
        files("tapetum_sim.report").joinpath("page.html").read_text(encoding="utf-8"))
    return template.render(
        config=record.config, record=record, summary=summary,
        pictures={name: _data_url(content, "image/png") for name, content in pictures.items()},
        timeline=_data_url(timeline, "image/svg+xml") if timeline else None,
        exposures=[_exposure(record.config, capture) for capture in record.config.captures])


def _data_url(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{b64encode(content).decode()}"


def _exposure(config, capture) -> dict[str, Any]:
    return {
        "name": capture.name,
        "photodiode": capture.photodiode.value,
        "gain": capture.conversion_gain.value,
        "milliseconds": config.exposure_cycles(capture) / config.sync_clock_hz * 1e3,
        "ratio": config.exposure_ratio(capture),
        "electrons_per_code": config.electrons_per_code(capture),
        "lag_lines": capture.lag_lines,
    }
