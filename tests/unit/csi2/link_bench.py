# SPDX-License-Identifier: Apache-2.0
"""Rows into the transmitter, packets and lanes out of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from amaranth import *
from amaranth.lib.wiring import connect

from support import FULL_RATE, TrafficPattern, simulate
from support.adoption import adopt
from tapetum.config import Csi2Config, DieConfig, PixelArrayConfig
from tapetum.control.frame_settings import FRAMES_IN_FLIGHT, DataFormat, FrameSettings
from tapetum.csi2.flicker_map import FlickerMap
from tapetum.csi2.formats import DataType, pixel_bits
from tapetum.csi2.transmitter import Csi2Transmitter
from tapetum.presets import preset
from tapetum_sim.models.csi2 import OutputRow

__all__ = ["Link", "lost", "marked", "plan_frame", "random_frame", "settings_with", "small_die"]


def small_die(*, columns: int = 32, lanes: int = 1, byte_lanes: int = 2, rows: int = 2,
              line_sync: bool = False, captures: int = 4) -> DieConfig:
    """A die whose rows simulate in no time."""
    tiny = preset("tiny")
    return tiny.with_(
        lanes=lanes, captures=tiny.captures[:captures],
        array=PixelArrayConfig(columns=columns, rows=16, optical_black_rows=4),
        csi2=Csi2Config(byte_lanes=byte_lanes, row_buffer_rows=rows, line_sync_packets=line_sync))


def settings_with(config: DieConfig, **changes) -> dict[str, Any]:
    return FrameSettings.defaults(config) | changes


def random_frame(generator: np.random.Generator, frame: int, *, rows: int, columns: int,
                 data_format: DataFormat = DataFormat.RAW12, capture: int = 0) -> list[OutputRow]:
    bits = max(12, pixel_bits(data_format))
    return [OutputRow(frame=frame, row=row, capture=capture, last=row == rows - 1,
                      values=generator.integers(1 << bits, size=columns, dtype=np.uint32))
            for row in range(rows)]


RECORD_CYCLES = 150
"""Enough for the bytes of all settings."""


async def plan_frame(ctx, transmitter: Csi2Transmitter, frame: int,
                     settings: Mapping[str, Any]) -> None:
    """Have a frame planned, and its settings recorded: that takes a clock for each of their bytes.
    """
    await adopt(ctx, transmitter.settings, frame, settings)
    await ctx.tick().repeat(RECORD_CYCLES)


class TransmitterWithMap(Elaboratable):
    """The flicker map as the transmitter's further source."""

    def __init__(self, config: DieConfig):
        self.transmitter = Csi2Transmitter(config, result_sources=1)
        self.map = FlickerMap(config)

    def elaborate(self, platform):
        m = Module()
        m.submodules.transmitter = self.transmitter
        m.submodules.map = self.map
        connect(m, self.map.packets, self.transmitter.results[0])
        return m


SILENCE_CLOCKS = 600
"""Byte clocks without a packet after which no more is to come."""


@dataclass
class Link:
    """Runs a `Csi2Transmitter`, with a `FlickerMap` if rows have marks, and keeps what came out.

    Parameters
    ----------
    put, phy : TrafficPattern
        Beats of pixels; readiness of the PHY.
    patient : bool
        Hold a row back until the row buffer has a free slot, as a sensor could not.
    clock : mapping
        `ClockSettings`; by default the clock runs all the time. No burst may begin before the clock
        has been requested for ``lead`` clocks, nor the request end before ``trail`` more.
    clock_requests : int
        How often the clock was requested.
    expect_all_frames : bool
        The run ends with the last frame end that is due, or else once the link falls silent.
    """

    config: DieConfig
    put: TrafficPattern = FULL_RATE
    phy: TrafficPattern = FULL_RATE
    byte_clock_hz: float = 93.75e6
    patient: bool = True
    row_pause_cycles: int = 0
    expect_all_frames: bool = True
    cycles: int = 100_000
    clock: Mapping[str, int] = field(default_factory=dict)
    packets: bytearray = field(default_factory=bytearray)
    bursts: list[list[bytearray]] = field(default_factory=list)
    overflows: int = 0
    map_overflows: int = 0
    clock_requests: int = 0
    packet_gaps: list[int] = field(default_factory=list)

    def run(self, rows: Sequence[OutputRow], settings: Mapping[int, Mapping[str, Any]],
            status: Mapping[int, Mapping[str, Any]] | None = None) -> bytes:
        """Send ``rows`` and return the packets when all that is due has left."""
        top = TransmitterWithMap(self.config)
        has_maps = any(row.marks is not None for row in rows)
        dut = top.transmitter if has_maps else Csi2Transmitter(self.config)
        lanes = self.config.lanes
        patience = self.config.csi2.row_buffer_rows
        ends_due = len({(row.frame, row.capture) for row in rows}
                       | {(row.frame, "map") for row in rows if row.marks is not None})
        unmarked = [row.marks is None for row in rows]
        sent_rows = sent_maps = ends = silence = 0
        clock_settings = {"streaming": 1, "gated": 0, "lead": 5, "trail": 3, **self.clock}
        put_permits, phy_permits = iter(self.put), iter(self.phy)
        planned: set[int] = set()
        begun = False

        async def plan(ctx, frame: int) -> None:
            planned.add(frame)
            await plan_frame(ctx, dut, frame, settings[frame])

        async def pixels(ctx):
            nonlocal begun
            ctx.set(dut.clock, clock_settings)
            # As many as may be in flight, so that their rows can follow without a pause.
            for frame in dict.fromkeys(row.frame for row in rows):
                if not any((frame - other) % FRAMES_IN_FLIGHT == 0 for other in planned):
                    await plan(ctx, frame)
            begun = True
            for number, row in enumerate(rows):
                while self.patient and number - min(
                        sent_rows, sent_maps + sum(unmarked[:number])) >= patience:
                    await ctx.tick()
                if self.patient:
                    await ctx.tick().repeat(16)  # the free slot becomes known
                if row.frame not in planned:
                    await plan(ctx, row.frame)
                if status is not None:
                    ctx.set(dut.status, status[row.frame])
                beats = row.values.reshape(-1, lanes).tolist()
                marks = np.ones_like(row.values) if row.marks is None else row.marks
                mark_beats = (marks.reshape(-1, lanes) << np.arange(lanes)).sum(axis=1).tolist()
                if has_maps:
                    ctx.set(top.map.send, (row.marks is not None) << row.frame % 4)
                for index, values in enumerate(beats):
                    while not next(put_permits):
                        ctx.set(dut.pixels.valid, 0)
                        if has_maps:
                            ctx.set(top.map.i.valid, 0)
                        await ctx.tick()
                    last = index == len(beats) - 1
                    beat = {"line_last": last, "frame_last": last and row.last, "tag": {
                        "frame": row.frame, "row": row.row, "capture": row.capture}}
                    ctx.set(dut.pixels.payload, beat | {"values": values})
                    ctx.set(dut.pixels.valid, 1)
                    if has_maps:
                        ctx.set(top.map.i.payload, beat | {"bits": mark_beats[index]})
                        ctx.set(top.map.i.valid, 1)
                    await ctx.tick()
                ctx.set(dut.pixels.valid, 0)
                if has_maps:
                    ctx.set(top.map.i.valid, 0)
                if self.row_pause_cycles:
                    await ctx.tick().repeat(self.row_pause_cycles)
            if self.expect_all_frames:
                while ends < ends_due:
                    await ctx.tick()
            while silence < SILENCE_CLOCKS:
                await ctx.tick()

        async def phy(ctx):
            nonlocal sent_rows, sent_maps, ends, silence
            data_type, gap, within, requested = 0, 0, False, False
            clocked, quiet = 0, 0
            while True:
                ctx.set(dut.phy.ready, next(phy_permits))
                _, _, strobe, word, request, valid, ready, lane_bytes, clock = (
                    await ctx.tick("byte").sample(
                        dut.packet_strobe, dut.packet_bytes, dut.phy.request, dut.phy.valid,
                        dut.phy.ready, dut.phy.data, dut.phy.clock_request))
                self.clock_requests += clock and not clocked
                assert clock or not request, "data without a clock"
                assert clock or not clocked or quiet >= clock_settings["trail"], "too short a trail"
                quiet = 0 if request else quiet + 1
                if request and not requested:
                    assert clocked >= clock_settings["lead"], "too short a lead"
                    self.bursts.append([bytearray() for _ in range(self.config.csi2.byte_lanes)])
                requested, clocked = request, clocked + 1 if clock else 0
                if request and ready:
                    for lane, burst in enumerate(self.bursts[-1]):
                        if valid >> lane & 1:
                            burst.append(lane_bytes[lane])
                    assert valid or not within, "the packet ran dry"
                gap += 1
                silence = 0 if strobe or request or not begun else silence + 1
                if not strobe:
                    continue
                assert word.first != within
                if word.first:
                    data_type = word.bytes[0] & 0x3F
                    self.packet_gaps.append(gap)
                self.packets.extend(word.bytes[index] for index in range(word.count))
                within = not word.last
                if word.last:
                    gap = 0
                    sent_rows += data_type in range(0x27, 0x30)
                    sent_maps += data_type == DataType.FLICKER_MAP.value
                    ends += data_type == 0x01

        async def count_overflows(ctx):
            while True:
                _, _, overflow, map_overflow = await ctx.tick().sample(
                    dut.overflow, top.map.overflow)
                self.overflows += overflow
                self.map_overflows += map_overflow

        simulate(top if has_maps else dut, pixels, cycles=self.cycles,
                 background=(phy, count_overflows),
                 domains={"sync": 100e6, "byte": self.byte_clock_hz})
        return bytes(self.packets)


def lost(rows: Sequence[OutputRow], numbers: set[int]) -> list[OutputRow]:
    """The same rows, those of ``numbers`` marked as not stored."""
    return [replace(row, stored=index not in numbers) for index, row in enumerate(rows)]


def marked(generator: np.random.Generator, rows: Sequence[OutputRow], *,
           share: float = 0.5) -> list[OutputRow]:
    """The same rows with a flicker map."""
    return [replace(row, marks=generator.random(len(row.values)) < share) for row in rows]
