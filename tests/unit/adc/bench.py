# SPDX-License-Identifier: Apache-2.0
"""The converters with their pixel die, and what drives both in the tests of this folder."""

from dataclasses import dataclass

import numpy as np
from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from support import OnMemories, simulate
from support.adoption import adopt_all
from tapetum.adc.column_adc import ColumnAdc
from tapetum.adc.geometry import bond_count
from tapetum.config import (
    AdcConfig,
    CaptureConfig,
    ConversionGain,
    DieConfig,
    PixelArrayConfig,
    TimingConfig,
)
from tapetum.control.frame_settings import adopted_settings
from tapetum.pixel import CodePixels, RampCommand, RampKind, RowKind
from tapetum_sim.pixel_die.comparator_bank import ComparatorBank

__all__ = ["AdcBench", "Conversion", "RowOut", "run_rows", "small_config", "trip_planes"]


def small_config(*, lanes: int = 1, columns: int = 80, bits: int = 8, reset_counts: int = 32,
                 optical_black_columns: int = 8, group: int = 8, pair: bool = True,
                 adc_clock_hz: float = 100e6) -> DieConfig:
    """A die small enough for Amaranth's simulator, with two blocks of columns."""
    captures = [CaptureConfig(name="HCG", conversion_gain=ConversionGain.HIGH,
                              coarse_integration_lines=10),
                CaptureConfig(name="LCG", coarse_integration_lines=10)]
    if not pair:
        captures = [CaptureConfig(name="LCG", coarse_integration_lines=10)]
    return DieConfig(
        name="small", lanes=lanes,
        array=PixelArrayConfig(columns=columns, rows=16, optical_black_rows=2, test_rows=0,
                               optical_black_columns=optical_black_columns),
        captures=tuple(captures),
        timing=TimingConfig(frame_length_lines=32, line_length_cycles=4000),
        sync_clock_hz=75e6, adc_clock_hz=adc_clock_hz,
        adc=AdcConfig(bits=bits, reset_counts=reset_counts, bond_group_columns=group))


def trip_planes(config: DieConfig, trips: np.ndarray) -> int:
    """A row of trip codes as the comparator bank takes it."""
    total, word = config.array.total_columns, 0
    for bit in range(config.adc.bits + 1):
        plane = "".join(str((int(trip) >> bit) & 1) for trip in reversed(list(trips)))
        word |= int(plane, 2) << (bit * total)
    return word


class AdcBench(wiring.Component):
    """`ColumnAdc` bonded to a `ComparatorBank`.

    Parameters
    ----------
    memories : bool
        Columns in memories, not in planes.
    """

    def __init__(self, config: DieConfig, *, inject_faults: bool = False,
                 memories: bool = False):
        self.config, self.inject_faults, self.memories = config, inject_faults, memories
        count = bond_count(config)
        ports = {"stuck_low": In(count), "stuck_high": In(count), "shorted": In(count)}
        super().__init__({
            "ramp": In(stream.Signature(RampCommand)),
            "settings": In(adopted_settings(config)),
            "pixels": Out(stream.Signature(CodePixels(config.lanes, config.adc.bits),
                                           always_ready=True)),
            "read_overrun": Out(1),
            "bond_test": In(1), "bond_test_done": Out(1),
            "bond_repaired": Out(1), "bond_unrepairable": Out(1),
            "trips": In((config.adc.bits + 1) * config.array.total_columns),
            "ramp_active": Out(1), "counter_clock_request": Out(1),
        } | (ports if inject_faults else {}))

    def elaborate(self, platform):
        m = Module()
        adc = ColumnAdc(self.config)
        m.submodules.adc = OnMemories(adc) if self.memories else adc
        bank = ComparatorBank(self.config, inject_faults=self.inject_faults)
        m.submodules.bank = DomainRenamer("adc")(bank)
        connect(m, flipped(self.ramp), adc.ramp)
        connect(m, adc.pixels, flipped(self.pixels))
        for name in ("ramp_code", "ramp_active", "bond_pattern", "bond_map_load", "bond_map"):
            m.d.comb += getattr(bank, name).eq(getattr(adc, name))
        m.d.comb += [
            adc.comparators.eq(bank.bonds), bank.trips.eq(self.trips),
            adc.settings.eq(self.settings), adc.bond_test.eq(self.bond_test),
            self.ramp_active.eq(adc.ramp_active),
            self.counter_clock_request.eq(adc.counter_clock_request),
        ]
        for name in ("read_overrun", "bond_test_done", "bond_repaired", "bond_unrepairable"):
            m.d.comb += getattr(self, name).eq(getattr(adc, name))
        if self.inject_faults:
            for name in ("stuck_low", "stuck_high", "shorted"):
                m.d.comb += getattr(bank, name).eq(getattr(self, name))
        return m


@dataclass
class Conversion:
    """One ramp: which, of what, with which trip codes."""

    kind: RampKind
    trips: np.ndarray
    capture: int = 0
    frame: int = 0
    row: int = 0
    frame_last: bool = False


@dataclass
class RowOut:
    """A row as it left: its codes, the clocks in which its beats came, and its last beat."""

    codes: np.ndarray
    black: np.ndarray
    times: list[int]
    last: object


async def send_ramp(ctx, dut: AdcBench, conversion: Conversion) -> None:
    """Present a command until it is taken, with its trip codes beside it."""
    ctx.set(dut.trips, trip_planes(dut.config, conversion.trips))
    ctx.set(dut.ramp.payload, {
        "kind": conversion.kind, "frame_last": conversion.frame_last,
        "tag": {"frame": conversion.frame, "row": conversion.row, "array_row": conversion.row,
                "capture": conversion.capture, "row_kind": RowKind.ACTIVE}})
    ctx.set(dut.ramp.valid, 1)
    await ctx.tick().until(dut.ramp.ready)
    ctx.set(dut.ramp.valid, 0)
    await ctx.posedge(dut.ramp_active)
    await ctx.tick("adc").repeat(2)


def run_rows(config: DieConfig, conversions: list[Conversion], *, settings: dict | None = None,
             rows: int | None = None, prepare=None, dut: AdcBench | None = None,
             background: tuple = ()) -> list[RowOut]:
    """Play ``conversions`` back to back and collect the rows that leave."""
    dut = dut or AdcBench(config)
    expected = sum(conversion.kind is RampKind.SIGNAL for conversion in conversions)
    expected = expected if rows is None else rows
    received: list[RowOut] = []

    async def drive(ctx):
        chosen = {"column_end": config.array.columns - 1} | (settings or {})
        await adopt_all(ctx, dut.settings, chosen)
        if prepare is not None:
            await prepare(ctx, dut)
        for conversion in conversions:
            await send_ramp(ctx, dut, conversion)

    async def collect(ctx):
        codes, black, times, clock = [], [], [], 0
        while len(received) < expected:
            _, _, valid, beat = await ctx.tick().sample(dut.pixels.valid, dut.pixels.payload)
            clock += 1
            if not valid:
                continue
            codes += list(beat.codes)
            black.append(beat.optical_black)
            times.append(clock)
            if beat.line_last:
                received.append(RowOut(np.array(codes), np.array(black), times, beat))
                codes, black, times = [], [], []

    counts = sum(config.adc.signal_counts for _ in conversions)
    simulate(dut, drive, collect, cycles=4 * counts + 20 * config.row_beats + 5000,
             domains={"sync": config.sync_clock_hz, "adc": config.adc_clock_hz},
             background=background)
    return received
