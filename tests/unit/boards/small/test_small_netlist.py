# SPDX-License-Identifier: Apache-2.0
"""What synthesis makes of the row camera computes a frame as its model does."""

from dataclasses import replace

import numpy as np
import pytest
from amaranth import *
from amaranth.back import rtlil

from support.ice40_netlist import Ice40Netlist
from tapetum_boards.build.bitstream import ICE40_COMMAND
from tapetum_boards.host.row_camera import FrameCollector
from tapetum_boards.host.serial_link import decode_packets
from tapetum_boards.models.small import small_frame
from tapetum_boards.small.configuration import small_configuration
from tapetum_boards.small.small_core import SmallCore
from tapetum_sim.bench.synthesis import synthesise

BIT_CYCLES = 4


@pytest.mark.slow
def test_the_netlist_sends_a_frame_bit_for_bit(tmp_path):
    config = small_configuration()
    config = replace(
        config, array=replace(config.array, columns=28, rows=2),
        timing=replace(config.timing, frame_length_lines=12, line_length_cycles=1920),
        captures=(replace(config.captures[0], coarse_integration_lines=4),))
    m, core = Module(), SmallCore(config)
    m.domains.sync, m.domains.adc = sync, adc = ClockDomain("sync"), ClockDomain("adc")
    m.submodules.core = core
    text = rtlil.convert(m, name="top", emit_src=False, ports=[
        sync.clk, sync.rst, adc.clk, adc.rst, core.scl, core.sda, core.transmit, core.fault])
    made = synthesise(text, tmp_path, ICE40_COMMAND)["modules"]["top"]
    netlist = Ice40Netlist(made)
    netlist.set("scl", 1)
    netlist.set("sda", 1)

    collector, line, rest = FrameCollector(config), list[int](), b""
    counter, frame = 0.0, None
    for _ in range(40_000):
        netlist.tick("clk")
        counter += 25.1 / 12
        while counter >= 1:
            counter -= 1
            netlist.tick("adc_clk")
        line.append(netlist.get("transmit"))
        if len(line) == 10 * BIT_CYCLES and not line[0]:
            byte = sum(line[(1 + bit) * BIT_CYCLES + 1] << bit for bit in range(8))
            packets, rest = decode_packets(rest + bytes([byte]))
            line, frame = [], collector.add(packets)
            if frame is not None:
                break
        elif line[0]:
            line = []
    assert frame is not None, f"only {collector.progress:.0%} of a frame came"
    np.testing.assert_array_equal(frame, small_frame(config, 4))
    assert netlist.get("fault") == 0
