# SPDX-License-Identifier: Apache-2.0
"""A board with an ECP5 and an SDRAM: `BoardCore` on its pins."""

from amaranth import *
from amaranth.build import Attrs, Clock, DiffPairs, Pins, Resource, Subsignal
from amaranth.lib import io

from tapetum.config import DieConfig

from ..board_core import BoardCore
from ..memory.sdram_chip import SdramChip
from ..memory.sdram_controller import memory_timing
from ..picture.video_timing import VGA_60HZ
from .dvi_serialiser import SHIFT_CLOCKS, DviSerialiser
from .ecp5_clocks import Ecp5Clocks, plan_clocks

__all__ = ["ANALOGUE_PINS", "Ecp5Top", "host_pins"]

ANALOGUE_PINS = Resource(
    "analogue", 0,
    Subsignal("comparator", DiffPairs("14+", "14-", dir="i", conn=("gpio", 0)),
              Attrs(IO_TYPE="LVDS")),
    Subsignal("ramp", Pins("15+", dir="o", conn=("gpio", 0))),
    Subsignal("clamp", Pins("16+", dir="io", conn=("gpio", 0))),
    Subsignal("level", Pins("17+", dir="o", conn=("gpio", 0))),
    Attrs(IO_TYPE="LVCMOS33"))
"""Of the analogue column, on the header of a ULX3S."""

_BUTTONS = (("fire", 0), ("fire", 1), ("up", 0), ("down", 0), ("left", 0), ("right", 0))
"""In the order of `button_actions`."""


def host_pins(config: DieConfig) -> list[Resource]:
    """The die's two-wire bus and its fast port, on the header of a ULX3S, for a host beside the
    one on the serial line. The fast port's clock may be a third of ``sync``, see `Spi`."""
    def pin(name: str, where: str, direction: str, *more) -> Subsignal:
        return Subsignal(name, Pins(where, dir=direction, conn=("gpio", 0)), *more)

    pulled_up = Attrs(IO_TYPE="LVCMOS33", PULLMODE="UP")
    return [
        Resource("cci", 0, pin("scl", "0+", "i"), pin("sda", "0-", "io"), pulled_up),
        Resource("spi", 0, pin("clock", "1+", "i", Clock(config.sync_clock_hz / 3)),
                 pin("select", "1-", "i"), pin("data_in", "2+", "i"), pin("data_out", "2-", "o"),
                 pulled_up),
    ]


class Ecp5Top(Elaboratable):
    """Pins only: whatever can be simulated is in `BoardCore`.

    Parameters
    ----------
    config : DieConfig
    chip : SdramChip
    clock : str
        Resource of the board's oscillator.
    """

    def __init__(self, config: DieConfig, chip: SdramChip, *, clock: str):
        self.config, self.chip, self.clock = config, chip, clock
        self.timing = memory_timing(config.sync_clock_hz)
        self.core = BoardCore(config, chip, read_delay_cycles=self.timing.read_delay_cycles)

    def elaborate(self, platform):
        m = Module()
        config, core = self.config, self.core
        oscillator = platform.request(self.clock, dir="-")
        m.submodules.oscillator = incoming = io.Buffer("i", oscillator)
        plan = plan_clocks(platform.lookup(self.clock).clock.frequency, {
            "sync": config.sync_clock_hz, "adc": config.adc_clock_hz,
            "byte": config.csi2.byte_clock_hz, "memory": config.sync_clock_hz})
        # The watchdog runs on the board's oscillator itself and is not reset: it outlives the PLL.
        m.domains += [*(ClockDomain(name) for name in ("sync", "adc", "byte")),
                      *(ClockDomain(name, reset_less=True) for name in ("memory", "safety"))]
        m.d.comb += ClockSignal("safety").eq(incoming.i)
        m.submodules.clocks = clocks = Ecp5Clocks(plan, lags={"memory": self.timing.clock_lag})
        m.d.comb += clocks.clock.eq(incoming.i)
        m.submodules.core = core
        self._serial(m, platform)
        self._host(m, platform)
        self._memory(m, platform)
        self._monitor(m, platform, incoming.i)
        self._lamps(m, platform)
        self._buttons(m, platform)
        self._analogue(m, platform)
        return m

    def _serial(self, m: Module, platform) -> None:
        pins = platform.request("uart", 0, dir={"rx": "-", "tx": "-", "rts": "-", "dtr": "-"})
        m.submodules.receive = receive = io.Buffer("i", pins.rx)
        m.submodules.transmit = transmit = io.Buffer("o", pins.tx)
        m.d.comb += [self.core.receive.eq(receive.i), transmit.o.eq(self.core.transmit)]

    def _host(self, m: Module, platform) -> None:
        core = self.core
        platform.add_resources(host_pins(self.config))
        wires = platform.request("cci", 0, dir={"scl": "-", "sda": "-"})
        m.submodules.scl = scl = io.Buffer("i", wires.scl)
        m.submodules.sda = sda = io.Buffer("io", wires.sda)
        m.d.comb += [core.scl.eq(scl.i), core.sda.eq(sda.i), sda.o.eq(0),
                     sda.oe.eq(core.pull_sda)]
        names = ("clock", "select", "data_in", "data_out")
        pins = platform.request("spi", 0, dir=dict.fromkeys(names, "-"))
        for name in names[:3]:
            m.submodules[f"spi_{name}"] = pad = io.Buffer("i", getattr(pins, name))
            m.d.comb += getattr(core, f"spi_{name}").eq(pad.i)
        m.submodules.spi_data_out = pad = io.Buffer("o", pins.data_out)
        m.d.comb += [pad.o.eq(core.spi_data_out), pad.oe.eq(core.spi_drive)]

    def _memory(self, m: Module, platform) -> None:
        """Every pin has its register in the pad; the chip has a clock of its own, behind."""
        names = ("clk", "clk_en", "cs", "we", "ras", "cas", "ba", "a", "dq", "dqm")
        pins = platform.request("sdram", 0, dir=dict.fromkeys(names, "-"))
        signals = self.core.memory

        def out(name: str, value: Value) -> None:
            m.submodules[f"memory_{name}"] = pad = io.FFBuffer("o", getattr(pins, name))
            m.d.comb += pad.o.eq(value)

        m.submodules.memory_clk = clock = DomainRenamer("memory")(io.DDRBuffer("o", pins.clk))
        m.d.comb += [clock.o[0].eq(1), clock.o[1].eq(0)]
        out("clk_en", signals.clock_enable)
        out("cs", C(1))
        # Amaranth inverts pins that are active low.
        out("we", ~signals.write_enable_n)
        out("ras", ~signals.row_strobe_n)
        out("cas", ~signals.column_strobe_n)
        out("ba", signals.bank)
        out("a", signals.address)
        out("dqm", signals.mask)
        m.submodules.memory_dq = data = io.FFBuffer("io", pins.dq)
        m.d.comb += [data.o.eq(signals.data_out), data.oe.eq(signals.data_enable),
                     signals.data_in.eq(data.i)]

    def _monitor(self, m: Module, platform, oscillator: Signal) -> None:
        """A PLL of its own: no oscillator within the limits is a multiple of all clocks."""
        plan = plan_clocks(platform.lookup(self.clock).clock.frequency, {
            "shift": SHIFT_CLOCKS * VGA_60HZ.pixel_clock_hz, "pixel": VGA_60HZ.pixel_clock_hz})
        m.domains += [ClockDomain(name) for name in plan.dividers]
        m.submodules.monitor_clocks = clocks = Ecp5Clocks(plan)
        m.submodules.serialiser = serialiser = DviSerialiser()
        m.d.comb += [clocks.clock.eq(oscillator), serialiser.symbols.eq(self.core.symbols)]
        unused = dict.fromkeys(("cec", "eth", "scl", "sda"), "-")
        pins = platform.request("hdmi", 0, dir={"clk": "-", "d": "-", **unused})
        for name, port, lines in (("data", pins.d, range(3)), ("clock", pins.clk, range(3, 4))):
            m.submodules[f"monitor_{name}"] = pad = DomainRenamer("shift")(
                io.DDRBuffer("o", port))
            for half in range(2):
                m.d.comb += pad.o[half].eq(Cat(serialiser.bits[line][half] for line in lines))

    def _lamps(self, m: Module, platform) -> None:
        """Error, interrupt and strobe, as far as there are lamps."""
        for number, level in enumerate((self.core.error, self.core.interrupt_request,
                                        self.core.strobe)):
            pin = platform.request("led", number, dir="-")
            m.submodules[f"lamp_{number}"] = lamp = io.Buffer("o", pin)
            m.d.comb += lamp.o.eq(level)

    def _buttons(self, m: Module, platform) -> None:
        pins = [platform.request(f"button_{name}", number, dir="-") for name, number in _BUTTONS]
        for number, pin in enumerate(pins):
            m.submodules[f"button_{number}"] = button = io.Buffer("i", pin)
            m.d.comb += self.core.buttons[number].eq(button.i)

    def _analogue(self, m: Module, platform) -> None:
        platform.add_resources([ANALOGUE_PINS])
        names = ("comparator", "ramp", "clamp", "level")
        pins = platform.request("analogue", 0, dir=dict.fromkeys(names, "-"))
        signals = self.core.analogue
        m.submodules.comparator = comparator = io.Buffer("i", pins.comparator)
        m.d.comb += signals.comparator.eq(comparator.i)
        for name in ("ramp", "level"):
            m.submodules[f"analogue_{name}"] = driver = io.Buffer("o", getattr(pins, name))
            m.d.comb += driver.o.eq(getattr(signals, name))
        # Low or nothing.
        m.submodules.analogue_clamp = clamp = io.Buffer("io", pins.clamp)
        m.d.comb += [clamp.o.eq(0), clamp.oe.eq(signals.clamp)]
