# SPDX-License-Identifier: Apache-2.0
"""Photodiodes, row lines and comparators on the FPGA: the whole pixel die."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from tapetum.adc.bond_test import BondPattern
from tapetum.adc.geometry import bond_count
from tapetum.config import DieConfig
from tapetum.pixel import RowControl, ShutterControl

from ..memory.memory_port import MemoryPort
from .comparator_memories import WRITE_CYCLES, ComparatorMemories
from .constant_product import times
from .drawn_scene import DRAWN_LATENCY_CYCLES, DRAWN_SCENES, DrawnScene
from .light_meter import Instant, LightMeter
from .noise import LANES, NoiseGenerator
from .pixel_response import FRACTION_BITS, RESPONSE_LATENCY_CYCLES, PixelResponse
from .pulsed_lamp import PERIOD_BITS, PulsedLamp
from .scale import SCALE_LATENCY_CYCLES, Scale, Scaler
from .uploaded_scene import UploadedScene

__all__ = ["COLUMN_LEVEL_FACTOR", "DEFECT_SPACING", "DEFECT_STEP", "BoardPixelDie",
           "ConversionMode", "PixelDieSettings", "settle_cycles"]

COLUMN_LEVEL_FACTOR = 37
"""Spreads the columns' reset levels over a code: by the low bits of a product."""
DEFECT_SPACING = 128
DEFECT_STEP = 37
"""Columns by which the defects of a row stand further left than those of the row before."""
_SEEDED = 3
_HOT = 0x7FFF
_FIRST_COLUMNS = _SEEDED + 8
"""Clocks after a row line moved at which the noise has forgotten its seed and scales are there."""


def settle_cycles(config: DieConfig) -> int:
    """Clocks of ``sync`` from a change of the row lines until the comparators see its effect."""
    groups = config.array.total_columns // LANES
    return (_FIRST_COLUMNS + groups + DRAWN_LATENCY_CYCLES + RESPONSE_LATENCY_CYCLES
            + WRITE_CYCLES + 3)


class ConversionMode(data.StructLayout):
    """How a photodiode's electrons become codes at one conversion gain."""

    def __init__(self, bits: int):
        super().__init__({"gain": Scale, "full_well": bits + 1 + FRACTION_BITS, "shot_shift": 3})


class PixelDieSettings(data.StructLayout):
    """What the host chooses of light and pixels.

    Members
    -------
    modes : large photodiode at high and at low gain, small photodiode
    seed : 32, freeze : 1
        Noise is drawn from the seed alone, and is the same in every frame; else time is mixed in.
    defects : 1
        A pixel in `DEFECT_SPACING` of each row sees nothing, or light without end.
    """

    def __init__(self, config: DieConfig):
        super().__init__({
            "scene": DRAWN_SCENES, "lamp_period_clocks": PERIOD_BITS,
            "lamp_on_clocks": PERIOD_BITS,
            "modes": data.ArrayLayout(ConversionMode(config.adc.bits), 3),
            "read_shift": 3, "seed": 32, "freeze": 1, "defects": 1,
        })


class BoardPixelDie(wiring.Component):
    """Behaves towards the logic die like the analogue one, four columns a clock.

    Whenever a row line moves the columns settle anew: `settle_cycles` later the comparators are
    ready. What the row lines do not ask for is not known: exposures are measured
    (`LightMeter`), and a ramp is compared with what stands there.

    Parameters
    ----------
    config : DieConfig
        Settling times must leave `settle_cycles`.
    memory_address_bits : int, optional
        Of the memory with the uploaded scene; None: there is none.

    Members
    -------
    settings : In(PixelDieSettings)
    row_control, shutters, ramp_code, ramp_active, bond_pattern, comparators
        Of `Die`; those of the counter's domain are in ``counter_domain`` here as well.
    light : Out(Instant)
        Exposure at the last transfer.
    memory : Out(MemoryPort)
        If scenes can be uploaded.
    """

    def __init__(self, config: DieConfig, *, counter_domain: str = "adc",
                 memory_address_bits: int | None = None):
        timing = config.timing
        needed_ns = settle_cycles(config) / config.sync_clock_hz * 1e9
        for name in ("reset_settle_ns", "transfer_settle_ns", "gain_settle_ns"):
            if getattr(timing, name) < needed_ns:
                raise ValueError(f"{name} is {getattr(timing, name)}, but the columns of this "
                                 f"pixel die settle in {needed_ns:.0f} ns; raise it.")
        if config.array.total_columns % LANES or config.array.optical_black_columns % LANES:
            raise ValueError(f"columns must be multiples of {LANES}.")
        self.config, self.counter_domain = config, counter_domain
        self.uploaded = (None if memory_address_bits is None
                         else UploadedScene(config, memory_address_bits))
        adc = config.adc
        super().__init__({
            "settings": In(PixelDieSettings(config)),
            "row_control": In(RowControl),
            "shutters": In(data.ArrayLayout(ShutterControl, 2 * len(config.exposure_groups))),
            "ramp_code": In(adc.bits), "ramp_active": In(1),
            "bond_pattern": In(BondPattern),
            "comparators": Out(bond_count(config)),
            "light": Out(Instant),
            **({"memory": Out(MemoryPort(memory_address_bits))} if self.uploaded else {}),
        })

    def elaborate(self, platform):
        m = Module()
        config, settings, control = self.config, self.settings, self.row_control
        array = config.array
        m.submodules.lamp = lamp = PulsedLamp()
        m.submodules.meter = meter = LightMeter(config)
        m.submodules.scaler = scaler = Scaler()
        m.submodules.scene = DrawnScene(array)
        m.submodules.shot_noise = shot_noise = NoiseGenerator()
        m.submodules.read_noise = read_noise = NoiseGenerator()
        m.d.comb += [
            lamp.period_clocks.eq(settings.lamp_period_clocks),
            lamp.on_clocks.eq(settings.lamp_on_clocks),
            meter.row_control.eq(control), meter.shutters.eq(self.shutters),
            meter.lamp_on.eq(lamp.on), self.light.eq(meter.exposure),
        ]

        # A pass over the columns begins whenever a line does what changes their levels.
        before = Signal(RowControl)
        moved = Signal()
        groups = array.total_columns // LANES
        phase = Signal(range(settle_cycles(config) + 1))
        m.d.sync += before.eq(control)
        # The end of a reset or of a transfer changes nothing: ramps begin with it, or soon after.
        pulses, pulses_before = (Cat(lines.reset, lines.transfer_large, lines.transfer_small)
                                 for lines in (control, before))
        levels, levels_before = (Cat(lines.physical_row, lines.select, lines.high_gain)
                                 for lines in (control, before))
        m.d.comb += moved.eq(control.select & (
            (levels != levels_before) | (pulses & ~pulses_before).any()))
        with m.If(moved):
            m.d.sync += phase.eq(0)
        with m.Elif(phase != settle_cycles(config)):
            m.d.sync += phase.eq(phase + 1)

        charged, is_small = Signal(), Signal()
        with m.If(control.reset):
            m.d.sync += charged.eq(0)
        with m.Elif(control.transfer_large | control.transfer_small):
            m.d.sync += [charged.eq(1), is_small.eq(control.transfer_small)]
        number = Mux(is_small, 2, Mux(control.high_gain, 0, 1))
        mode = Signal(ConversionMode(config.adc.bits))
        m.d.sync += mode.eq(settings.modes[number])

        steady, of_lamp = Signal(Scale), Signal(Scale)
        m.d.comb += [
            scaler.gain.eq(mode.gain),
            scaler.clocks.eq(Mux(phase == _SEEDED, meter.exposure.time, meter.exposure.lamp)),
        ]
        with m.If(phase == _SEEDED + SCALE_LATENCY_CYCLES):
            m.d.sync += steady.eq(scaler.scale)
        with m.If(phase == _SEEDED + 1 + SCALE_LATENCY_CYCLES):
            m.d.sync += of_lamp.eq(scaler.scale)

        # Both gains convert the same electrons: their noise is drawn from the transfer on.
        clock = Signal(32)
        m.d.sync += clock.eq(clock + 1)
        live = Mux(settings.freeze, 0, clock)
        charge_live = Signal(32)
        with m.If(meter.transferred):
            m.d.sync += charge_live.eq(live)
        m.d.comb += [
            shot_noise.load.eq(phase == _SEEDED), read_noise.load.eq(phase == _SEEDED),
            shot_noise.seed.eq(Cat(settings.seed ^ charge_live, control.physical_row,
                                   meter.exposure.time[:12], is_small)),
            read_noise.seed.eq(Cat(settings.seed ^ live, C(0, 12), control.physical_row,
                                   charged, is_small & charged, control.high_gain, C(1, 1))),
        ]

        self._columns(m, phase, groups, charged, mode, steady, of_lamp)
        return m

    def _columns(self, m: Module, phase: Signal, groups: int, charged: Signal, mode, steady,
                 of_lamp) -> None:
        config, settings, control = self.config, self.settings, self.row_control
        array, adc = config.array, config.adc
        scene = m.submodules.scene
        place = Signal(range(groups))
        moving = Signal()
        first = array.optical_black_columns // LANES
        m.d.comb += [
            place.eq(phase - _FIRST_COLUMNS),
            moving.eq((phase >= _FIRST_COLUMNS) & (phase < _FIRST_COLUMNS + groups)),
            scene.scene.eq(settings.scene),
            scene.row.eq(control.physical_row - array.dark_rows),
            scene.column.eq((place - first) << 2),
        ]
        radiances = [Value.cast(radiance) for radiance in scene.radiance]
        if self.uploaded is not None:
            m.submodules.uploaded = uploaded = self.uploaded
            connect(m, uploaded.memory, flipped(self.memory))
            is_uploaded = settings.scene == DRAWN_SCENES.UPLOADED
            m.d.comb += [
                uploaded.enable.eq(is_uploaded), uploaded.physical_row.eq(control.physical_row),
                uploaded.select.eq(control.select), uploaded.column.eq(scene.column),
            ]
            radiances = [Mux(is_uploaded, Value.cast(uploaded.radiance[lane]), drawn)
                         for lane, drawn in enumerate(radiances)]
        driven, lit, there = (Signal(DRAWN_LATENCY_CYCLES, name=name)
                              for name in ("driven", "lit", "there"))
        arrived = Signal(RESPONSE_LATENCY_CYCLES)
        where = Signal.like(place, name="where_0")
        m.d.sync += where.eq(place)
        arriving = Signal.like(place)
        is_test = control.physical_row < array.test_rows
        is_dark = control.physical_row < array.dark_rows
        m.d.sync += [
            arriving.eq(where),
            driven.eq(Cat(~charged | is_test, driven)),
            lit.eq(Cat(charged & ~is_dark & (place >= first), lit)),
            there.eq(Cat(moving, there)), arrived.eq(Cat(there[-1], arrived)),
        ]
        quarter = adc.full_well_codes << FRACTION_BITS >> 2
        nominal = adc.nominal_reset_trip_counts << FRACTION_BITS
        skew = Signal((DEFECT_SPACING - 1).bit_length())
        m.d.sync += skew.eq(times(control.physical_row, DEFECT_STEP))
        m.submodules.comparators = comparators = ComparatorMemories(
            config, counter_domain=self.counter_domain)
        for lane in range(LANES):
            m.submodules[f"response_{lane}"] = response = PixelResponse(adc)
            column = Cat(C(lane, 2), arriving)
            spread = Signal(5, name=f"spread_{lane}")
            seen = Signal(16, name=f"seen_{lane}")
            is_defect = settings.defects & ((column + skew)[:len(skew)] == 0)
            with m.If(is_defect):
                m.d.comb += seen.eq(Mux(control.physical_row[0], _HOT, 0))
            with m.Else():
                m.d.comb += seen.eq(radiances[lane])
            m.d.comb += [
                spread.eq(times(column, COLUMN_LEVEL_FACTOR) ^ (column >> 3)),
                response.radiance.eq(Mux(lit[-1], seen, 0)),
                response.steady.eq(steady), response.lamp.eq(of_lamp),
                response.full_well.eq(mode.full_well),
                response.driven.eq(driven[-1]),
                response.driven_level.eq(Mux(
                    charged, Mux(control.physical_row[0], 3 * quarter, quarter), 0)),
                response.shot.eq(m.submodules.shot_noise.numbers[lane]),
                response.read.eq(m.submodules.read_noise.numbers[lane]),
                response.shot_shift.eq(mode.shot_shift),
                response.read_shift.eq(settings.read_shift),
                response.level.eq(nominal - 16 + spread),
            ]
            m.d.comb += comparators.trips[lane].eq(response.trip)
        m.d.comb += [
            # Quasi-static: a pass ends before a ramp begins.
            comparators.arrived.eq(arrived[-1]),
            comparators.ramp_code.eq(self.ramp_code),
            comparators.ramp_active.eq(self.ramp_active),
            comparators.bond_pattern.eq(self.bond_pattern),
            self.comparators.eq(comparators.bonds),
        ]
