# SPDX-License-Identifier: Apache-2.0
"""From the combined frame to the link, wired as in the die, with a stand-in for the array."""

from collections.abc import Iterable
from types import SimpleNamespace

import numpy as np
from amaranth import *
from amaranth.lib import stream

from support import simulate
from support.adoption import adopt_all
from support.npu import StandInEngine, stand_in_program
from support.small_dies import small_die
from tapetum.array_wiring import wire_array
from tapetum.config import NpuConfig
from tapetum.control.faults import Fault
from tapetum.control.frame_flags import flag_layout
from tapetum.control.frame_settings import FrameSettings, adopted_settings
from tapetum.csi2.network_tensors import NetworkTensors
from tapetum.csi2.transmitter import Csi2Transmitter
from tapetum.csi2.verdict_packets import VerdictPackets
from tapetum.npu.host_ports import ArrayControl, ArrayStatus
from tapetum.npu.npu import Npu
from tapetum.npu.program_image import program_image
from tapetum.npu.program_window import PROGRAM_WINDOW, VERDICT_WINDOW
from tapetum.pixel import LinearPixels
from tapetum.registers.array import default_vision
from tapetum.registers.bus import WindowBus
from tapetum.vision.tone_curve import TONE_WINDOW
from tapetum.vision.tone_table import logarithmic, tone_knots
from tapetum.vision.vision import Vision
from tapetum_sim.csi2.decoder import decode
from tapetum_sim.csi2.verdict import decode_verdict
from tapetum_sim.models.tensors import FrameTensors, tensor_packets
from tapetum_sim.models.vision import VisionModel

NPU = NpuConfig(weight_words=16, parameter_words=8, activation_words=64, layers=2,
                schedule_entries=16, program_words=256)
CONFIG = small_die("wired", columns=16, rows=8, npu=NPU)
LINE_CLOCKS = 90
"""More than a row of the network takes to come out."""


class Wired(Elaboratable):
    """The rooms around the array; control, readout and combination are what a test makes them."""

    def __init__(self):
        self.config = CONFIG
        self.control = SimpleNamespace(
            array_control=Signal(ArrayControl), array_status=Signal(ArrayStatus),
            adopted=Signal(adopted_settings(CONFIG)), flags=Signal(flag_layout(CONFIG)),
            streaming=Signal(), raised=Signal(len(Fault)),
            windows=SimpleNamespace(
                vision_tone_curve=WindowBus(TONE_WINDOW).create(),
                program=WindowBus(PROGRAM_WINDOW).create(),
                verdict_bytes=WindowBus(VERDICT_WINDOW).create()))
        self.readout = SimpleNamespace(busy=Signal())
        self.hdr = SimpleNamespace(o=stream.Signature(
            LinearPixels(CONFIG.lanes), always_ready=True).create())
        self.interrupt_request = Signal()
        self.csi2 = Csi2Transmitter(CONFIG, result_sources=3)
        self.vision = Vision(CONFIG, CONFIG.vision)
        self.npu = Npu(NPU, engine=StandInEngine)
        self.verdicts = VerdictPackets(CONFIG)
        self.tensors = NetworkTensors(CONFIG)

    def elaborate(self, platform):
        m = Module()
        m.submodules.csi2 = self.csi2
        wire_array(m, self, Signal())
        combined, pixels = self.hdr.o, self.csi2.pixels
        m.d.comb += [
            self.csi2.settings.eq(self.control.adopted), pixels.valid.eq(combined.valid),
            *(pixels.payload[name].eq(combined.payload[name])
              for name in ("line_last", "frame_last", "tag")),
            pixels.payload.values[0].eq(combined.payload.values[0] >> 12),
        ]
        return m


class Host:
    """What happens to the rooms, and the packets that come out."""

    def __init__(self):
        self.top = Wired()
        self.packets = bytearray()
        self.faults = 0

    def run(self, play) -> None:
        top = self.top

        async def link(ctx):
            ctx.set(top.csi2.phy.ready, 1)
            async for *_, strobe, word in ctx.tick("byte").sample(
                    top.csi2.packet_strobe, top.csi2.packet_bytes):
                if strobe:
                    self.packets.extend(word.bytes[lane] for lane in range(word.count))

        async def watch(ctx):
            async for *_, raised in ctx.tick().sample(top.control.raised):
                self.faults |= raised

        simulate(top, play, background=(link, watch), cycles=60_000,
                 domains={"sync": 75e6, "byte": 93.75e6})

    async def strobe(self, ctx, port) -> None:
        ctx.set(port, 1)
        await ctx.tick()
        ctx.set(port, 0)

    async def begin(self, ctx, image: bytes, **settings) -> None:
        """Settings of all frames, and a program."""
        control = self.top.control
        defaults = FrameSettings.defaults(CONFIG) | {"verdict": 1} | settings
        ctx.set(control.flags, {name: 15 * defaults[name] for name in flag_layout(CONFIG).members})
        await adopt_all(ctx, control.adopted, defaults)
        ctx.set(control.array_control.vision, default_vision(CONFIG))
        ctx.set(control.array_control.deadline, 300)
        await self.strobe(ctx, control.array_control.restart)
        for byte in image:
            ctx.set(control.windows.program.write_data, byte)
            await self.strobe(ctx, control.windows.program.write)
        await self.strobe(ctx, control.array_control.load)
        await ctx.tick().repeat(2)
        while ctx.get(control.array_status.loading):
            await ctx.tick()
        ctx.set(control.streaming, 1)

    async def frame(self, ctx, number: int, rows: Iterable[int],
                    generator: np.random.Generator) -> np.ndarray:
        """These rows of a frame, as they leave combination; returns the whole frame."""
        beats, array = self.top.hdr.o, CONFIG.array
        linear = generator.integers(1 << 24, size=(array.rows, array.columns))
        for row in rows:
            for column in range(array.columns):
                last = column == array.columns - 1
                ctx.set(beats.payload, {
                    "values": [int(linear[row, column])], "line_last": last,
                    "frame_last": last and row == array.rows - 1,
                    "tag": {"frame": number, "row": row, "array_row": row}})
                ctx.set(beats.valid, 1)
                await ctx.tick()
            ctx.set(beats.valid, 0)
            await ctx.tick().repeat(LINE_CLOCKS)
        return linear


def test_verdicts_travel_from_the_combined_frame_to_the_link_and_the_registers(seed):
    generator, host = np.random.default_rng(seed), Host()
    vision = default_vision(CONFIG)
    scores = generator.integers(-128, 128, 8)
    program = stand_in_program(scores, rows=vision["rows"], columns=vision["columns"],
                               model_id=0x12345678, channels=3)
    whole, shown = range(CONFIG.array.rows), bytearray()

    async def play(ctx):
        control = host.top.control
        await host.begin(ctx, program_image(program))
        assert ctx.get(control.array_status.loaded)
        assert ctx.get(control.array_status.model_id) == 0x12345678
        ctx.set(control.array_control.interrupt_classes, 1 << int(np.argmax(scores)))
        ctx.set(control.array_control.interrupt_score, int(scores.max()))
        await host.frame(ctx, 6, whole, generator)
        await ctx.tick().repeat(400)
        assert ctx.get(host.top.interrupt_request)
        assert ctx.get(control.array_status.interrupt)
        await host.strobe(ctx, control.array_control.interrupt_clear)
        ctx.set(control.array_control.interrupt_classes, 0)
        await host.frame(ctx, 7, whole, generator)
        await ctx.tick().repeat(400)
        assert not ctx.get(host.top.interrupt_request)
        for address in range(VERDICT_WINDOW.size_bytes):
            ctx.set(control.windows.verdict_bytes.address, address)
            await ctx.tick().repeat(2)
            shown.append(ctx.get(control.windows.verdict_bytes.read_data))

    host.run(play)
    decoded = decode(bytes(host.packets))
    assert (decoded.sequence_errors, decoded.crc_errors, host.faults) == ([], 0, 0)
    assert [(packet.virtual_channel, packet.data_type) for packet in decoded.packets
            if packet.data_type in (0x01, 0x32)] == [(2, 0x32), (2, 0x01), (0, 0x01)] * 2
    said = [packet.payload or b"" for packet in decoded.packets if packet.data_type == 0x32]
    assert said[-1] == shown
    verdicts = [decode_verdict(payload) for payload in said]
    assert [verdict.frame for verdict in verdicts] == [6, 7]
    for verdict in verdicts:
        assert verdict.is_valid
        assert verdict.class_number == int(np.argmax(scores))
        assert verdict.scores == tuple(scores.tolist())
        assert verdict.region == (0, 0, CONFIG.array.columns, CONFIG.array.rows)
        assert verdict.model_id == 0x12345678


def test_input_and_output_of_the_network_travel_with_their_verdict(seed):
    generator, host = np.random.default_rng(seed), Host()
    vision, scores = default_vision(CONFIG), generator.integers(-128, 128, 8)
    program = stand_in_program(scores, rows=vision["rows"], columns=vision["columns"],
                               model_id=0x12345678, channels=3)
    last, pictures = CONFIG.array.rows - 1, []
    settings = FrameSettings.defaults(CONFIG)

    async def play(ctx):
        await host.begin(ctx, program_image(program), network_input=1, network_output=1)
        for number, rows in ((6, range(last + 1)), (7, [0, 1, 2, 3, last]), (8, range(last + 1))):
            linear = await host.frame(ctx, number, rows, generator)
            pictures.append(VisionModel(CONFIG, vision, tone_knots(logarithmic())).frame(
                linear, settings))
            await ctx.tick().repeat(600)

    host.run(play)
    decoded = decode(bytes(host.packets))
    assert (decoded.sequence_errors, decoded.crc_errors) == ([], 0)
    assert host.faults == 1 << Fault.VERDICT_WITHHELD
    common = {"model_id": 0x12345678, "region": (0, 0, CONFIG.array.columns, CONFIG.array.rows)}
    expected = decode(tensor_packets([
        FrameTensors(frame=6, picture=pictures[0], output=scores.tolist(), **common),
        FrameTensors(frame=7, picture=pictures[1], output=(), flags=("incomplete",),
                     lost_rows=range(2, len(pictures[1])), **common),
        FrameTensors(frame=8, picture=pictures[2], output=scores.tolist(), **common)]))
    assert [packet for packet in decoded.packets
            if packet.virtual_channel == 3] == expected.packets


def test_lost_rows_are_told_and_the_next_whole_frame_is_right(seed):
    generator, host = np.random.default_rng(seed), Host()
    vision = default_vision(CONFIG)
    scores = generator.integers(-128, 128, 8)
    program = stand_in_program(scores, rows=vision["rows"], columns=vision["columns"], model_id=1,
                               channels=3)
    last = CONFIG.array.rows - 1

    async def play(ctx):
        await host.begin(ctx, program_image(program))
        for number, rows in enumerate(([0, 1, 2, last], [last], range(last + 1))):
            await host.frame(ctx, number, rows, generator)
            await ctx.tick().repeat(600)

    host.run(play)
    decoded = decode(bytes(host.packets))
    assert (decoded.sequence_errors, decoded.crc_errors) == ([], 0)
    assert host.faults == 1 << Fault.VERDICT_WITHHELD
    verdicts = [decode_verdict(packet.payload or b"") for packet in decoded.packets
                if packet.data_type == 0x32]
    assert [verdict.flags for verdict in verdicts] == [("incomplete",), ("incomplete",),
                                                       ("valid",)]
    assert verdicts[2].class_number == int(np.argmax(scores))
