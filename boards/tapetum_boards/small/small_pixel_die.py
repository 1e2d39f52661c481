# SPDX-License-Identifier: Apache-2.0
"""A pixel die of few cells: bars of light, exposed as long as the row lines say."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from tapetum.config import DieConfig, PixelArrayConfig
from tapetum.pixel import RowControl, ShutterControl

from .trip_map import CYCLES_PER_COLUMN, TripMap

__all__ = ["EXPOSURE_SHIFT", "TICK_CYCLES", "SmallPixelDie", "bar_columns"]

TICK_CYCLES = 64
"""Clocks of a step of exposure."""
EXPOSURE_SHIFT = 10
"""A bar's codes are its steps of exposure, doubled from bar to bar, over this power of two."""
_PIPELINE_CYCLES = 4


def bar_columns(array: PixelArrayConfig) -> int:
    """Width of the eight bars, a power of two; the last one may be cut."""
    return 1 << (-(-array.columns // 8) - 1).bit_length()


class SmallPixelDie(wiring.Component):
    """Behaves like the analogue one, without noise. See `models.small` for every code.

    Eight bars, each twice as bright as the one before, in the lower half the other way round;
    four columns and two rows in the dark, two rows driven to a quarter and to three quarters.
    Columns settle `settle_cycles` after a reset or a transfer begins.

    Parameters
    ----------
    config : DieConfig
        One of `small_configuration`.

    Members
    -------
    row_control, shutters, ramp_code, ramp_active, comparators
        Of `SmallConverter` and the sequencer.
    """

    def __init__(self, config: DieConfig, *, counter_domain: str = "adc"):
        self.config, self.counter_domain = config, counter_domain
        super().__init__({
            "row_control": In(RowControl),
            "shutters": In(data.ArrayLayout(ShutterControl, 2)),
            "ramp_code": In(config.adc.bits), "ramp_active": In(1),
            "comparators": Out(config.array.total_columns),
        })

    @property
    def settle_cycles(self) -> int:
        """Clocks of ``sync`` from the rise of a row line to comparators that know of it."""
        return ((1 << self.config.adc.bits)
                + CYCLES_PER_COLUMN * self.config.array.total_columns + _PIPELINE_CYCLES)

    def elaborate(self, platform):
        m = Module()
        config, control = self.config, self.row_control
        array, adc = config.array, config.adc
        m.submodules.map = trips = TripMap(config, counter_domain=self.counter_domain)
        exposure = self._exposure(m)

        charged, was_reset, was_transfer = Signal(), Signal(), Signal()
        begins = Signal()
        m.d.sync += [was_reset.eq(control.reset), was_transfer.eq(control.transfer_large)]
        m.d.comb += begins.eq((control.reset & ~was_reset)
                              | (control.transfer_large & ~was_transfer))
        codes, columns = 1 << adc.bits, array.total_columns
        code = Signal(range(codes))
        clears, places, column = Signal(), Signal(), Signal(range(columns))
        step = Signal(range(CYCLES_PER_COLUMN))
        with m.If(begins):
            m.d.sync += [clears.eq(1), places.eq(0), code.eq(0), charged.eq(control.transfer_large)]
        with m.Elif(clears):
            m.d.sync += [code.eq(code + 1), column.eq(0), step.eq(0)]
            with m.If(code == codes - 1):
                m.d.sync += [clears.eq(0), places.eq(1)]
        with m.Elif(places):
            m.d.sync += step.eq(step + 1)
            with m.If(step == CYCLES_PER_COLUMN - 1):
                m.d.sync += [step.eq(0), column.eq(column + 1)]
                with m.If(column == columns - 1):
                    m.d.sync += places.eq(0)

        bar, is_dark = Signal(3), Signal()
        lit = (column - array.optical_black_columns)[:len(column)]
        upside_down = control.physical_row >= array.dark_rows + array.rows // 2
        m.d.comb += [bar.eq((lit // bar_columns(array)) ^ upside_down.replicate(3)),
                     is_dark.eq((column < array.optical_black_columns)
                                | (control.physical_row < array.dark_rows))]
        full = adc.full_well_codes
        exposed, level = Signal(len(exposure) + 7), Signal(adc.bits)
        light = exposed >> EXPOSURE_SHIFT
        m.d.comb += exposed.eq(exposure << bar)
        # First what light made of the column, then its own reset level below it.
        placing, number, spread = Signal(), Signal.like(column), Signal(2)
        m.d.sync += [placing.eq(places), number.eq(column),
                     spread.eq(column[:2] ^ column[3:5])]
        with m.If(~charged):
            m.d.sync += level.eq(0)
        with m.Elif(control.physical_row < array.test_rows):
            m.d.sync += level.eq(Mux(control.physical_row[0], 3 * full // 4, full // 4))
        with m.Elif(is_dark):
            m.d.sync += level.eq(0)
        with m.Else():
            m.d.sync += level.eq(Mux(light > full, full, light))
        m.d.comb += [
            trips.clear.eq(clears), trips.place.eq(placing), trips.column.eq(number),
            trips.code.eq(Mux(placing, level + spread + adc.nominal_reset_trip_counts - 2,
                              code)),
            trips.ramp_code.eq(self.ramp_code), trips.ramp_active.eq(self.ramp_active),
            self.comparators.eq(trips.comparators),
        ]
        return m

    def _exposure(self, m: Module) -> Signal:
        """Steps since the row was emptied, kept from the rise of its transfer line."""
        control, rows = self.row_control, range(self.config.array.total_rows)
        bits = (self.config.timing.frame_length_lines
                * self.config.timing.line_length_cycles // TICK_CYCLES).bit_length()
        clock = Signal(bits + (TICK_CYCLES - 1).bit_length())
        m.d.sync += clock.eq(clock + 1)
        now = clock[-bits:]
        m.submodules.emptied = emptied = memory.Memory(shape=bits, depth=len(rows), init=[])
        read, write = emptied.read_port(), emptied.write_port()
        even, odd = self.shutters
        # Both may be emptied in the same clock while exposures change: then odd frames wait.
        waits, row = Signal(), Signal(rows)
        with m.If(odd.reset):
            m.d.sync += [waits.eq(1), row.eq(odd.physical_row)]
        with m.Elif(~even.reset):
            m.d.sync += waits.eq(0)
        m.d.comb += [
            read.addr.eq(control.physical_row), write.data.eq(now),
            write.en.eq(even.reset | waits), write.addr.eq(Mux(even.reset, even.physical_row, row)),
        ]
        exposure, transferred = Signal(bits), Signal()
        m.d.sync += transferred.eq(control.transfer_large)
        with m.If(control.transfer_large & ~transferred):
            m.d.sync += exposure.eq(now - read.data)
        return exposure
