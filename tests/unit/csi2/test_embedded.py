# SPDX-License-Identifier: Apache-2.0
"""Embedded rows keep the rules of the tagged format, whatever the width and the pixel format."""

import numpy as np
import pytest

from support import expect_rejected
from tapetum.control.frame_settings import DataFormat
from tapetum.csi2.embedded import embedded_registers
from tapetum.csi2.formats import group_bytes, packet_data_type, pixel_bits
from tapetum.presets import preset
from tapetum_sim.csi2.embedded_row import EmbeddedRowError, name_values, parse_embedded_row
from tapetum_sim.csi2.unpack import RAW_BITS
from tapetum_sim.models.csi2 import embedded_row, pack_row
from unit.csi2.link_bench import settings_with


def packed_row(columns: int, data_format: DataFormat, frame: int = 9) -> np.ndarray:
    config = preset("vga")
    settings = settings_with(config, data_format=data_format)
    pixels = embedded_row(config, settings, frame, columns)
    # The model's row is already as narrow as the format; `pack_row` cuts values of 12 bits.
    shift = max(12 - pixel_bits(data_format), 0)
    return np.frombuffer(pack_row(pixels << shift, pixel_bits(data_format)), np.uint8)


@pytest.mark.parametrize("data_format", list(DataFormat))
def test_dummy_bytes_stand_where_each_format_wants_them(data_format):
    row = packed_row(640, data_format)
    cells = row.reshape(-1, group_bytes(data_format))
    dummies = {"RAW8": [], "RAW10": [4], "RAW12": [2, 5], "RAW14": [4, 5, 6],
               "RAW16": [1, 3, 5, 7], "RAW20": [1, 3, 4, 6, 8, 9],
               "RAW24": [1, 2, 4, 5, 7, 8, 10, 11]}[data_format.name]
    assert np.all(cells[:, dummies] == 0x55)
    values = name_values(parse_embedded_row(row, pixel_bits(data_format)),
                         embedded_registers(preset("vga")))
    assert values["frame_number"] == 9
    assert RAW_BITS[packet_data_type(data_format).value] == pixel_bits(data_format)


@pytest.mark.parametrize("columns", [16, 32, 64, 100, 128, 132, 160, 640])
def test_a_narrow_row_leaves_out_whole_registers_from_the_end(columns):
    table = embedded_registers(preset("vga"))
    values = name_values(parse_embedded_row(packed_row(columns, DataFormat.RAW12), 12), table)
    assert list(values) == [register.name for register in table[:len(values)]]
    assert len(values) == len(table) or columns < 200


def test_addresses_do_not_collide_and_ccs_words_are_where_ccs_has_them():
    table = embedded_registers(preset("vga"))
    addresses = [address for register in table
                 for address in range(register.address, register.address + register.width_bytes)]
    assert len(set(addresses)) == len(addresses)
    assert {register.name: register.address for register in table
            if register.name in ("csi_data_format", "frame_length_lines")} == {
        "csi_data_format": 0x0112, "frame_length_lines": 0x0340}


@pytest.mark.parametrize("name", ["tiny", "vga"])
def test_names_and_addresses_are_those_of_the_register_table(name):
    config = preset(name)
    table = pytest.importorskip("tapetum.registers.table").register_table(config)
    public = {register.name: (register.address, register.width_bytes) for register in table}
    told = {register.name: (register.address, register.width_bytes)
            for register in embedded_registers(config)}
    assert told == {name: public.get(name) for name in told}


def test_rejects_rows_that_break_the_rules():
    good = packed_row(64, DataFormat.RAW8).copy()
    for position, wrong, reason in ((0, 0x0B, "begins"), (1, 0x99, "no tag"), (63, 0, "end")):
        bad = good.copy()
        bad[position] = wrong
        with expect_rejected(reason, exception=EmbeddedRowError):
            parse_embedded_row(bad, 8)
