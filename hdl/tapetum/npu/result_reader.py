# SPDX-License-Identifier: Apache-2.0
"""Which class it is."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .engine import Engine
from .verdict import SCORES

__all__ = ["Logit", "ResultReader"]

_LOWEST = -128


class Logit(data.Struct):
    """The score of a class."""

    number: 8
    score: signed(8)


class ResultReader(wiring.Component):
    """Reads the logits of a finished inference, one a clock, and finds the first of the highest.

    Takes 8 clocks and `Engine.result_cycles` + 1 per eight classes.

    Members
    -------
    start : In(1), classes : In(8)
    index : Out(13), word : In(64)
        Of `Engine`.
    busy, done : Out(1)
        ``done`` for one clock, with all results; they stay until the next start.
    class_number : Out(8), score_count : Out(8), scores : Out(16 of signed(8))
        Zero beyond the last class.
    best : Out(signed(8))
        Score of the class.
    logits : Out(stream of Logit), always ready
        All of them, in the clock in which each is looked at.
    """

    def __init__(self):
        super().__init__({
            "start": In(1), "classes": In(8), "index": Out(13), "word": In(64),
            "busy": Out(1), "done": Out(1), "class_number": Out(8), "score_count": Out(8),
            "scores": Out(data.ArrayLayout(signed(8), SCORES)), "best": Out(signed(8)),
            "logits": Out(stream.Signature(Logit, always_ready=True)),
        })

    def elaborate(self, platform):
        m = Module()
        wait, lane = Signal(range(Engine.result_cycles + 2)), Signal(3)
        word, number = Signal(64, reset_less=True), Signal(8)
        score = word[:8].as_signed()
        m.d.sync += self.done.eq(0)
        with m.FSM() as fsm:
            with m.State("idle"):
                with m.If(self.start):
                    m.d.sync += [
                        self.index.eq(0), wait.eq(0), number.eq(0), lane.eq(0),
                        self.scores.as_value().eq(0), self.class_number.eq(0),
                        self.best.eq(_LOWEST),
                        self.score_count.eq(Mux(self.classes < SCORES, self.classes, SCORES)),
                    ]
                    m.next = "fetch"
            with m.State("fetch"):
                m.d.sync += wait.eq(wait + 1)
                with m.If(wait == Engine.result_cycles + 1):
                    m.d.sync += [wait.eq(0), word.eq(self.word), self.index.eq(self.index + 1)]
                    m.next = "scores"
            with m.State("scores"):
                m.d.comb += self.logits.valid.eq(1)
                m.d.sync += [word.eq(word >> 8), lane.eq(lane + 1), number.eq(number + 1)]
                with m.If(score > self.best):
                    m.d.sync += [self.best.eq(score), self.class_number.eq(number)]
                with m.If(number < SCORES):
                    m.d.sync += self.scores[number[:4]].eq(score)
                with m.If(number == self.classes - 1):
                    m.d.sync += self.done.eq(1)
                    m.next = "idle"
                with m.Elif(lane == 7):
                    m.next = "fetch"
        m.d.comb += [self.busy.eq(~fsm.ongoing("idle")),
                     self.logits.payload.number.eq(number), self.logits.payload.score.eq(score)]
        return m
