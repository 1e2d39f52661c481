# SPDX-License-Identifier: Apache-2.0
"""Small sensors, a recorder of everything the controller does, and the audit of what it did."""

import random
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import Out, connect, flipped

from support import simulate
from tapetum.config import (
    AdcConfig,
    CaptureConfig,
    ConversionGain,
    DieConfig,
    HdrConfig,
    Photodiode,
    PixelArrayConfig,
    TimingConfig,
)
from tapetum.control.frame_settings import FrameSettings
from tapetum.pixel import RampCommand
from tapetum.readout.frame_planner import PLANNING_CYCLES
from tapetum.readout.lockstep import LAG_CYCLES
from tapetum.readout.readout import Readout
from tapetum.readout.strobe import StrobeMode
from tapetum_sim.models.readout import RampStart, ReadoutModel, ReadoutStimulus, RowAddress

__all__ = ["Trace", "audit", "compare", "random_settings", "record", "small_die"]

NO_ROW = -1
"""Stands for the physical row, which a ramp command does not carry."""


def small_die(captures: int = 4, *, rows: int = 6, test_rows: int = 2, lag_lines: int = 3,
              frame_length_lines: int = 16, line_length_cycles: int | None = None) -> DieConfig:
    """A sensor of 16 columns whose line lasts about 50 cycles per capture."""
    available = (
        CaptureConfig(name="HCG", conversion_gain=ConversionGain.HIGH,
                      coarse_integration_lines=10),
        CaptureConfig(name="LCG", coarse_integration_lines=10),
        CaptureConfig(name="SPD", photodiode=Photodiode.SMALL, coarse_integration_lines=7,
                      fine_integration_cycles=20),
        CaptureConfig(name="VS", coarse_integration_lines=0, fine_integration_cycles=30,
                      lag_lines=lag_lines),
    )
    chosen = {1: (1,), 2: (1, 3), 3: (0, 1, 3), 4: (0, 1, 2, 3)}[captures]
    return DieConfig(
        name="small", captures=tuple(available[i] for i in chosen),
        array=PixelArrayConfig(columns=16, rows=rows, optical_black_columns=4,
                               optical_black_rows=2, test_rows=test_rows),
        timing=TimingConfig(frame_length_lines=frame_length_lines,
                            line_length_cycles=line_length_cycles or max(64, 40 * captures),
                            reset_settle_ns=20, transfer_settle_ns=20, gain_settle_ns=20),
        sync_clock_hz=100e6, adc_clock_hz=4e9,
        adc=AdcConfig(bits=8, reset_counts=16), hdr=HdrConfig(line_buffer_lag_lines=7))


def random_settings(config: DieConfig, rng: random.Random) -> dict[str, Any]:
    """Settings that the guard of the registers would let pass."""
    settings = FrameSettings.defaults(config)
    rows = config.array.rows
    start = 2 * rng.randrange(rows // 2)
    end = rng.randrange(start + 1, rows, 2)
    if rng.random() < 0.5:
        start, end = 0, rows - 1
    lag = rng.randint(1, config.hdr.line_buffer_lag_lines)
    length = rng.randint(config.array.total_rows + 1, config.array.total_rows + lag + 4)
    length = max(length, lag + 3)
    line = settings["line_length_cycles"]
    longest = length - lag - 1
    lags, exposures = {}, {}
    for group in config.exposure_groups:
        lags[group.index] = lag if group.lag_lines else 0
        limit = min(longest, lag - 1) if group.lag_lines else longest
        coarse = rng.choice([0, limit, rng.randint(0, limit)])
        fine = rng.choice([0, 1, rng.randrange(line), line - 1])
        if coarse == limit:
            fine = 0
        if coarse == 0:
            fine = max(fine, 1)
        exposures[group.index] = {"coarse_integration_lines": coarse,
                                  "fine_integration_cycles": fine}
        for capture in group.captures:
            settings["captures"][capture] |= exposures[group.index]
            settings["lag_lines"][capture] = lags[group.index]
    settings |= {
        "frame_length_lines": length, "row_start": start, "row_end": end,
        "row_skip": rng.randrange(3), "flip_rows": rng.randrange(2),
        "capture_mask": rng.randrange(1, 1 << len(config.captures))
        if rng.random() < 0.5 else (1 << len(config.captures)) - 1,
    }
    return settings


@dataclass
class Trace:
    """What the outputs did: cycles are counted from reset."""

    shutters: list[tuple[int, int, int]] = field(default_factory=list)
    """Cycle, group, physical row."""
    ramps: list[RampStart] = field(default_factory=list)
    adopted: list[tuple[int, int]] = field(default_factory=list)
    lines: dict[str, np.ndarray] = field(default_factory=dict)
    strobe: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    sync_output: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    busy: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    frame_starts: list[int] = field(default_factory=list)
    sync_faults: list[int] = field(default_factory=list)
    overruns: list[int] = field(default_factory=list)
    short_lines: list[int] = field(default_factory=list)


_FLAGS = ("adopt", "frame_start", "sync_during_frame", "conversion_overrun", "line_too_short",
          "strobe", "sync_output", "busy", "sequencer_differs")
_LEVELS = ("select", "reset", "transfer_large", "transfer_small", "high_gain")


class _Observed(wiring.Component):
    """The controller with all its outputs in one signal: sampling many is slow."""

    def __init__(self, dut: Readout):
        self.dut = dut
        self.pointers = 2 * len(dut.config.exposure_groups)
        super().__init__({"ramp": Out(dut.signature.members["ramp"].signature)})
        self.layout = data.StructLayout({
            "flags": len(_FLAGS), "levels": len(_LEVELS), "row": 12, "frame": 16,
            "pulses": self.pointers, "ramp_valid": 1, "ramp": RampCommand,
            "pulsed_rows": 12 * self.pointers})
        self.outputs = Signal(self.layout)

    def elaborate(self, platform):
        m = Module()
        m.submodules.dut = dut = self.dut
        connect(m, dut.ramp, flipped(self.ramp))
        outputs, shutters = self.outputs, dut.shutters
        m.d.comb += [
            outputs.flags.eq(Cat(getattr(dut, name) for name in _FLAGS)),
            outputs.levels.eq(Cat(getattr(dut.row_control, name) for name in _LEVELS)),
            outputs.row.eq(dut.row_control.physical_row),
            outputs.frame.eq(dut.adopt_frame),
            outputs.pulses.eq(Cat(shutters[i].reset for i in range(self.pointers))),
            outputs.pulsed_rows.eq(Cat(shutters[i].physical_row for i in range(self.pointers))),
            outputs.ramp_valid.eq(dut.ramp.valid),
            outputs.ramp.eq(dut.ramp.payload),
        ]
        return m


def _decode_ramp(cycle: int, command) -> RampStart:
    tag = command.tag
    return RampStart(cycle=cycle, kind=int(command.kind.value), capture=tag.capture,
                     frame=tag.frame, frame_last=bool(command.frame_last),
                     address=RowAddress(kind=int(tag.row_kind.value), row=tag.row,
                                        array_row=tag.array_row, physical_row=NO_ROW))


def record(config: DieConfig, stimulus: ReadoutStimulus, cycles: int, *, prepare=None,
           ramp_ready=lambda cycle: True, strobe_mode: StrobeMode = StrobeMode.OFF,
           strobe_capture: int = 0, sync_output_width_cycles: int = 0, **options) -> Trace:
    """Run the controller from reset; `prepare` is a testbench that runs before cycle 0."""
    dut = Readout(config)
    trace = Trace()
    observed = _Observed(dut)
    pointers = range(observed.pointers)
    raw_outputs = Value.cast(observed.outputs)
    sampled = np.zeros((3, cycles), np.int64)
    pin_high = {cycle + i for cycle in stimulus.sync_cycles for i in (0, 1)}
    inputs = (
        (dut.streaming, stimulus.streaming), (dut.triggered, stimulus.triggered),
        (dut.external_sync, pin_high.__contains__), (observed.ramp.ready, ramp_ready),
    )

    async def bench(ctx):
        ctx.set(dut.settings, stimulus.settings(0))
        ctx.set(dut.strobe_mode, strobe_mode)
        ctx.set(dut.strobe_capture, strobe_capture)
        ctx.set(dut.sync_output_width_cycles, sync_output_width_cycles)
        if prepare is not None:
            await prepare(ctx, dut)
        driven: list[bool | None] = [None] * len(inputs)
        last_raw, now, status = None, observed.layout.from_bits(0), (0, 0, 0)
        for cycle in range(cycles):
            for i, (port, level) in enumerate(inputs):
                if driven[i] != level(cycle):
                    driven[i] = level(cycle)
                    ctx.set(port, driven[i])
            _, _, raw = await ctx.tick().sample(raw_outputs)
            if raw != last_raw:
                last_raw, now = raw, observed.layout.from_bits(raw)
                status = now.flags, now.levels, now.row
            sampled[:, cycle] = status
            if now.ramp_valid:
                trace.ramps.append(_decode_ramp(cycle, now.ramp))
            if now.pulses:
                trace.shutters += [(cycle, i // 2, now.pulsed_rows >> 12 * i & 0xFFF)
                                   for i in pointers if now.pulses >> i & 1]
            if status[0] & 1:
                trace.adopted.append((cycle, now.frame))
            if trace.adopted and cycle == trace.adopted[-1][0] + PLANNING_CYCLES + LAG_CYCLES:
                ctx.set(dut.settings, stimulus.settings(len(trace.adopted)))

    simulate(observed, bench, cycles=cycles + 2000, **options)
    flag = {name: (sampled[0] >> i & 1).astype(bool) for i, name in enumerate(_FLAGS)}
    trace.lines = {name: (sampled[1] >> i & 1).astype(bool) for i, name in enumerate(_LEVELS)}
    trace.lines["physical_row"] = np.where(trace.lines["select"], sampled[2], 0)
    trace.strobe, trace.sync_output, trace.busy = (
        flag[name] for name in ("strobe", "sync_output", "busy"))
    assert not flag["sequencer_differs"].any(), "the two sequencers differ"
    trace.frame_starts, trace.sync_faults, trace.overruns, trace.short_lines = (
        np.flatnonzero(flag[name]).tolist() for name in
        ("frame_start", "sync_during_frame", "conversion_overrun", "line_too_short"))
    return trace


def compare(trace: Trace, model: ReadoutModel, *, cycles: int) -> None:
    """Every pulse, level and ramp of the controller is that of the model, cycle for cycle."""
    assert trace.adopted == [(f.planned_cycle, f.number) for f in model.frames]
    masked = {f.number: f.settings["capture_mask"] for f in model.frames}
    assert masked, "the stimulus made no frame: nothing would be compared"
    shutters = sorted((e.shutter_cycle, e.group, e.address.physical_row)
                      for e in model.exposures if e.shutter_cycle < cycles)
    assert sorted(trace.shutters) == shutters
    ramps = [replace(r, address=replace(r.address, physical_row=NO_ROW))
             for r in model.ramps if r.cycle < cycles]
    assert trace.ramps == ramps
    for name, expected in model.row_lines().items():
        differs = np.flatnonzero(trace.lines[name] != expected)
        assert not differs.size, f"{name} differs from cycle {differs[0]} on"
    assert trace.sync_faults == [c for c in model.sync_fault_cycles if c < cycles]
    busy = np.zeros(cycles, bool)
    for begin, end in model.busy_cycles:
        busy[begin:end] = True
    assert (trace.busy == busy).all()
    starts = [f.line_origin_cycle + f.first_read_line * f.settings["line_length_cycles"]
              for f in model.frames]
    assert trace.frame_starts == [start for start in starts if start < cycles]


def audit(config: DieConfig, trace: Trace, settings_of) -> int:
    """Without any model: each row is emptied once, then integrates for exactly its exposure.

    Returns the number of exposures that were checked.
    """
    group_of = {c: g for g in config.exposure_groups for c in g.captures}
    checked = 0
    for large in (False, True):
        line = trace.lines["transfer_large" if large else "transfer_small"]
        rises = np.flatnonzero(line & ~np.r_[False, line[:-1]])
        history: dict[int, list[tuple[int, int | None]]] = {}
        for cycle, group, row in trace.shutters:
            if config.exposure_groups[group].is_large == large:
                history.setdefault(row, []).append((cycle, group))
        for cycle in rises.tolist():
            history.setdefault(int(trace.lines["physical_row"][cycle]), []).append((cycle, None))
        for row, happenings in history.items():
            happenings.sort(key=lambda item: item[0])
            pairs = zip(happenings[0::2], happenings[1::2], strict=False)  # the last may be open
            for (begin, group), (end, ends_in) in pairs:
                assert group is not None, f"row {row} was read twice: before cycle {begin}"
                assert ends_in is None, f"row {row} was emptied at {begin} and again at {end}"
                signal = next((r for r in trace.ramps if r.cycle > end and r.kind == 1), None)
                if signal is None:
                    continue
                assert group_of[signal.capture].index == group
                settings = settings_of(signal.frame)
                exposure = settings["captures"][signal.capture]
                assert end - begin == (
                    exposure["coarse_integration_lines"] * settings["line_length_cycles"]
                    + exposure["fine_integration_cycles"]), f"row {row} of frame {signal.frame}"
                checked += 1
    return checked
