# SPDX-License-Identifier: Apache-2.0
"""An activation that an upset changes, and that reaches a result, is told of."""

from random import Random

import numpy as np
import pytest
from amaranth import Shape

from support import simulate
from support.npu import SmallNetwork, load_program
from support.upsets import Upsettable
from tapetum.npu.engine import Engine
from tapetum.npu.npu_config import NpuConfig
from tapetum.npu.program import Mode

INFERENCES, UPSETS = 24, 3


def network_of_all_modes(seed, pixels):
    """The window of colours, channels, depthwise, and a residual; two pixels: whole maps."""
    network = SmallNetwork(np.random.default_rng(seed), 6, 6, pixels=pixels)
    network.layer(0, mode=Mode.KERNEL_ROW, kernel=(3, 3), pad=(1, 1))
    network.layer(1, mode=Mode.DEPTHWISE, kernel=(3, 3), pad=(1, 1))
    network.layer(2, kernel=(1, 1), residual=1)
    if pixels == 2:
        network.layer(3, kernel=(2, 2), stride=(2, 2), words=2)
        network.layer(4, mode=Mode.WHOLE_MAP)
    return network


@pytest.mark.parametrize("pixels", [1, 2])
def test_an_upset_that_changes_a_word_is_told_in_its_inference(seed, pixels):
    network, random = network_of_all_modes(seed, pixels), Random(seed)
    config = NpuConfig(weight_words=64, parameter_words=16, activation_words=256,
                       schedule_entries=64, add_tables=2, pixels=pixels)
    engine = Engine(config)
    upsettable = Upsettable(engine)
    expected = {tensor: network.written_words(tensor) for tensor in range(1, len(network.tensors))}
    memories = [path for path in upsettable.memories if path.startswith("activations.")]
    depth = -(-network.memory_words // config.bank_columns)
    written: dict[int, list[list[int]]] = {}
    told, clock = False, 0

    async def host(ctx):
        nonlocal told
        await load_program(ctx, engine, network.program())
        harmed = found = inference_cycles = 0
        for number in range(INFERENCES):
            await ctx.tick().until(engine.ready)
            written.clear()
            told, began = False, clock
            ctx.set(engine.start, 1)
            await ctx.tick()
            ctx.set(engine.start, 0)
            if number:  # the first one, which tells how long they take, is left alone
                await ctx.tick().repeat(random.randrange(inference_cycles - 40))
                for place in random.sample(range(depth), UPSETS):
                    path = random.choice(memories)
                    width = Shape.cast(upsettable.memories[path].shape).width
                    upsettable.flip(ctx, path, place, random.randrange(width))
            await ctx.tick().until(engine.done)
            inference_cycles = inference_cycles or clock - began
            wrong = written != expected
            assert number or not (wrong or told)
            assert told or not wrong
            harmed, found = harmed + wrong, found + told
        assert harmed
        assert found < INFERENCES

    async def camera(ctx):
        while True:
            await ctx.tick().until(engine.busy)
            for word, row_last in network.input_words():
                ctx.set(engine.input_valid, 1)
                ctx.set(engine.input.word, word)
                ctx.set(engine.input.row_last, row_last)
                await ctx.tick().until(engine.input_ready)
                ctx.set(engine.input_valid, 0)
            await ctx.tick().until(~engine.busy)

    async def watch(ctx):
        nonlocal told, clock
        async for *_, valid, tensor, word, is_input, wrong in ctx.tick().sample(
                engine.probe_valid, engine.probe_tensor, engine.probe_word, engine.probe_input,
                engine.memory.uncorrectable):
            told, clock = told or bool(wrong), clock + 1
            if valid and not is_input:
                written.setdefault(tensor, []).append(list(word)[:valid.bit_length()])

    simulate(upsettable, host, background=(camera, watch), cycles=60_000)
