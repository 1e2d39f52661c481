# SPDX-License-Identifier: Apache-2.0
"""The array in the die: every frame's verdict is the model's, in its frame, or says what is wrong.
"""

import pytest

from support.die_runs import assert_exact, run_small, write_at
from support.programs import random_program
from support.small_dies import small_die
from tapetum.config import ColourFilter, NpuConfig
from tapetum.vision.settings import Region
from tapetum_sim.csi2.decoder import decode
from tapetum_sim.csi2.verdict import decode_verdict
from tapetum_sim.frame.array_setup import array_registers, program_writes
from tapetum_sim.frame.setup import Action, Stimulus

NPU = NpuConfig(weight_words=512, parameter_words=16, activation_words=256, layers=8,
                schedule_entries=64, program_words=4096)
DIE = small_die("with-array", npu=NPU)
# A die of its own, whose simulator takes minutes to build: `make sim PRESET=tiny` in CI holds a
# whole die with its array against the models as well.
pytestmark = pytest.mark.slow


@pytest.fixture
def program(seed):
    return random_program(DIE, seed=seed)


@pytest.fixture
def run(tmp_path):
    def run_here(die=DIE, *, program, registers=None, programs=(), **options):
        return run_small(die, tmp_path, programs=(program, *programs),
                         registers=array_registers(die, program) | (registers or {}), **options)
    return run_here


def flags(record) -> list[tuple[str, ...]]:
    return [verdict.flags for verdict in record.verdicts]


def test_every_frame_has_the_verdict_of_the_model(run, program):
    record = run(program=program, frames=3)
    assert_exact(record, frames=3)
    assert flags(record) == [("valid",)] * 3
    assert {boundary.name for boundary in record.boundaries} >= {"vision", "npu"}


def test_a_verdict_is_on_the_link_before_its_frame_ends(run, program):
    record = run(program=program, frames=2)
    order = [(packet.virtual_channel, packet.data_type) for packet in record.packets
             if packet.virtual_channel == 2
             or (packet.virtual_channel, packet.data_type) == (0, 0x01)]
    assert order == [(2, 0x00), (2, 0x32), (2, 0x01), (0, 0x01)] * 2
    sent = [decode_verdict(packet.payload) for packet in record.packets
            if packet.data_type == 0x32]
    assert [verdict.frame for verdict in sent] == [frame.frame for frame in record.frames]
    assert [verdict.scores for verdict in sent] == [v.scores for v in record.verdicts]
    assert [frame.number for frame in decode(record.packet_bytes).of_channel(2)] == [1, 2]


def test_what_the_array_sees_and_all_its_scores_are_on_the_link_as_wished(run, program):
    lines = DIE.timing.frame_length_lines
    record = run(program=program, frames=4, registers={"network_input": 1, "network_output": 1},
                 stimuli=[write_at(DIE, 1.5 * lines, network_input=0)])
    assert_exact(record, frames=4)
    kinds = [(tensor.frame, tensor.is_output) for tensor in record.tensors]
    frames = [frame.frame for frame in record.frames]
    assert [frame for frame, is_output in kinds if is_output] == frames
    seen = [frame for frame, is_output in kinds if not is_output]
    assert seen == [frame.frame for frame in record.frames if frame.settings["network_input"]]
    assert 0 < len(seen) < 4
    told = [tuple(tensor.values.reshape(-1).tolist()) for tensor in record.tensors
            if tensor.is_output]
    assert [scores[:16] for scores in told] == [verdict.scores for verdict in record.verdicts]


def test_without_the_wish_nothing_is_sent(run, program):
    record = run(program=program, registers={"verdict": 0})
    assert_exact(record)
    assert not record.verdicts
    assert not [packet for packet in record.packets if packet.virtual_channel == 2]


def test_a_late_verdict_is_marked_and_the_frame_still_ends(run, program):
    record = run(program=program, frames=3, registers={"verdict_deadline": 1})
    assert_exact(record, frames=3, faults={"verdict_withheld"})
    assert set(flags(record)) == {("late",)}
    assert all(verdict.class_number is None for verdict in record.verdicts)


def test_uncombined_frames_have_no_verdict_and_the_next_ones_have(run, program):
    lines = DIE.timing.frame_length_lines
    record = run(program=program, frames=4, registers={"output_mode": 1},
                 stimuli=[write_at(DIE, 1.5 * lines, output_mode=0)])
    assert_exact(record, frames=4)
    assert [verdict.frame for verdict in record.verdicts] == [
        frame.frame for frame in record.frames if not frame.settings["uncombined"]]
    assert 0 < len(record.verdicts) < 4


def test_a_region_is_judged_alone(run, tmp_path, seed):
    program = random_program(DIE, seed=seed)
    rows, columns, channels = program.input_shape
    assert (rows, columns, channels) == (8, 16, 3)
    with pytest.raises(ValueError, match="enlarge the region"):
        array_registers(DIE, program, Region(column_start=2, row_start=2, columns=20, rows=10))
    record = run(program=program, registers={"image_orientation": 3})
    assert_exact(record)


def test_a_mono_die_has_a_network_of_one_channel(run, seed):
    die = small_die("mono-with-array", npu=NPU, kinds=("LCG", "VS"), lanes=2,
                    colour_filter=ColourFilter.MONO)
    program = random_program(die, seed=seed)
    assert program.input_shape == (16, 32, 1)
    record = run(die, program=program)
    assert_exact(record)
    assert flags(record) == [("valid",)] * 2


def test_a_program_is_swapped_between_two_frames(run, program, seed):
    second = random_program(DIE, seed=seed + 1, model_id=2)
    line = DIE.timing.line_length_cycles
    writes = tuple(program_writes(DIE, second))
    record = run(program=program, programs=(second,), frames=8, stimuli=[
        Stimulus(after_cycles=20 * line, action=Action.WRITE, writes=writes)])
    assert_exact(record, frames=8)
    models = [verdict.model_id for verdict in record.verdicts]
    assert models == sorted(models)
    assert set(models) == {1, 2}
    assert flags(record) == [("valid",)] * 8


def test_a_damaged_program_is_refused_while_the_old_one_goes_on(run, program, seed):
    second = random_program(DIE, seed=seed + 1, model_id=2)
    writes = program_writes(DIE, second)
    place = len(writes) // 2
    writes[place] = (writes[place][0], writes[place][1] ^ 0x10)
    record = run(program=program, programs=(second,), frames=8, stimuli=[
        Stimulus(after_cycles=20 * DIE.timing.line_length_cycles, action=Action.WRITE,
                 writes=tuple(writes))])
    assert_exact(record, frames=8, faults={"program_refused"})
    assert {verdict.model_id for verdict in record.verdicts} == {1}
