# SPDX-License-Identifier: Apache-2.0
"""Every column has its own offset and gain; here they go."""

from typing import Any

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..memory.code import Parity
from ..memory.health import MemoryHealth, gather
from ..memory.word_check import WordCheck
from ..pixel import CodePixels, RowKind, RowTag, corrected_bits
from ..stream.delay import delayed
from .column_offsets import (
    ColumnOffsets,
    address_bits,
    deviation_bits,
    estimate_bits,
)
from .column_schedule import ColumnSchedule
from .learning_step import LearningStep

__all__ = ["ColumnCorrection"]

FRACTION_BITS = 4
"""Inside, codes are counted in sixteenths."""
GAIN_BITS, GAIN_UNIT_LOG2 = 15, 18
"""What of a gain multiplies: signed, in units of 2**-18, up to 1/16."""


class ColumnCorrection(wiring.Component):
    """Subtracts the offset of each column and divides out its gain; learns both as rows pass.

    ::

        i ─► - offset ─► - gain x code ─┬─► round, saturate ─► o
                ^           ^           ├─► test rows: difference of levels ─► gains, per beat
                └─ memory ──┴───────────┴─► dark or test rows: ColumnOffsets ─► offsets

    Closed loop: estimates follow what is left after correction. Gains come from the pair of test
    rows, whose levels are known; offsets from dark rows at first and then from what the test rows
    extrapolate to (`ColumnSchedule`). A saturated conversion stays all ones. Latency
    `latency_cycles`, one beat per clock. The rows of one capture begin at least 64 clocks, and
    ``shielded beats + 30`` clocks, apart.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of CodePixels), always ready
        ADC codes: all rows, all columns.
    enable : In(1)
        Of the beat's frame, valid with its tag; 0: codes pass. Learning goes on.
    freeze : In(1)
        Nothing is learnt while this is high as a row begins.
    is_hot : In(1 per capture)
        Offsets of this capture are learnt from test rows alone.
    restart : In(1)
        Strobe: forget all. Needed when columns come in other beats than before.
    o : Out(stream of CodePixels), always ready
        Corrected codes with fraction bits.
    column_limit : Out(1)
        Pulse: a column is broken. An estimate is at its limit, or a test row is off its level by
        1/8 of the scale.
    memory : Out(MemoryHealth)
    """

    latency_cycles = 7

    def __init__(self, config: DieConfig):
        self.config = config
        super().__init__({
            "i": In(stream.Signature(CodePixels(config.lanes, config.adc.bits),
                                     always_ready=True)),
            "enable": In(1),
            "freeze": In(1),
            "is_hot": In(len(config.captures)),
            "restart": In(1),
            "o": Out(stream.Signature(CodePixels(config.lanes, corrected_bits(config)),
                                      always_ready=True)),
            "column_limit": Out(1),
            "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        config, lanes, adc_bits = self.config, self.config.lanes, self.config.adc.bits
        bits, bits_kept = estimate_bits(config), deviation_bits(config)
        pixels = self.i.payload
        m.submodules.schedule = schedule = ColumnSchedule(config)
        m.submodules.offsets = offsets = ColumnOffsets(config)
        m.d.comb += [
            schedule.i.valid.eq(self.i.valid), schedule.i.payload.eq(pixels),
            schedule.restart.eq(self.restart), schedule.freeze.eq(self.freeze),
            schedule.is_hot.eq(self.is_hot),
        ]

        beat = Signal(range(config.row_beats))
        with m.If(self.i.valid):
            m.d.sync += beat.eq(Mux(pixels.line_last, 0, beat + 1))
        capture = pixels.tag.capture[:(len(config.captures) - 1).bit_length()]
        address = Signal(address_bits(config))
        m.d.comb += address.eq(Cat(beat, capture))

        healths = [offsets.memory]

        def store(name: str, width: int, reads: Value) -> tuple[Any, Any]:
            """What lies at ``address`` a clock later, checked where ``reads``; its write port."""
            shape = data.ArrayLayout(signed(width), lanes)
            code = Parity(shape.size)
            m.submodules[f"{name}_check"] = check = WordCheck(code)
            healths.append(check.health)
            held = memory.Memory(shape=code.word_bits, depth=1 << address_bits(config), init=[])
            m.submodules[f"{name}_memory"] = held
            read, write = held.read_port(), held.write_port()
            word = Signal(code.word_bits, name=f"{name}_word", reset_less=True)
            written = Signal(shape, name=f"{name}_written")
            counts = delayed(m, self.i.valid, 1, name=f"{name}_read", reset_less=False) & reads
            m.d.sync += word.eq(read.data)
            m.d.comb += [
                read.addr.eq(address), read.en.eq(1), check.word.eq(word),
                check.read.eq(delayed(m, counts, 1, name=f"{name}_counts", reset_less=False)),
                write.data.eq(Cat(written, code.encode(Value.cast(written)))),
            ]
            return data.View(shape, read.data[:code.data_bits]), (write, written)

        first_lesson = schedule.lesson
        offset_read, (offset_port, offset_write) = store("offset", bits, first_lesson.has_offset)
        gain_read, (gain_port, gain_write) = store("gain", bits, first_lesson.has_gain)
        low_read, (low_port, low_write) = store("low", bits_kept, first_lesson.takes_high)

        # What travels with the beat: flags, address, the row's lesson. [n] is n clocks after i.
        flags = data.StructLayout({
            "optical_black": 1, "line_last": 1, "frame_last": 1, "tag": RowTag, "enable": 1,
            "address": address.shape(),
        })
        travel = [Signal(flags, name="travel_0")]
        m.d.comb += travel[0].eq(Cat(pixels.optical_black, pixels.line_last, pixels.frame_last,
                                     pixels.tag, self.enable, address))
        valid = Signal(12)
        valids = Cat(self.i.valid, valid)
        m.d.sync += valid.eq(valids)
        for clock in range(1, 12):
            travel.append(delayed(m, travel[-1], 1, name=f"travel_{clock}"))
        lesson, shares = [None, schedule.lesson], [None, None, schedule.shares]
        for clock in range(2, 12):
            lesson.append(delayed(m, lesson[-1], 1, name=f"lesson_{clock}"))
            shares.append(delayed(m, shares[-1], 1, name=f"shares_{clock}"))

        out = Signal.like(self.o.payload, reset_less=True)
        limits, wild = Signal(lanes), Signal(lanes, reset_less=True)
        for lane in range(lanes):
            name = f"{lane}"
            code = delayed(m, pixels.codes[lane], 1, name=f"code_{name}")
            above = Signal(signed(adc_bits + 1), name=f"above_{name}", reset_less=True)
            offset = Signal(signed(bits), name=f"offset_{name}", reset_less=True)
            gain = Signal(signed(bits), name=f"gain_{name}", reset_less=True)
            low = Signal(signed(bits_kept), name=f"low_{name}", reset_less=True)
            m.d.sync += [  # 2
                above.eq(code - config.adc.pedestal_codes),
                offset.eq(Mux(lesson[1].has_offset, offset_read[lane], 0)),
                gain.eq(Mux(lesson[1].has_gain, gain_read[lane], 0)),
                low.eq(low_read[lane]),
            ]
            level_shape = signed(adc_bits + FRACTION_BITS + 2)
            level = Signal(level_shape, name=f"level_{name}", reset_less=True)
            product = Signal(signed(adc_bits + 2 + GAIN_BITS), name=f"product_{name}",
                             reset_less=True)
            true_level = Signal(level_shape, name=f"true_level_{name}", reset_less=True)
            multiplier = Signal(signed(GAIN_BITS), name=f"multiplier_{name}", reset_less=True)
            unit = bits - adc_bits
            m.d.sync += [
                level.eq((above << FRACTION_BITS) - (offset >> unit)),  # 3
                multiplier.eq(gain >> (bits - GAIN_BITS)),
                product.eq((level >> FRACTION_BITS) * multiplier),  # 4
                true_level.eq(delayed(m, level, 1, name=f"level_{name}")  # 5
                              - (product >> (GAIN_UNIT_LOG2 - FRACTION_BITS))),
            ]
            code = delayed(m, code, 5, name=f"code_{name}_later")
            self._output(m, out.codes[lane], code, true_level, travel[6].enable, name)

            # How far from the level that this row should show.
            difference = Signal(level_shape, name=f"difference_{name}", reset_less=True)
            deviation = Signal(signed(bits_kept), name=f"deviation_{name}", reset_less=True)
            full_well = config.adc.full_well_codes << FRACTION_BITS
            is_test = travel[5].tag.row_kind == RowKind.TEST
            nominal = Mux(travel[5].tag.array_row[0], full_well * 3 // 4, full_well // 4)
            m.d.sync += [
                difference.eq(true_level - Mux(is_test, nominal, 0)),  # 6
                deviation.eq(_saturated(difference, bits_kept)),  # 7
                wild[lane].eq(_exceeds(difference, bits_kept)),
            ]
            low = delayed(m, low, 5, name=f"low_{name}")
            m.d.comb += low_write[lane].eq(deviation)

            # Test rows: their difference gives the gain, their extrapolation to 0 the offset.
            steeper = Signal(signed(bits_kept + 1), name=f"steeper_{name}", reset_less=True)
            triple = Signal(signed(bits_kept + 2), name=f"triple_{name}", reset_less=True)
            intercept = Signal(signed(bits_kept + 3), name=f"intercept_{name}", reset_less=True)
            taught = Signal(signed(bits_kept), name=f"taught_{name}", reset_less=True)
            later = delayed(m, deviation, 2, name=f"deviation_{name}")
            m.d.sync += [
                steeper.eq(deviation - low),  # 8
                triple.eq(low + (low << 1)),
                intercept.eq(triple - delayed(m, deviation, 1, name=f"high_{name}")),  # 9
                taught.eq(Mux(lesson[9].takes_high,  # 10
                              _saturated(intercept >> 1, bits_kept), later)),
            ]
            m.submodules[f"gain_step_{name}"] = step = LearningStep(bits, bits_kept + 1)
            m.d.comb += [
                step.estimate.eq(delayed(m, gain, 6, name=f"gain_{name}")),
                step.error.eq(steeper), step.share.eq(shares[8].gain),  # 11
                gain_write[lane].eq(step.updated),
                limits[lane].eq(step.at_limit),
                offsets.i.payload.deviations[lane].eq(taught),
                offsets.i.payload.offsets[lane].eq(delayed(m, offset, 8, name=f"offset_{name}")),
                offset_write[lane].eq(offsets.o.payload.estimates[lane]),
            ]

        gather(m, self.memory, *healths)
        gains_written = valids[11] & lesson[11].takes_high
        m.d.comb += [
            low_port.addr.eq(travel[7].address),
            low_port.en.eq(valids[7] & lesson[7].takes_low),
            gain_port.addr.eq(travel[11].address), gain_port.en.eq(gains_written),
            offset_port.addr.eq(offsets.o.payload.address), offset_port.en.eq(offsets.o.valid),
            offsets.i.valid.eq(valids[10] & lesson[10].teaches_offset),
            offsets.i.payload.address.eq(travel[10].address),
            offsets.i.payload.share.eq(shares[10].offset),
            offsets.i.payload.shielded.eq(travel[10].optical_black),
            offsets.i.payload.line_last.eq(travel[10].line_last),
            self.o.valid.eq(valids[7]), self.o.payload.eq(out),
        ]
        is_lost = (valids[7] & (lesson[7].takes_low | lesson[7].takes_high) & wild.any())
        m.d.sync += [
            Cat(out.optical_black, out.line_last, out.frame_last, out.tag).eq(
                Value.cast(travel[6])),
            self.column_limit.eq(offsets.at_limit | (gains_written & limits.any()) | is_lost),
        ]
        return m

    def _output(self, m, out, code, true_level, enable, name) -> None:
        """Clocks 6 and 7: pedestal and rounding, then saturation."""
        config, bits = self.config, corrected_bits(self.config)
        surplus_bits = FRACTION_BITS - config.hdr.fraction_bits
        black = (config.adc.pedestal_codes << FRACTION_BITS) + ((1 << surplus_bits) >> 1)
        corrected = Signal(signed(bits + 3), name=f"corrected_{name}", reset_less=True)
        m.d.sync += corrected.eq((true_level + black) >> surplus_bits)
        with m.If(code.all() | (enable & ~corrected[-1] & corrected[bits:].any())):
            m.d.sync += out.eq(~0)
        with m.Elif(~enable):
            m.d.sync += out.eq(code << config.hdr.fraction_bits)
        with m.Elif(corrected[-1]):
            m.d.sync += out.eq(0)
        with m.Else():
            m.d.sync += out.eq(corrected[:bits])


def _exceeds(value: Value, bits: int) -> Value:
    """Whether `value`, signed, needs more than ``bits``."""
    return Mux(value[-1], ~value[bits - 1:-1].all(), value[bits - 1:-1].any())


def _saturated(value: Value, bits: int) -> Value:
    """`value`, signed, limited to ``bits``."""
    limit = Cat((~value[-1]).replicate(bits - 1), value[-1])
    return Mux(_exceeds(value, bits), limit, value[:bits])
