# SPDX-License-Identifier: Apache-2.0
"""Tests the array with a picture of which the compiler knows what becomes of it."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .npu_config import NpuConfig
from .program_loader import LoadedProgram
from .step import InputWord

__all__ = ["SEED", "SHIFTS", "SIGNATURE_BITS", "TESTS_PER_FRAME", "GoldenInference",
           "following_word"]

SEED = 0x2545F491
"""First half word of the picture."""
SHIFTS = (13, -17, 5)
"""G. Marsaglia, "Xorshift RNGs", J. Stat. Softw. 8 (2003): to the left, to the right, to the left;
all 2**32 - 1 numbers but zero follow each other."""
SIGNATURE_BITS = 64
TESTS_PER_FRAME = 2
"""The second finds what was upset when the first had read it; with one alone that would wait for a
frame and as much as a test takes."""
_HALF_BITS = SIGNATURE_BITS // 2


def following_word(state: int) -> int:
    """The number after `state`, of 32 bits."""
    for shift in SHIFTS:
        state ^= (state << shift if shift > 0 else state >> -shift) & 0xFFFFFFFF
    return state


class GoldenInference(wiring.Component):
    """Runs the program in the array on a fixed picture of noise while no frame needs the array.

    ::

        noise ─► Engine ─► words that cells write ─► sum of each half ─► = signature of the program?

    What is summed up does not depend on when or in which order words are written. Two tests begin
    after each inference and after a program was loaded, as soon as the array is ``free``. A frame
    that begins has the array 70 clocks later: the test is given up, by a reset of the array. The
    answer is there some 70 clocks after the last word.

    Parameters
    ----------
    config : NpuConfig

    Members
    -------
    enable : In(1), program : In(LoadedProgram), loaded : In(1)
        No test without a program that has a signature.
    finished : In(1)
        An inference has ended, and what it left in the array has been read.
    free : In(1)
        The array is ready, and nobody else is about to use it.
    frame : In(1)
        A frame begins.
    start, reset : Out(1), input : Out(InputWord), input_valid : Out(1)
        For `Engine`; from it ``input_ready``, ``input_room``, ``ready``, ``done`` : In(1).
    words : In(a byte per pixel and cell), words_valid : In(pixels)
        What its cells write.
    busy : Out(1)
        From the clock after the start on, until the array is ready again.
    completed : Out(16), given_up : Out(1)
        Tests that came to their end since the reset, modulo 2**16; the last one did not.
    inject : In(1)
        The lowest bit of the sum is seen inverted. Then it is compared in every clock, so that the
        comparison is tested without a program too.
    raised : Out(1)
        The sum was another than the signature.
    """

    def __init__(self, config: NpuConfig):
        self.config = config
        super().__init__({
            "enable": In(1), "program": In(LoadedProgram), "loaded": In(1), "finished": In(1),
            "free": In(1), "frame": In(1),
            "start": Out(1), "reset": Out(1), "input": Out(InputWord), "input_valid": Out(1),
            "input_ready": In(1), "input_room": In(1), "ready": In(1), "done": In(1),
            "words": In(data.ArrayLayout(8 * config.cells, config.pixels)),
            "words_valid": In(config.pixels),
            "busy": Out(1), "completed": Out(16), "given_up": Out(1),
            "inject": In(1), "raised": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        can_test = self.enable & self.loaded & self.program.has_signature
        due, was_loaded, complete = Signal(range(TESTS_PER_FRAME + 1)), Signal(), Signal()
        m.d.sync += was_loaded.eq(self.loaded)
        with m.If(self.frame | ~can_test):
            m.d.sync += due.eq(0)
        with m.Elif(self.start):
            m.d.sync += due.eq(due - 1)
        with m.If(can_test & (self.finished | ~was_loaded)):
            m.d.sync += due.eq(TESTS_PER_FRAME)

        ends = Signal()
        m.d.sync += self.reset.eq(0)
        with m.FSM() as fsm:
            with m.State("idle"):
                m.d.comb += self.start.eq((due != 0) & can_test & self.free & ~self.frame)
                with m.If(self.start):
                    m.d.sync += complete.eq(0)
                    m.next = "run"
            with m.State("run"):
                with m.If(self.done):
                    m.d.sync += complete.eq(1)
                    m.next = "settle"
                with m.Elif(self.frame):
                    m.d.sync += self.reset.eq(1)
                    m.next = "settle"
            with m.State("settle"):
                # The array clears its counts of rows, and has written all its words by then.
                with m.If(self.ready & ~self.reset):
                    m.d.comb += ends.eq(1)
                    m.d.sync += [self.given_up.eq(~complete),
                                 self.completed.eq(self.completed + complete)]
                    m.next = "idle"
        m.d.comb += self.busy.eq(~fsm.ongoing("idle"))

        self._feed(m, fsm.ongoing("run"))
        self._compare(m, ends & complete)
        return m

    def _feed(self, m: Module, runs: Value) -> None:
        """Rows of noise, each as soon as there is room."""
        state = Signal(32, reset_less=True)
        row, column = Signal(12, reset_less=True), Signal(16, reset_less=True)
        last = column == self.program.row_words - 1
        following = state
        for shift in SHIFTS:
            following = following ^ (following << shift if shift > 0 else following >> -shift)[:32]
        m.d.comb += [
            self.input.word.eq(Cat(state, state.rotate_left(16))), self.input.row_last.eq(last),
            self.input_valid.eq(runs & (row != self.program.rows)
                                & ((column != 0) | self.input_room)),
        ]
        with m.If(self.start):
            m.d.sync += [state.eq(SEED), row.eq(0), column.eq(0)]
        with m.Elif(self.input_valid & self.input_ready):
            m.d.sync += [state.eq(following), row.eq(row + last),
                         column.eq(Mux(last, 0, column + 1))]

    def _compare(self, m: Module, ends: Value) -> None:
        total = Signal(SIGNATURE_BITS)
        halves = [slice(start, start + _HALF_BITS) for start in (0, _HALF_BITS)]
        with m.If(self.start):
            m.d.sync += total.eq(0)
        with m.Elif(self.busy & self.words_valid[0]):
            for half in halves:
                added = self.words[0][half]
                for pixel in range(1, self.config.pixels):
                    added = added + Mux(self.words_valid[pixel], self.words[pixel][half], 0)
                m.d.sync += total[half].eq(total[half] + added)
        m.d.sync += self.raised.eq(
            (ends | self.inject) & ((total ^ self.inject) != self.program.signature))
