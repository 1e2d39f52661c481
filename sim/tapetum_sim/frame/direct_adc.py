# SPDX-License-Identifier: Apache-2.0
"""Column converters without ramps: trip codes are loaded as the counts that ramps would give."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import connect, flipped

from tapetum.adc.column_adc import converter_ports
from tapetum.adc.column_planes import selected_bits
from tapetum.adc.column_store import reads_in_turns
from tapetum.adc.conversion_control import ConversionControl
from tapetum.adc.geometry import column_blocks, reset_bank_count
from tapetum.adc.row_readout import RowReadout
from tapetum.config import DieConfig
from tapetum.pixel import RampKind
from tapetum.stream.delay import delayed

from ..simulator import Mailbox

__all__ = ["TRIP_CODES", "DirectColumnAdc"]

TRIP_CODES = "trip_codes"
"""Name of the mailbox into which the pixel die posts a row of trip codes, as bit planes."""

_RAMP_CYCLES = 4


class DirectColumnAdc(wiring.Component):
    """Stands in for `ColumnAdc`, with its ports, where frames are many and ramps are not the point.

    Commands, correlated double sampling, row buffer, multiplexer and region are those of the die;
    ramp, count, latches and bonds are left out. A ramp takes 4 ``sync`` cycles: its trip codes
    are taken from the mailbox, cut to the ramp's length and Gray coded. Rows leave bit for bit as
    from `ColumnAdc`. Simulation only.
    """

    def __init__(self, config: DieConfig, counter_domain: str):
        self.config = config
        super().__init__(converter_ports(config))

    def elaborate(self, platform):
        """Play a ramp in a few clocks of ``sync``."""
        m = Module()
        adc, columns = self.config.adc, self.config.array.total_columns
        m.submodules.control = control = ConversionControl(self.config)
        m.submodules.readout = readout = RowReadout(self.config)
        m.submodules.trip_codes = trip_codes = Mailbox((adc.bits + 1) * columns, TRIP_CODES)
        connect(m, flipped(self.ramp), control.ramp)
        connect(m, readout.pixels, flipped(self.pixels))

        # The pixel die posts between the clock that takes the command and the next one.
        progress = Signal(_RAMP_CYCLES)
        requested = Signal()
        m.d.sync += [requested.eq(control.request),
                     progress.eq(Cat(control.request ^ requested, progress))]
        with m.If(progress[-1]):
            m.d.sync += control.answer.eq(control.request)
        m.d.comb += trip_codes.load.eq(control.request ^ requested)

        trips = [trip_codes.data[bit * columns:(bit + 1) * columns]
                 for bit in range(adc.bits + 1)]
        signal = [Signal(columns, name=f"signal_{bit}") for bit in range(adc.bits + 1)]
        reset = [[Signal(columns, name=f"reset_{bank}_{bit}") for bit in range(adc.reset_bits)]
                 for bank in range(reset_bank_count(self.config))]
        with m.If(progress[1]):
            with m.If(control.kind == RampKind.SIGNAL):
                m.d.sync += self._latch(signal, trips)
            for bank, planes in enumerate(reset):
                with m.If((control.kind == RampKind.RESET) & (control.bank == bank)):
                    m.d.sync += self._latch(planes, trips)

        held_reset = [Signal(columns, name=f"held_reset_{bit}") for bit in range(adc.reset_bits)]
        held_signal = [Signal(columns, name=f"held_signal_{bit}")
                       for bit in range(adc.bits + 1)]
        # Later than the last column of the row before is taken.
        copy = delayed(m, control.copy, 2, name="copy", reset_less=False)
        with m.If(copy):
            m.d.sync += [held.eq(plane) for held, plane in zip(held_signal, signal, strict=True)]
            m.d.sync += [held.eq(Mux(control.bank, reset[-1][bit], reset[0][bit]))
                         for bit, held in enumerate(held_reset)]
        m.d.comb += [
            control.reading.eq(readout.busy),
            readout.start.eq(control.copy),
            readout.tag.eq(control.tag),
            readout.frame_last.eq(control.frame_last),
            readout.settings.eq(self.settings),
            self.read_overrun.eq(control.read_overrun),
            self.bond_test_done.eq(1),
        ]
        for index, block in enumerate(column_blocks(self.config)):
            part = slice(block.start, block.stop)
            chosen = selected_bits(
                m, self.config, signal=[held[part] for held in held_signal],
                reset=[held[part] for held in held_reset],
                select=readout.select[index][:len(block)],
                turn=readout.turns[index] if reads_in_turns(self.config) else None)
            m.d.comb += [found.eq(bits) for found, bits in zip(
                readout.found[index], chosen, strict=True)]
        return m

    @staticmethod
    def _latch(planes: list[Signal], trips: list) -> list:
        """Gray code of the trip codes, or of the ramp's length, a power of two, where larger."""
        top = len(planes) - 1
        beyond = trips[top]
        for plane in trips[top + 1:]:
            beyond = beyond | plane
        count = [trips[bit] & ~beyond for bit in range(top)] + [beyond]
        return [plane.eq(count[bit] ^ count[bit + 1] if bit < top else count[bit])
                for bit, plane in enumerate(planes)]
