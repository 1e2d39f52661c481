# SPDX-License-Identifier: Apache-2.0
"""Tables are exact, rings lie apart, and the order of rows loses few clocks."""

import numpy as np
import pytest

from tapetum.npu.program import LayerRecord, Mode
from tapetum_compiler.backend.array_layer import ArrayMap
from tapetum_compiler.backend.banks import BANKS, Ring, place_rings
from tapetum_compiler.backend.compile import compile_network
from tapetum_compiler.backend.lower import lower
from tapetum_compiler.backend.rings import choose_rings
from tapetum_compiler.backend.schedule import RingsFullError, schedule_rows
from tapetum_compiler.backend.streams import Streams
from tapetum_compiler.backend.sums import residual_of
from tapetum_compiler.backend.timing import WRITTEN_CYCLES
from tapetum_compiler.golden import execute_layer
from tapetum_compiler.importers import read_network
from tapetum_compiler.network import Add, Padding
from tapetum_compiler.passes import drop_constants
from tapetum_sim.models.npu_cells import residual_sum

from .networks import convolution, network_of, tensor
from .tflite_models import data_file

RING = Padding(1, 1, 1, 1)


def record_of(residual):
    return LayerRecord(
        mode=Mode.CHANNELS, kernel_height=1, kernel_width=1, in_tensor=0, in_height=1, in_width=1,
        vectors=1, out_tensor=1, out_height=1, out_width=1, groups=1, out_pixel_words=1,
        add_zero_point=residual.zero_point, add_min=residual.act_min, add_max=residual.act_max)


@pytest.mark.parametrize("own", [0, 1])
def test_tables_add_every_pair_of_codes_exactly(own, seed):
    rng = np.random.default_rng(seed)
    for _ in range(4):
        scales = rng.uniform(0.001, 0.5, 3)
        zeros = rng.integers(-128, 128, 3)
        first, second, output = (
            tensor(name, (256, 256, 1), scale=scale, zero_point=int(zero))
            for name, scale, zero in zip(("a", "b", "sum"), scales, zeros, strict=True))
        layer = Add.of(name="sum", inputs=(first, second), output=output,
                       act_min=int(rng.integers(-128, 0)))
        codes = np.arange(-128, 128)
        pairs = np.broadcast_arrays(codes[:, None], codes)
        wanted = execute_layer(layer, *(side.astype(np.int8)[None, ..., None] for side in pairs))
        source = ArrayMap(name="b", height=256, width=256, pixel_words=1, columns=1)
        residual = residual_of(layer, own, source)
        made = residual_sum(residual.table, pairs[own], pairs[1 - own], residual.multiplier,
                            residual.shift, record_of(residual))
        np.testing.assert_array_equal(made, wanted[0, ..., 0])


def words_taken(ring, place, at):
    """Pairs of bank and word that hold rows at that command."""
    return {((place.first_bank + slot) % BANKS, place.base + slot // BANKS * ring.row_words + word)
            for slot, (born, dead) in enumerate(ring.lives) if born <= at <= dead
            for word in range(ring.row_words)}


def ring_of(rng):
    """Its slots are filled one after the other, and not all left at once."""
    born = np.sort(rng.integers(-1, 50, rng.integers(1, 10)))
    dead = born + rng.integers(0, 30, len(born))
    return Ring(row_words=int(rng.integers(1, 12)),
                lives=tuple(zip(born.tolist(), dead.tolist(), strict=True)))


def test_rows_that_live_together_lie_apart(seed):
    rng = np.random.default_rng(seed)
    for _ in range(10):
        rings = [ring_of(rng) for _ in range(12)]
        places, depth = place_rings(rings)
        most = 0
        for at in range(-1, 80):
            taken = [words_taken(ring, place, at)
                     for ring, place in zip(rings, places, strict=True)]
            together = set().union(*taken)
            assert len(together) == sum(map(len, taken))
            assert all(word < depth for _, word in together)
            most = max(most, len(together))
        assert most / BANKS <= depth < 2.5 * most / BANKS


def chain(rng):
    image = tensor("image", (12, 10, 3))
    stem = convolution(rng, image, "stem", channels=16, window=(3, 3), padding=RING)
    deep = convolution(rng, stem.output, "deep", channels=16, window=(3, 3), padding=RING,
                       is_depthwise=True)
    return network_of(stem, deep, convolution(rng, deep.output, "last", channels=8))


def test_rings_that_are_too_small_are_noticed(seed):
    streams = Streams.of(lower(chain(np.random.default_rng(seed)), 8))
    with pytest.raises(RingsFullError) as caught:
        schedule_rows(streams, [4, 2, 1, 12])
    assert caught.value.maps == {1}
    assert sorted(schedule_rows(streams, [4, 4, 1, 12]).order) == [0] * 12 + [1] * 12 + [2] * 12


def test_larger_rings_never_wait_longer_in_all(seed):
    streams = Streams.of(lower(chain(np.random.default_rng(seed)), 8))
    tight, wide = (schedule_rows(streams, rings) for rings in ([4, 4, 1, 12], [12, 12, 12, 12]))
    assert sum(wide.waits) <= sum(tight.waits)


def test_every_clock_is_a_step_a_switch_or_a_wait(seed):
    streams = Streams.of(lower(chain(np.random.default_rng(seed)), 8))
    made = schedule_rows(streams, [4, 4, 2, 12])
    steps = sum(stage.rows * stage.steps for stage in streams.stages)
    latency = streams.stages[-1].latency + WRITTEN_CYCLES
    assert made.cycles == steps + (len(made.order) - 1) + sum(made.waits) + latency


def rows_after_the_last_input(streams):
    """Clocks of all rows that need the last row of the input: no order has fewer after it."""
    clocks, first_late = 0, {0: streams.maps[0].height - 1}
    for stage in streams.stages:
        late = [row for row in range(stage.rows) for reading in stage.readings
                if reading.needed[row] > first_late.get(reading.map, 1 << 30)]
        first = min(late, default=stage.rows)
        first_late[stage.target] = first
        clocks += (stage.rows - first) * (stage.steps + 1)
    return clocks


@pytest.mark.parametrize("model, dense", [
    ("vww_96_int8", True), ("vww_96_int8", False), ("pretrainedResnet_quant", True)])
def test_slow_rows_leave_only_what_needs_the_last_one(model, dense):
    network = read_network(data_file(f"models/{model}.tflite"))
    made = compile_network(network, dense=dense, row_period=17_000)
    streams = Streams.of(lower(network if dense else drop_constants(network).network, 8))
    assert made.schedule.verdict_cycles < 1.08 * rows_after_the_last_input(streams)


def test_a_map_of_a_later_layer_takes_the_words_of_an_earlier_one():
    lowered = lower(read_network(data_file("models/vww_96_int8.tflite")), 8)
    plan = choose_rings(lowered, None)
    together = sum(min(rows, of.height) * of.row_words
                   for rows, of in zip(plan.rows, plan.streams.maps, strict=True))
    assert plan.depth * BANKS < 0.8 * together
