# SPDX-License-Identifier: Apache-2.0
"""The error code that the die puts into headers: what it finds, and what it costs."""

import json
import subprocess
from itertools import combinations

import pytest
from amaranth import *
from amaranth.back import rtlil

from support import simulate
from tapetum.csi2.packets import PacketDescriptor, PacketHeader
from tapetum_sim.csi2.header_code import HeaderStatus, check_header
from tapetum_sim.tools import find_tool

LARGEST_TABLES = 36


class CodeGenerator(Elaboratable):
    def __init__(self):
        self.descriptor = Signal(PacketDescriptor)
        self.code = Signal(6)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.code.eq(PacketHeader.parity(self.descriptor))
        return m


def test_every_wrong_bit_is_located_and_every_two_are_noticed(seed):
    dut, headers = CodeGenerator(), []

    async def generate(ctx):
        for bits in (0, 0xFFFFFF, 0x01F037, 0x9E3779 * seed & 0xFFFFFF):
            ctx.set(dut.descriptor.as_value(), bits)
            await ctx.delay(1e-9)
            headers.append(bits | ctx.get(dut.code) << 24)

    simulate(dut, generate, cycles=10)
    assert headers[2] == 0x3F01F037  # the standard's own example
    for header in headers:
        assert check_header(header.to_bytes(4, "little"))[1] is HeaderStatus.GOOD
        places = range(30)
        for place in places:
            wrong = (header ^ 1 << place).to_bytes(4, "little")
            assert check_header(wrong) == (header & 0xFFFFFF, HeaderStatus.CORRECTED)
        pairs = list(combinations(places, 2))
        assert len(pairs) == 435
        for first, second in pairs:
            wrong = (header ^ 1 << first ^ 1 << second).to_bytes(4, "little")
            assert check_header(wrong)[1] is HeaderStatus.WRONG


@pytest.mark.slow
def test_the_generator_takes_few_tables_of_an_ecp5(tmp_path):
    dut = CodeGenerator()
    (tmp_path / "top.il").write_text(rtlil.convert(
        dut, ports=[dut.descriptor.as_value(), dut.code], name="top", emit_src=False))
    subprocess.run([find_tool("yosys"), "-q", "-p", "read_rtlil top.il; "
                    "synth_ecp5 -nowidelut -top top -json top.json"], cwd=tmp_path, check=True,
                   capture_output=True)
    cells = json.loads((tmp_path / "top.json").read_text())["modules"]["top"]["cells"]
    assert {cell["type"] for cell in cells.values()} == {"LUT4"}
    assert len(cells) <= LARGEST_TABLES
