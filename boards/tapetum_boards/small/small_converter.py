# SPDX-License-Identifier: Apache-2.0
"""The die's column converters without what takes most cells: columns leave one after the other."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out, connect, flipped

from tapetum.adc.broadcast import Broadcast
from tapetum.adc.column_latches import ColumnLatches
from tapetum.adc.conversion_control import ConversionControl
from tapetum.adc.correlated_sampler import SAMPLER_LATENCY_CYCLES, CorrelatedSampler
from tapetum.adc.geometry import column_blocks
from tapetum.adc.ramp_sequencer import RampSequencer
from tapetum.config import DieConfig
from tapetum.pixel import RampCommand, RowTag

__all__ = ["SmallCode", "SmallConverter", "small_converter_ports"]


class SmallCode(data.StructLayout):
    """One column's code, and the row that it is of."""

    def __init__(self, bits: int):
        super().__init__({"code": bits, "line_last": 1, "tag": RowTag})


def small_converter_ports(config: DieConfig) -> dict[str, wiring.Member]:
    """Ports of a row camera's converters, by name."""
    return {
        "ramp": In(stream.Signature(RampCommand)),
        "ramp_code": Out(config.adc.bits), "ramp_active": Out(1),
        "comparators": In(config.array.total_columns),
        "codes": Out(stream.Signature(SmallCode(config.adc.bits), always_ready=True)),
        "overrun": Out(1),
    }


class SmallConverter(wiring.Component):
    """The die's ramps, count, latches and correlated sampling; no spare bonds and no row buffer.

    A row is read out of the latches themselves, a column a clock: no ramp may begin meanwhile,
    which the settling of the next row sees to.

    Parameters
    ----------
    config : DieConfig
        Of one capture and one lane.

    Members
    -------
    ramp, ramp_code, ramp_active, comparators
        Of `ColumnAdc`.
    codes : Out(stream of SmallCode)
        Always ready; a row without bubbles.
    overrun : Out(1)
        Strobe: a row was lost.
    """

    def __init__(self, config: DieConfig, *, counter_domain: str = "adc"):
        self.config, self.counter_domain = config, counter_domain
        super().__init__(small_converter_ports(config))

    def elaborate(self, platform):
        m = Module()
        config, domain = self.config, DomainRenamer(self.counter_domain)
        m.submodules.control = control = ConversionControl(config)
        sequencer = RampSequencer(config.adc)
        m.submodules.sequencer = domain(sequencer)
        connect(m, flipped(self.ramp), control.ramp)
        arrived, answered, seen = Signal(), Signal(), Signal()
        m.submodules.request = FFSynchronizer(control.request, arrived,
                                              o_domain=self.counter_domain)
        m.submodules.answer = FFSynchronizer(answered, control.answer)
        m.d[self.counter_domain] += seen.eq(arrived)
        with m.If(sequencer.done):
            m.d[self.counter_domain] += answered.eq(seen)
        m.d.comb += [
            sequencer.start.eq(arrived ^ seen), sequencer.kind.eq(control.kind),
            self.ramp_code.eq(sequencer.code), self.ramp_active.eq(sequencer.active),
            self.overrun.eq(control.read_overrun),
        ]

        blocks = column_blocks(config)
        counts = Broadcast(config.adc.bits + 2, len(blocks))
        m.submodules.counts = domain(counts)
        m.d.comb += [counts.start.eq(sequencer.start), counts.stop.eq(sequencer.done),
                     counts.i.eq(Cat(sequencer.open, sequencer.gray))]
        latches = []
        for index, columns in enumerate(blocks):
            block = ColumnLatches(config.adc, columns=len(columns), reset_banks=1)
            m.submodules[f"latches_{index}"] = domain(block)
            m.d.comb += [
                block.comparators.eq(self.comparators[columns.start:columns.stop]),
                block.open.eq(counts.o[index][0]), block.gray.eq(counts.o[index][1:]),
                block.kind.eq(control.kind), block.bank.eq(0),
            ]
            latches.append(block)
        self._read(m, control, latches)
        return m

    def _read(self, m: Module, control, latches: list[ColumnLatches]) -> None:
        """Walk over the latches, which hold still from the end of a ramp to the next one."""
        adc, columns = self.config.adc, self.config.array.total_columns
        # One bit per column: choosing it takes half the tables of a decoded number.
        column = Signal(columns)
        reading = Signal()
        m.d.sync += column.eq(Cat(control.copy, column))
        m.d.comb += [reading.eq(control.copy | column.any()), control.reading.eq(column.any()),
                     control.hold.eq(reading)]
        m.submodules.sampler = sampler = CorrelatedSampler(adc)
        planes = [Cat(block.signal[bit] for block in latches) for bit in range(adc.bits + 1)]
        planes += [Cat(block.reset[0][bit] for block in latches) for bit in range(adc.reset_bits)]
        found = Signal(len(planes), reset_less=True)
        m.d.sync += found.eq(Cat((plane & column).any() for plane in planes))
        m.d.comb += [sampler.signal.eq(found[:adc.bits + 1]),
                     sampler.reset.eq(found[adc.bits + 1:])]

        flags = Cat(column.any(), column[-1])
        for stage in range(1 + SAMPLER_LATENCY_CYCLES):
            following = Signal(2, name=f"flags_{stage}")
            m.d.sync += following.eq(flags)
            flags = following
        given = self.codes.payload
        m.d.comb += [
            self.codes.valid.eq(flags[0]), given.line_last.eq(flags[1]),
            given.code.eq(sampler.code), given.tag.eq(control.tag),
        ]
