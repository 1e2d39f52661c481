# SPDX-License-Identifier: Apache-2.0
"""Radiance ``.hdr`` pictures (RGBE), flat and run-length coded.

Ref: G. Ward, "Real Pixels", Graphics Gems II; radiance-online.org, ``src/common/color.c``.
"""

import re

import numpy as np

__all__ = ["read_radiance_hdr"]


def read_radiance_hdr(data: bytes) -> np.ndarray:
    """Linear values of a ``#?RADIANCE`` file; float64, shape ``(height, width, 3)``.

    Raises
    ------
    ValueError
        With the cause, where the file is not one or is cut short.
    """
    if not data.startswith(b"#?"):
        raise ValueError("it does not begin with the signature #?RADIANCE")
    header, _, rest = data.partition(b"\n\n")
    if b"32-bit_rle_xyze" in header:
        raise ValueError("it is coded as XYZE; only RGBE is supported")
    size = re.match(rb"-Y (\d+) \+X (\d+)\n", rest)
    if not size:
        raise ValueError("its resolution line is not of the usual form -Y height +X width")
    height, width = int(size[1]), int(size[2])
    exposure = float(np.prod([float(value) for value in
                              re.findall(rb"^EXPOSURE=\s*(\S+)", header, re.MULTILINE)]))
    rgbe = _read_pixels(np.frombuffer(rest, np.uint8)[size.end():], height, width)
    mantissa, exponent = rgbe[..., :3].astype(np.float64), rgbe[..., 3].astype(np.int64)
    value = np.where(exponent[..., None] > 0,
                     np.ldexp(mantissa + 0.5, exponent[..., None] - 136), 0.0)
    return value / exposure


def _read_pixels(data: np.ndarray, height: int, width: int) -> np.ndarray:
    if not (8 <= width < 32768 and data[:3].tolist() == [2, 2, width >> 8]):
        if data.size < height * width * 4:
            raise ValueError(f"it ends after {data.size} of {height * width * 4} bytes")
        return data[:height * width * 4].reshape(height, width, 4)
    rgbe = np.empty((height, 4, width), np.uint8)
    position = 0
    for row in range(height):
        if data[position:position + 4].tolist() != [2, 2, width >> 8, width & 255]:
            raise ValueError(f"row {row} does not begin as a run-length coded row does")
        position += 4
        for channel in range(4):
            position = _read_run_lengths(data, position, rgbe[row, channel])
    return np.moveaxis(rgbe, 1, 2)


def _read_run_lengths(data: np.ndarray, position: int, line: np.ndarray) -> int:
    filled = 0
    while filled < line.size:
        if position + 1 >= data.size:
            raise ValueError("it is cut short")
        count = int(data[position])
        if count > 128:
            count -= 128
            line[filled:filled + count] = data[position + 1]
            position += 2
        else:
            line[filled:filled + count] = data[position + 1:position + 1 + count]
            position += 1 + count
        if count == 0 or filled + count > line.size:
            raise ValueError("a run of it crosses the end of a row")
        filled += count
    return position
