# SPDX-License-Identifier: Apache-2.0
"""Two contexts in turns through the whole die, bit for bit, and told in every frame."""

from support.die_runs import assert_exact, write_at
from tapetum.csi2.embedded import embedded_registers
from tapetum_sim.csi2.decoder import decode
from tapetum_sim.csi2.embedded_row import name_values

SECOND = {
    "context_mode": 1,
    "second_coarse_integration_time": 3, "second_exposure_1_coarse_integration_time": 5,
    "second_digital_gain_global": 0x180, "second_capture_0_digital_gain": 0x140,
    "second_capture_0_normalisation_mantissa": 0xA000,
}


def exposures(record, die) -> list[int]:
    """What the frames say of themselves."""
    table = embedded_registers(die)
    return [name_values(frame.embedded[0], table)["coarse_integration_time"]
            for frame in decode(record.packet_bytes).of_channel(0)]


def test_contexts_of_other_exposures_gains_and_masks_take_turns(run, die):
    record = run(frames=4, registers=SECOND | {"second_capture_mask": 0b1011})
    assert_exact(record, frames=4)
    assert [frame.settings["context"] for frame in record.frames] == [0, 1, 0, 1]
    first, second = (die.captures[0].coarse_integration_lines,
                     SECOND["second_coarse_integration_time"])
    assert exposures(record, die) == [first, second, first, second]


def test_contexts_of_other_regions_take_turns(run, die):
    record = run(frames=4, registers=SECOND | {
        "second_x_addr_start": 4, "second_x_addr_end": 23,
        "second_y_addr_start": 2, "second_y_addr_end": 11})
    assert_exact(record, frames=4)
    sizes = [frame.pixels.shape for frame in decode(record.packet_bytes).of_channel(0)]
    assert sizes == [(16, 32), (10, 20), (16, 32), (10, 20)]


def test_turns_begin_and_end_between_two_frames(run, die):
    record = run(frames=6, registers=SECOND | {"context_mode": 0}, stimuli=[
        write_at(die, 29 * 1 - 15.5, context_mode=1), write_at(die, 29 * 4 - 15.5, context_mode=0)])
    assert_exact(record, frames=6)
    assert [frame.settings["context"] for frame in record.frames] == [0, 0, 1, 0, 0, 0]
