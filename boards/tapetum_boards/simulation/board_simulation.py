# SPDX-License-Identifier: Apache-2.0
"""A board that runs in Verilator, with its serial port as a pseudo-terminal."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import Out, connect

from tapetum.config import DieConfig
from tapetum_sim.simulator import SerialLine, Window

from ..board_core import PIXEL_DOMAIN, BoardCore
from ..link.uart import bit_cycles
from ..memory.memory_port import BURST_WORDS
from ..memory.sdram_chip import SdramChip
from ..memory.sdram_controller import memory_timing
from ..picture.layout import PictureLayout
from ..picture.video_timing import VGA_60HZ
from .analogue_model import AnalogueModel
from .sdram_model import SdramModel

__all__ = ["SCREEN", "BoardSimulation", "memory_words"]

_LEAST_WORDS = 1 << 18

SCREEN = "screen"
"""Of the recording of what a monitor gets."""


def memory_words(config: DieConfig) -> int:
    """Of the simulated chip, whose content repeats: pictures have its upper half, what is captured
    and uploaded the lower one. Simulators take long over more."""
    layout = PictureLayout(array=config.array, timing=VGA_60HZ)
    return max(_LEAST_WORDS, 2 * layout.memory_bursts * BURST_WORDS)


class BoardSimulation(wiring.Component):
    """Everything on a board but what turns bits into light or volts.

    Parameters
    ----------
    config : DieConfig
    chip : SdramChip
    bits_per_second : float
        Of the serial line, in simulated time: up to a quarter of ``sync``.

    Members
    -------
    error : Out(1)
        The die's pin.
    memory_misused : Out(1)
        Sticky, see `SdramModel`.

    The symbols of the last two frames of the monitor are in the window `SCREEN`, those of the
    channels beside each other.
    """

    def __init__(self, config: DieConfig, chip: SdramChip, *, bits_per_second: float = 3e6):
        self.config, self.chip, self.bits_per_second = config, chip, bits_per_second
        # As many clocks for a word of the memory as on a board, though here it is there at once.
        self.read_delay_cycles = memory_timing(config.sync_clock_hz).read_delay_cycles
        self.core = BoardCore(config, chip, bits_per_second=bits_per_second,
                              read_delay_cycles=self.read_delay_cycles)
        super().__init__({"error": Out(1), "memory_misused": Out(1)})

    def elaborate(self, platform):
        m = Module()
        clock_hz = self.config.sync_clock_hz
        m.submodules.core = core = self.core
        m.submodules.chip = chip = SdramModel(
            self.chip, clock_hz, read_delay_cycles=self.read_delay_cycles,
            words=memory_words(self.config))
        m.submodules.line = line = SerialLine(bit_cycles(clock_hz, self.bits_per_second))
        connect(m, core.memory, chip.pins)
        m.submodules.circuit = circuit = DomainRenamer("adc")(AnalogueModel())
        connect(m, core.analogue, circuit.pins)
        screen = Window(len(Value.cast(core.symbols)), 2 * VGA_60HZ.frame_clocks, SCREEN,
                        domain=PIXEL_DOMAIN)
        m.submodules.screen = screen
        m.d.comb += [
            core.receive.eq(line.to_design), line.from_design.eq(core.transmit),
            self.error.eq(core.error), self.memory_misused.eq(chip.misused),
            screen.payload.eq(core.symbols),
        ]
        return m
