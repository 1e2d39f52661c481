# SPDX-License-Identifier: Apache-2.0
"""Draws docs/images/tunnel.jpg from the pictures of a run: ``make sim``, then this script."""

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parents[1]
WIDTH, GAP, CAPTION = 1280, 8, 24
ROWS = (
    (("scene", "scene, tone mapped"), ("combined", "24-bit frame from the die, tone mapped")),
    (("HCG", "HCG: large photodiode, high gain, 16.3 ms"), ("LCG", "LCG: low gain, 16.3 ms"),
     ("SPD", "SPD: small photodiode, 11.1 ms"), ("VS", "VS: large photodiode, 0.0187 ms")),
)


def draw(run: Path) -> Image.Image:
    """Lay out the pictures of a ``vga`` run, row by row."""
    widths = [(WIDTH - GAP * (len(row) - 1)) // len(row) for row in ROWS]
    heights = [width * 3 // 4 for width in widths]
    sheet = Image.new("RGB", (WIDTH, sum(heights) + len(ROWS) * CAPTION), (24, 26, 30))
    pen, font, top = ImageDraw.Draw(sheet), ImageFont.load_default(size=14), 0
    for row, width, height in zip(ROWS, widths, heights, strict=True):
        for place, (name, caption) in enumerate(row):
            left = place * (width + GAP)
            picture = Image.open(run / f"{name}.png").convert("RGB")
            sheet.paste(picture.resize((width, height), Image.Resampling.LANCZOS), (left, top))
            pen.text((left + 4, top + height + 3), caption, fill=(220, 220, 220), font=font)
        top += height + CAPTION
    return sheet


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "sim"
    draw(folder).save(ROOT / "docs" / "images" / "tunnel.jpg", quality=90, optimize=True)
