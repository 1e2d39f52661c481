# SPDX-License-Identifier: Apache-2.0
"""Rooms keep the settings of all frames in flight, each for itself."""

import random

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from support import simulate
from support.adoption import adopt
from tapetum.control.frame_flags import FrameFlags, flag_layout
from tapetum.control.frame_settings import FRAMES_IN_FLIGHT, adopted_settings, settings_of
from tapetum.presets import preset

CONFIG = preset("tiny")
COLOURS, CAPTURES = 4, len(CONFIG.captures)


class Room(wiring.Component):
    """Two places that look at the settings of different frames."""

    def __init__(self):
        super().__init__({"settings": In(adopted_settings(CONFIG)), "frame": In(16),
                          "other_frame": In(16), "line_length_cycles": wiring.Out(16),
                          "capture_mask": wiring.Out(CAPTURES), "colour_gains": wiring.Out(64),
                          "hand_over_ends": wiring.Out(14 * CAPTURES)})

    def elaborate(self, platform):
        m = Module()
        own = settings_of(m, self.settings, self.frame, "capture_mask", "colour_gains",
                          captures=("digital_gain", "hand_over_end"))
        other = settings_of(m, self.settings, self.other_frame, "line_length_cycles",
                            memory_name="of_others")
        m.d.comb += [
            self.capture_mask.eq(own.capture_mask), self.colour_gains.eq(own.colour_gains),
            self.hand_over_ends.eq(Cat(own.captures[index].hand_over_end
                                       for index in range(CAPTURES))),
            self.line_length_cycles.eq(other.line_length_cycles),
        ]
        return m


def drawn(generator: random.Random) -> dict:
    return {"capture_mask": generator.getrandbits(CAPTURES),
            "line_length_cycles": generator.getrandbits(16),
            "colour_gains": [generator.getrandbits(16) for _ in range(COLOURS)],
            "captures": [{"hand_over_end": generator.getrandbits(14)} for _ in range(CAPTURES)]}


def joined(values: list[int], bits: int) -> int:
    return sum(value << bits * index for index, value in enumerate(values))


def test_every_place_sees_the_settings_of_the_frame_it_looks_at(seed):
    dut, generator = Room(), random.Random(seed)
    frames = [drawn(generator) for _ in range(3 * FRAMES_IN_FLIGHT)]

    async def testbench(ctx):
        for newest, settings in enumerate(frames):
            await adopt(ctx, dut.settings, newest, settings)
            # What is wanted next is no frame's yet.
            ctx.set(dut.settings.settings, drawn(generator))
            in_flight = range(max(0, newest + 1 - FRAMES_IN_FLIGHT), newest + 1)
            for frame in in_flight:
                other = generator.choice(in_flight)
                ctx.set(dut.frame, frame)
                ctx.set(dut.other_frame, other)
                assert ctx.get(dut.capture_mask) == frames[frame]["capture_mask"]
                assert ctx.get(dut.colour_gains) == joined(frames[frame]["colour_gains"], 16)
                assert ctx.get(dut.hand_over_ends) == joined(
                    [capture["hand_over_end"] for capture in frames[frame]["captures"]], 14)
                assert ctx.get(dut.line_length_cycles) == frames[other]["line_length_cycles"]
            await ctx.tick().repeat(generator.randrange(1, 4))

    simulate(dut, testbench, cycles=500, stream_domains={})


def test_flags_are_of_combined_frames_and_the_networks_of_those_with_a_verdict(seed):
    config = preset("vga")
    dut, generator = FrameFlags(config), random.Random(seed)
    names = list(flag_layout(config).members)
    assert names == ["flicker_map", "verdict", "network_input", "network_output"]
    expected = {name: [0] * FRAMES_IN_FLIGHT for name in names}

    async def testbench(ctx):
        for frame in range(64):
            settings = {name: generator.getrandbits(1) for name in (*names, "uncombined")}
            await adopt(ctx, dut.adopted, frame, settings)
            for name in names:
                flag = settings[name] and not settings["uncombined"]
                if name.startswith("network"):
                    flag = flag and settings["verdict"]
                expected[name][frame % FRAMES_IN_FLIGHT] = int(flag)
                assert ctx.get(dut.flags[name]) == joined(expected[name], 1)

    simulate(dut, testbench, cycles=200, stream_domains={})
