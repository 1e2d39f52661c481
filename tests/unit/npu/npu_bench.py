# SPDX-License-Identifier: Apache-2.0
"""A host and a camera for the array's room, and models whose scores are known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from support import simulate
from support.npu import StandInEngine, stand_in_program
from tapetum.npu.npu import Npu
from tapetum.npu.npu_config import NpuConfig
from tapetum.npu.program import Program
from tapetum.npu.program_image import program_image

__all__ = ["COLUMNS", "CONFIG", "ROWS", "Bench", "Model", "model", "told"]

CONFIG = NpuConfig(weight_words=64, parameter_words=8, activation_words=64, layers=4,
                   schedule_entries=32, program_words=2048, program_banks=2)
ROWS, COLUMNS = 6, 5


@dataclass(frozen=True)
class Model:
    """Random scores, and the program that gives them."""

    scores: np.ndarray
    model_id: int
    classes: int = 0

    @property
    def program(self) -> Program:
        return stand_in_program(self.scores, rows=ROWS, columns=COLUMNS, model_id=self.model_id,
                                classes=self.classes)

    @property
    def image(self) -> bytes:
        return program_image(self.program)

    @property
    def best(self) -> int:
        return int(np.argmax(self.scores[:self.classes or None]))


def model(seed: int, model_id: int = 1, *, count: int = 8, classes: int = 0) -> Model:
    drawn = np.random.default_rng([seed, model_id]).integers(-128, 128, count)
    return Model(drawn, model_id, classes)


@dataclass
class Bench:
    """An `Npu` whose verdicts are kept; `play` is what its host and its camera do."""

    dut: Npu = field(default_factory=lambda: Npu(CONFIG, engine=StandInEngine))
    verdicts: list = field(default_factory=list)
    interrupts: list = field(default_factory=list)
    refusals: int = 0
    withheld: int = 0
    clock: int = 0

    def run(self, play: Callable, cycles: int = 60_000) -> None:
        async def watch(ctx):
            dut = self.dut
            before = 0
            async for *_, given, verdict, refusal, withheld, interrupt in ctx.tick().sample(
                    dut.given, dut.verdict, dut.refusal, dut.withheld, dut.interrupt):
                self.clock += 1
                if given:
                    self.verdicts.append(verdict)
                if interrupt and not before:
                    self.interrupts.append(len(self.verdicts) - 1)
                before = interrupt
                self.refusals += refusal
                self.withheld += withheld

        async def begin(ctx):
            ctx.set(self.dut.wanted, ~0)
            ctx.set(self.dut.deadline, 0xFFFF)
            await play(ctx)
            await ctx.tick().repeat(80)

        simulate(self.dut, begin, background=(watch,), cycles=cycles, stream_domains={})

    async def send(self, ctx, image: bytes) -> None:
        """The host appends an image, from its first byte on."""
        await self.strobe(ctx, self.dut.restart)
        for byte in image:
            ctx.set(self.dut.program_window.write_data, byte)
            await self.strobe(ctx, self.dut.program_window.write)

    @staticmethod
    async def strobe(ctx, port) -> None:
        ctx.set(port, 1)
        await ctx.tick()
        ctx.set(port, 0)

    async def load(self, ctx, image: bytes, *, quiet: bool = True) -> None:
        """Send, take over, wait until the die has decided."""
        ctx.set(self.dut.quiet, quiet)
        await self.send(ctx, image)
        await self.strobe(ctx, self.dut.load)
        await ctx.tick().repeat(2)
        while ctx.get(self.dut.loading):
            await ctx.tick()
        ctx.set(self.dut.quiet, 0)

    async def frame(self, ctx, number: int, *, rows: int = ROWS, pause: int = 20,
                    end: bool = True, row_words: int = COLUMNS,
                    words: Sequence[int] = range(ROWS * COLUMNS)) -> None:
        """A frame comes, row by row."""
        ctx.set(self.dut.first_frame, number)
        ctx.set(self.dut.rows, ROWS)
        ctx.set(self.dut.columns, row_words)
        await self.strobe(ctx, self.dut.first)
        await self.rows(ctx, range(rows), pause, row_words, words)
        if end:
            await self.last_pixel(ctx, number)

    async def rows(self, ctx, rows: range, pause: int = 20, row_words: int = COLUMNS,
                   words: Sequence[int] = range(ROWS * COLUMNS)) -> None:
        """Some rows of it."""
        for row in rows:
            for _ in range(pause):
                await ctx.tick()
            for column in range(row_words):
                ctx.set(self.dut.words.payload, {
                    "word": words[row * COLUMNS + column],
                    "row_last": column == row_words - 1})
                ctx.set(self.dut.words.valid, 1)
                await ctx.tick().until(self.dut.words.ready)
                ctx.set(self.dut.words.valid, 0)

    async def last_pixel(self, ctx, number: int) -> None:
        ctx.set(self.dut.last_frame, number)
        await self.strobe(ctx, self.dut.last)

    async def answered(self, ctx, count: int) -> None:
        while len(self.verdicts) < count:
            await ctx.tick()


def told(verdict) -> tuple:
    """Frame, model, class and the names of the flags."""
    flags = {name for name in ("valid", "late", "overrun", "incomplete", "not_run")
             if verdict.flags[name]}
    return verdict.frame, verdict.model_id, verdict.class_number, flags
