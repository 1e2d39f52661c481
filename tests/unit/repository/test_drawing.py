# SPDX-License-Identifier: Apache-2.0
"""The drawing of the die is what its script draws, and well-formed."""

import runpy
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "scripts" / "draw_architecture.py"
PICTURE = ROOT / "docs" / "architecture.svg"


def test_the_committed_drawing_is_what_the_script_draws():
    drawn = runpy.run_path(str(SCRIPT))["draw"]()
    assert PICTURE.read_text(encoding="utf-8") == drawn, \
        "docs/architecture.svg is out of date: run `python scripts/draw_architecture.py`"


def test_the_drawing_names_every_room():
    words = {element.text for element in ElementTree.parse(PICTURE).iter() if element.text}
    assert words >= {"readout", "adc", "correct", "hdr", "compander", "selector", "csi2",
                     "control", "safety"}
