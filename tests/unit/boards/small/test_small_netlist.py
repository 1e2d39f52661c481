# SPDX-License-Identifier: Apache-2.0
"""What synthesis makes of the row camera computes a frame as its model does."""

from dataclasses import replace

import numpy as np
import pytest
from amaranth import *
from amaranth.back import rtlil
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from support.ice40_netlist import Ice40Netlist
from tapetum_boards.build.bitstream import ICE40_COMMAND
from tapetum_boards.host.row_camera import FrameCollector
from tapetum_boards.host.serial_link import BITS_PER_SECOND, decode_packets
from tapetum_boards.link.slip import END
from tapetum_boards.link.uart import UartReceiver, bit_cycles
from tapetum_boards.models.small import small_frame
from tapetum_boards.platforms.catalogue import BOARDS
from tapetum_boards.small.configuration import larger_configuration, small_configuration
from tapetum_boards.small.small_core import SmallCore
from tapetum_sim.bench.synthesis import synthesise
from tapetum_sim.netlist.ecp5_netlist import Ecp5Netlist
from tapetum_sim.simulator import Clock, Recorder, build, read_recording, run

BIT_CYCLES = 4


def short(config, **array):
    """Two rows in twelve lines show every kind of row."""
    return replace(config, array=replace(config.array, rows=2, **array),
                   timing=replace(config.timing, frame_length_lines=12),
                   captures=(replace(config.captures[0], coarse_integration_lines=4),))


@pytest.mark.slow
def test_the_netlist_for_an_ice40_sends_a_frame_bit_for_bit(tmp_path):
    config = short(small_configuration(), columns=28)
    config = replace(config, timing=replace(config.timing, line_length_cycles=1920))
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


class Camera(wiring.Component):
    """The netlist of a row camera, and what leaves it on the serial line, as ``bytes``.

    Members
    -------
    finished : Out(1)
        A row more than a frame has come.
    fault : Out(1)
    """

    def __init__(self, config):
        self.config = config
        self.core = SmallCore(config, whole_converters=True)
        self.netlist = Ecp5Netlist(self.core, "camera_netlist", domains=("sync", "adc"))
        super().__init__({"finished": Out(1), "fault": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.netlist = self.netlist
        m.submodules.line = line = UartReceiver(
            bit_cycles(self.config.sync_clock_hz, BITS_PER_SECOND))
        m.submodules.pen = pen = Recorder(8, "bytes")
        wanted = self.config.array.total_rows + 1
        rows = Signal(range(wanted + 1))
        m.d.comb += [
            self.core.scl.eq(1), self.core.sda.eq(1), line.line.eq(self.core.transmit),
            pen.payload.eq(line.bytes.payload), pen.valid.eq(line.bytes.valid), pen.ready.eq(1),
            self.finished.eq(rows == wanted), self.fault.eq(self.core.fault),
        ]
        with m.If(line.bytes.valid & (line.bytes.payload == END) & ~self.finished):
            m.d.sync += rows.eq(rows + 1)
        return m


@pytest.mark.slow
def test_the_netlist_for_an_ecp5_sends_a_frame_bit_for_bit(tmp_path):
    """As wide as that of the boards, and made in the same way."""
    config = short(larger_configuration())
    camera = Camera(config)
    module = camera.netlist.synthesise(tmp_path / "netlist", place=BOARDS["ulx3s_25f"].place)
    simulator = build(camera, domains=("sync", "adc"), profile="netlist", modules=[module],
                      root=tmp_path / "simulator")
    found = run(simulator, "support.until_finished", directory=tmp_path / "run",
                clocks=[Clock(domain="sync", frequency_hz=round(config.sync_clock_hz)),
                        Clock(domain="adc", frequency_hz=round(config.adc_clock_hz),
                              phase_ps=311)],
                limit_cycles=2 * 12 * config.timing.line_length_cycles).results
    line = bytes(read_recording(tmp_path / "run" / "bytes.beats", unsigned(8)))
    frame = FrameCollector(config).add(decode_packets(line)[0])
    assert frame is not None, "rows are missing"
    np.testing.assert_array_equal(frame, small_frame(config, 4))
    assert found["fault"] == 0
