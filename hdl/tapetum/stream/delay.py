# SPDX-License-Identifier: Apache-2.0
"""Moving a value some clocks later, in registers or in a small memory."""

from typing import Any

from amaranth import *
from amaranth.hdl import ShapeLike
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..memory.code import Parity
from ..memory.health import MemoryHealth
from ..memory.word_check import WordCheck

__all__ = ["Delay", "DelayLine", "delayed"]


_MEMORY_CYCLES = range(4, 17)
"""Delays that pay in a memory of 16 words, which look-up tables make."""
_MEMORY_BITS = 8
"""Below this the pointer costs as much as the registers."""


def delayed(m: Module, value: Any, cycles: int, *, name: str, reset_less: bool = True) -> Any:
    """`value` as it was ``cycles`` clocks ago, through registers; itself for 0.

    Long ones are a submodule ``name``: see `Delay`.
    """
    shape = value.shape()
    if (reset_less and cycles in _MEMORY_CYCLES
            and Shape.cast(shape).width >= _MEMORY_BITS):
        m.submodules[name] = delay = Delay(shape, cycles)
        m.d.comb += delay.i.eq(value)
        return delay.o
    return _through_registers(m, value, cycles, name=name, reset_less=reset_less)


def _through_registers(m: Module, value: Any, cycles: int, *, name: str, reset_less: bool) -> Any:
    shape = value.shape()
    for stage in range(cycles):
        register = Signal(shape, name=f"{name}_{stage + 1}", reset_less=reset_less)
        m.d.sync += register.eq(value)
        value = register
    return value


class Delay(wiring.Component):
    """A value some clocks later, in registers that no reset clears.

    On a platform with a true attribute ``distributed_memory`` only the last of them is one; the
    others are a circular memory, which costs a seventh of them. Both do the same in every clock.

    Parameters
    ----------
    shape : ShapeLike
        Payload; nothing in it begins at another value than zero.
    cycles : int
        Latency in clocks, at least 2.

    Members
    -------
    i : In(shape), o : Out(shape)
    """

    def __init__(self, shape: ShapeLike, cycles: int):
        if cycles < 2:
            raise ValueError(f"a delay takes at least 2 cycles, not {cycles}.")
        self.shape, self.cycles = shape, cycles
        super().__init__({"i": In(shape), "o": Out(shape)})

    def elaborate(self, platform):
        m = Module()
        value, bits = Value.cast(self.i), Shape.cast(self.shape).width
        if not getattr(platform, "distributed_memory", False):
            m.d.comb += Value.cast(self.o).eq(
                _through_registers(m, value, self.cycles, name="stage", reset_less=True))
            return m
        m.submodules.entries = entries = memory.Memory(
            shape=bits, depth=self.cycles, init=[], attrs={"ram_style": "distributed"})
        write, read = entries.write_port(), entries.read_port()
        pointer = Signal(range(self.cycles), reset_less=True)
        following = Signal.like(pointer)
        m.d.comb += [
            following.eq(Mux(pointer == self.cycles - 1, 0, pointer + 1)),
            write.addr.eq(pointer), write.data.eq(value), write.en.eq(1),
            # The oldest word: it is overwritten in the clock after.
            read.addr.eq(following), read.en.eq(1),
            Value.cast(self.o).eq(read.data),
        ]
        m.d.sync += pointer.eq(following)
        return m


class DelayLine(wiring.Component):
    """A stream that cannot be stalled, a fixed number of clocks later.

    A circular memory rather than registers: right for delays of many clocks.

    Parameters
    ----------
    shape : ShapeLike
        Payload.
    cycles : int
        Latency in clocks, at least 3.

    Members
    -------
    i, o : streams of ``shape``, always ready
        One payload per clock.
    memory : Out(MemoryHealth)
        From the clock on in which every word has been written once.

    Raises
    ------
    ValueError
        If ``cycles`` is below 3.
    """

    def __init__(self, shape: ShapeLike, cycles: int):
        if cycles < 3:
            raise ValueError(f"a delay line takes at least 3 cycles, not {cycles}.")
        self.shape, self.cycles = shape, cycles
        super().__init__({
            "i": In(stream.Signature(shape, always_ready=True)),
            "o": Out(stream.Signature(shape, always_ready=True)),
            "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        depth = self.cycles - 1
        code = Parity(Shape.cast(self.shape).width)
        m.submodules.check = check = WordCheck(code)
        connect(m, check.health, flipped(self.memory))
        m.submodules.entries = entries = memory.Memory(
            shape=code.word_bits, depth=depth, init=[])
        write, read = entries.write_port(), entries.read_port()
        pointer = Signal(range(depth))
        valid = Signal(self.cycles)
        following = Signal.like(pointer)
        filled, payload = Signal(3), Value.cast(self.i.payload)
        m.d.comb += following.eq(Mux(pointer == depth - 1, 0, pointer + 1))
        # The word read is the oldest: it is overwritten in the clock after.
        m.d.comb += [
            write.addr.eq(pointer), write.data.eq(Cat(payload, code.encode(payload))),
            write.en.eq(1),
            read.addr.eq(following), read.en.eq(1),
            self.o.valid.eq(valid[-1]),
        ]
        m.d.sync += [
            pointer.eq(following),
            valid.eq(Cat(self.i.valid, valid)),
            filled.eq(Cat(filled[0] | (pointer == depth - 1), filled)),
        ]
        output = Signal(code.word_bits, reset_less=True)
        m.d.sync += output.eq(read.data)
        m.d.comb += [Value.cast(self.o.payload).eq(output[:code.data_bits]),
                     check.word.eq(output), check.read.eq(filled[-1])]
        return m
