# SPDX-License-Identifier: Apache-2.0
"""What the pens of a simulated die wrote, as rows, bytes and times."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from amaranth.hdl import ShapeLike, unsigned

from tapetum.config import DieConfig
from tapetum.npu.step import InputWord
from tapetum.pixel import CodePixels, LinearPixels, OutputPixels, corrected_bits

from ..simulator import read_recording, unpack
from .array_pens import FrameEnd, GivenVerdict, RegionEvent
from .exposure_meter import TripRequest
from .top import Adoption, Ended, Measured, PacketWord

__all__ = ["Recordings", "Row", "RowKey", "split_rows"]

RowKey = tuple[int, int, int, int]
"""Frame, capture, kind, row: what a row is."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a stream, lanes laid side by side.

    ``marks`` are further values that belong to each pixel (flags) or to the row as a whole
    (``array_row``, whether ``frame_last`` stood on its last beat and nowhere else).
    """

    key: RowKey
    values: np.ndarray
    marks: dict[str, np.ndarray | int | bool]


@dataclass(frozen=True, kw_only=True)
class Recordings:
    """Everything that was recorded in a run's folder.

    Members
    -------
    adc, correct, hdr, output : list of Row
        Rows in the order in which they passed.
    packet_bytes : bytes
        Packets back to back, as the lanes took them.
    packet_starts_s : float64 array
        Time of each packet's first word.
    lost_rows : set of int
        Places in ``output`` of the rows that the link reported as lost.
    lost_map_rows : set of int
        Places in ``hdr`` of the rows whose flicker map it reported as lost.
    vision_words, region_events, frame_ends, verdicts : structured arrays
        Empty without an array.
    adoptions, measured, ended, requests : structured arrays
    reset_trips, signal_trips
        Trip codes by ``(frame, capture, physical row)``.
    """

    adc: list[Row]
    correct: list[Row]
    hdr: list[Row]
    output: list[Row]
    packet_bytes: bytes
    packet_starts_s: np.ndarray
    lost_rows: frozenset[int]
    lost_map_rows: frozenset[int]
    vision_words: np.ndarray
    region_events: np.ndarray
    frame_ends: np.ndarray
    verdicts: np.ndarray
    adoptions: np.ndarray
    measured: np.ndarray
    ended: np.ndarray
    requests: np.ndarray
    trips: np.ndarray

    @classmethod
    def load(cls, directory: Path, config: DieConfig) -> "Recordings":
        """Read a run's folder."""
        lanes = config.lanes
        streams = {
            "adc": CodePixels(lanes, config.adc.bits),
            "correct": CodePixels(lanes, corrected_bits(config)),
            "hdr": LinearPixels(lanes),
            "output": OutputPixels(lanes),
        }
        rows = {name: split_rows(read_recording(directory / f"{name}.beats", shape))
                for name, shape in streams.items()}
        packets = read_recording(directory / "packets.beats",
                                 PacketWord(config.csi2.byte_lanes))

        def of_array(name: str, shape: ShapeLike) -> np.ndarray:
            return (read_recording(directory / f"{name}.beats", shape) if config.npu
                    else np.zeros(0))

        lane = np.arange(config.csi2.byte_lanes)
        sent = packets["word"]["bytes"][lane < packets["word"]["count"][:, None]]
        starts = packets["cycle"][packets["word"]["first"]]
        return cls(
            **rows,
            vision_words=of_array("vision_words", InputWord),
            region_events=of_array("region_events", RegionEvent),
            frame_ends=of_array("frame_ends", FrameEnd),
            verdicts=of_array("verdicts", GivenVerdict),
            packet_bytes=sent.astype(np.uint8).tobytes(),
            packet_starts_s=starts / config.csi2.byte_clock_hz,
            lost_rows=_lost(directory / "losses.beats"),
            lost_map_rows=_lost(directory / "map_losses.beats"),
            adoptions=read_recording(directory / "adoptions.beats", Adoption(config)),
            measured=read_recording(directory / "measured.beats", Measured),
            ended=read_recording(directory / "ended.beats", Ended),
            requests=unpack(np.load(directory / "requests.npy"), TripRequest),
            trips=np.load(directory / "trips.npy"))


def _lost(path: Path) -> frozenset[int]:
    return frozenset(int(sent) - 1 for sent in read_recording(path, unsigned(32)))


def split_rows(beats: np.ndarray) -> list[Row]:
    """Cut a recorded pixel stream behind each ``line_last``; the rest of a cut-off row stays."""
    if not len(beats):
        return []
    ends = np.flatnonzero(beats["line_last"]) + 1
    values = "codes" if "codes" in (beats.dtype.names or ()) else "values"
    return [_row(part, values) for part in np.split(beats, ends) if len(part)]


def _row(beats: np.ndarray, values: str) -> Row:
    tag = beats["tag"][0]
    marks: dict[str, np.ndarray | int | bool] = {
        "array_row": int(tag["array_row"]),
        "frame_last": bool(beats["frame_last"][-1] and not beats["frame_last"][:-1].any()),
        "complete": bool(beats["line_last"][-1]),
        "one_tag": bool((beats["tag"] == tag).all()),
    }
    if "optical_black" in (beats.dtype.names or ()):
        marks["optical_black"] = np.repeat(beats["optical_black"], beats[values].shape[1])
    for name in {"clipped", "flicker"} & set(beats.dtype.names or ()):
        lanes = beats[values].shape[1]
        bits = beats[name].astype(np.uint8)[:, None] >> np.arange(lanes) & 1
        marks[name] = bits.astype(bool).reshape(-1)
    return Row(key=(int(tag["frame"]), int(tag["capture"]), int(tag["row_kind"]),
                    int(tag["row"])),
               values=beats[values].reshape(-1), marks=marks)
