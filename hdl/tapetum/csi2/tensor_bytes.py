# SPDX-License-Identifier: Apache-2.0
"""The network's input and output as rows of bytes, each behind its head."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..memory.code import Parity
from ..memory.health import MemoryHealth, gather
from ..memory.protected_memory import ProtectedMemory
from ..memory.word_check import WordCheck
from ..npu.program_image import LARGEST_CLASSES
from ..npu.result_reader import Logit
from ..npu.verdict import Region, Verdict, VerdictFlags
from ..stream.queue import Queue
from ..vision.output_rows import InputCode
from .result_row import ResultBeat, ResultStore
from .tensor_head import TENSOR_HEAD_BYTES, TENSOR_LAYOUT_VERSION, TensorHead

__all__ = ["INPUT", "OUTPUT", "InputFrame", "TensorBytes"]

INPUT, OUTPUT = 0, 1
"""Kinds of rows."""
QUEUE_BYTES = 64
"""Bytes of an input row that may wait while a head, or an output, is written."""


class InputFrame(data.Struct):
    """A frame whose input begins. ``output_follows``: so will its output."""

    frame: 16
    model_id: 32
    region: Region
    rows: 8
    columns: 8
    channels: 8
    output_follows: 1


class TensorBytes(wiring.Component):
    """Puts a head before each row of the input, and before the scores once the verdict is given.

    The bytes of an input come when they are ready, one a clock at most, and wait in a queue while a
    head is written. If that overflows, or the frame is lost, the row under way is abandoned and no
    further row of that input is sent: a receiver misses their numbers. The scores are kept until
    the next ones are read; an output that they overtake is abandoned.

    Throughput: a byte per clock. Latency: 2 clocks from the first code of a row to its head.

    Parameters
    ----------
    store : ResultStore
        Where the rows go, kinds `INPUT` and `OUTPUT`.

    Members
    -------
    begins : In(1), begun : In(InputFrame)
        Strobe: the input of this frame is to be sent.
    codes : In(stream of InputCode), always ready
    lost : In(1)
        Strobe: the frame ``begun.frame`` will not be whole.
    logits : In(stream of Logit), always ready
        Scores of a finished inference, as they are read.
    given : In(1), verdict : In(Verdict)
        Strobe: the output of this verdict is to be sent. The verdict stays until the next one.
    o : Out(stream of ResultBeat), always ready
    overflow : Out(1)
        Pulse: an input or an output was not sent as a whole.
    memory : Out(MemoryHealth)
    """

    def __init__(self, store: ResultStore):
        self.store = store
        super().__init__({
            "begins": In(1), "begun": In(InputFrame),
            "codes": In(stream.Signature(InputCode, always_ready=True)), "lost": In(1),
            "logits": In(stream.Signature(Logit, always_ready=True)),
            "given": In(1), "verdict": In(Verdict),
            "o": Out(stream.Signature(ResultBeat(store), always_ready=True)),
            "overflow": Out(1), "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        beat, place = self.o.payload, Signal(range(TENSOR_HEAD_BYTES + LARGEST_CLASSES))
        in_head = place < TENSOR_HEAD_BYTES
        of_output, closing, closes_frame = Signal(), Signal(), Signal(reset_less=True)
        row, of_input = Signal(8, reset_less=True), Signal(InputFrame, reset_less=True)
        head, head_byte = Signal(TensorHead), Signal(8)
        is_of_input = self.verdict.frame == of_input.frame
        lost = self.lost & (self.begun.frame == of_input.frame)
        stop, coming, queue = self._queue(m, lost)
        waiting = queue.valid
        pending, overtaken, count, score = self._scores(m, place, of_output)
        m.d.comb += [
            head.extent.row.eq(Mux(of_output, 0, row)),
            head_byte.eq(head.as_value().word_select(place[:5], 8)),
        ]
        # The version is told in both cases: a part of a signal that is always the same would become
        # a process without inputs, which Verilog never runs.
        with m.If(of_output):
            m.d.comb += [
                head.layout.eq(TENSOR_LAYOUT_VERSION),
                head.flags.eq(self.verdict.flags), head.frame.eq(self.verdict.frame),
                head.model_id.eq(self.verdict.model_id), head.region.eq(self.verdict.region),
                head.extent.rows.eq(1), head.extent.columns.eq(1),
                head.extent.channels.eq(count),
            ]
        with m.Else():
            m.d.comb += head.layout.eq(TENSOR_LAYOUT_VERSION)
            m.d.comb += [head[name].eq(of_input[name]) for name in ("frame", "model_id", "region")]
            m.d.comb += [head.extent[name].eq(of_input[name])
                         for name in ("rows", "columns", "channels")]
        with m.If(self.begins):
            m.d.sync += [of_input.eq(self.begun), row.eq(0)]
        m.d.comb += [beat.kind.eq(Mux(of_output, OUTPUT, INPUT)), beat.frame.eq(head.frame)]

        # A row that is stopped ends at once, and a frame with it if nothing else of it follows.
        with m.If(stop):
            m.d.sync += [closing.eq(1), closes_frame.eq(~of_input.output_follows)]
        with m.FSM():
            with m.State("idle"):
                m.d.sync += place.eq(0)
                with m.If(closing):
                    m.d.comb += [self.o.valid.eq(1), beat.line_last.eq(1), beat.abandoned.eq(1),
                                 beat.frame_last.eq(closes_frame)]
                    m.d.sync += closing.eq(stop)
                # A verdict may come before the rows of its frame: it was not computed.
                with m.Elif(pending & ~self.given & ~(coming & is_of_input)):
                    m.d.sync += [of_output.eq(1), pending.eq(0)]
                    m.next = "output"
                with m.Elif(waiting & ~stop):
                    m.d.sync += of_output.eq(0)
                    m.next = "input"
            with m.State("input"):
                m.d.comb += [
                    self.o.valid.eq((in_head | waiting) & ~stop),
                    queue.ready.eq(~in_head),
                    beat.bits.eq(Mux(in_head, head_byte, queue.payload.code)),
                    beat.line_last.eq(~in_head & queue.payload.row_last),
                    beat.frame_last.eq((row + 1 == of_input.rows) & ~of_input.output_follows),
                ]
                with m.If(in_head):
                    m.d.sync += place.eq(place + 1)
                with m.If(self.o.valid & beat.line_last):
                    m.d.sync += row.eq(row + 1)
                    m.next = "idle"
                with m.If(stop):
                    m.next = "idle"
            with m.State("output"):
                at_end = place == count + (TENSOR_HEAD_BYTES - 1)
                m.d.comb += [
                    self.o.valid.eq(1), beat.bits.eq(Mux(in_head, head_byte, score)),
                    beat.line_last.eq(at_end), beat.frame_last.eq(1),
                    beat.abandoned.eq(overtaken),
                ]
                m.d.sync += place.eq(place + 1)
                with m.If(at_end):
                    m.next = "idle"
        sent_output = of_output & self.o.valid & beat.line_last
        m.d.sync += self.overflow.eq((stop & ~lost) | (sent_output & overtaken))
        with m.If(sent_output):
            m.d.sync += of_output.eq(0)
        return m

    def _queue(self, m: Module, lost):
        """The input's bytes: when they are given up, whether more are to be sent, the oldest."""
        kept = InputCode.as_shape().size
        code = Parity(kept)
        queue = Queue(code.word_bits, QUEUE_BYTES)
        stop, in_frame, rows_left = Signal(), Signal(), Signal(8, reset_less=True)
        m.submodules.queue = ResetInserter(stop)(queue)
        m.submodules.check = self._check = check = WordCheck(code)
        oldest = stream.Signature(InputCode).create()
        arrives = self.codes.valid & in_frame
        written = self.codes.payload.as_value()
        m.d.comb += [
            queue.i.valid.eq(arrives), queue.i.payload.eq(Cat(written, code.encode(written))),
            oldest.payload.as_value().eq(queue.o.payload[:kept]), oldest.valid.eq(queue.o.valid),
            queue.o.ready.eq(oldest.ready), check.word.eq(queue.o.payload),
            check.read.eq(queue.o.valid & queue.o.ready),
            stop.eq((arrives & ~queue.i.ready)
                    | ((lost | self.begins) & (in_frame | queue.o.valid))),
        ]
        with m.If(arrives & self.codes.payload.row_last):
            m.d.sync += [rows_left.eq(rows_left - 1), in_frame.eq(rows_left != 1)]
        with m.If(stop):
            m.d.sync += in_frame.eq(0)
        with m.If(self.begins):
            m.d.sync += [in_frame.eq(1), rows_left.eq(self.begun.rows)]
        return stop, in_frame | queue.o.valid, oldest

    def _scores(self, m: Module, place, of_output):
        """Whether an output waits, whether its scores are no more, how many, and one of them."""
        m.submodules.scores = scores = ProtectedMemory(8, depth=LARGEST_CLASSES + 1, code=Parity)
        gather(m, self.memory, scores.health, self._check.health)
        pending, overtaken = Signal(), Signal()
        known, count = Signal(8, reset_less=True), Signal(8, reset_less=True)
        ahead = TENSOR_HEAD_BYTES - scores.latency_cycles
        m.d.comb += [
            scores.write_enable.eq(self.logits.valid),
            scores.write_address.eq(self.logits.payload.number),
            scores.write_word.eq(self.logits.payload.score),
            scores.address.eq(place - ahead),
            scores.read.eq(of_output & (place >= ahead) & (place < count + ahead)),
        ]
        with m.If(self.logits.valid):
            m.d.sync += known.eq(self.logits.payload.number + 1)
        with m.If((self.logits.valid | self.given) & (pending | of_output)):
            m.d.sync += overtaken.eq(1)
        with m.Elif(of_output & self.o.payload.line_last):
            m.d.sync += overtaken.eq(0)
        with m.If(self.given):
            m.d.sync += [pending.eq(1),
                         count.eq(Mux(VerdictFlags(self.verdict.flags).valid, known, 0))]
        return pending, overtaken, count, scores.word
