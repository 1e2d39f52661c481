# SPDX-License-Identifier: Apache-2.0
"""A program made one for a smaller array computes the same bytes."""

from dataclasses import replace

import numpy as np
import pytest

from tapetum_compiler.backend.compile import compile_network
from tapetum_compiler.backend.regroup import regrouped
from tapetum_compiler.errors import CompileError
from tapetum_compiler.models import tunnel_program
from tapetum_compiler.network import Pool, PoolKind
from tapetum_sim.models.npu import NpuModel

from .networks import (
    NO_PADDING,
    RING,
    convolution,
    images,
    network_of,
    residual_network,
    tensor,
)


def small_network(rng):
    """Each mode of the array once, and a pool."""
    image = tensor("image", (9, 8, 3), zero_point=5)
    rows = convolution(rng, image, "rows", channels=20, window=(3, 3), padding=RING)
    own = convolution(rng, rows.output, "own", channels=20, window=(3, 3), padding=RING,
                      is_depthwise=True)
    pool = Pool(name="pool", inputs=(own.output,),
                output=tensor("pool", (5, 4, 20)), window=(2, 2), stride=(2, 2),
                padding=replace(NO_PADDING, bottom=1), kind=PoolKind.MAX)
    last = convolution(rng, pool.output, "last", channels=11, window=(5, 4))
    return network_of(rows, own, pool, last)


def assert_both_give_the_same(program, smaller, image):
    models = [NpuModel(each) for each in (program, smaller)]
    wanted, found = (model.run(image) for model in models)
    np.testing.assert_array_equal(found, wanted)
    wanted, found = (model.rows for model in models)
    assert found.keys() == wanted.keys()
    for row, codes in wanted.items():
        np.testing.assert_array_equal(found[row], codes)
    assert models[1].cycles > models[0].cycles


@pytest.mark.parametrize("cells, fewer", [(8, 4), (8, 2), (4, 2)])
@pytest.mark.parametrize("make", [small_network, residual_network])
def test_the_same_bytes_come_of_fewer_cells(make, cells, fewer, seed):
    rng = np.random.default_rng(seed)
    network = make(rng)
    program = replace(compile_network(network, cells=cells).program, signature=1)
    smaller = regrouped(program, fewer)
    assert (smaller.cells, smaller.signature) == (fewer, None)
    assert_both_give_the_same(program, smaller, images(rng, network, 1)[0][0])


def test_the_packaged_network_sees_the_same(seed):
    program = tunnel_program()
    image = np.random.default_rng(seed).integers(-128, 128, program.input_shape).astype(np.int8)
    assert_both_give_the_same(program, regrouped(program, 2), image)
    assert regrouped(program, 8) is program


@pytest.mark.parametrize("cells, fewer, pixels", [(2, 4, 1), (8, 3, 1), (8, 2, 2), (8, 8, 2)])
def test_what_is_no_smaller_array_is_refused(cells, fewer, pixels, seed):
    program = compile_network(small_network(np.random.default_rng(seed)), cells=cells,
                              pixels=pixels).program
    with pytest.raises(CompileError, match=f"for {cells} cells of {pixels} pixels cannot be made"):
        regrouped(program, fewer)
