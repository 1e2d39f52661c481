# SPDX-License-Identifier: Apache-2.0
"""The way of a program: SPI wires, port, shared bus, registers, program memory."""

from dataclasses import replace

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect

from tapetum.cci.cci import Cci
from tapetum.config import DieConfig
from tapetum.control.control import Control
from tapetum.npu.npu_config import NpuConfig
from tapetum.npu.program_memory import ProgramMemory
from tapetum.presets import preset
from tapetum.registers.bus import ACCESS_INTERVAL_CYCLES
from tapetum.spi.spi import Spi
from tapetum_sim.frame.spi_wires import HEARD_BYTES, SpiWires
from tapetum_sim.simulator import Recorder

__all__ = ["Appended", "UploadTop", "upload_config"]

PROGRAM_WORDS = 1 << 15
"""Of nine bytes: more than 256 kB."""


def upload_config() -> DieConfig:
    config = preset("tiny")
    return config.with_(npu=replace(config.npu or NpuConfig(), program_words=PROGRAM_WORDS))


class Appended(data.Struct):
    """A byte of a program, and when it came."""

    cycle: 32
    byte: 8


class UploadTop(wiring.Component):
    """Records every byte of a program, while a host inside reads without pause."""

    spi_post: In(1)
    spi_done: Out(1)
    spi_heard: Out(8 * HEARD_BYTES)
    host_clock_request: Out(1)

    def elaborate(self, platform):
        m = Module()
        config = upload_config()
        assert config.npu is not None
        m.submodules.wires = wires = SpiWires("host")
        m.submodules.spi = spi = Spi()
        m.submodules.cci = cci = Cci(config)
        m.submodules.control = control = Control(config)
        m.submodules.memory = memory = ProgramMemory(config.npu)
        m.submodules.pen = pen = Recorder(Appended, "appended")
        connect(m, spi.bus, cci.spi)
        connect(m, cci.bus, control.bus)
        cycle, spacing = Signal(32), Signal(range(ACCESS_INTERVAL_CYCLES))
        window = control.windows.program
        m.d.sync += [cycle.eq(cycle + 1), cci.local.read.eq(0)]
        with m.If(~cci.local_waits):
            m.d.sync += [spacing.eq(spacing + 1), cci.local.read.eq(spacing == 0)]
        m.d.comb += [
            wires.post.eq(self.spi_post), self.spi_done.eq(wires.done),
            self.spi_heard.eq(wires.heard), self.host_clock_request.eq(wires.request),
            spi.clock.eq(wires.clock), spi.select.eq(wires.select),
            spi.data_in.eq(wires.data_in), wires.data_out.eq(spi.data_out),
            spi.enable.eq(control.spi_enable), spi.hold.eq(control.waking),
            spi.waits.eq(cci.spi_waits), control.spi_status.eq(spi.status),
            cci.local.address.eq(0x0340),
            memory.bank.eq(control.array_control.bank),
            memory.restart.eq(control.array_control.restart),
            memory.append.eq(window.write), memory.byte.eq(window.write_data),
            control.array_status.received.eq(memory.received),
            pen.payload.cycle.eq(cycle), pen.payload.byte.eq(window.write_data),
            pen.valid.eq(window.write), pen.ready.eq(1),
        ]
        return m
