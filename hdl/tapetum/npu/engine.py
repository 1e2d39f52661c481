# SPDX-License-Identifier: Apache-2.0
"""The array with its memories and its control: runs a program on the rows of an image."""

from functools import reduce
from operator import or_

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..memory.health import MemoryHealth
from ..stream.delay import delayed
from .activations import Activations
from .chain import Chain
from .npu_config import NpuConfig
from .program import PARAMETER_LAYOUT, TENSOR_LAYOUT, Mode, Target
from .read_path import ReadPath
from .read_path_pairs import PairReadPath
from .residual import Residual
from .row_setup import RowSetup
from .scoreboard import Scoreboard
from .step import InputWord, ProgramPort, ReadStep, RowCommand
from .steps_channels import ChannelSteps
from .steps_depthwise import DepthwiseSteps
from .steps_kernel_row import KernelRowSteps
from .writer import Writer

__all__ = ["Engine"]

_RELEASE_CYCLES = 5


class Engine(wiring.Component):
    """Computes a network row by row, as its input arrives.

    ::

                     RowSetup ─► step generators ─► ReadPath ─► Chain ─┬──────────► Writer ─┐
                        ▲         (by mode)            ▲               └► Residual ──►│     │
                        └── Scoreboard ◄───────────────┼───────── rows complete ──────┘     │
        input ─────────────────────────────────────────┼──────────────────────────► Writer  │
                                                  Activations ◄─────────────────────────────┘

    One step a clock, `switch_cycles` between the last step of a row and the first of the next when
    that one is ready. A row that waits for another begins `dependent_cycles` after the last product
    of that one; `addend_wait_cycles` later if it adds a residual itself, `residual_cycles` later if
    the other one does. The last words of a row are in memory `written_cycles` after others may
    begin to read it. As many rows are under way as `NpuConfig.rows_under_way` says; the next one
    may begin `drained_cycles` before one could that waits for the first of them.

    Parameters
    ----------
    config : NpuConfig

    Members
    -------
    write : In(1), write_target, write_cell, write_index, write_data : In
        Words of a program, `Program.writes`, while it is not busy.
    input_valid, input : In(1), In(InputWord), input_ready : Out(1)
        Rows of the input tensor. Words that come while it is not busy are lost.
    input_room : Out(1)
        A row that begins now is not dropped.
    start : In(1), ready : Out(1)
        Begins an inference; ``ready`` says that a start is heard.
    busy, done : Out(1)
        ``done`` for one clock when all is written.
    overrun : Out(1)
        A row of the input came too early and was dropped. Stays until the next start.
    result_index : In(13), result_word : Out(64)
        A word of row 0 of the output tensor, `result_cycles` after its index, while not busy. With
        two pixels, of its first one.
    probe_valid : Out(pixels), probe_input : Out(1), probe_tensor : Out(6), probe_word : Out
        Every word that is written, of each pixel, of an input its first part.
    probe_row : Out(1)
        A row begins; rows begin in the order of the schedule.
    step_valid : Out(1)
        A step is taken; counts utilisation.
    memory : Out(MemoryHealth)
        Of words that steps read.
    """

    switch_cycles = 1
    dependent_cycles = 38  # of 8 cells; one for each cell more or less
    written_cycles = Writer.lead_cycles
    addend_wait_cycles = 5
    residual_cycles = Chain.sum_cycles
    drained_cycles = 2
    result_cycles = ReadPath.word_cycles + 1

    def __init__(self, config: NpuConfig):
        self.config = config
        super().__init__({
            "write": In(1), "write_target": In(Target), "write_cell": In(range(config.cells)),
            "write_index": In(16), "write_data": In(72),
            "input_valid": In(1), "input": In(InputWord), "input_ready": Out(1),
            "input_room": Out(1),
            "start": In(1), "ready": Out(1), "busy": Out(1), "done": Out(1), "overrun": Out(1),
            "result_index": In(13), "result_word": Out(64),
            "probe_valid": Out(config.pixels), "probe_input": Out(1), "probe_tensor": Out(6),
            "probe_word": Out(data.ArrayLayout(8 * config.cells, config.pixels)),
            "probe_row": Out(1), "step_valid": Out(1), "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        config = self.config
        m.submodules.setup = setup = RowSetup(config)
        m.submodules.scoreboard = scoreboard = Scoreboard()
        m.submodules.read_path = read_path = (
            ReadPath if config.pixels == 1 else PairReadPath)(config)
        m.submodules.chain = chain = Chain(config)
        residuals = [Residual(config) for _ in range(config.pixels)]
        for pixel, residual in enumerate(residuals):
            m.submodules["residual" + (f"_{pixel}" if pixel else "")] = residual
        residual = residuals[0]
        m.submodules.writer = writer = Writer(config)
        m.submodules.activations = activations = Activations(config)
        # What steps belong to, and what comes out of the cells.
        current = Signal(RowCommand, reset_less=True)
        commands = Signal(data.ArrayLayout(RowCommand, config.rows_under_way), reset_less=True)
        m.d.comb += [block.commands.eq(commands) for block in (*residuals, writer)]

        # An inference.
        undrained = Signal(config.rows_under_way)
        generators = {(Mode.CHANNELS, Mode.WHOLE_MAP): ChannelSteps(config),
                      (Mode.KERNEL_ROW,): KernelRowSteps(config),
                      (Mode.DEPTHWISE,): DepthwiseSteps(config)}
        active = Cat(generator.active for generator in generators.values()).any()
        begins, ends = Signal(), Signal()
        m.d.comb += [
            self.ready.eq(~self.busy & ~scoreboard.busy), begins.eq(self.start & self.ready),
            ends.eq(self.busy & delayed(m, setup.finished & ~active & ~undrained.any(),
                                        writer.lead_cycles, name="written", reset_less=False)),
            setup.run.eq(self.busy & ~ends), scoreboard.clear.eq(ends), self.done.eq(ends),
        ]
        m.d.sync += self.busy.eq(begins | (self.busy & ~ends))

        # Rows: from the setup to the generator of their mode. The command stays until all have it:
        # the read path takes it with the row's first step, what is behind the cells a clock later.
        take, held, context = Signal(), Signal(), setup.command.context
        taken, begins_row, begun_row = Signal(), Signal(), Signal()
        m.d.sync += [taken.eq(take | (taken & held)), begun_row.eq(begins_row)]
        m.d.comb += [
            begins_row.eq(taken & ~held),
            take.eq(setup.valid & ~active), setup.take.eq(take), setup.busy.eq(undrained),
            setup.begun.eq(begun_row),
            setup.rows.eq(scoreboard.rows), setup.answers.eq(scoreboard.answers),
            scoreboard.hold.eq(setup.write_records), setup.clear.eq(scoreboard.busy),
            setup.cleared.eq(scoreboard.cleared),
            scoreboard.tensor.eq(setup.tensor),
            writer.command.eq(setup.command), writer.load.eq(begun_row << context),
        ]
        with m.If(begins_row):
            m.d.sync += current.eq(setup.command)
        with m.If(begun_row):
            m.d.sync += commands[context].eq(setup.command)
        m.d.sync += undrained.eq((undrained | (take << context)) & ~writer.drained)
        # Between inferences the result is read, as a residual is.
        step, read_result = Signal(ReadStep(config)), Signal(ReadStep(config), reset_less=True)
        with m.If(self.busy):
            m.d.sync += read_result.eq(0)
        with m.Else():
            word = read_result.word if config.pixels == 1 else read_result.residual_word
            m.d.sync += [read_result.residual.eq(1), word.eq(self.result_index)]
        # A step waits in the register of its generator while a sum or an addition needs its place,
        # or an input word the writer. Who is not active gives zeros.
        steps = [read_result]
        issued, edge, adds = Signal(), Signal(), Signal()
        step_valid, adding = Signal(), Signal()
        spacing = Signal(range(residual.spacing_cycles))
        m.d.comb += step_valid.eq(issued & ~held)
        slot = delayed(m, step_valid & adds, chain.sum_cycles - 1, name="slot", reset_less=False)
        # Whether the next step is held is known a clock before: it stops all generators.
        next_edge, next_adds, next_adding = Signal(), Signal(), Signal()
        m.d.comb += [next_edge.eq(edge & held), next_adds.eq(adds & held),
                     next_adding.eq((step_valid & adds) | (adding & (spacing != 1)))]
        m.d.sync += [held.eq(((slot | writer.bubble) & next_edge) | (next_adding & next_adds)),
                     edge.eq(next_edge), adds.eq(next_adds), adding.eq(next_adding),
                     self.probe_row.eq(take), spacing.eq(spacing - adding)]
        with m.If(step_valid & adds):
            m.d.sync += spacing.eq(residual.spacing_cycles - 1)
        with m.If(~held):
            m.d.sync += issued.eq(0)
        for modes, generator in generators.items():
            name = modes[0].name.lower()
            m.submodules[f"steps_{name}"] = generator
            token = generator.step.token
            m.d.comb += [
                generator.command.eq(setup.command),
                generator.load.eq(take & Cat(setup.command.layer.mode == mode
                                             for mode in modes).any()),
                generator.enable.eq(~held),
            ]
            own = Signal(ReadStep(config), name=f"step_{name}", reset_less=True)
            with m.If(~held):
                with m.If(generator.active):
                    m.d.sync += [own.eq(generator.step), issued.eq(generator.step_valid)]
                    m.d.comb += [next_edge.eq(generator.edge & generator.step_valid),
                                 next_adds.eq(token.valid & token.last & token.adds)]
                with m.Else():
                    m.d.sync += own.eq(0)
            steps.append(own)
        m.d.comb += step.eq(reduce(or_, (Value.cast(each) for each in steps)))
        output = Signal(TENSOR_LAYOUT, reset_less=True)
        with m.If(ends):
            m.d.sync += [current.layer.mode.eq(Mode.CHANNELS),
                         current.residual_base.eq(output.base),
                         current.residual_bank.eq(output.first_bank)]
        m.d.comb += [
            self.step_valid.eq(step_valid), read_path.step_valid.eq(step_valid),
            read_path.step.eq(step), read_path.kernel_row.eq(setup.kernel_row),
            read_path.command.eq(current), setup.row.eq(step.row),
            setup.row_context.eq(current.context[0]),
        ]
        self._release(m, take, setup.command, active, writer, begins)

        # From the memory through the cells and back.
        layers = [commands[number].layer for number in range(config.rows_under_way)]
        clamps = [((layer.zero_point_out, layer.act_min, layer.act_max),
                   (layer.add_zero_point, layer.add_min, layer.add_max)) for layer in layers]
        m.d.comb += [
            Value.cast(activations.addresses).eq(Value.cast(read_path.addresses)),
            Value.cast(read_path.words).eq(Value.cast(activations.words)),
            Value.cast(activations.reads).eq(Value.cast(read_path.reads)),
            self.result_word.eq(read_path.word), chain.token.eq(read_path.token),
            chain.weight.eq(read_path.weight),
            Value.cast(chain.clamps).eq(Cat(clamps)),
            writer.running.eq(self.busy), writer.restart.eq(begins),
            writer.input_valid.eq(self.input_valid), writer.input.eq(self.input),
            self.input_ready.eq(writer.input_ready), self.input_room.eq(writer.room),
            self.overrun.eq(writer.overrun),
            writer.words.eq(chain.words), writer.word_valid.eq(chain.word_valid),
            writer.word_context.eq(chain.word_context),
            chain.sum_follows.eq(residual.sum_follows),
            chain.sum_valid.eq(residual.sum_valid), chain.sum_context.eq(residual.sum_context),
            chain.sum_parameter.eq(residual.sum_parameter),
            Value.cast(activations.write_columns).eq(Value.cast(writer.write_columns)),
            activations.write_turned.eq(writer.write_turned),
            activations.write_parts.eq(writer.write_parts),
            activations.write_address.eq(writer.write_address),
            activations.write_words.eq(writer.write_words),
            scoreboard.count.eq(writer.count), scoreboard.count_tensor.eq(writer.count_tensor),
            scoreboard.count_rows.eq(writer.count_rows),
            self.probe_valid.eq(writer.probe_valid), self.probe_input.eq(writer.probe_input),
            self.probe_tensor.eq(writer.probe_tensor), self.probe_word.eq(writer.write_words),
        ]
        if config.pixels == 1:
            m.d.comb += [Value.cast(chain.vectors).eq(read_path.vector),
                         chain.columns.eq(read_path.columns)]
            residual_words = [read_path.residual_word]
        else:
            m.d.comb += [chain.vectors.eq(read_path.vectors), chain.windows.eq(read_path.windows)]
            residual_words = list(read_path.residual_words)
        for pixel, (residual, word) in enumerate(zip(residuals, residual_words, strict=True)):
            m.d.comb += [
                residual.bytes.eq(chain.bytes[pixel]),
                residual.bytes_valid.eq(chain.bytes_valid),
                residual.bytes_context.eq(chain.bytes_context),
                residual.residual_valid.eq(read_path.residual_valid),
                residual.residual_word.eq(word), chain.addends[pixel].eq(residual.addend),
            ]
        connect(m, activations.memory, flipped(self.memory))
        self._program(m, setup, chain, residuals, writer, output)
        return m

    @staticmethod
    def _release(m: Module, take: Value, command, active: Value, writer: Writer, begins: Value):
        """Input rows are free when the last read of the row that needed them has gone by."""
        pending, waits = Signal(12, reset_less=True), Signal()
        ended = waits & ~active
        released = delayed(m, Cat(pending, ended), _RELEASE_CYCLES, name="released",
                           reset_less=False)
        with m.If(ended):
            m.d.sync += waits.eq(0)
        with m.If(take):
            m.d.sync += [pending.eq(command.released_rows), waits.eq(command.layer.in_tensor == 0)]
        rows = Signal(12)
        with m.If(released[-1]):
            m.d.sync += rows.eq(released[:-1])
        with m.If(begins):
            m.d.sync += rows.eq(0)
        m.d.comb += writer.released_rows.eq(rows)

    def _program(self, m: Module, setup: RowSetup, chain: Chain, residuals: list[Residual],
                 writer: Writer, output) -> None:
        """Spread the words of a program, a clock after they came."""
        word = Signal(ProgramPort, reset_less=True)
        input_tensor = Signal(TENSOR_LAYOUT, reset_less=True)
        # A program outlives a reset of the array that ends an inference.
        last_entry = Signal.like(setup.last_entry, reset_less=True)
        multiplier = PARAMETER_LAYOUT(self.write_data).multiplier
        m.d.sync += [word.index.eq(self.write_index), word.data.eq(self.write_data),
                     word.multiplier_sum.eq(multiplier[:16] + multiplier[16:])]

        def written(*targets: Target, cells: int = 1) -> Value:
            strobes = Signal(cells, name="written_" + targets[0].name.lower())
            hit = self.write & Cat(self.write_target == target for target in targets).any()
            m.d.sync += strobes.eq(hit << self.write_cell if cells > 1 else hit)
            return strobes

        tensor = written(Target.TENSORS)
        m.d.comb += [
            chain.program.eq(word),
            chain.write_weights.eq(written(Target.WEIGHTS, cells=self.config.cells)),
            chain.write_parameters.eq(written(Target.PARAMETERS, cells=self.config.cells)),
            setup.write_records.eq(written(Target.LAYERS, Target.TENSORS)),
            setup.write_schedule.eq(written(Target.SCHEDULE)),
            setup.write_index.eq(word.index | (tensor << 9)), setup.write_data.eq(word.data),
            writer.tensor.eq(input_tensor), setup.last_entry.eq(last_entry),
        ]
        tables = written(Target.TABLES)
        m.d.comb += [port for residual in residuals for port in (
            residual.write.eq(tables), residual.write_index.eq(word.index),
            residual.write_data.eq(word.data))]
        with m.If(tensor & (word.index == 0)):
            m.d.sync += input_tensor.eq(word.data)
        with m.If(written(Target.HEADER)):
            with m.If(word.index == 0):
                m.d.sync += last_entry.eq(word.data)
            with m.Else():
                m.d.sync += output.eq(word.data)
