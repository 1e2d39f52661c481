# SPDX-License-Identifier: Apache-2.0
"""The network's input and output reach the link byte by byte, or are missed with a fault."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from amaranth import *
from amaranth.lib.wiring import connect

from support import FULL_RATE, TrafficPattern, simulate
from tapetum.control.frame_settings import DataFormat
from tapetum.csi2.network_tensors import NetworkTensors
from tapetum.csi2.transmitter import Csi2Transmitter
from tapetum_sim.csi2.decoder import decode
from tapetum_sim.csi2.tensors import decode_tensors
from tapetum_sim.frame.boundaries import compare_packets
from tapetum_sim.models.csi2 import transmit
from tapetum_sim.models.tensors import FrameTensors, tensor_packets
from tapetum_sim.models.verdict import verdict_bytes
from unit.csi2.link_bench import plan_frame, random_frame, settings_with, small_die

REGION = (4, 2, 60, 40)
MODEL = 0x89ABCDEF
COLUMNS = 32


class TransmitterWithTensors(Elaboratable):
    """Tensors as the transmitter's further source."""

    def __init__(self, config):
        self.transmitter = Csi2Transmitter(config, result_sources=1)
        self.tensors = NetworkTensors(config)

    def elaborate(self, platform):
        m = Module()
        m.submodules.transmitter, m.submodules.tensors = self.transmitter, self.tensors
        connect(m, self.tensors.packets, self.transmitter.results[0])
        return m


def random_tensors(generator: np.random.Generator, frame: int, *, rows: int = 4,
                   columns: int = 7, channels: int = 3, classes: int = 20) -> FrameTensors:
    return FrameTensors(
        frame=frame, model_id=MODEL, region=REGION,
        picture=generator.integers(-128, 128, (rows, columns, channels)).astype(np.int8),
        output=generator.integers(-128, 128, classes).tolist())


def wanted(frame: FrameTensors, *, is_output: bool = False) -> np.ndarray:
    """As a host sees it."""
    assert frame.picture is not None
    return np.array(frame.output, np.int8).reshape(1, 1, -1) if is_output else frame.picture


@dataclass
class Bench:
    """Rows of pixels, and in the pauses behind them what the array sees and says.

    Parameters
    ----------
    row_gap, wait : int
        Clocks between two rows of the input, two frames.
    put : TrafficPattern
        Codes.
    inject : int
        Of `MemoryHealth`; ``uncorrectable`` counts what it tells.
    """

    byte_lanes: int = 2
    lanes: int = 1
    byte_clock_hz: float = 93.75e6
    data_format: DataFormat = DataFormat.RAW12
    put: TrafficPattern = FULL_RATE
    phy: TrafficPattern = FULL_RATE
    row_gap: int = 150
    wait: int = 1200
    inject: int = 0
    packets: bytearray = field(default_factory=bytearray)
    lost: int = 0
    uncorrectable: int = 0

    def run(self, tensors: list[FrameTensors], *, lose: tuple[int, ...] = (),
            inputs: bool = True, outputs: bool = True, early: bool = False,
            overtake: tuple[int, ...] = ()) -> None:
        """``lose`` names frames that are given up within their second row; with ``early`` verdicts
        come before the first one; ``overtake`` names frames whose scores are not yet sent when the
        next ones are read."""
        config = small_die(columns=COLUMNS, lanes=self.lanes, byte_lanes=self.byte_lanes)
        top = TransmitterWithTensors(config)
        dut, block, permits = top.transmitter, top.tensors, iter(self.phy)
        puts = iter(self.put)
        self.config = config
        generator = np.random.default_rng(1)
        self.settings = {frame.frame: settings_with(config, data_format=self.data_format)
                         for frame in tensors}
        self.rows = []

        async def strobe(ctx, *ports) -> None:
            for port in ports:
                ctx.set(port, 1)
            await ctx.tick()
            for port in ports:
                ctx.set(port, 0)

        async def pixels(ctx, frame: int) -> None:
            for row in random_frame(generator, frame, rows=2, columns=COLUMNS,
                                    data_format=self.data_format):
                self.rows.append(row)
                beats = row.values.reshape(-1, self.lanes).tolist()
                for place, values in enumerate(beats):
                    last = place == len(beats) - 1
                    ctx.set(dut.pixels.payload, {
                        "values": values, "line_last": last, "frame_last": last and row.last,
                        "tag": {"frame": frame, "row": row.row}})
                    await strobe(ctx, dut.pixels.valid)

        async def input_row(ctx, row: np.ndarray, stop_at: int | None) -> None:
            codes = row.reshape(-1).tolist()
            for place, code in enumerate(codes[:stop_at]):
                while not next(puts):
                    await ctx.tick()
                ctx.set(block.codes.payload, {"code": code & 0xFF,
                                              "row_last": place == len(codes) - 1})
                await strobe(ctx, block.codes.valid)
            await ctx.tick().repeat(self.row_gap)

        async def give(ctx, frame: FrameTensors) -> None:
            for number, score in enumerate(frame.output or ()):
                ctx.set(block.logits.payload, {"number": number, "score": score})
                await strobe(ctx, block.logits.valid)
            verdict = verdict_bytes(frame=frame.frame, flags=frame.flags, model_id=frame.model_id,
                                    cycles=1, region=REGION, scores=frame.output or ())
            ctx.set(block.verdict.as_value(), int.from_bytes(verdict, "little"))
            await strobe(ctx, block.given)

        async def sensor(ctx):
            ctx.set(block.memory.inject, self.inject)
            ctx.set(block.inputs, 15 * inputs)
            ctx.set(block.outputs, 15 * outputs)
            for frame in tensors:
                await plan_frame(ctx, dut, frame.frame, self.settings[frame.frame])
                picture = wanted(frame)
                rows, columns, channels = picture.shape
                ctx.set(block.settings, {"rows": rows, "columns": columns, "rgb": channels == 3})
                ctx.set(block.region, dict(zip(
                    ("x_start", "y_start", "columns", "rows"), frame.region, strict=True)))
                ctx.set(block.model_id, frame.model_id)
                ctx.set(block.frame, frame.frame)
                await strobe(ctx, block.first)
                ctx.set(block.model_id, 0)
                if early:
                    await give(ctx, frame)
                await pixels(ctx, frame.frame)
                for number, row in enumerate(picture):
                    stops = frame.frame in lose and number == 1
                    await input_row(ctx, row, 3 if stops else None)
                    if stops:
                        await strobe(ctx, block.lost)
                        break
                if not early:
                    await give(ctx, frame)
                if frame.frame in overtake:
                    await ctx.tick().repeat(40)
                    await strobe(ctx, block.logits.valid)
                await ctx.tick().repeat(self.wait)

        async def phy(ctx):
            while True:
                ctx.set(dut.phy.ready, next(permits))
                _, _, strobed, word = await ctx.tick("byte").sample(
                    dut.packet_strobe, dut.packet_bytes)
                if strobed:
                    self.packets.extend(word.bytes[lane] for lane in range(word.count))

        async def count(ctx):
            async for *_, lost, uncorrectable in ctx.tick().sample(
                    block.overflow, block.memory.uncorrectable):
                self.lost += lost
                self.uncorrectable += uncorrectable

        simulate(top, sensor, background=(phy, count), cycles=60_000,
                 domains={"sync": 100e6, "byte": self.byte_clock_hz})

    def assert_sent(self, tensors: list[FrameTensors]) -> None:
        expected = transmit(self.config, self.rows, self.settings) + tensor_packets(tensors)
        boundary = compare_packets("csi2", expected, bytes(self.packets))
        assert boundary.mismatches == 0, boundary.first
        decoded = decode(bytes(self.packets))
        assert (decoded.sequence_errors, decoded.crc_errors) == ([], 0)


@pytest.fixture
def generator(seed):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("byte_lanes, byte_clock_hz, data_format", [
    (1, 257e6, DataFormat.RAW8), (2, 93.75e6, DataFormat.RAW12), (4, 31e6, DataFormat.RAW24),
    *(pytest.param(lanes, 93.75e6, data_format, marks=pytest.mark.slow)
      for lanes, data_format in ((1, DataFormat.RAW10), (2, DataFormat.RAW14),
                                 (4, DataFormat.RAW16), (4, DataFormat.RAW20)))])
def test_input_and_output_come_beside_pixels_of_every_format(byte_lanes, byte_clock_hz,
                                                             data_format, generator):
    bench = Bench(byte_lanes=byte_lanes, byte_clock_hz=byte_clock_hz, data_format=data_format,
                  lanes=byte_lanes)
    tensors = [random_tensors(generator, frame) for frame in (32766, 32767)]
    bench.run(tensors)
    bench.assert_sent(tensors)
    assert bench.lost == 0
    read = decode_tensors((packet.data_type, packet.payload or b"")
                          for packet in decode(bytes(bench.packets)).packets
                          if packet.virtual_channel == 3 and packet.payload is not None)
    assert [(tensor.frame, tensor.is_output) for tensor in read] == [
        (32766, False), (32766, True), (32767, False), (32767, True)]
    for tensor, frame in zip(read, (t for t in tensors for _ in range(2)), strict=True):
        assert (tensor.region, tensor.model_id) == (REGION, MODEL)
        assert not tensor.missing_rows
        assert np.array_equal(tensor.values, wanted(frame, is_output=tensor.is_output))
        assert tensor.flags == (("valid",) if tensor.is_output else ())


def test_bubbles_and_a_phy_that_stalls_anywhere_change_no_byte(traffic, generator):
    bench = Bench(put=traffic.put, phy=traffic.get, byte_lanes=4)
    tensors = [random_tensors(generator, 5), random_tensors(generator, 6, channels=1, columns=1)]
    bench.run(tensors)
    bench.assert_sent(tensors)
    assert bench.lost == 0


@pytest.mark.parametrize("inputs, outputs", [(True, False), (False, True), (False, False)])
def test_each_is_sent_only_if_it_is_wanted(inputs, outputs, generator):
    bench = Bench()
    tensors = [random_tensors(generator, frame, classes=255) for frame in (1, 2)]
    bench.run(tensors, inputs=inputs, outputs=outputs)
    bench.assert_sent([replace(frame, picture=frame.picture if inputs else None,
                               output=frame.output if outputs else None) for frame in tensors])
    assert bench.lost == 0


def test_a_verdict_without_a_class_has_an_output_without_scores(generator):
    bench = Bench()
    tensors = [replace(random_tensors(generator, 3), flags=("late",))]
    bench.run(tensors)
    bench.assert_sent([replace(tensors[0], output=())])


def test_a_verdict_that_comes_before_the_picture_is_told_behind_it(generator):
    """That of a frame which the array could not take."""
    bench = Bench()
    tensors = [replace(random_tensors(generator, frame), flags=("not_run",)) for frame in (3, 4)]
    bench.run(tensors, early=True)
    bench.assert_sent([replace(frame, output=()) for frame in tensors])
    assert bench.lost == 0


@pytest.mark.parametrize("outputs", [True, False])
def test_a_lost_frame_ends_with_the_rows_that_were_whole(outputs, generator):
    bench = Bench()
    tensors = [replace(random_tensors(generator, 3), flags=("incomplete",)),
               random_tensors(generator, 4)]
    bench.run(tensors, lose=(3,), outputs=outputs)
    bench.assert_sent([replace(tensors[0], output=() if outputs else None, lost_rows=(1, 2, 3)),
                       tensors[1] if outputs else replace(tensors[1], output=None)])
    assert bench.lost == 0, "the frame's verdict tells it"


def test_rows_that_come_too_fast_are_given_up_and_reported(generator):
    """Rows without a pause leave no time for their heads."""
    bench = Bench(row_gap=1)
    tensors = [random_tensors(generator, 7, rows=16), random_tensors(generator, 8, rows=2)]
    bench.run(tensors)
    read = decode_tensors((packet.data_type, packet.payload or b"")
                          for packet in decode(bytes(bench.packets)).packets
                          if packet.virtual_channel == 3 and packet.payload is not None)
    missing = read[0].missing_rows
    assert missing
    assert missing == list(range(missing[0], 16)), "all from the first one on"
    bench.assert_sent([replace(tensors[0], lost_rows=missing), tensors[1]])
    assert bench.lost == 1


def test_a_link_that_stands_still_loses_whole_rows_and_says_so(generator):
    bench = Bench(phy=TrafficPattern("1" * 700 + "0" * 1500 + "1" * 50_000))
    tensors = [random_tensors(generator, 7, rows=9), random_tensors(generator, 8)]
    bench.run(tensors)
    decoded = decode(bytes(bench.packets))
    assert (decoded.sequence_errors, decoded.crc_errors) == ([], 0)
    read = decode_tensors((packet.data_type, packet.payload or b"") for packet in decoded.packets
                          if packet.virtual_channel == 3 and packet.payload is not None)
    assert bench.lost == 9 + 4 + 2 - sum(
        len(tensor.values) - len(tensor.missing_rows) for tensor in read) > 0
    for tensor in read:
        frame = tensors[tensor.frame - 7]
        whole = wanted(frame, is_output=tensor.is_output)
        kept = [row for row in range(len(whole)) if row not in tensor.missing_rows]
        assert np.array_equal(tensor.values[kept], whole[kept])


def test_scores_that_are_overtaken_are_not_sent(generator):
    bench = Bench()
    tensors = [random_tensors(generator, frame, classes=200) for frame in (1, 2)]
    bench.run(tensors, overtake=(1,))
    bench.assert_sent([replace(tensors[0], output=None), tensors[1]])
    assert bench.lost == 1


@pytest.mark.parametrize("inputs", [True, False])
def test_memories_tell_of_every_byte_and_bytes_stay_right(inputs, generator):
    bench = Bench(inject=3)
    tensor = random_tensors(generator, 1, classes=60)
    bench.run([tensor], inputs=inputs)
    bench.assert_sent([tensor if inputs else replace(tensor, picture=None)])
    # One for each byte of the picture and the scores, some together with those of the row memory.
    assert bench.uncorrectable >= (wanted(tensor).size if inputs else 0) + 60


@pytest.mark.parametrize("damage, sentence", [
    (lambda payload: payload[:19], "20 bytes"), (lambda payload: payload[:-1], "instead of"),
    (lambda payload: b"\2" + payload[1:], "layout")])
def test_what_is_no_tensor_is_refused(damage, sentence, generator):
    sent = decode(tensor_packets([random_tensors(generator, 1)]))
    payload = next(packet.payload for packet in sent.packets if packet.payload)
    with pytest.raises(ValueError, match=sentence):
        decode_tensors([(0x31, damage(payload))])
