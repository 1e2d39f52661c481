# SPDX-License-Identifier: Apache-2.0
"""Four pixels into the bytes of their format."""

from amaranth import *
from amaranth.lib import data

from ..control.frame_settings import DataFormat
from .formats import GROUP_BYTES_LARGEST, pixel_bits

__all__ = ["PackedGroup", "pack_group"]


class PackedGroup(data.Struct):
    """``count`` bytes, first one first; ``last`` in its row."""

    bytes: data.ArrayLayout(8, GROUP_BYTES_LARGEST)
    count: range(GROUP_BYTES_LARGEST + 1)
    last: 1


def pack_group(values, data_format: DataFormat) -> list[Value]:
    """Bytes of four left-justified 24-bit pixels (CSI-2 §11.4, annex of RAW16 to RAW24).

    Each format sends the upper eight bits of some samples, then one or more bytes with what is
    left of them, first sample in the low bits. Beyond 16 bits a pixel is two samples of half its
    width, upper half first.
    """
    bits = pixel_bits(data_format)
    if bits == 16:
        return [value[low:low + 8] for value in values for low in (16, 8)]
    if bits > 16:
        half = bits // 2
        samples = [value[low:low + half] for value in values for low in (24 - half, 24 - bits)]
    else:
        samples = [value[24 - bits:] for value in values]
    rest_bits = len(samples[0]) - 8
    if rest_bits == 0:
        return samples
    batch = {2: 4, 4: 2, 6: 4}[rest_bits]
    packed = []
    for start in range(0, len(samples), batch):
        together = samples[start:start + batch]
        rest = Cat(sample[:rest_bits] for sample in together)
        packed += [sample[rest_bits:] for sample in together]
        packed += [rest[low:low + 8] for low in range(0, len(rest), 8)]
    return packed
