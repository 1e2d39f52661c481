# SPDX-License-Identifier: Apache-2.0
"""``report.html``: one self-contained page, pictures first."""

from typing import Any

from ..frame.record import RunRecord
from ..pages import data_url, render_page

__all__ = ["render"]


def render(record: RunRecord, summary: dict[str, Any], pictures: dict[str, bytes],
           timeline: bytes | None) -> str:
    """Render the page; ``pictures`` are PNG by name, in the order in which they are shown."""
    return render_page(
        "report/page.html", config=record.config, record=record, summary=summary,
        pictures={name: data_url(content) for name, content in pictures.items()},
        timeline=data_url(timeline, "image/svg+xml") if timeline else None,
        exposures=[_exposure(record.config, capture) for capture in record.config.captures])


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
