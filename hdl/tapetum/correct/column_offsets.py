# SPDX-License-Identifier: Apache-2.0
"""Offsets of columns, from rows in which every column should read the same."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..memory.health import MemoryHealth
from .learning_step import LearningStep
from .row_hold import RowHold
from .shielded_mean import ShieldedMean

__all__ = ["ColumnDeviations", "ColumnOffsets", "ColumnWrite", "address_bits", "deviation_bits",
           "estimate_bits"]


def deviation_bits(config: DieConfig) -> int:
    """Signed, in sixteenths of a code: up to 1/8 of the scale."""
    return config.adc.bits + 2


def estimate_bits(config: DieConfig) -> int:
    """Signed: offsets in 2**-11 codes up to 1/32 of the scale, gains up to 1/16."""
    return config.adc.bits + 7


def address_bits(config: DieConfig) -> int:
    """Beat within the row, then capture."""
    return (config.row_beats - 1).bit_length() + (len(config.captures) - 1).bit_length()


class ColumnDeviations(data.StructLayout):
    """One beat of a row that teaches: what is left, and the offsets that were subtracted."""

    def __init__(self, config: DieConfig):
        lanes = config.lanes
        super().__init__({
            "deviations": data.ArrayLayout(signed(deviation_bits(config)), lanes),
            "offsets": data.ArrayLayout(signed(estimate_bits(config)), lanes),
            "address": address_bits(config),
            "share": 3,
            "shielded": 1,
            "line_last": 1,
        })


class ColumnWrite(data.StructLayout):
    """New estimates of one beat's columns."""

    def __init__(self, config: DieConfig):
        super().__init__({
            "estimates": data.ArrayLayout(signed(estimate_bits(config)), config.lanes),
            "address": address_bits(config),
        })


class ColumnOffsets(wiring.Component):
    """``offset += (deviation - row reference) * share`` for every column of the row.

    ::

        i ─┬─► RowHold ──────────────────────────────────► - ─► LearningStep ─► o
           └─► ShieldedMean ─► + mean of shielded offsets ─┘

    The row reference is what the shielded columns share, so that neither row noise nor dark
    current enters. The mean of their offsets belongs to it and thereby stays at 0: what all columns
    have in common is the black level's business. A row is written ``shielded beats + 15`` clocks
    after it came.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of ColumnDeviations), always ready
    o : Out(stream of ColumnWrite), always ready
    at_limit : Out(1)
        With a beat at ``o``: an estimate was limited.
    memory : Out(MemoryHealth)
    """

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "i": In(stream.Signature(ColumnDeviations(config), always_ready=True)),
            "o": Out(stream.Signature(ColumnWrite(config), always_ready=True)),
            "at_limit": Out(1),
            "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        config, lanes = self.config, self.config.lanes
        bits, shielded = deviation_bits(config), config.array.optical_black_columns
        pixels = self.i.payload
        m.submodules.mean = mean = ShieldedMean(config, bits)
        m.submodules.hold = hold = RowHold(
            pixels.shape(), shielded // lanes + ShieldedMean.latency_cycles + 4)
        m.d.comb += [
            mean.valid.eq(self.i.valid), mean.values.eq(pixels.deviations),
            mean.shielded.eq(pixels.shielded), mean.line_last.eq(pixels.line_last),
            hold.i.valid.eq(self.i.valid), hold.i.payload.eq(pixels),
            hold.line_last.eq(pixels.line_last),
            hold.release.eq(mean.done),
        ]
        connect(m, hold.memory, flipped(self.memory))

        # Offsets in sixteenths, as they were subtracted.
        unit = estimate_bits(config) - config.adc.bits
        shielded_log2 = shielded.bit_length() - 1
        beat_sum = Signal(signed(config.adc.bits + 2), reset_less=True)
        counted = Signal()
        total = Signal(signed(config.adc.bits + shielded_log2))
        m.d.sync += [
            counted.eq(self.i.valid & pixels.shielded),
            beat_sum.eq(sum(pixels.offsets[lane] >> unit for lane in range(lanes))),
        ]
        reference = Signal(signed(bits + 1), reset_less=True)
        with m.If(mean.done):
            m.d.sync += [reference.eq(mean.mean + (total >> shielded_log2)), total.eq(0)]
        with m.Elif(counted):
            m.d.sync += total.eq(total + beat_sum)

        flow = Signal(1 + LearningStep.latency_cycles)
        taught = Signal.like(pixels, reset_less=True)
        m.d.sync += [taught.eq(hold.o.payload), flow.eq(Cat(hold.o.valid, flow))]
        limits = Signal(lanes)
        for lane in range(lanes):
            step = LearningStep(estimate_bits(config), bits + 2)
            m.submodules[f"step_{lane}"] = step
            error = Signal(signed(bits + 2), name=f"error_{lane}", reset_less=True)
            m.d.sync += error.eq(hold.o.payload.deviations[lane] - reference)
            m.d.comb += [
                step.estimate.eq(taught.offsets[lane]), step.error.eq(error),
                step.share.eq(taught.share),
                self.o.payload.estimates[lane].eq(step.updated),
                limits[lane].eq(step.at_limit),
            ]
        address = taught.address
        for stage in range(LearningStep.latency_cycles):
            later = Signal.like(address, name=f"address_{stage + 1}", reset_less=True)
            m.d.sync += later.eq(address)
            address = later
        m.d.comb += [
            self.o.valid.eq(flow[-1]), self.o.payload.address.eq(address),
            self.at_limit.eq(flow[-1] & limits.any()),
        ]
        return m
