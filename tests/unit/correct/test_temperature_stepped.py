# SPDX-License-Identifier: Apache-2.0
"""After a step of the temperature black is what the next window says, not what it was."""

import numpy as np
import pytest

from support.adoption import adopt_all
from tapetum.control.frame_settings import FrameSettings
from tapetum.correct.correction import Correction
from tapetum.pixel import RowKind
from tapetum_sim.models.row import ModelRow

from .bench import frame_rows, run_stage, small_config

FRAMES, WARMER_FROM = 6, 5
DARK_CODES = 4
"""Less than a step that the black level sees by itself."""


@pytest.mark.parametrize("told, share", [(True, 1), (False, 8)])
def test_black_is_measured_anew(told, share):
    config = small_config(captures=1, bits=12)
    adc, count = config.adc, config.array.total_columns
    assert adc.signal_counts // 512 > DARK_CODES
    rows = []
    for frame in range(FRAMES):
        for kind, row, capture in frame_rows(config, frame):
            dark = DARK_CODES * (frame >= WARMER_FROM and kind is not RowKind.TEST)
            rows.append(ModelRow(
                frame=frame, capture=capture, kind=kind, row=row, array_row=row,
                frame_last=kind is RowKind.ACTIVE and row == 1,
                codes=np.full(count, adc.pedestal_codes + dark), columns=np.arange(count),
                optical_black=np.arange(count) < config.array.optical_black_columns))
    steps = np.array([told and row.frame == WARMER_FROM and row.kind is RowKind.TEST
                      and row.row == 0 for row in rows])
    dut, levels = Correction(config), []
    settings = FrameSettings.defaults(config)

    async def prepare(ctx):
        await adopt_all(ctx, dut.settings, settings)

    def before(ctx, index):
        levels.append(ctx.get(dut.black_levels[0][0]))

    run_stage(dut, config, rows, restart=(dut.temperature_stepped, steps), before=before,
              prepare=prepare)
    scale = 1 << config.hdr.fraction_bits
    assert levels[-1] - levels[0] == DARK_CODES * scale // share
