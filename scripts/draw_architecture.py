#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws docs/architecture.svg: ``python scripts/draw_architecture.py``.

The picture has a background of its own and follows the reader's light or dark mode.
"""

from pathlib import Path

__all__ = ["draw"]

WIDTH, HEIGHT = 1376, 944
SHIFT = 44
"""The logic die lies this far to the right of where its rooms are written down."""

STYLE = """
  .paper { fill: #fbfaf7 } .die { fill: #f1efe9; stroke: #b9b4a6; stroke-width: 1.5 }
  .ink, .name { fill: #22252b } .soft { fill: #5d6470 } .pay { fill: #22252b }
  .sync { fill: #d5e6f6; stroke: #2f6fb0 } .adc { fill: #fbe3bd; stroke: #b87412 }
  .byte { fill: #e5daf5; stroke: #7a4fb8 } .host { fill: #e9e9e6; stroke: #85887f }
  .wire { stroke: #22252b; fill: none; stroke-width: 2 } .tip { fill: #22252b }
  .ctl { stroke: #3c8a5c; fill: none; stroke-width: 1.6 } .ctip { fill: #3c8a5c }
  .ctext { fill: #2c6d47 }
  .warn { stroke: #b8452f; fill: none; stroke-width: 1.6; stroke-dasharray: 5 4 }
  .wtip { fill: #b8452f } .wtext { fill: #9c3a27 }
  .bond { fill: #d9a441; stroke: #8c6419 }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #14171c } .die { fill: #1d2128; stroke: #4b5260 }
    .ink, .name, .pay { fill: #e8e6e1 } .soft { fill: #a4acb8 }
    .sync { fill: #1d3a57; stroke: #6aa9e6 } .adc { fill: #4d3712; stroke: #e0a548 }
    .byte { fill: #3a2a57; stroke: #ae88e6 } .host { fill: #2b2f36; stroke: #868d98 }
    .wire { stroke: #e8e6e1 } .tip { fill: #e8e6e1 }
    .ctl { stroke: #6cc28f } .ctip { fill: #6cc28f } .ctext { fill: #86d3a5 }
    .warn { stroke: #ee8069 } .wtip { fill: #ee8069 } .wtext { fill: #f39a87 }
    .bond { fill: #e4b458; stroke: #f2d9a0 }
  }
  text { font-family: "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif }
  .title { font-size: 24px; font-weight: 600 } .name { font-size: 18px; font-weight: 600 }
  .small { font-size: 13px } .label { font-size: 14px }
  .pay { font-size: 13px; font-family: "SF Mono", Consolas, "DejaVu Sans Mono", monospace }
  .mono { font-size: 13px; font-family: "SF Mono", Consolas, "DejaVu Sans Mono", monospace }
  .sync, .adc, .byte, .host { stroke-width: 1.6 }
"""

MOSAIC = (("#c8553d", "#5b9a5f"), ("#5b9a5f", "#3f74b5"))


def _text(x: float, y: float, words: str, kind: str, anchor: str = "middle") -> str:
    words = words.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">{words}</text>'


def _box(x: float, y: float, width: float, height: float, kind: str, radius: float = 9) -> str:
    return (f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}" '
            f'class="{kind}"/>')


def _wire(points: list[tuple[float, float]], kind: str = "wire", tip: str = "tip",
          both: bool = False) -> str:
    """A line along ``points`` with an arrow head at its end, or at both."""
    path = " L ".join(f"{x} {y}" for x, y in points)
    drawn = f'<path d="M {path}" class="{kind}"/>' + _tip(points[-2], points[-1], tip)
    return drawn + (_tip(points[1], points[0], tip) if both else "")


def _tip(before: tuple[float, float], end: tuple[float, float], kind: str) -> str:
    x, y = end
    along = ((x > before[0]) - (x < before[0]), (y > before[1]) - (y < before[1]))
    across = (-along[1], along[0])
    corners = [(x, y), *((x - 10 * along[0] + side * 5 * across[0],
                          y - 10 * along[1] + side * 5 * across[1]) for side in (-1, 1))]
    return f'<polygon points="{" ".join(f"{a},{b}" for a, b in corners)}" class="{kind}"/>'


def _room(x: float, y: float, width: float, height: float, name: str, lines: list[str],
          kind: str = "sync") -> str:
    middle = x + width / 2
    return "".join([
        _box(x, y, width, height, kind), _text(middle, y + 27, name, "name"),
        *(_text(middle, y + 49 + 18 * index, line, "small soft")
          for index, line in enumerate(lines))])


def _halves(x: float, y: float, width: float, height: float, split: float, name: str,
            left: tuple[str, list[str]], right: tuple[str, list[str]]) -> str:
    """A room with two clocks: the left ``split`` pixels have one, the rest the other."""
    parts = []
    for start, size, (kind, lines), shape in (
            (x, split, left, "M {0} {2} h -{1} a 9 9 0 0 0 -9 9 v {3} a 9 9 0 0 0 9 9 h {1} z"),
            (x + split, width - split, right,
             "M {0} {2} h {1} a 9 9 0 0 1 9 9 v {3} a 9 9 0 0 1 -9 9 h -{1} z")):
        path = shape.format(x + split, size - 9, y, height - 18)
        parts.append(f'<path d="{path}" class="{kind}"/>')
        parts += [_text(start + size / 2, y + 52 + 18 * index, line, "small soft")
                  for index, line in enumerate(lines)]
    parts.append(_text(x + split / 2, y + 27, name, "name"))
    return "".join(parts)


def _pixel_die() -> str:
    parts = [_box(32, 84, 196, 440, "die", 12), _text(130, 112, "pixel die", "name"),
             _text(130, 131, "analogue; modelled", "small soft")]
    for row in range(8):
        for column in range(8):
            colour = MOSAIC[row % 2][column % 2]
            parts.append(f'<rect x="{50 + 20 * column}" y="{146 + 16 * row}" width="18" '
                         f'height="14" rx="3" fill="{colour}" opacity="0.82"/>')
    parts += [_text(130, 294, "large + small photodiode,", "small soft"),
              _text(130, 311, "two conversion gains", "small soft"),
              _box(48, 332, 164, 168, "host", 7),
              _text(130, 410, "column", "label ink"), _text(130, 428, "comparators", "label ink")]
    return "".join(parts)


def _bonds() -> str:
    """Words above the bonds; each line between the dies passes through a pair of pads."""
    parts = [_text(288, 106, "bonds", "label soft"), _text(288, 123, "Cu–Cu", "small soft")]
    for y in (176, 216, 364, 416, 468):
        parts += [f'<circle cx="{x}" cy="{y}" r="5" class="bond"/>' for x in (240, 336)]
    return "".join(parts)


def _pixels() -> str:
    """Rooms of the pixel path, and what travels between them."""
    return "".join([
        _room(336, 150, 232, 92, "readout", ["row timing, pointers, exposure",
                                             "region, skip, flip, trigger, strobe"]),
        _halves(336, 296, 300, 204, 156, "adc",
                ("adc", ["ramp sequencer", "Gray counter", "broadcast", "column latches",
                         "bond repair", "and test"]),
                ("sync", ["conversion control", "row buffers", "column multiplexer",
                          "digital CDS"])),
        _room(728, 296, 120, 122, "correct", ["columns, black,", "rows, gains,", "defects"]),
        _room(944, 296, 120, 122, "hdr", ["line buffers,", "align, combine", "to 24 bits"]),
        _room(1140, 296, 128, 96, "compander", ["24 bits to", "12 … 24 bits"]),
        _room(1140, 432, 128, 62, "selector", ["or each capture"]),
        *(_wire([(336, y), (168, y)]) for y in (176, 216, 364, 416)),
        _wire([(168, 468), (336, 468)]),
        *(_text(244, y, words, "pay") for y, words in (
            (166, "RowControl"), (206, "ShutterControl"), (354, "ramp_code"), (406, "bond_map"),
            (458, "comparators"))),
        _wire([(400, 242), (400, 296)]), _text(410, 274, "RampCommand", "pay", "start"),
        _wire([(636, 344), (728, 344)]), _text(725, 334, "CodePixels", "pay", "end"),
        _wire([(848, 344), (944, 344)]), _text(896, 334, "CodePixels", "pay"),
        _wire([(1064, 344), (1140, 344)]), _text(1101, 320, "Linear", "pay"),
        _text(1101, 334, "Pixels", "pay"),
        _wire([(888, 344), (888, 463), (1140, 463)]),
        _text(1092, 453, "CodePixels", "pay"), _text(1092, 481, "uncombined", "small soft"),
        _wire([(1204, 392), (1204, 432)]), _text(1194, 416, "OutputPixels", "pay", "end"),
        _wire([(1204, 494), (1204, 590)]), _text(1194, 528, "OutputPixels", "pay", "end"),
    ])


def _measuring() -> str:
    """Rooms that look at the pixels: statistics, and the array with its front end."""
    return "".join([
        _room(658, 442, 114, 84, "stats", ["histograms,", "exposure"]),
        _wire([(750, 418), (750, 442)]), _wire([(715, 526), (715, 548)], "ctl", "ctip"),
        _room(880, 716, 120, 84, "vision", ["cells, tone", "curve, int8"]),
        _room(716, 716, 120, 84, "npu", ["systolic array,", "program"]),
        _wire([(1004, 418), (1004, 688), (940, 688), (940, 716)]),
        _text(932, 706, "LinearPixels", "pay", "end"),
        _wire([(880, 758), (836, 758)]),
        _wire([(776, 800), (776, 836), (1060, 836), (1060, 700)]),
        _text(918, 854, "verdict", "pay"),
    ])


def _control() -> str:
    """Registers, settings that go out, faults that come back, and the link."""
    return "".join([
        _room(336, 590, 300, 110, "control", ["registers, settings guard",
                                              "settings of four frames", "faults, status"]),
        '<path d="M 560 590 V 548 H 1284 V 344" class="ctl"/>',
        _wire([(1284, 344), (1268, 344)], "ctl", "ctip"),
        _wire([(1284, 463), (1268, 463)], "ctl", "ctip"),
        _wire([(600, 548), (600, 500)], "ctl", "ctip"),
        _wire([(1044, 548), (1044, 418)], "ctl", "ctip"),
        _wire([(1080, 548), (1080, 590)], "ctl", "ctip"),
        _text(804, 541, "adopted settings", "label ctext", "start"),
        _wire([(352, 590), (352, 530), (318, 530), (318, 230), (336, 230)], "ctl", "ctip"),
        _text(362, 541, "FrameSettings", "mono ctext", "start"),
        _wire([(480, 500), (480, 590)], "warn", "wtip"),
        _wire([(544, 242), (544, 268), (646, 268), (646, 620), (636, 620)], "warn", "wtip"),
        _wire([(1020, 645), (636, 645)], "warn", "wtip"),
        '<path d="M 788 418 V 645 M 964 418 V 645" class="warn"/>',
        _text(664, 636, "faults, status", "label wtext", "start"),
        _halves(1020, 590, 248, 110, 112, "csi2",
                ("sync", ["row memory", "embedded row"]),
                ("byte", ["packets, ECC, CRC", "1, 2 or 4 lanes"])),
        _room(440, 736, 120, 84, "safety", ["mechanisms,", "self-test"]),
        _wire([(500, 736), (500, 700)], "warn", "wtip"),
        _wire([(420, 914), (420, 700)], both=True),
        _text(410, 898, "CCI: scl, sda", "pay", "end"),
        _wire([(480, 914), (480, 700)], both=True),
        _text(490, 898, "SPI", "pay", "start"),
        _wire([(1200, 700), (1200, 914)]), _text(1188, 898, "PhyLanes, to a D-PHY", "pay", "end"),
        _wire([(580, 700), (580, 914)], "warn", "wtip"),
        _text(592, 898, "error pin", "label wtext", "start"),
        _wire([(640, 176), (568, 176)]), _text(650, 181, "external_sync pin", "pay", "start"),
        _wire([(568, 216), (640, 216)]), _text(650, 221, "sync_output, strobe pins", "pay",
                                               "start"),
    ])


def _legend() -> str:
    parts = []
    for index, (kind, words) in enumerate((
            ("sync", "sync: pixels"), ("adc", "adc: column counters"),
            ("byte", "byte: CSI-2 lanes"))):
        y = 136 + 28 * index
        parts += [_box(906, y, 26, 18, kind, 4), _text(942, y + 14, words, "label ink", "start")]
    for index, (kind, words) in enumerate((
            ("wire", "pixels and commands"), ("ctl", "settings of a frame"),
            ("warn", "faults and status"))):
        y = 145 + 28 * index
        parts += [f'<path d="M 1104 {y} H 1134" class="{kind}"/>',
                  _text(1144, y + 5, words, "label ink", "start")]
    return "".join(parts)


def draw() -> str:
    """The whole picture as SVG."""
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-label="The die: rooms, streams and clock domains">',
        "<!-- SPDX-License-Identifier: Apache-2.0; drawn by scripts/draw_architecture.py -->",
        f"<style>{STYLE}</style>",
        _box(0, 0, WIDTH, HEIGHT, "paper", 14),
        _text(32, 50, "Tapetum", "title ink", "start"),
        _text(140, 50, "from comparator edges to CSI-2 packets", "label soft", "start"),
        _pixel_die(),
        f'<g transform="translate({SHIFT} 0)">',
        _box(304, 84, 1000, 784, "die", 12),
        _text(336, 116, "logic die", "name", "start"),
        _text(424, 116, "hdl/tapetum: one folder per room", "small soft", "start"),
        _pixels(), _measuring(), _control(), _legend(), "</g>", _bonds(),
        "</svg>", ""])


if __name__ == "__main__":
    path = Path(__file__).parents[1] / "docs" / "architecture.svg"
    path.write_text(draw(), encoding="utf-8")
    print(path)
