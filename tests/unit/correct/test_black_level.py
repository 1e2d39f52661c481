# SPDX-License-Identifier: Apache-2.0
"""Black becomes the pedestal in every capture and phase, as the model has it, and stays there."""

import numpy as np
import pytest
from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from support import Traffic
from tapetum.correct.black_level import BlackLevel
from tapetum.correct.black_subtract import BlackSubtract
from tapetum.pixel import CodePixels, RowKind, corrected_bits
from tapetum_sim.models.black_level import BlackLevelModel
from tapetum_sim.models.column import ColumnModel
from tapetum_sim.models.row import ModelRow
from tapetum_sim.models.row_noise import RowNoiseModel

from .bench import compare, frame_rows, run_stage, small_config, stage_rows
from .die_model import DieRows


class BlackStage(wiring.Component):
    """Both halves, as they stand in `Correction`."""

    def __init__(self, config):
        self.config = config
        shape = CodePixels(config.lanes, corrected_bits(config))
        super().__init__({
            "i": In(stream.Signature(shape, always_ready=True)),
            "enable": In(1),
            "restart": In(1),
            "o": Out(stream.Signature(shape, always_ready=True)),
            "levels": Out(data.ArrayLayout(data.ArrayLayout(corrected_bits(config), 4),
                                           len(config.captures))),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.subtract = subtract = BlackSubtract(self.config)
        m.submodules.level = level = BlackLevel(self.config)
        connect(m, flipped(self.i), subtract.i)
        connect(m, subtract.o, flipped(self.o))
        m.d.comb += [
            subtract.enable.eq(self.enable), level.enable.eq(self.enable),
            level.restart.eq(self.restart), subtract.write.eq(level.write),
            level.i.valid.eq(subtract.o.valid), level.i.payload.eq(subtract.o.payload),
            level.above_black.eq(subtract.above_black), self.levels.eq(level.levels),
        ]
        return m


@pytest.mark.parametrize(
    "captures, lanes, bits, fraction_bits, black_rows, black_columns, mono, kind", [
        pytest.param(4, 1, 12, 2, 4, 8, False, "bubbles", marks=pytest.mark.slow),
        (3, 2, 10, 0, 2, 4, True, "full"),
        (2, 4, 14, 4, 8, 8, False, "full"), (1, 1, 8, 1, 4, 4, True, "bubbles"),
        (1, 4, 10, 3, 2, 4, False, "bubbles")])
def test_every_code_is_the_models(captures, lanes, bits, fraction_bits, black_rows, black_columns,
                                  mono, kind, seed):
    config = small_config(captures=captures, lanes=lanes, bits=bits, fraction_bits=fraction_bits,
                          black_rows=black_rows, black_columns=black_columns, mono=mono)
    generator = np.random.default_rng(seed)
    rows = _with_steps(config, generator,
                       stage_rows(config, generator, frames=7, corrected=True, active_rows=1))
    restart = generator.random(len(rows)) < 0.01
    enable = np.array([row.frame != 4 for row in rows])
    dut, model, expected = BlackStage(config), BlackLevelModel(config), []
    for index, row in enumerate(rows):
        if restart[index]:
            model.restart()
        expected.append(model.row(row, enable=enable[index]))
    levels = []

    def before(ctx, index):
        ctx.set(dut.enable, int(enable[index]))
        levels[:] = [[ctx.get(phase) for phase in capture] for capture in dut.levels]

    received = run_stage(dut, config, rows, Traffic.of(kind, seed), before=before,
                         restart=(dut.restart, restart))
    compare(received, expected)
    assert levels == model.levels, "the status shows what is subtracted"


def test_a_row_that_is_missing_leaves_the_last_levels(seed):
    config = small_config(captures=2)
    rows = [row for row in stage_rows(config, np.random.default_rng(seed), frames=3,
                                      corrected=True)
            if (row.frame, row.capture, row.kind, row.row) != (1, 1, RowKind.OPTICAL_BLACK, 2)]
    model = BlackLevelModel(config)
    history = []
    for row in rows:
        model.row(row)
        if row.frame_last:
            history.append((row.frame, row.capture, model.levels[row.capture]))
    assert history[3][2] == history[1][2], "capture 1, frame 1 as frame 0"
    assert history[2][2] != history[0][2]
    compare(run_stage(BlackStage(config), config, rows, enable=1),
            _replayed(BlackLevelModel(config), rows))


@pytest.mark.parametrize("black", ["darker than the pedestal", "brighter than the pedestal"])
def test_codes_saturate_and_never_wrap(black):
    config = small_config(captures=1)
    bits, pedestal = corrected_bits(config), config.adc.pedestal_codes * 4
    level = 0 if black.startswith("darker") else 3 * pedestal
    full = (1 << bits) - 1
    rows = []
    for kind, row, capture in frame_rows(config, 0):
        codes = np.full(config.array.total_columns, level)
        if kind is RowKind.ACTIVE:
            codes[:] = np.resize([0, 1, full - 1, full], codes.size)
        rows.append(_row(config, 0, capture, kind, row, codes))
    (_, codes) = run_stage(BlackStage(config), config, rows, enable=1)[-1]
    assert codes[:4] == ([pedestal, pedestal + 1, full, full] if level == 0
                         else [0, 0, full - 1 - 2 * pedestal, full])


def test_each_phase_has_a_level_of_its_own(seed):
    config = small_config(captures=1, black_rows=8, black_columns=16)
    generator, model = np.random.default_rng(seed), BlackLevelModel(config)
    true = generator.integers(200, 300, (2, 2))
    for kind, row, capture in frame_rows(config, 0):
        codes = np.resize(true[row % 2], config.array.total_columns)
        model.row(_row(config, 0, capture, kind, row, codes))
    assert model.levels == [true.ravel().tolist()]


def test_a_step_is_adopted_at_once_and_noise_is_averaged(seed):
    config = small_config(captures=1, bits=12, black_rows=8, black_columns=16)
    generator, model = np.random.default_rng(seed), BlackLevelModel(config)
    errors = []
    for frame in range(40):
        true = 4 * (64 + (300 if frame >= 20 else 0))
        for kind, row, capture in frame_rows(config, frame):
            codes = np.rint(generator.normal(true, 8, config.array.total_columns))
            model.row(_row(config, frame, capture, kind, row, codes.astype(np.int64)))
        errors.append(np.mean(model.levels[0]) - true)
    first = 8 / np.sqrt(128)
    assert abs(errors[0]) < 5 * first + 1
    assert abs(errors[20]) < 5 * first + 1, "in the very frame of the step"
    assert np.std(errors[5:20] + errors[25:]) < first


@pytest.mark.parametrize("capture, temperatures", [
    (0, (-40.0, 50.0)), (0, (50.0, -40.0)), (1, (-40.0, 70.0)), (1, (70.0, -40.0)),
    (2, (-40.0, 105.0)), (2, (105.0, -40.0))])
def test_black_is_within_a_quarter_code_8_frames_after_a_step_of_temperature(
        temperatures, capture, seed):
    """Of the frame that row noise correction gives back; row noise has a spread of 4 codes."""
    rows = DieRows(seed=seed, column_offset_spread_lsb12=20.0,
                   temperature_celsius=lambda frame: temperatures[frame >= 16])
    column, black = ColumnModel(rows.config), BlackLevelModel(rows.config)
    noise = RowNoiseModel(rows.config)
    means = []
    for frame in range(24):
        for row in rows.dark(frame, capture):
            black.row(column.row(row))
        if frame in (15, 23):
            active = [noise.row(black.row(column.row(row))).codes[16:]
                      for row in rows.active(frame, capture, 128)]
            # Columns are judged apart: what they keep is the column correction's business.
            means.append(np.mean(active) / 4 - rows.config.adc.pedestal_codes)
    assert np.abs(means).max() < 0.25, means


def _replayed(model: BlackLevelModel, rows: list[ModelRow]) -> list[ModelRow]:
    return [model.row(row) for row in rows]


def _with_steps(config, generator, rows: list[ModelRow]) -> list[ModelRow]:
    """Black of each frame and capture somewhere else, near or far."""
    full = (1 << corrected_bits(config)) - 1
    shifts = generator.choice([0, 1, 4, 40, 300, -30], (len(rows), 4)) * (
        config.adc.signal_counts << config.hdr.fraction_bits) // 4096
    return [row.with_(codes=np.where(row.codes == full, full, np.clip(
        row.codes + shifts[row.frame, row.capture], 0, full))) for row in rows]


def _row(config, frame, capture, kind, row, codes) -> ModelRow:
    columns = np.arange(config.array.total_columns)
    return ModelRow(frame=frame, capture=capture, kind=kind, row=row, array_row=row,
                    frame_last=False, codes=codes, columns=columns,
                    optical_black=columns < config.array.optical_black_columns)


@pytest.mark.parametrize("bits", [8, 9, 12])
def test_noise_below_the_step_is_averaged_at_any_number_of_bits(bits, seed):
    config = small_config(captures=1, bits=bits, fraction_bits=4, black_rows=8, black_columns=16)
    generator, model = np.random.default_rng(seed), BlackLevelModel(config)
    one_code = 1 << config.hdr.fraction_bits
    columns = np.arange(config.array.total_columns)
    levels = []
    for frame in range(200):
        for row in range(config.array.optical_black_rows):
            noise = generator.normal(0, one_code / 2, columns.size)
            codes = np.rint(config.adc.pedestal_codes * one_code + noise).astype(int)
            model.row(ModelRow(
                frame=frame, capture=0, kind=RowKind.OPTICAL_BLACK, row=row, array_row=row,
                frame_last=False, codes=codes, columns=columns, optical_black=columns < 16))
        levels.append(model.levels[0][0])
    # A phase's mean over its 32 pixels of one frame would scatter by that; the average over some
    # eight frames by a quarter of it, and by its rounding.
    assert np.std(levels[20:]) < 0.5 * (one_code / 2) / np.sqrt(32)
