# SPDX-License-Identifier: Apache-2.0
"""The driver's sequence on the register table: what it finds, and what the die makes of it."""

import pytest

from tapetum.csi2.bottom_rows import TOP_ROWS
from tapetum.presets import PRESETS, preset
from tapetum.registers.definition import Access, Storage
from tapetum.registers.table import register_table
from tapetum_sim.ccs import (
    LIMITS,
    DriverSetup,
    NakError,
    PllLimits,
    Read,
    RegisterModel,
    StreamSetup,
    Write,
    play,
    probe,
    solve_pll,
    start,
    stop,
    transaction_bits,
)
from tapetum_sim.ccs.pll import PllError
from tapetum_sim.ccs.probe import ProbeError
from tapetum_sim.models.settings import frame_settings

VGA = preset("vga")
LINKS_HZ = (300_000_000, 384_000_000)


class Watched:
    """Hands on to a model and keeps what was asked."""

    def __init__(self, config=VGA, **forced: int):
        self.config, self.model = config, RegisterModel(config)
        self.forced = {int(address[1:], 16): value for address, value in forced.items()}
        self.made: list[Write | Read] = []

    def write(self, address, data):
        self.made.append(Write(address, data))
        return self.model.write(address, data)

    def read(self, address, count):
        self.made.append(Read(address, count))
        if address in self.forced:
            return self.forced[address].to_bytes(count, "big")
        return self.model.read(address, count)

    def settings(self):
        """What the die makes of the registers."""
        table = [r for r in register_table(self.config)
                 if r.access is Access.READ_WRITE and r.storage is Storage.FRAME]
        return frame_settings(self.config, {
            r.name: int.from_bytes(self.model.read(r.address, r.width_bytes), "big")
            for r in table})


def setup_of(config) -> DriverSetup:
    return DriverSetup(lanes=config.csi2.byte_lanes)


def test_the_limits_are_those_of_the_driver():
    assert len(LIMITS) == 230
    assert sum(limit.width_bytes * limit.count for limit in LIMITS) == 668
    assert (LIMITS[0].address, LIMITS[-1].address) == (0x0040, 0x1C02)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_bound_as_a_ccs_sensor(name):
    bus = Watched(PRESETS[name])
    sensor = play(probe(setup_of(PRESETS[name])), bus)
    array = PRESETS[name].array
    assert sensor.name == "ccs"
    assert (sensor.columns, sensor.rows) == (array.columns, array.rows)
    assert sensor.first_image_row == TOP_ROWS
    assert 0x0A0A in sensor.formats
    assert sum(map(transaction_bits, bus.made)) / 400e3 < 0.05
    assert max(made.address for made in bus.made) == 0x1C02


@pytest.mark.parametrize("name", PRESETS)
def test_the_driver_s_defaults_are_within_all_limits(name):
    bus = Watched(PRESETS[name])
    timing = play(start(play(probe(setup_of(PRESETS[name])), bus)), bus)
    modelled = bus.settings()
    assert modelled.clamped == set()
    assert modelled.settings["frame_length_lines"] == timing.frame_length_lines
    assert bus.model.read(0x0100, 1) == b"\x01"
    play(stop(), bus)
    assert bus.model.read(0x0100, 1) == b"\x00"


def test_controls_come_before_the_stream_in_the_driver_s_order():
    bus = Watched()
    sensor = play(probe(setup_of(VGA)), bus)
    bus.made.clear()
    play(start(sensor), bus)
    assert [made.address for made in bus.made if isinstance(made, Write)] == [
        0x0103, 0x0500, 0x0136, 0x0114, 0x0106, 0x0111, 0x0808,
        0x0204, 0x020E, 0x0202, 0x0101, 0x0340, 0x0342,
        0x0600, 0x0602, 0x0604, 0x0606, 0x0608,
        0x0112, 0x0900, 0x0300, 0x0302, 0x0304, 0x0306,
        0x0344, 0x0346, 0x0348, 0x034A, 0x034C, 0x034E, 0x0100]


@pytest.mark.parametrize("link_hz", LINKS_HZ)
@pytest.mark.parametrize("lanes", [1, 2, 4])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_a_clock_tree_serves_every_link_but_the_one_past_320_megahertz(link_hz, lanes, bits):
    sensor = play(probe(DriverSetup(lanes=2)), Watched())
    limits = PllLimits.from_registers(sensor.limits)
    wanted = {"external_hz": 24_000_000, "link_hz": link_hz, "lanes": lanes,
              "bits_per_pixel": bits}
    if (bits, lanes, link_hz) == (8, 4, 384_000_000):
        with pytest.raises(PllError, match="pixel clock"):
            solve_pll(limits, **wanted)
        return
    found = solve_pll(limits, **wanted)
    output_hz = 24_000_000 / found.pre_divider * found.multiplier
    assert 400e6 <= output_hz <= 3200e6
    assert output_hz / found.system_divider == 2 * link_hz * lanes
    assert output_hz / found.system_divider / found.pixel_divider == found.pixel_hz
    assert found.pixel_hz * bits == 2 * link_hz * lanes


def test_without_a_flexible_divider_some_formats_are_refused():
    sensor = play(probe(DriverSetup(lanes=2)), Watched())
    limits = PllLimits.from_registers({**sensor.limits, 0x11B8: 0x06})
    link = {"external_hz": 24_000_000, "link_hz": 300_000_000, "lanes": 4}
    for bits in (8, 12, 16):
        assert solve_pll(limits, bits_per_pixel=bits, **link)
    for bits in (10, 14):
        with pytest.raises(PllError, match="evenly"):
            solve_pll(limits, bits_per_pixel=bits, **link)


def test_two_trees_of_clocks_are_not_solved():
    sensor = play(probe(DriverSetup(lanes=2)), Watched())
    for other in ({0x11B8: 0x01}, dict.fromkeys((0x1160, 0x1162, 0x116C, 0x116E), 1)):
        with pytest.raises(PllError, match="two PLLs"):
            PllLimits.from_registers({**sensor.limits, **other})


@pytest.mark.parametrize("forced, reason", [
    ({"r0103": 1}, "reset"), ({"r0040": 0}, "frame format"), ({"r1600": 0}, "PHY"),
    ({"r0006": 9}, "colours"), ({"r00c0": 0}, "data format"), ({"r1130": 0}, "clock tree"),
])
def test_what_the_driver_refuses_ends_the_probe(forced, reason):
    with pytest.raises(ProbeError, match=reason):
        play(probe(setup_of(VGA)), Watched(**forced))


def test_an_older_sensor_gets_its_other_name():
    assert play(probe(setup_of(VGA)), Watched(r0007=0)).name == "smiapp"


def test_one_missing_acknowledge_ends_it():
    class Deaf(Watched):
        def read(self, address, count):
            return None if address == 0x1140 else super().read(address, count)

        def write(self, address, data):
            return address != 0x0112 and super().write(address, data)

    with pytest.raises(NakError, match="0x1140"):
        play(probe(setup_of(VGA)), Deaf())
    with pytest.raises(NakError, match="0x0112"):
        play(start(play(probe(setup_of(VGA)), Watched())), Deaf())


def test_a_stale_frame_length_is_cut_and_told():
    bus = Watched()
    sensor = play(probe(setup_of(VGA)), bus)
    play(start(sensor, StreamSetup(blanking_lines=0)), bus)
    modelled = bus.settings()
    assert "frame_length_lines" in modelled.clamped
    assert modelled.settings["frame_length_lines"] == 480 + VGA.array.dark_rows + 1


def test_an_output_of_another_size_is_the_smaller_of_both():
    bus = Watched()
    sensor = play(probe(setup_of(VGA)), bus)
    play(start(sensor, StreamSetup(columns=512, rows=384, output_columns=640, output_rows=480)),
         bus)
    assert (bus.settings().columns_read, bus.settings().rows_read) == (512, 384)
    play(start(sensor, StreamSetup(output_columns=320, output_rows=240)), bus)
    assert (bus.settings().columns_read, bus.settings().rows_read) == (320, 240)
    assert bus.settings().clamped == set()
