# SPDX-License-Identifier: Apache-2.0
"""All memories of a die: how large they are, what a flipped bit does, and what finds it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from amaranth import *
from amaranth.hdl import Fragment

from tapetum.config import DieConfig
from tapetum.die import Die

__all__ = ["GROUPS", "MemoryFacts", "MemoryGroup", "group_of", "memories_of", "memory_table"]


@dataclass(frozen=True, kw_only=True)
class MemoryFacts:
    """One memory: the names of submodules that lead to it, bits of a word, words."""

    path: str
    width: int
    depth: int

    @property
    def bits(self) -> int:
        return self.width * self.depth


@dataclass(frozen=True, kw_only=True)
class MemoryGroup:
    """Memories that are protected alike.

    Parameters
    ----------
    pattern : str
        Regular expression that matches the beginning of their paths.
    loses : str
        What a bit that flips there does.
    found_by : str
        "parity", "SECDED" or "-", and what else there is.
    """

    name: str
    pattern: str
    loses: str
    found_by: str


GROUPS = (
    MemoryGroup(name="settings of the frames in flight, in every room that reads them",
                pattern=r"(.*\.of_(frames|codes|combined)|correct\.at_\w+)$",
                loses="what a room does with one frame", found_by="-"),
    MemoryGroup(name="registers", pattern=r"control\.bank\.memory\.(values|checks)",
                loses="a setting, from the next check of settings on",
                found_by="SECDED, of each byte; CRC-32 in every frame"),
    MemoryGroup(name="attributes and reset values of registers (read only)",
                pattern=r"control\.bank\.memory\.attributes",
                loses="a register's write or reset", found_by="-"),
    MemoryGroup(name="limits of settings (read only)", pattern=r"control\.guard\.program",
                loses="a limit of a setting", found_by="-"),
    MemoryGroup(name="factors of the registers' CRC (read only)", pattern=r"safety\.register_map",
                loses="a false alarm", found_by="itself: every CRC is wrong"),
    MemoryGroup(name="blocks on the SPI port", pattern=r"spi\.blocks\.buffer",
                loses="a byte of a block that was right",
                found_by="CRC-32 of a program at its load"),
    MemoryGroup(name="exposures that were planned", pattern=r"safety\.exposure",
                loses="a false alarm", found_by="itself: an exposure differs"),
    MemoryGroup(name="row events", pattern=r"readout\.table\.words",
                loses="the timing of every row", found_by="parity, of each word that is played"),
    MemoryGroup(name="row events after a reset (read only)", pattern=r"readout\.table\.rom",
                loses="the timing of rows, after the next reset", found_by="-"),
    MemoryGroup(name="column offsets and gains",
                pattern=r"correct\.fixed_pattern\.column\.(offset|gain|low)_memory",
                loses="a column, until it is learnt anew", found_by="parity"),
    MemoryGroup(name="rows that wait for their mean",
                pattern=r"correct\.fixed_pattern\.(row_noise|column\.offsets)\.hold",
                loses="a pixel, a lesson", found_by="parity"),
    MemoryGroup(name="black levels", pattern=r"correct\.fixed_pattern\.black",
                loses="the black of a capture, until it is measured anew", found_by="-"),
    MemoryGroup(name="lens shading", pattern=r"correct\.lens_shading",
                loses="the gain of a cell, until it is written anew", found_by="parity"),
    MemoryGroup(name="line store of defects", pattern=r"correct\.defects\.store",
                loses="a pixel", found_by="parity, of each code, in its last row"),
    MemoryGroup(name="list of defects", pattern=r"correct\.defects\.marks",
                loses="a pixel in every frame", found_by="order, at its loading"),
    MemoryGroup(name="thresholds of defects",
                pattern=r"correct\.defects\.(support|judge_\d)\.",
                loses="how defects of a level are judged", found_by="-"),
    MemoryGroup(name="other notes of corrections",
                pattern=r"correct\.(row_monitor|defects\.(sequencer|counts))",
                loses="a row's name, a count", found_by="-"),
    MemoryGroup(name="histograms", pattern=r"stats\.histogram",
                loses="a count of a frame", found_by="-"),
    MemoryGroup(name="logarithms of exposure (read only)", pattern=r"stats\.auto_exposure",
                loses="the step of an exposure", found_by="-"),
    MemoryGroup(name="line buffers of captures", pattern=r"hdr\.align\.ring_\w+\.store",
                loses="a pixel", found_by="parity"),
    MemoryGroup(name="names of their rows", pattern=r"hdr\.align\.ring_\w+\.keys",
                loses="a capture of a row", found_by="fault `row_mismatch`"),
    MemoryGroup(name="pixels that wait beside their arithmetic",
                pattern=r"(hdr\.combine|compander\.compander\.(operands|beside)|selector)",
                loses="a pixel", found_by="parity"),
    MemoryGroup(name="companding tables", pattern=r"compander\.compander\.search",
                loses="the codes of a segment, until it is written anew", found_by="parity"),
    MemoryGroup(name="companding tables as the host sees them",
                pattern=r"compander\.loader",
                loses="a segment, after the next load", found_by="the check at a load"),
    MemoryGroup(name="rows on their way to the link",
                pattern=r"(csi2|flicker_map\.link|tensors\.link)\.row_memory",
                loses="four pixels, eight marks", found_by="parity"),
    MemoryGroup(name="the network's input and scores before they wait there",
                pattern=r"tensors\.bytes",
                loses="a pixel of the network's input, a score", found_by="parity"),
    MemoryGroup(name="order of the embedded rows (read only)", pattern=r"csi2\.encoder\.program",
                loses="embedded rows", found_by="the checksum is right, a parser's order is not"),
    MemoryGroup(name="settings that embedded rows tell", pattern=r"csi2\.encoder\.record",
                loses="a byte of an embedded row", found_by="parity"),
    MemoryGroup(name="what the rows below a frame tell", pattern=r"csi2\.(keeper|sender\.checksum)",
                loses="a frame's summary or CRC-32",
                found_by="CRC-32 of the frame, at the receiver"),
    MemoryGroup(name="queues of rows and packets on their way to the link",
                pattern=r"(csi2|flicker_map\.link|verdicts|tensors\.link)\."
                        r"(tracker|rows|embedded|descriptors|announced)",
                loses="a packet, an embedded row", found_by="parity"),
    MemoryGroup(name="verdicts on their way to the link", pattern=r"verdicts\.slots",
                loses="a verdict", found_by="parity"),
    MemoryGroup(name="small queues of the link",
                pattern=r"(csi2|flicker_map\.link|verdicts|tensors\.link)\."
                        r"(released|checksums|clocks)",
                loses="a place for a row or a verdict, a checksum", found_by="-"),
    MemoryGroup(name="programs that wait to be used", pattern=r"npu\.memory",
                loses="every verdict after the next load",
                found_by="SECDED, repaired in place; CRC-32 at a load"),
    MemoryGroup(name="weights and parameters of the array",
                pattern=r"npu\.engine\.(chain\.cell_\d+|residual\.table)",
                loses="every verdict, until the program is loaded anew",
                found_by="golden inference, in every frame"),
    MemoryGroup(name="layers and schedule of the array",
                pattern=r"npu\.engine\.(setup|scoreboard)",
                loses="every verdict, until the program is loaded anew",
                found_by="golden inference, in every frame"),
    MemoryGroup(name="activations of the array", pattern=r"npu\.engine\.activations",
                loses="a verdict", found_by="parity"),
    MemoryGroup(name="addends and input words that the array takes in some clocks",
                pattern=r"npu\.engine\.(residual\.residuals|writer)",
                loses="a verdict", found_by="-"),
    MemoryGroup(name="sums and curve of the network's front end", pattern=r"vision\.",
                loses="a pixel of the network's input",
                found_by="parity; not where lanes wait for each other"),
)


def memories_of(config: DieConfig) -> list[MemoryFacts]:
    """Of a whole die, in the order of its parts."""
    return list(_walk(Fragment.get(Die(config), None), ()))


def _walk(fragment: Any, path: tuple[str, ...]) -> Iterator[MemoryFacts]:
    content = getattr(fragment, "_data", None)
    if content is not None:
        yield MemoryFacts(path=".".join(path), depth=content.depth,
                          width=Shape.cast(content.shape).width)
    for part, name, *_ in fragment.subfragments:
        # The clock gate around a room is none of its names.
        yield from _walk(part, path if name in (None, "part") else (*path, name))


def group_of(memory: MemoryFacts) -> MemoryGroup:
    """The first one whose pattern it has."""
    try:
        return next(group for group in GROUPS if re.match(group.pattern, memory.path))
    except StopIteration:
        raise ValueError(f"{memory.path} belongs to no group of memories.") from None


def memory_table(*configs: DieConfig) -> list[list[object]]:
    """Rows of a table: name, bits in each of `configs`, what is lost, what finds it."""
    found = [memories_of(config) for config in configs]
    rows: list[list[object]] = []
    for group in GROUPS:
        bits = [sum(memory.bits for memory in memories if group_of(memory) is group)
                for memories in found]
        rows.append([group.name, *(f"{each:,}" for each in bits), group.loses, group.found_by])
    total = [sum(memory.bits for memory in memories) for memories in found]
    return [*rows, ["all", *(f"{each:,}" for each in total), "", ""]]
