# SPDX-License-Identifier: Apache-2.0
"""What leaves the compander is what the model says, by the table of each frame."""

import numpy as np
import pytest

from support import FULL_RATE, TrafficPattern, simulate, stream_put
from support.adoption import adopt
from support.rows import collect_beats, rows_of
from tapetum.compand.compander import Compander
from tapetum.compand.table_memory import LEVELS
from tapetum.compand.tables import BUILT_IN_TABLES, SEGMENT_CAPACITY, CompandingTable
from tapetum.control.frame_settings import DataFormat, FrameSettings
from tapetum.pixel import LinearPixels
from tapetum.presets import preset
from tapetum_sim.models.compand import compand, compand_frame

FORMATS = [(DataFormat.RAW8, 0), (DataFormat.RAW10, 1), (DataFormat.RAW12, 0),
           (DataFormat.RAW12, 1), (DataFormat.RAW14, 1), (DataFormat.RAW16, 0),
           (DataFormat.RAW20, 0), (DataFormat.RAW24, 1)]


def config_with(lanes):
    return preset("tiny").with_(lanes=lanes)


def settings_of(config, data_format, table):
    return FrameSettings.defaults(config) | {"data_format": data_format,
                                             "companding_table": table}


def beats_of(values, lanes, *, frame=0):
    shape = LinearPixels(lanes)
    count = len(values)
    return [shape.const({
        "values": [int(value) for value in values[start:start + lanes]],
        "line_last": start + lanes >= count, "frame_last": start + lanes >= count,
        "tag": {"frame": frame, "row": 5, "capture": 3}}) for start in range(0, count, lanes)]


def interesting_values(generator, count):
    """Every corner of every table and its neighbours, values of all magnitudes, the ends."""
    corners = [x for table in BUILT_IN_TABLES for x, _ in table.knots]
    near = np.unique([corner + step for corner in corners for step in (-1, 0, 1)])
    magnitudes = (2.0 ** generator.uniform(0, 24, count)).astype(np.int64)
    values = np.concatenate([near, magnitudes, [0, (1 << 24) - 1]])
    values = np.clip(values, 0, (1 << 24) - 1)
    return values[:len(values) // 4 * 4]


def run(config, settings, beats, pattern=FULL_RATE, writes=()):
    dut, received = Compander(config), []

    async def source(ctx):
        for slot, values in settings.items():
            await adopt(ctx, dut.settings, slot, values)
        await ctx.tick()
        for write in writes:
            ctx.set(dut.write, write)
            ctx.set(dut.write_enable, 1)
            await ctx.tick()
        ctx.set(dut.write_enable, 0)
        await stream_put(ctx, dut.i, beats, pattern)
        await ctx.tick().repeat(dut.latency_cycles)

    async def sink(ctx):
        await collect_beats(ctx, dut.o, received)

    simulate(dut, source, cycles=100_000, background=(sink,))
    return rows_of(received)


@pytest.mark.parametrize("kind", ["full", "bubbles"])
@pytest.mark.parametrize("lanes, formats", [(1, FORMATS[:4]), (4, FORMATS[4:]), (2, FORMATS[2:6])])
def test_every_value_is_the_models(lanes, formats, kind, seed):
    config = config_with(lanes)
    generator = np.random.default_rng([seed, lanes])
    values = interesting_values(generator, 20)
    settings = {slot: settings_of(config, *choice) for slot, choice in enumerate(formats)}
    beats = [beat for frame in range(4) for beat in beats_of(values, lanes, frame=frame)]
    pattern = TrafficPattern.random(seed) if kind == "bubbles" else FULL_RATE
    rows = run(config, settings, beats, pattern)
    assert len(rows) == 4
    for frame, (beat, codes) in enumerate(rows):
        assert codes == compand_frame(values, settings[frame]).tolist()
        assert (beat.tag.frame, beat.tag.row, beat.tag.capture) == (frame, 5, 0)
        assert beat.frame_last


def test_a_table_can_be_programmed():
    config = config_with(2)
    table = CompandingTable(name="steep", output_bits=12, widths_log2=(22, 22, 22, 21, 20, 20),
                            steps=(3000, 500, 300, 200, 50, 46))
    writes = []
    for number in range(SEGMENT_CAPACITY):
        write = {"slot": 1, "segment": number, "before_x": (1 << 24) - 1}
        if number < len(table.segments):
            segment = table.segments[number]
            write |= {"before_x": max(0, segment.start_x - 1), "record": {
                "start_x": segment.start_x, "start_y": segment.start_y, "step": segment.step,
                "width_log2": segment.width_log2}}
        writes.append(write)
    assert len(writes) == 1 << LEVELS
    values = np.linspace(0, (1 << 24) - 1, 100).astype(np.int64)
    settings = {0: settings_of(config, DataFormat.RAW12, 1),
                1: settings_of(config, DataFormat.RAW12, 0)}
    beats = beats_of(values, 2) + beats_of(values, 2, frame=1)
    (_, programmed), (_, built_in) = run(config, settings, beats, writes=writes)
    assert programmed == compand(values, table).tolist()
    assert built_in == compand_frame(values, settings[1]).tolist(), "other slots are untouched"


def test_latency_is_as_stated_at_one_beat_per_clock():
    config = config_with(1)
    dut, valid = Compander(config), []

    async def source(ctx):
        ctx.set(dut.i.valid, 1)
        for clock in range(dut.latency_cycles + 30):
            ctx.set(dut.i.valid, clock < 10)
            valid.append(ctx.get(dut.o.valid))
            await ctx.tick()

    simulate(dut, source, cycles=200)
    assert valid.index(1) == dut.latency_cycles
    assert sum(valid[dut.latency_cycles:][:10]) == sum(valid) == 10
