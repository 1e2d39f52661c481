# SPDX-License-Identifier: Apache-2.0
"""The array with what feeds it and what writes down its doings, as a simulator's top level."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from tapetum.npu.engine import Engine
from tapetum.npu.npu_config import NpuConfig
from tapetum.npu.program import Target

from ..simulator import Mailbox, Recorder

__all__ = ["LETTER_WORDS", "ArrayTop", "Letter", "Written"]

LETTER_WORDS = 64
IMAGE_TARGET = 7
"""Where a letter's word is one of the image, its number the index."""


class Letter(data.Struct):
    """One of the words that a letter brings; its fields those of `Engine.write`."""

    data: 72
    index: 16
    cell: 4
    target: 3
    used: 1


class Written(data.StructLayout):
    """What the recording ``written`` holds of each word in the activation memory."""

    def __init__(self, config: NpuConfig):
        super().__init__({"tensor": 8, "is_input": 8,
                          "lanes": data.ArrayLayout(signed(8), config.pixels * config.cells)})


class ArrayTop(wiring.Component):
    """Programs and images arrive in letters; then each start is one inference.

    Rows of the image go to the array as words of 64 bits, ``word_cycles`` clocks each: when there
    is room, or if ``row_period`` is not 0, the last word of row r at (r + 1) * row_period. Records
    every word that is written, and for each row of the schedule the clock at which it begins.

    Parameters
    ----------
    config : NpuConfig
    image_words : int
        Room for the image.

    Members
    -------
    load : In(1), loaded : Out(1)
        Takes a letter; low until its words are where they belong.
    start : In(1), ended : Out(1)
        Begins an inference; low while it runs.
    row_words, rows, word_cycles, row_period : In
    cycles, steps : Out(32)
        Of the last inference, with its last clock.
    last_input : Out(32)
        Clock in which the last word of the image was taken.
    overrun : Out(1)
    result_index : In(13), result_word : Out(64)
    """

    def __init__(self, config: NpuConfig, image_words: int):
        self.config, self.image_words = config, image_words
        super().__init__({
            "load": In(1), "loaded": Out(1), "start": In(1), "ended": Out(1),
            "row_words": In(16), "rows": In(16), "word_cycles": In(16), "row_period": In(32),
            "cycles": Out(32), "steps": Out(32), "last_input": Out(32), "overrun": Out(1),
            "result_index": In(13), "result_word": Out(64),
        })

    def elaborate(self, platform):
        m = Module()
        idle, running = Signal(init=1), Signal()
        m.d.comb += [self.loaded.eq(idle), self.ended.eq(~running)]
        m.submodules.engine = engine = Engine(self.config)
        m.submodules.image = image = memory.Memory(shape=64, depth=self.image_words, init=[])
        m.submodules.mailbox = mailbox = Mailbox(
            data.ArrayLayout(Letter, LETTER_WORDS), "letters")
        self._letters(m, engine, image, mailbox, idle)

        # An inference.
        begins = Signal()
        cycle, steps = Signal(32), Signal(32)
        m.d.comb += [
            begins.eq(self.start & self.ended & engine.ready), engine.start.eq(begins),
            engine.result_index.eq(self.result_index), self.result_word.eq(engine.result_word),
        ]
        with m.If(begins):
            m.d.sync += [running.eq(1), cycle.eq(0), steps.eq(0)]
        with m.Elif(~self.ended):
            m.d.sync += [cycle.eq(cycle + 1), steps.eq(steps + engine.step_valid)]
            with m.If(engine.done):
                m.d.sync += [running.eq(0), self.cycles.eq(cycle), self.steps.eq(steps),
                             self.overrun.eq(engine.overrun)]
        self._feed(m, engine, image, begins, cycle)

        # What it does.
        m.submodules.written = written = Recorder(Written(self.config), "written")
        m.submodules.begun = begun = Recorder(32, "begun")
        m.d.comb += [
            written.payload.tensor.eq(engine.probe_tensor),
            written.payload.is_input.eq(engine.probe_input),
            Value.cast(written.payload.lanes).eq(Value.cast(engine.probe_word)),
            written.valid.eq(engine.probe_valid.any()), written.ready.eq(1),
            begun.payload.eq(cycle), begun.valid.eq(engine.probe_row), begun.ready.eq(1),
        ]
        return m

    def _letters(self, m: Module, engine: Engine, image: memory.Memory, mailbox: Mailbox,
                 idle: Signal) -> None:
        write = image.write_port()
        number = Signal(range(LETTER_WORDS))
        word = mailbox.data[number]
        m.d.comb += mailbox.load.eq(self.load & self.loaded)
        with m.If(mailbox.load):
            m.d.sync += idle.eq(0)
        with m.Elif(~self.loaded):
            m.d.sync += [number.eq(number + 1), idle.eq(number == LETTER_WORDS - 1)]
        is_image = word.target == IMAGE_TARGET
        m.d.comb += [
            engine.write.eq(~self.loaded & word.used & ~is_image),
            Value.cast(engine.write_target).eq(word.target), engine.write_cell.eq(word.cell),
            engine.write_index.eq(word.index), engine.write_data.eq(word.data),
            write.addr.eq(word.index), write.data.eq(word.data),
            write.en.eq(~self.loaded & word.used & is_image),
        ]

    def _feed(self, m: Module, engine: Engine, image: memory.Memory, begins: Value,
              cycle: Value) -> None:
        read = image.read_port(domain="comb")
        address = Signal(range(self.image_words + 1))
        row, word, pause = Signal(16), Signal(16), Signal(16)
        due = Signal(32)
        running = Signal()
        may_begin = Mux(self.row_period == 0, engine.input_room, cycle >= due)
        last = word == self.row_words - 1
        m.d.comb += [
            read.addr.eq(address), engine.input.word.eq(read.data), engine.input.row_last.eq(last),
            engine.input_valid.eq(running & (row != self.rows) & (pause == 0)
                                  & ((word != 0) | may_begin)),
        ]
        with m.If(pause != 0):
            m.d.sync += pause.eq(pause - 1)
        with m.If(engine.input_valid & engine.input_ready):
            m.d.sync += [address.eq(address + 1), word.eq(Mux(last, 0, word + 1)),
                         pause.eq(self.word_cycles - 1)]
            with m.If(last):
                m.d.sync += [row.eq(row + 1), due.eq(due + self.row_period),
                             self.last_input.eq(cycle)]
        with m.If(begins):
            m.d.sync += [running.eq(1), address.eq(0), row.eq(0), word.eq(0), pause.eq(0),
                         due.eq(self.row_period - self.row_words * self.word_cycles)]
        with m.If(engine.done):
            m.d.sync += running.eq(0)


assert all(target.value != IMAGE_TARGET for target in Target)
