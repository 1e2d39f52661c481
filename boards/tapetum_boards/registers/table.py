# SPDX-License-Identifier: Apache-2.0
"""The board's registers, as one table."""

from tapetum.config import DieConfig
from tapetum.registers.definition import Access, Field, Register, Storage, check_table

from ..analogue.analogue_column import CONVERSIONS, LEVEL_BITS
from ..picture.layout import PICTURE_MODES
from ..pixel_die.defaults import default_modes
from ..pixel_die.drawn_scene import DRAWN_SCENES

__all__ = ["IDENTIFICATION", "board_registers"]

IDENTIFICATION = 0x54504232
"""ASCII "TPB2": layout 2 of this table."""
_LAMP_HZ, _LAMP_DUTY = 90, 0.1


def board_registers(config: DieConfig) -> list[Register]:
    """All of them, in the order of their addresses behind `BOARD_REGISTERS`."""
    registers = [*_general(config), *_scene(config), *_modes(config), *_capture(),
                 *_picture(config), *_analogue()]
    check_table(registers, [])
    return registers


def _set(name: str, address: int, sentence: str, **more) -> Register:
    return Register(name=name, address=address, storage=Storage.IMMEDIATE, sentence=sentence,
                    **more)


def _shown(name: str, address: int, sentence: str, **more) -> Register:
    return Register(name=name, address=address, access=Access.READ_ONLY, storage=Storage.STATUS,
                    sentence=sentence, **more)


def _general(config: DieConfig) -> list[Register]:
    def constant(name: str, address: int, value: int, sentence: str, *, width_bytes: int = 4,
                 **more) -> Register:
        return Register(name=name, address=address, width_bytes=width_bytes,
                        access=Access.READ_ONLY, storage=Storage.CONSTANT, reset=value,
                        sentence=sentence, **more)

    return [
        constant("identification", 0x00, IDENTIFICATION, 'ASCII "TPB2".'),
        constant("array_size", 0x04, config.array.columns << 16 | config.array.rows,
                 "Active columns in the upper half, rows in the lower.", unit="pixels"),
        constant("sync_clock", 0x08, round(config.sync_clock_hz), "Pixel clock.", unit="Hz"),
        constant("captures", 0x3D, len(config.captures), "Captures of a frame.", width_bytes=1),
        constant("array_cells", 0x3E, config.npu.cells if config.npu else 0,
                 "Cells of the array; 0 without one.", width_bytes=1),
        Register(name="die_restart", address=0x3C, access=Access.SELF_CLEARING,
                 storage=Storage.STATUS, sentence="Resets the die as power-up does.",
                 fields=(Field(name="restart", lsb=0, sentence="Reads as one meanwhile."),)),
        _shown("dropped_packets", 0x0C, "Packets from the host that were not right.",
               width_bytes=4, unit="packets"),
    ]


def _scene(config: DieConfig) -> list[Register]:
    period = round(config.sync_clock_hz / _LAMP_HZ)
    return [
        _set("scene", 0x10, "What the pixel die looks at.",
             fields=(Field(name="scene", lsb=0, bits=2, sentence="Which scene.",
                           values=tuple((scene.value, scene.name.lower().replace("_", " "))
                                        for scene in DRAWN_SCENES)),)),
        _set("noise_freeze", 0x11, "Whether noise is the same in every frame.",
             fields=(Field(name="freeze", lsb=0, sentence="Draw it from noise_seed alone."),)),
        _set("read_noise_shift", 0x12, "Read noise is divided by this power of two.", bits=3,
             reset=1),
        _set("noise_seed", 0x14, "What noise is drawn from.", width_bytes=4, reset=0x5EED),
        _set("temperature", 0x38, "What the die's sensor reads, in two's complement.",
             width_bytes=2, reset=25 << 8, unit="1/256 °C"),
        _set("defects", 0x54, "Whether some pixels are dead and some are hot.",
             fields=(Field(name="defects", lsb=0, sentence="One in 128 pixels of each row."),)),
        _set("row_line_stuck", 0x55, "Whether a line of the row numbers is stuck.",
             fields=(Field(name="stuck", lsb=0,
                           sentence="The lowest bit that comes back is high."),)),
        _set("lamp_period", 0x18, "Period of the pulsed lamp.", width_bytes=4, bits=24,
             reset=period, unit="pixel clocks"),
        _set("lamp_on", 0x1C, "For how much of its period the lamp is on.", width_bytes=4,
             bits=24, reset=round(period * _LAMP_DUTY), unit="pixel clocks"),
    ]


def _modes(config: DieConfig) -> list[Register]:
    names = ("large photodiode at high gain", "large photodiode at low gain", "small photodiode")
    registers = []
    for index, (what, mode) in enumerate(zip(names, default_modes(config), strict=True)):
        base, short = 0x20 + 8 * index, f"mode_{index}"
        registers += [
            _set(f"{short}_gain_mantissa", base, f"Gain of the {what}.", width_bytes=2, bits=12,
                 reset=mode.mantissa),
            _set(f"{short}_gain_exponent", base + 2, f"Power of two of the gain of the {what}.",
                 bits=5, reset=mode.exponent),
            _set(f"{short}_shot_noise_shift", base + 3,
                 f"Shot noise of the {what} is divided by this power of two.", bits=3,
                 reset=mode.shot_shift),
            _set(f"{short}_full_well", base + 4, f"Where the {what} is full.", width_bytes=2,
                 bits=config.adc.bits + 5, reset=mode.full_well, unit="1/16 codes"),
        ]
    return registers


def _capture() -> list[Register]:
    return [
        Register(name="capture_start", address=0x40, access=Access.SELF_CLEARING,
                 storage=Storage.STATUS,
                 sentence="Keeps all packets of the next whole frame in memory.",
                 fields=(Field(name="start", lsb=0, sentence="Reads as one until it is there."),)),
        _shown("capture_lost", 0x41, "Whether the memory was too slow for the last frame.",
               fields=(Field(name="lost", lsb=0, sentence="Words are missing."),)),
        _set("capture_place", 0x44, "Where in memory the frame is kept; a multiple of 16.",
             width_bytes=4, reset=0x4_0000, unit="bytes"),
        _shown("capture_bytes", 0x48, "How much of the frame is in memory.", width_bytes=4,
               unit="bytes"),
    ]


def _picture(config: DieConfig) -> list[Register]:
    captures = tuple((number, capture.name) for number, capture in enumerate(config.captures))
    return [
        _set("picture_mode", 0x50, "What the monitor shows.",
             fields=(Field(name="mode", lsb=0, bits=2, sentence="Which picture.",
                           values=tuple((mode.value, mode.name.lower().replace("_", " "))
                                        for mode in PICTURE_MODES)),)),
        _set("picture_capture", 0x51, "Which capture the monitor shows.",
             fields=(Field(name="capture", lsb=0, bits=2, sentence="Which capture.",
                           values=captures),)),
        Register(name="picture_lost", address=0x52, access=Access.SELF_CLEARING,
                 storage=Storage.STATUS,
                 sentence="Whether the memory was too slow for the picture.",
                 fields=(Field(name="lost", lsb=0, sentence="Stays until one is written."),)),
    ]


def _analogue() -> list[Register]:
    return [
        _set("analogue_level", 0x58, "Test voltage of the analogue column.", width_bytes=2,
             bits=LEVEL_BITS, unit=f"1/{1 << LEVEL_BITS} of the supply"),
        Register(name="analogue_start", address=0x5A, access=Access.SELF_CLEARING,
                 storage=Storage.STATUS,
                 sentence=f"Converts the analogue column's input {CONVERSIONS} times.",
                 fields=(Field(name="start", lsb=0, sentence="Reads as one until it is done."),)),
        _shown("analogue_total", 0x5C, f"Sum of the last {CONVERSIONS} codes.", width_bytes=4,
               unit="codes"),
    ]
