# SPDX-License-Identifier: Apache-2.0
"""Pens at the array and at its front end."""

from amaranth import *
from amaranth.lib import data

from tapetum.die import Die
from tapetum.npu.step import InputWord
from tapetum.npu.verdict import Verdict

from ..simulator import Recorder

__all__ = ["FrameEnd", "GivenVerdict", "RegionEvent", "add_array_pens"]


class RegionEvent(data.Struct):
    """The first pixel of a frame's region has come, or the frame is lost."""

    frame: 16
    lost: 1
    cycle: 40


class FrameEnd(data.Struct):
    """The last pixel of a combined frame."""

    frame: 16
    cycle: 40


class GivenVerdict(data.Struct):
    """A verdict, and when it was there."""

    verdict: Verdict
    cycle: 40


def add_array_pens(m: Module, die: Die, cycle: Signal) -> None:
    """Recordings ``vision_words``, ``region_events``, ``frame_ends`` and ``verdicts``."""
    vision, npu = die.vision, die.npu
    pens = {name: Recorder(shape, name) for name, shape in (
        ("vision_words", InputWord), ("region_events", RegionEvent), ("frame_ends", FrameEnd),
        ("verdicts", GivenVerdict))}
    for name, pen in pens.items():
        m.submodules[f"{name}_pen"] = pen
        if name != "vision_words":
            m.d.comb += [pen.ready.eq(1), pen.payload.cycle.eq(cycle)]
    m.d.comb += [
        *pens["vision_words"].watch(vision.o),
        pens["region_events"].valid.eq(vision.frame_first | vision.incomplete),
        pens["region_events"].payload.frame.eq(vision.frame),
        pens["region_events"].payload.lost.eq(vision.incomplete),
        pens["frame_ends"].valid.eq(npu.last),
        pens["frame_ends"].payload.frame.eq(npu.last_frame),
        pens["verdicts"].valid.eq(npu.given),
        pens["verdicts"].payload.verdict.eq(npu.verdict),
    ]
