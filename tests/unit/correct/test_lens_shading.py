# SPDX-License-Identifier: Apache-2.0
"""A smooth fall-off is given back to a third of a percent, at the same place whatever is read."""

import numpy as np
import pytest

from support import Traffic, expect_rejected
from support.active_rows import draw_rows, latency_of, run_stage
from support.small_dies import small_die
from tapetum.config import ColourFilter, CorrectConfig, Photodiode
from tapetum.correct.lens_shading import LensShading
from tapetum.correct.shading_grid import ShadingGrid
from tapetum.pixel import corrected_bits
from tapetum.presets import preset
from tapetum_sim.models.lens_shading import LensShadingModel, sample_nodes

PORTS = ("column_start", "column_end", "column_skip", "flip_columns", "enable")


def die(*, cell=16, columns=64, **options):
    config = small_die(columns=columns, rows=40, byte_lanes=4, **options)
    return config.with_(correct=CorrectConfig(shading_cell_pixels=cell))


def random_nodes(config, generator):
    """Anything that fits 12 bits, for each photodiode that is read."""
    grid = ShadingGrid(config)
    return {photodiode: generator.choice([0, 1024, 4095, *generator.integers(0, 4096, 20)],
                                         (grid.rows, grid.columns, grid.planes))
            for photodiode in grid.photodiodes}


def load(dut, nodes):
    """A testbench that writes all nodes."""
    async def write(ctx):
        for photodiode, planes in nodes.items():
            for (row, column, plane), gain in np.ndenumerate(planes):
                index = dut.grid.index(row=row, column=column, plane=plane, photodiode=photodiode)
                ctx.set(dut.write, {"index": index, "gain": int(gain)})
                ctx.set(dut.write_enable, 1)
                await ctx.tick()
        ctx.set(dut.write_enable, 0)
    return write


@pytest.mark.sampled(6)
@pytest.mark.parametrize("lanes, cell, kinds, colour_filter, bits", [
    (1, 16, ("HCG", "LCG", "SPD", "VS"), ColourFilter.RGGB, 12),
    (2, 16, ("LCG", "VS"), ColourFilter.BGGR, 8),
    (4, 32, ("LCG", "SPD"), ColourFilter.GRBG, 14),
    (4, 16, ("SPD",), ColourFilter.MONO, 10),
    (2, 128, ("LCG", "SPD"), ColourFilter.MONO, 10),
    (1, 512, ("LCG", "SPD", "VS"), ColourFilter.GBRG, 8),
])
@pytest.mark.parametrize("kind", ["full", "bubbles"])
def test_every_code_is_the_models(lanes, cell, kinds, colour_filter, bits, kind, seed):
    config = die(lanes=lanes, cell=cell, kinds=kinds, colour_filter=colour_filter, bits=bits)
    generator = np.random.default_rng(seed)
    nodes = random_nodes(config, generator)
    rows = draw_rows(config, generator, 30, lambda: {"enable": int(generator.random() < 0.8)})
    dut = LensShading(config)
    received = run_stage(dut, rows, PORTS, Traffic.of(kind, seed).put, prepare=load(dut, nodes))
    model = LensShadingModel(config, nodes)
    for row, (_, codes) in zip(rows, received, strict=True):
        assert codes == model.row(row.model, **row.settings).codes.tolist()


@pytest.mark.slow
def test_every_code_is_the_models_where_cells_are_many(seed):
    config = preset("qvga").with_(correct=CorrectConfig(shading_cell_pixels=16))
    generator = np.random.default_rng(seed)
    nodes = random_nodes(config, generator)
    rows = draw_rows(config, generator, 60, lambda: {"enable": 1})
    dut = LensShading(config)
    received = run_stage(dut, rows, PORTS, prepare=load(dut, nodes))
    model = LensShadingModel(config, nodes)
    for row, (_, codes) in zip(rows, received, strict=True):
        assert codes == model.row(row.model).codes.tolist()


@pytest.mark.parametrize("colour_filter", [ColourFilter.RGGB, ColourFilter.MONO])
def test_nodes_that_were_never_written_change_nothing(colour_filter, seed):
    config = die(colour_filter=colour_filter)
    rows = draw_rows(config, np.random.default_rng(seed), 20, lambda: {"enable": 1})
    received = run_stage(LensShading(config), rows, PORTS)
    assert [codes for _, codes in received] == [row.model.codes.tolist() for row in rows]


def fall_off(config, corner, row, column):
    """Gain against the fourth power of the cosine, ``corner`` of the light left in the corner."""
    array = config.array
    row = row - (array.rows - 1) / 2
    column = column - (array.columns - 1) / 2
    corner_squared = (array.rows ** 2 + array.columns ** 2) / 4
    tangent_squared = (corner ** -0.5 - 1) / corner_squared
    return (1 + tangent_squared * (row ** 2 + column ** 2)) ** 2


def model_gains(config, gain):
    """Interpolated gains of the large photodiode, whole frame."""
    nodes = sample_nodes(config, lambda row, column, phase: gain(row, column) + 0 * phase)
    model = LensShadingModel(config, {Photodiode.LARGE: nodes})
    columns = np.arange(config.array.columns)
    return np.array([model.gains(row, columns, Photodiode.LARGE)
                     for row in range(config.array.rows)]) / 2**15


@pytest.mark.parametrize("cell, largest_percent", [(64, 1.2), (32, 0.3), (16, 0.15)])
def test_a_fall_off_to_one_half_is_met_at_vga(cell, largest_percent):
    config = preset("vga").with_(correct=CorrectConfig(shading_cell_pixels=cell))
    truth = fall_off(config, 0.5, np.arange(480)[:, None], np.arange(640))
    error = model_gains(config, lambda row, column: fall_off(config, 0.5, row, column)) / truth - 1
    assert 100 * abs(error).max() <= largest_percent


@pytest.mark.parametrize("axis", [0, 1])
def test_cells_of_32_pixels_show_no_edges_at_vga(axis):
    config = preset("vga").with_(correct=CorrectConfig(shading_cell_pixels=32))
    gains = model_gains(config, lambda row, column: fall_off(config, 0.5, row, column))
    bend = np.diff(gains, n=2, axis=axis)
    assert 100 * abs(bend).max() <= 0.1, "percent of the gain 1, from pixel to pixel"


@pytest.mark.parametrize("cell", [16, 128])
def test_gains_lie_between_their_nodes(cell, seed):
    config = die(cell=cell, colour_filter=ColourFilter.MONO)
    nodes = random_nodes(config, np.random.default_rng(seed))[Photodiode.LARGE]
    model = LensShadingModel(config, {Photodiode.LARGE: nodes})
    columns = np.arange(64)
    for row in range(40):
        gains = model.gains(row, columns, Photodiode.LARGE) / 2**15 * 1024
        near = np.array([nodes[row // cell + below, columns // cell + right, 0]
                         for below in (0, 1) for right in (0, 1)])
        assert (near.min(0) - 2**-4 < gains).all()
        assert (gains <= near.max(0)).all()


def test_a_node_is_the_gain_of_the_pixel_on_it(seed):
    config = die()
    nodes = random_nodes(config, np.random.default_rng(seed))
    model = LensShadingModel(config, nodes)
    for photodiode, planes in nodes.items():
        gains = model.gains(16, np.arange(0, 64, 16), photodiode)
        assert gains.tolist() == [32 * planes[1, node, 0] for node in range(4)]


def test_full_scale_stays_and_black_stays(seed):
    config = die(bits=12)
    nodes = {Photodiode.LARGE: np.full((4, 5, 4), 4095), Photodiode.SMALL: np.zeros((4, 5, 4))}
    full = (1 << corrected_bits(config)) - 1
    black = config.adc.pedestal_codes << config.hdr.fraction_bits
    row = draw_rows(config, np.random.default_rng(seed), 1)[0].model
    for capture in range(4):
        for code in (full, black):
            codes = np.full_like(row.codes, code)
            out = LensShadingModel(config, nodes).row(row.with_(codes=codes, capture=capture))
            assert (out.codes == code).all()


def test_latency_is_as_stated(seed):
    config = die()
    dut = LensShading(config)
    assert latency_of(dut, draw_rows(config, np.random.default_rng(seed), 1)[0]) == (
        dut.latency_cycles)


def test_every_node_has_an_index_of_its_own():
    grid = ShadingGrid(die())
    indices = {grid.index(row=row, column=column, plane=plane, photodiode=photodiode)
               for row in range(grid.rows) for column in range(grid.columns)
               for plane in range(grid.planes) for photodiode in grid.photodiodes}
    assert len(indices) == grid.rows * grid.columns * grid.planes * 2
    assert max(indices) < grid.indices


def test_rejects_nodes_outside_the_grid():
    grid = ShadingGrid(die(kinds=("LCG",)))
    for row, column, plane, photodiode in ((4, 0, 0, Photodiode.LARGE), (0, 5, 0, Photodiode.LARGE),
                                           (0, 0, 4, Photodiode.LARGE),
                                           (0, 0, 0, Photodiode.SMALL)):
        with expect_rejected("no node"):
            grid.index(row=row, column=column, plane=plane, photodiode=photodiode)
