# SPDX-License-Identifier: Apache-2.0
"""A pair of pins as comparator, a resistor and a capacitor as ramp, and the die's own converter."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from tapetum.adc.column_latches import ColumnLatches
from tapetum.adc.correlated_sampler import SAMPLER_LATENCY_CYCLES, CorrelatedSampler
from tapetum.adc.ramp_sequencer import RampSequencer
from tapetum.config import AdcConfig
from tapetum.pixel import RampKind

__all__ = ["ANALOGUE_ADC", "CONVERSIONS", "DRAIN_CYCLES", "LEVEL_BITS", "AnalogueColumn",
           "AnaloguePins"]

ANALOGUE_ADC = AdcConfig(bits=12, reset_counts=512)
CONVERSIONS = 16
"""Are added up for one answer."""
DRAIN_CYCLES = 1 << 14
"""Counter clocks: at 105 MHz seven time constants of 22 µs; the ramp begins within 0.1 % of 0 V."""
CLAMP_CYCLES = 1 << 10
"""Ahead of the reset ramp; more would drain the test voltage's filter."""
LEVEL_BITS = 12
"""Of the test voltage: what part of the time its pin is high."""


class AnaloguePins(wiring.Signature):
    """Seen from the FPGA.

    Members
    -------
    ramp : Out(1)
        Charges the capacitor of the ramp through its resistor, or drains it.
    clamp : Out(1)
        Low end of the divider that makes the reset level: driven low, or let go.
    level : Out(1)
        Pulses whose mean is the test voltage.
    comparator : In(1)
        High while the ramp is above the input.
    """

    def __init__(self):
        super().__init__({"ramp": Out(1), "clamp": Out(1), "level": Out(1), "comparator": In(1)})


class AnalogueColumn(wiring.Component):
    """Correlated double samples of one voltage, `CONVERSIONS` of them for each ``start``.

    ::

        clamp  ________/‾‾‾‾‾‾‾‾‾\\________________________   reset level, then signal
        ramp   ___drain___/reset \\___drain____/ signal ‾‾\\
        count             0 … 512             0 … 4096

    The ramp sequencer, the latches and the sampler are those of the die, of one column: 12 bits,
    which at 105 MHz is a ramp of 39 µs. A conversion takes 356 µs, an answer 6 ms.

    Parameters
    ----------
    counter_domain : str

    Members
    -------
    start : In(1), busy : Out(1), in ``sync``
    level : In(LEVEL_BITS), in ``sync``
        Of the test voltage; quasi-static.
    total : Out
        Sum of the codes; still while not ``busy``.
    pins : Out(AnaloguePins), in ``counter_domain``
    """

    def __init__(self, counter_domain: str = "adc", *, drain_cycles: int = DRAIN_CYCLES):
        self.counter_domain, self.drain_cycles = counter_domain, drain_cycles
        super().__init__({
            "start": In(1), "busy": Out(1), "level": In(LEVEL_BITS),
            "total": Out(ANALOGUE_ADC.bits + CONVERSIONS.bit_length() - 1),
            "pins": Out(AnaloguePins()),
        })

    def elaborate(self, platform):
        m = Module()
        pins, adc = self.pins, ANALOGUE_ADC
        in_counter = DomainRenamer(self.counter_domain)
        sequencer = RampSequencer(adc)
        latches = ColumnLatches(adc, columns=1, reset_banks=1)
        sampler = CorrelatedSampler(adc)
        m.submodules.sequencer, m.submodules.latches, m.submodules.sampler = (
            in_counter(part) for part in (sequencer, latches, sampler))
        counter = m.d[self.counter_domain]

        # A request and its answer cross as levels that change once each.
        asked, seen = Signal(), Signal()
        answered, heard = Signal(), Signal()
        m.submodules.seen = FFSynchronizer(asked, seen, o_domain=self.counter_domain)
        m.submodules.heard = FFSynchronizer(answered, heard)
        with m.If(self.start & ~self.busy):
            m.d.sync += asked.eq(~asked)
        m.d.comb += self.busy.eq(asked != heard)

        kind = Signal(RampKind)
        m.d.comb += [
            sequencer.kind.eq(kind), latches.kind.eq(kind), latches.open.eq(sequencer.open),
            latches.gray.eq(sequencer.gray), latches.comparators.eq(pins.comparator),
            sampler.signal.eq(Cat(latches.signal)), sampler.reset.eq(Cat(latches.reset[0])),
        ]
        # First-order sigma-delta: most of what is not the mean is far above the filter's corner.
        error = Signal(LEVEL_BITS)
        counter += Cat(error, pins.level).eq(error + self.level)

        wait = Signal(range(self.drain_cycles + 1))
        left = Signal(range(CONVERSIONS + 1))
        counter += [pins.ramp.eq(sequencer.active),
                    pins.clamp.eq((kind == RampKind.RESET) & (wait < CLAMP_CYCLES))]
        with m.If(wait != 0):
            counter += wait.eq(wait - 1)
        with m.FSM(domain=self.counter_domain):
            with m.State("rest"):
                counter += [kind.eq(RampKind.RESET), wait.eq(self.drain_cycles),
                            left.eq(CONVERSIONS)]
                with m.If(seen != answered):
                    counter += self.total.eq(0)
                    m.next = "drain"
            with m.State("drain"):
                with m.If(wait == 0):
                    m.d.comb += sequencer.start.eq(1)
                    m.next = "ramp"
            with m.State("ramp"):
                with m.If(sequencer.done):
                    counter += [wait.eq(self.drain_cycles), kind.eq(RampKind.SIGNAL)]
                    m.next = "drain"
                    with m.If(kind == RampKind.SIGNAL):
                        counter += [wait.eq(SAMPLER_LATENCY_CYCLES + 1), left.eq(left - 1)]
                        m.next = "sample"
            with m.State("sample"):
                with m.If(wait == 0):
                    counter += [self.total.eq(self.total + sampler.code), kind.eq(RampKind.RESET),
                                wait.eq(self.drain_cycles)]
                    m.next = "drain"
                    with m.If(left == 0):
                        counter += answered.eq(seen)
                        m.next = "rest"
        return m
