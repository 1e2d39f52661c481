# SPDX-License-Identifier: Apache-2.0
"""Black becomes the pedestal."""

from typing import Any

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..memory.code import Parity
from ..memory.health import MemoryHealth, gather
from ..memory.word_check import WordCheck
from ..pixel import CodePixels, corrected_bits
from ..stream.delay import delayed

__all__ = ["BlackSubtract", "LevelWrite"]


class LevelWrite(data.StructLayout):
    """A new black level, a corrected code, for one phase of a capture.

    ``phase`` is row parity, then column parity: 0 for the pixel at even row and even column.
    """

    def __init__(self, config: DieConfig):
        super().__init__({
            "level": corrected_bits(config),
            "capture": 2,
            "phase": 2,
            "enable": 1,
        })


class BlackSubtract(wiring.Component):
    """Subtracts the black level of each capture and phase and puts the pedestal in its place.

    Saturates at zero and at all ones; what is all ones stays so. A row is subtracted with the
    levels that stood as it began. Latency `latency_cycles`, one beat per clock.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    i : In(stream of CodePixels), always ready
        Corrected codes: all rows, all columns.
    enable : In(1)
        Of the beat's frame, valid with its tag; 0: codes pass.
    write : In(LevelWrite)
        Until it was written, a level is the pedestal.
    o : Out(stream of CodePixels), always ready
    above_black : Out(signed(bits + 2) per lane)
        With ``o``, before saturation: code minus level; 0 where the conversion is saturated.
    memory : Out(MemoryHealth)
    """

    latency_cycles = 3

    def __init__(self, config: DieConfig):
        self.config = config
        bits = corrected_bits(config)
        shape = CodePixels(config.lanes, bits)
        super().__init__({
            "i": In(stream.Signature(shape, always_ready=True)),
            "enable": In(1),
            "write": In(LevelWrite(config)),
            "o": Out(stream.Signature(shape, always_ready=True)),
            "memory": Out(MemoryHealth()),
            "above_black": Out(data.ArrayLayout(signed(bits + 2), config.lanes)),
        })

    def elaborate(self, platform):
        m = Module()
        config, bits = self.config, corrected_bits(self.config)
        pedestal = config.adc.pedestal_codes << config.hdr.fraction_bits
        pixels, tag = self.i.payload, self.i.payload.tag

        # Pedestal minus level, by capture and row parity: one addition per pixel remains. The
        # memory's output register holds what the first beat of the row has read.
        begins, second = Signal(init=1), Signal()
        with m.If(self.i.valid):
            m.d.sync += [begins.eq(pixels.line_last), second.eq(~second & ~pixels.line_last)]
        offsets, healths, code = [], [], Parity(bits + 1)
        found = delayed(m, self.i.valid & begins, 1, name="found", reset_less=False)
        for column in (0, 1):
            held = memory.Memory(shape=code.word_bits, depth=8, init=[])
            m.submodules[f"check_{column}"] = check = WordCheck(code)
            healths.append(check.health)
            offset = (pedestal - self.write.level)[:code.data_bits]
            m.submodules[f"offsets_{column}"] = held
            read, write = held.read_port(), held.write_port()
            m.d.comb += [
                read.addr.eq(Cat(tag.array_row[0], tag.capture)),
                read.en.eq(self.i.valid & begins),
                write.addr.eq(Cat(self.write.phase[1], self.write.capture)),
                write.data.eq(Cat(offset, code.encode(offset))),
                check.word.eq(read.data), check.read.eq(found),
                write.en.eq(self.write.enable & (self.write.phase[0] == column)),
            ]
            offsets.append(read.data[:code.data_bits].as_signed())
        gather(m, self.memory, *healths)

        beats = [Signal.like(pixels, name=f"beat_{stage}", reset_less=True) for stage in (1, 2)]
        valid = Signal(3)
        enabled, second_column = Signal(reset_less=True), Signal(reset_less=True)
        out = Signal.like(pixels, reset_less=True)
        m.d.sync += [
            valid.eq(Cat(self.i.valid, valid)),
            enabled.eq(self.enable), second_column.eq(second),
            beats[0].eq(pixels), beats[1].eq(beats[0]), out.eq(beats[1]),
        ]
        # Columns begin at an even one, and so does every beat of several lanes.
        by_lane: list[Any] = (offsets * 2)[:config.lanes] if config.lanes > 1 else [
            Mux(second_column, offsets[1], offsets[0])]
        for lane in range(config.lanes):
            corrected = Signal(signed(bits + 2), name=f"corrected_{lane}", reset_less=True)
            m.d.sync += corrected.eq(beats[0].codes[lane] + Mux(enabled, by_lane[lane], 0))
            saturated = beats[1].codes[lane].all()
            with m.If(saturated | (~corrected[-1] & corrected[bits])):
                m.d.sync += out.codes[lane].eq(~0)
            with m.Elif(corrected[-1]):
                m.d.sync += out.codes[lane].eq(0)
            with m.Else():
                m.d.sync += out.codes[lane].eq(corrected[:bits])
            m.d.sync += self.above_black[lane].eq(Mux(saturated, 0, corrected - pedestal))
        m.d.comb += [self.o.valid.eq(valid[-1]), self.o.payload.eq(out)]
        return m
