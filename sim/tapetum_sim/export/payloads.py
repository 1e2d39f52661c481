# SPDX-License-Identifier: Apache-2.0
"""The catalogue of payloads: what travels between rooms, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from amaranth.hdl import Shape
from amaranth.lib import data, wiring

from tapetum.config import DieConfig
from tapetum.control.frame_settings import CaptureSettings, FrameSettings
from tapetum.control.pin_settings import PinSettings
from tapetum.csi2.frame_results import EndedFrame
from tapetum.csi2.lanes import PhyLanes
from tapetum.csi2.packets import PacketBytes
from tapetum.csi2.tensor_head import TensorHead
from tapetum.npu.step import InputWord
from tapetum.npu.verdict import Verdict, VerdictSummary
from tapetum.pixel import (
    AlignedPixels,
    CodePixels,
    KnownPixels,
    LinearPixels,
    OutputPixels,
    RampCommand,
    RowControl,
    RowReadBack,
    RowTag,
    ShutterControl,
    ShutterReadBack,
    corrected_bits,
)
from tapetum.registers.bus import RegisterBus

__all__ = ["Entry", "catalogue", "payload_tables"]

_LAST = {
    "line_last": "last beat of the row",
    "frame_last": "last beat of the last active row of this capture in this frame",
    "tag": "see `RowTag`",
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One payload: its shape, who sends and takes it, its clock, what each field means."""

    shape: Any
    path: str
    route: str
    clock: str = "`sync`"
    stage: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        name = getattr(self.shape, "__name__", type(self.shape).__name__)
        return f"{name}, {self.stage}" if self.stage else name

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Name and width of each field."""
        if isinstance(self.shape, wiring.Signature):
            return [(name, _width(member.shape)) for name, member in self.shape.members.items()]
        return [(str(name), _width(part.shape)) for name, part in data.Layout.cast(self.shape)]


def _width(shape: Any) -> str:
    if isinstance(shape, data.ArrayLayout):
        return f"{shape.length} x {_width(shape.elem_shape)}"
    return str(Shape.cast(shape).width)


def catalogue(config: DieConfig) -> tuple[Entry, ...]:
    """Every payload, in the order in which a pixel meets them."""
    lanes, captures = config.lanes, len(config.captures)
    return (
        Entry(shape=RowTag, path="pixel.py", route="in every beat", notes={
            "frame": "number of the frame, from 0, wraps",
            "row": "from 0 in order of output, within the row's kind",
            "array_row": "address within the rows of its kind; differs from `row` under region, "
                         "skip and flip",
            "capture": "index in `config.captures`",
            "row_kind": "0 active, 1 optical black, 2 test"}),
        Entry(shape=RowControl, path="pixel.py", route="readout → pixel die", notes={
            "physical_row": "row being read; counts test, optical-black, active rows",
            "select": "connects the row to the column lines",
            "reset": "holds the floating diffusion at reset",
            "transfer_large": "moves the charge of the large photodiode",
            "transfer_small": "moves the charge of the small photodiode",
            "high_gain": "conversion gain: 1 high, 0 low"}),
        Entry(shape=ShutterControl, path="pixel.py",
              route="readout → pixel die, two per exposure group", notes={
                  "physical_row": "row whose exposure begins",
                  "reset": "pulse of one clock that empties its photodiode"}),
        Entry(shape=RowReadBack, path="pixel.py", route="pixel die → safety",
              clock="none: looked at when the row lines stand still", notes={
                  "row": "OR of the numbers of all rows that are selected",
                  "row_inverted": "OR of their complements",
                  "reset": "level at the far end of the row lines",
                  "transfer_large": "likewise", "transfer_small": "likewise",
                  "high_gain": "likewise"}),
        Entry(shape=ShutterReadBack, path="pixel.py",
              route="pixel die → safety, two per exposure group",
              clock="none: looked at when the shutter lines stand still", notes={
                  "row": "OR of the numbers of all rows that the last pulse emptied",
                  "row_inverted": "OR of their complements",
                  "pulses": "changes with every pulse"}),
        Entry(shape=RampCommand, path="pixel.py", route="readout → adc", notes={
            "kind": "0 reset level, 1 signal level",
            "frame_last": "last active row of this capture in its frame",
            "tag": "see `RowTag`"}),
        Entry(shape=CodePixels(lanes, config.adc.bits), path="pixel.py", stage="converted",
              route="adc → correct", notes={
                  "codes": "correlated double samples, unsigned, ADC codes; black is "
                           "`adc.pedestal_codes`; all ones: saturated",
                  "optical_black": "beat from shielded columns, which come first", **_LAST}),
        Entry(shape=CodePixels(lanes, corrected_bits(config)), path="pixel.py",
              stage="corrected",
              route="correct → hdr, selector; active pixels only", notes={
                  "codes": "corrected, in 2^-`hdr.fraction_bits` ADC codes; black is the "
                           "pedestal exactly; all ones: saturated",
                  "optical_black": "always 0 here", **_LAST}),
        Entry(shape=AlignedPixels(captures, lanes, corrected_bits(config)), path="pixel.py",
              route="within hdr: align → combine", notes={
                  "codes": "`codes[capture][lane]`, corrected codes",
                  "present": "bit per capture: its code is valid", **_LAST,
                  "frame_last": "last beat of the frame",
                  "tag": "of the capture that arrived last; `capture` means nothing"}),
        Entry(shape=KnownPixels(captures, lanes, corrected_bits(config)), path="pixel.py",
              route="digital test frame → hdr, where there is no `AlignedPixels`", notes={
                  "codes": "as in `AlignedPixels`", "present": "likewise"}),
        Entry(shape=LinearPixels(lanes), path="pixel.py", route="hdr → compander", notes={
            "values": "linear LSB (`config.lsb_electrons` electrons of the first capture), "
                      "pedestal kept",
            "clipped": "bit per lane: every present capture is saturated",
            "flicker": "bit per lane: captures differ by more than noise explains", **_LAST,
            "frame_last": "last beat of the frame"}),
        Entry(shape=OutputPixels(lanes), path="pixel.py",
              route="compander → selector → csi2", notes={
                  "values": "right-aligned, as wide as the frame's data format; 12 bits for "
                            "RAW8 and RAW10, which lose their low bits in packing", **_LAST,
                  "tag": "`tag.capture` is the virtual channel"}),
        Entry(shape=InputWord, path="npu/step.py", route="vision → npu", notes={
            "word": "up to eight channels of a pixel of the network's input, int8, first one "
                    "lowest",
            "row_last": "last pixel of its row"}),
        Entry(shape=Verdict, path="npu/verdict.py",
              route="npu → csi2; the packet's 40 bytes and those of the window `verdict_bytes`, "
                    "first field and low byte first", notes={
                  "layout": "1",
                  "flags": "bit 0 valid, 1 late, 2 overrun, 3 incomplete, 4 not run",
                  "frame": "number of the frame",
                  "model_id": "of the program in the array",
                  "cycles": "`sync` clocks from the region's first pixel to the last score",
                  "region": "x, y, columns, rows of what the network saw, 16 bits each, in pixels "
                            "of the combined frame",
                  "class_number": "first class with the highest score; 255: none, not valid",
                  "score_count": "scores that follow; 0 unless valid",
                  "spare": "0",
                  "scores": "of the first 16 classes, int8; 0 beyond the last one"}),
        Entry(shape=TensorHead, path="csi2/tensor_head.py",
              route="what each row of a network's input or output begins with on the link, first "
                    "field and low byte first", notes={
                  "layout": "1",
                  "flags": "as in `Verdict`; 0 in rows of an input",
                  "frame": "number of the frame",
                  "model_id": "of the program in the array as the region began; of an output, that "
                              "of the verdict",
                  "extent": "row, rows, columns, channels, 8 bits each; of an output 0, 1, 1 and "
                            "its classes, none unless valid",
                  "region": "as in `Verdict`"}),
        Entry(shape=VerdictSummary, path="npu/verdict.py",
              route="npu → csi2, for the embedded rows, and control", notes={
                  "frame": "number of the frame",
                  "flags": "as in `Verdict`",
                  "class_number": "255: none, not valid",
                  "score": "of the class, int8; 0 without one"}),
        Entry(shape=EndedFrame, path="csi2/frame_results.py", route="csi2 → control", notes={
            "frame": "number of the last frame that ended on the link",
            "channel": "its virtual channel",
            "checksum": "CRC-32 of its pixels as they were sent"}),
        Entry(shape=PacketBytes(config.csi2.byte_lanes), path="csi2/packets.py",
              route="within csi2: packetiser → lane distributor, and a probe", clock="`byte`",
              notes={
                  "bytes": "bytes of a packet, lane 0 first",
                  "count": "bytes that count, from lane 0 on",
                  "first": "first word of the packet",
                  "last": "last word of the packet"}),
        Entry(shape=PhyLanes(config.csi2.byte_lanes), path="csi2/lanes.py",
              route="csi2 → PHY", clock="`byte`", notes={
                  "clock_request": "the high-speed clock is wanted, ahead of and behind bursts",
                  "request": "a burst is wanted or under way",
                  "data": "a byte for each lane",
                  "valid": "lanes that carry a byte",
                  "ready": "from the PHY: it takes the word"}),
        Entry(shape=RegisterBus(), path="registers/bus.py", route="hosts → cci → control", notes={
            "address": "of one byte",
            "host": "whose access it is: each has its own sequence of bytes",
            "write": "strobe of one clock",
            "write_data": "byte to write",
            "read": "strobe of one clock",
            "read_data": "from the die: valid with `read_valid`, until the next read",
            "read_valid": "from the die: strobe of one clock"}),
        Entry(shape=FrameSettings(config), path="control/frame_settings.py",
              route="control → stats → readout; with `adopt` → adc, correct, hdr, compander, "
                    "selector, csi2", notes={
                  "frame_length_lines": "lines from the previous frame's first read to this one's",
                  "line_length_cycles": "`sync` clocks of a line",
                  "captures": "see `CaptureSettings`",
                  "lag_lines": "lines after the frame's first read, per capture",
                  "capture_mask": "bit per capture to convert, never zero",
                  "context": "1: taken with the second context",
                  "clamped": "1: a setting is not what the host has written",
                  "row_start": "first active row, even", "row_end": "last active row, odd",
                  "column_start": "first active column, even",
                  "column_end": "last active column, odd",
                  "row_skip": "0 none, 1 two of four, 2 two of eight",
                  "column_skip": "0 none, 1 two of four, 2 two of eight",
                  "flip_rows": "last row first", "flip_columns": "last column first",
                  "pedestal_lsb": "black of the linear frame, linear LSB",
                  "flicker_enable": "mark pixels whose captures differ by more than noise",
                  "flicker_capture": "index of the capture that is preferred in them",
                  "tolerance_log2": "captures agree within 2^-`tolerance_log2` of their value",
                  "uncombined": "each capture on a virtual channel of its own",
                  "flicker_map": "marks of flickering pixels on virtual channel 1",
                  "line_sync": "a line start and a line end packet around each row of pixels",
                  "data_format": "0 to 6: RAW8, 10, 12, 14, 16, 20, 24",
                  "companding_table": "0 octaves, 1 OX03C10 in formats of up to 12 bits, 2 the "
                                      "programmed table in those of its bits",
                  "correction": "bit per correction, in the order of the chain: 1 is on",
                  "row_noise_strength": "share of the row noise that is subtracted, sixteenths",
                  "test_pattern": "0 none, 1 solid, 2 colour bars, 3 bars that fade, 4 PN9",
                  "test_data": "red, greenR, blue, greenB of the solid pattern",
                  "colour_gains": "greenR, red, blue, greenB as unsigned 8.8 numbers"}
              | ({"verdict": "the array computes the frame; verdict on virtual channel 2",
                  "network_input": "what it looks at, on virtual channel 3",
                  "network_output": "its scores, on virtual channel 3"}
                 if config.npu else {})),
        Entry(shape=CaptureSettings, path="control/frame_settings.py",
              route="within `FrameSettings`", notes={
                  "coarse_integration_lines": "lines of exposure",
                  "fine_integration_cycles": "`sync` clocks added to them",
                  "normalisation_mantissa": "gain onto the linear scale, top bit set",
                  "normalisation_shift": "`(code * mantissa) >> shift`",
                  "hand_over_start": "ADC codes above the pedestal: the next less sensitive "
                                     "capture begins to count",
                  "hand_over_end": "ADC codes above the pedestal: end of the ramp at the latest",
                  "digital_gain": "on top of the colour's, an unsigned 8.8 number",
                  "noise_slope": "square of a difference that noise explains: growth per code, "
                                 "1/256 code",
                  "noise_floor": "the same at black, 1/16 code squared"}),
        Entry(shape=PinSettings, path="control/pin_settings.py",
              route="control → readout, at once", notes={
                  "triggered": "a frame starts with a pulse on `external_sync`",
                  "sync_output_width_cycles": "`sync` clocks; 0: no pulse",
                  "strobe_mode": "0 off, 1 common to all rows, 2 rolling",
                  "strobe_capture": "index of the capture whose exposure is lit"}),
    )


def payload_tables(config: DieConfig) -> str:
    """The catalogue as Markdown; raises ``KeyError`` for a field without a note."""
    parts = []
    for entry in catalogue(config):
        parts += [f"\n## {entry.name}\n\n{entry.route}. Clock {entry.clock}. "
                  f"[{entry.path}](../hdl/tapetum/{entry.path})\n\n",
                  "| field | bits | meaning |\n|---|---|---|\n",
                  *(f"| `{name}` | {width} | {entry.notes[name]} |\n"
                    for name, width in entry.fields)]
    return "".join(parts) + "\n"
