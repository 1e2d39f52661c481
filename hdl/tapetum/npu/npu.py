# SPDX-License-Identifier: Apache-2.0
"""The room's way through: words of the picture in, verdicts out."""

from collections.abc import Callable

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..control.frame_settings import FRAMES_IN_FLIGHT
from ..memory.health import MemoryHealth, gather
from ..registers.bus import WindowBus
from ..stream.clock_gate import AwakeFor, Gated
from ..stream.delay import delayed
from .engine import Engine
from .frame_watch import FrameWatch
from .golden_inference import GoldenInference
from .npu_config import NpuConfig
from .program_loader import LoadedProgram, ProgramLoader
from .program_memory import ProgramMemory
from .program_window import PROGRAM_WINDOW, VERDICT_WINDOW
from .result_reader import Logit, ResultReader
from .scoreboard import TENSORS
from .step import InputWord
from .verdict import NO_CLASS, SCORES, VERDICT_LAYOUT_VERSION, Region, Verdict

__all__ = ["LONGEST_WAIT_CYCLES", "InterruptSettings", "Npu"]

ENGINE_HOLD_CYCLES = 1 << 8
"""Longer than a row takes to prepare, or its last step to be written."""
LOADER_HOLD_CYCLES = 1 << 4
"""Longer than its last pulses and delays."""
_FRESH_CYCLES = 127
"""After an inference, in which a new program may begin to be copied."""
LONGEST_WAIT_CYCLES = TENSORS + 8
"""Of a frame for an array that is being tested: the array forgets its rows."""


class InterruptSettings(data.Struct):
    """``classes``: one bit for each of the first 16; ``score``: the least one that counts."""

    classes: SCORES
    score: signed(8)


class Npu(wiring.Component):
    """`Engine` with its programs, and the verdict of each frame.

    ::

        program window ─► ProgramMemory ─► ProgramLoader
                                               │ between two inferences
        words ──────────────────────────────► Engine ─► ResultReader ─► verdict, interrupt
        first pixel, last pixel ─► FrameWatch ─┘  ▲                        ▲
                                       │   GoldenInference ─► raised       │
                                       └───────── deadline, flags ─────────┘

    An inference begins with the first pixel of a frame's region. A new program is checked while the
    old one runs, and copied right after an inference, or at once while no frame is under way. A
    frame that begins while it is being copied is not computed, and its verdict says so.

    When a verdict has been given, the array is tested until the next frame begins; that one waits
    at most `LONGEST_WAIT_CYCLES` for the array.

    Parameters
    ----------
    config : NpuConfig
    engine : callable
        Makes the array; the result has the ports of `Engine`.

    Members
    -------
    words : In(stream of InputWord)
        Of each frame that begins, ``rows`` rows of ``columns`` words.
    first : In(1), first_frame : In(16), region : In(Region), rows, columns : In(8), rgb : In(1)
        The first pixel of the region of a frame. ``rgb``: words are pixels of three channels.
    last : In(1), last_frame : In(16)
        The last pixel of a combined frame.
    lost : In(1), lost_frame : In(16)
        Rows of this frame are made up.
    wanted : In(FRAMES_IN_FLIGHT), deadline : In(16)
        See `FrameWatch`.
    quiet : In(1)
        No frame is under way or to come.
    program_bank, restart, load : In
        See `ProgramMemory` and `ProgramLoader`.
    received : Out(24), loading, loaded, refused, refusal : Out(1), program : Out(LoadedProgram)
    program_window, verdict_window : In(WindowBus)
    hold : In(1)
        The window shows one verdict all the time.
    interrupt_settings : In(InterruptSettings), clear_interrupt : In(1), interrupt : Out(1)
        Stays high from the first verdict that asks for it until it is cleared.
    verdict : Out(Verdict), given : Out(1)
        A new one; it stays for 64 clocks at least. ``best`` : Out(signed(8)) is the score of its
        class, 0 without one.
    logits : Out(stream of Logit), always ready
        Scores of all classes, before the verdict that rests on them.
    withheld : Out(1)
        Pulse: a verdict without a class was given.
    memory : Out(MemoryHealth)
        Of the programs that wait to be used.
    test, inject : In(1), tests : Out(16), test_given_up, differs : Out(1)
        ``enable``, ``inject``, ``completed``, ``given_up`` and ``raised`` of `GoldenInference`.
    """

    def __init__(self, config: NpuConfig, *,
                 engine: Callable[[NpuConfig], wiring.Component] = Engine):
        self.config = config
        self.engine = engine(config)
        self.loader, self._reader = ProgramLoader(config), ResultReader()
        super().__init__({
            "words": In(stream.Signature(InputWord)),
            "first": In(1), "first_frame": In(16), "region": In(Region),
            "rows": In(8), "columns": In(8), "rgb": In(1),
            "last": In(1), "last_frame": In(16), "lost": In(1), "lost_frame": In(16),
            "wanted": In(FRAMES_IN_FLIGHT), "deadline": In(16), "quiet": In(1),
            "program_bank": In(range(config.program_banks)), "restart": In(1), "load": In(1),
            "received": Out(24), "loading": Out(1), "loaded": Out(1), "refused": Out(1),
            "refusal": Out(1), "program": Out(LoadedProgram),
            "program_window": In(WindowBus(PROGRAM_WINDOW)),
            "verdict_window": In(WindowBus(VERDICT_WINDOW)), "hold": In(1),
            "interrupt_settings": In(InterruptSettings), "clear_interrupt": In(1),
            "interrupt": Out(1),
            "verdict": Out(Verdict, init={"class_number": NO_CLASS}), "best": Out(signed(8)),
            "given": Out(1), "withheld": Out(1), "memory": Out(MemoryHealth()),
            "logits": Out(stream.Signature(Logit, always_ready=True)),
            "test": In(1), "inject": In(1), "tests": Out(16), "test_given_up": Out(1),
            "differs": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        engine = self.engine
        m.submodules.computing = computing = AwakeFor(
            engine.start | engine.step_valid | engine.input_valid | engine.write,
            hold_cycles=ENGINE_HOLD_CYCLES)
        m.submodules.golden = golden = GoldenInference(self.config)
        m.submodules.engine = Gated(
            ResetInserter(golden.reset)(engine),
            awake=computing.awake | self._reader.busy | golden.busy)
        loader = self.loader
        m.submodules.loading = loading = AwakeFor(self.load | loader.busy,
                                                  hold_cycles=LOADER_HOLD_CYCLES)
        m.submodules.loader = Gated(loader, awake=loading.awake)
        m.submodules.watch = watch = FrameWatch()
        m.submodules.reader = reader = self._reader
        self._programs(m)

        # A frame waits until the array is no longer tested.
        first, waits, waited = Signal(), Signal(), Signal(range(LONGEST_WAIT_CYCLES + 1))
        comes = self.first | waits
        m.d.comb += first.eq(comes & ~golden.busy)
        m.d.sync += [waits.eq(comes & golden.busy), waited.eq(Mux(waits, waited + 1, self.first))]

        # Every frame that begins brings all its rows, at the latest after its end: while some are
        # still to come, no other one is computed.
        rows_due = Signal(9)
        arrives = self.words.valid & self.words.ready & self.words.payload.row_last
        m.d.comb += [
            self.words.ready.eq((engine.input_ready | ~watch.running) & ~golden.busy & ~first),
            engine.input_valid.eq((self.words.valid & watch.running) | golden.input_valid),
            engine.input.eq(Mux(golden.busy, golden.input, self.words.payload)),
        ]
        m.d.sync += rows_due.eq(rows_due + Mux(first, self.rows, 0) - arrives)
        fits = ((self.rows == loader.program.rows) & (self.columns == loader.program.row_words)
                & ((loader.program.channels == 3) == self.rgb) & (rows_due == 0))

        # The frame.
        m.d.comb += [
            watch.wanted.eq(self.wanted), watch.deadline.eq(self.deadline),
            watch.first.eq(first), watch.waited.eq(waited), watch.first_frame.eq(self.first_frame),
            watch.region.eq(self.region),
            watch.can_start.eq(engine.ready & loader.loaded & fits & ~watch.running
                               & ~reader.busy),
            engine.start.eq(watch.start | golden.start),
            reader.start.eq(engine.done & watch.running & ~watch.abandoned),
            watch.finished.eq(reader.done | (engine.done & watch.abandoned)),
            watch.overrun.eq(engine.overrun),
            reader.classes.eq(loader.program.classes),
            engine.result_index.eq(reader.index), reader.word.eq(engine.result_word),
        ]
        for name in ("last", "lost"):
            self._behind_first(m, watch, name, comes)
        fresh, was_run = Signal(range(_FRESH_CYCLES + 1)), Signal()
        with m.If(watch.finished | (watch.give & watch.flags.not_run)):
            m.d.sync += [fresh.eq(_FRESH_CYCLES), was_run.eq(watch.finished)]
        with m.Elif(fresh != 0):
            m.d.sync += fresh.eq(fresh - 1)
        unused = (engine.ready & ~watch.running & ~self.first & ~waits & ~reader.busy
                  & ~golden.busy)
        m.d.comb += [
            loader.free.eq(unused & ((fresh != 0) | self.quiet | ~self.wanted.any())),
            golden.finished.eq((fresh == 1) & was_run), golden.frame.eq(self.first),
            golden.free.eq(unused & ~loader.busy & (fresh == 0) & (rows_due == 0)),
            golden.enable.eq(self.test), golden.program.eq(loader.program),
            golden.loaded.eq(loader.loaded), golden.inject.eq(self.inject),
            golden.input_ready.eq(engine.input_ready), golden.input_room.eq(engine.input_room),
            golden.ready.eq(engine.ready), golden.done.eq(engine.done),
            golden.words.eq(engine.probe_word),
            golden.words_valid.eq(engine.probe_valid & (~engine.probe_input).replicate(
                self.config.pixels)),
            self.tests.eq(golden.completed), self.test_given_up.eq(golden.given_up),
            self.differs.eq(golden.raised),
        ]
        connect(m, reader.logits, flipped(self.logits))
        self._verdict(m, watch, reader)
        return m

    def _behind_first(self, m: Module, watch: FrameWatch, name: str, comes: Value) -> None:
        """What is said of a frame that still waits is said in the clock after it has begun."""
        said, frame = getattr(self, name), getattr(self, f"{name}_frame")
        early, kept, begun = Signal(), Signal(), Signal()
        m.d.comb += [
            early.eq(said & comes & (frame == self.first_frame)), begun.eq(kept & ~comes),
            getattr(watch, name).eq((said & ~early) | begun),
            getattr(watch, f"{name}_frame").eq(Mux(begun, self.first_frame, frame)),
        ]
        m.d.sync += kept.eq((kept & ~begun) | early)

    def _programs(self, m: Module) -> None:
        m.submodules.memory = memory = ProgramMemory(self.config)
        loader, engine = self.loader, self.engine
        gather(m, self.memory, memory.memory, engine.memory)
        m.d.comb += [
            memory.bank.eq(self.program_bank),
            memory.byte.eq(self.program_window.write_data),
            memory.append.eq(self.program_window.write & ~loader.busy),
            memory.restart.eq(self.restart & ~loader.busy),
            memory.address.eq(loader.address), loader.word.eq(memory.word),
            loader.load.eq(self.load), memory.idle.eq(~loader.busy & ~self.load),
            self.received.eq(memory.received), self.loading.eq(loader.busy),
            self.loaded.eq(loader.loaded), self.refused.eq(loader.refused),
            self.refusal.eq(loader.refusal), self.program.eq(loader.program),
            *(getattr(engine, name).eq(getattr(loader, name)) for name in (
                "write", "write_target", "write_cell", "write_index", "write_data")),
        ]

    def _verdict(self, m: Module, watch: FrameWatch, reader: ResultReader) -> None:
        """Put together, kept, shown, and looked at."""
        valid = watch.flags.valid
        m.d.sync += [self.given.eq(watch.give), self.withheld.eq(watch.give & ~valid)]
        with m.If(watch.give):
            m.d.sync += [
                self.verdict.layout.eq(VERDICT_LAYOUT_VERSION),
                self.verdict.flags.eq(watch.flags), self.verdict.frame.eq(watch.frame),
                self.verdict.model_id.eq(self.program.model_id),
                self.verdict.cycles.eq(watch.cycles), self.verdict.region.eq(watch.seen),
                self.verdict.class_number.eq(Mux(valid, reader.class_number, NO_CLASS)),
                self.verdict.score_count.eq(Mux(valid, reader.score_count, 0)),
                self.verdict.scores.eq(Mux(valid, reader.scores.as_value(), 0)),
                self.best.eq(Mux(valid, reader.best, 0)),
            ]

        shown = Signal(Verdict)
        with m.If(~self.hold):
            m.d.sync += shown.eq(self.verdict)
        address = self.verdict_window.address
        read = Signal(8, reset_less=True)
        m.d.sync += read.eq(shown.as_value().word_select(address, 8))
        m.d.comb += self.verdict_window.read_data.eq(read)

        wished = self.interrupt_settings
        number = self.verdict.class_number
        asked = (self.given & self.verdict.flags.valid & (number < SCORES)
                 & wished.classes.bit_select(number[:4], 1))
        reached = Signal()
        m.d.sync += reached.eq(self.best >= wished.score)
        asked = delayed(m, asked, 1, name="asked", reset_less=False)
        m.d.sync += self.interrupt.eq((asked & reached) | (self.interrupt & ~self.clear_interrupt))
