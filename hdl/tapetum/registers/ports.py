# SPDX-License-Identifier: Apache-2.0
"""Registers of all that the die is connected with: pins, bonds, buses, link."""

from ..config import DieConfig
from ..csi2.phy_clock import ClockSettings
from ..spi.framing import MOST_BYTES
from .definition import Access, Field, Register, Storage

__all__ = ["port_registers"]

_NOT_WITH_A_FRAME = "Acts as soon as it has been checked, not with a frame."


def port_registers(config: DieConfig) -> list[Register]:
    """Pins, bonds, two-wire bus, SPI port, link."""
    return [*_pins(config), *_bonds(), *_cci(), *_spi(), *_link(config)]


def _pins(config: DieConfig) -> list[Register]:
    return [
        Register(name="trigger_mode", address=0x3020,
                 sentence="What starts a frame.",
                 fields=(Field(name="external", lsb=0, sentence="Source of the start.",
                               values=((0, "free running"), (1, "sync pulse"))),),
                 note=_NOT_WITH_A_FRAME),
        Register(name="sync_output_width", address=0x3022, width_bytes=2, unit="pixel clocks",
                 sentence="Length of the pulse as each frame is planned; 0 turns it off.",
                 note=_NOT_WITH_A_FRAME),
        Register(name="strobe_mode", address=0x3024, maximum=2,
                 sentence="When the strobe output is high.",
                 fields=(Field(name="mode", lsb=0, bits=2, sentence="When.",
                               values=((0, "never"), (1, "while all active rows integrate"),
                                       (2, "while any active row integrates"))),),
                 limits="3 acts as 2 and is flagged",
                 note=_NOT_WITH_A_FRAME),
        Register(name="strobe_capture", address=0x3025, bits=2,
                 maximum=len(config.captures) - 1,
                 sentence="Capture whose exposure the strobe follows: "
                          + ", ".join(f"{index} is {capture.name}"
                                      for index, capture in enumerate(config.captures)) + ".",
                 limits="larger values act as the last one and are flagged",
                 note=_NOT_WITH_A_FRAME),
    ]


def _bonds() -> list[Register]:
    return [
        Register(name="bond_test", address=0x3040, access=Access.SELF_CLEARING,
                 storage=Storage.STATUS,
                 sentence="Tests every bond and maps spares once no lines run, as a reset does by "
                          "itself.",
                 fields=(Field(name="start", lsb=0,
                               sentence="Reads as one while the test runs."),)),
        Register(name="bond_status", address=0x3041, access=Access.READ_ONLY,
                 storage=Storage.STATUS, sentence="Result of the last bond test.",
                 fields=(Field(name="repaired", lsb=0,
                               sentence="At least one group of columns uses its spare bond."),
                         Field(name="unrepairable", lsb=1,
                               sentence="A group has more broken bonds than spares."))),
    ]


def _cci() -> list[Register]:
    return [
        Register(name="cci_error_check", address=0x3048, storage=Storage.IMMEDIATE,
                 sentence="Whether writes on the two-wire bus end with a packet error code.",
                 fields=(Field(name="writes", lsb=0,
                               sentence="The last byte of a write is CRC-8 (x^8 + x^2 + x + 1) of "
                                        "all others; one that is wrong applies nothing."),),
                 note="At most four bytes of data a write; they apply after its stop."),
        Register(name="cci_read_code", address=0x3049, access=Access.READ_ONLY,
                 storage=Storage.STATUS,
                 sentence="Packet error code of the last transfer on the two-wire bus."),
    ]


def _spi() -> list[Register]:
    return [
        Register(name="spi_control", address=0x3080, storage=Storage.IMMEDIATE, reset=1,
                 sentence="The SPI port.",
                 fields=(Field(name="enable", lsb=0, sentence="Whether it listens.",
                               values=((0, "deaf, its output released"), (1, "listens"))),)),
        Register(name="spi_status", address=0x3081, access=Access.READ_ONLY,
                 storage=Storage.STATUS,
                 sentence="What came of the last block; also the second byte of every transfer.",
                 fields=(Field(name="refusal", lsb=0, bits=3, sentence="Why it was dropped.",
                               values=((0, "it was not"), (1, "wrong CRC-32, or cut short"),
                                       (2, "ends within a byte, too short, or more than "
                                           f"{MOST_BYTES} bytes of data"),
                                       (3, "not the number whose turn it is"),
                                       (4, "no room yet"), (5, "unknown command"))),
                         Field(name="writing", lsb=3,
                               sentence="Accepted bytes have not reached their registers yet."))),
        Register(name="spi_block_number", address=0x3082, bits=8, access=Access.READ_ONLY,
                 storage=Storage.STATUS, unit="blocks",
                 sentence="Number that the next block must have; also the third byte of every "
                          "transfer."),
        Register(name="spi_blocks_accepted", address=0x3084, width_bytes=2,
                 access=Access.READ_ONLY, storage=Storage.STATUS, unit="blocks",
                 sentence="Blocks accepted since power-up, modulo 65536."),
        Register(name="spi_blocks_refused", address=0x3086, width_bytes=2,
                 access=Access.READ_ONLY, storage=Storage.STATUS, unit="blocks",
                 sentence="Blocks refused since power-up, modulo 65536."),
    ]


def _link(config: DieConfig) -> list[Register]:
    clock = ClockSettings.defaults(config)
    return [
        Register(name="frame_checksum", address=0x3070, width_bytes=4, access=Access.READ_ONLY,
                 storage=Storage.STATUS,
                 sentence="CRC-32 of the pixel bytes of the last frame that ended on the link, as "
                          "zlib.crc32 computes it."),
        Register(name="frame_checksum_frame", address=0x3074, width_bytes=2,
                 access=Access.READ_ONLY, storage=Storage.STATUS, unit="frames",
                 sentence="Number of that frame."),
        Register(name="frame_checksum_channel", address=0x3076, bits=2,
                 access=Access.READ_ONLY, storage=Storage.STATUS,
                 sentence="Virtual channel of that frame."),
        Register(name="line_sync_packets", address=0x3077,
                 reset=int(config.csi2.line_sync_packets),
                 sentence="Line start and line end packets around each row of pixels.",
                 fields=(Field(name="send", lsb=0, sentence="With every row.",
                               values=((0, "not sent"), (1, "sent"))),)),
        Register(name="phy_clock", address=0x30C0, storage=Storage.IMMEDIATE,
                 sentence="When the high-speed clock of the link runs.",
                 fields=(Field(name="gated", lsb=0, sentence="Only around packets.",
                               values=((0, "while frames are streamed"),
                                       (1, "around packets"))),)),
        Register(name="phy_clock_lead", address=0x30C1, storage=Storage.IMMEDIATE,
                 unit="byte clocks", reset=clock["lead"],
                 sentence="From the request of the clock to the first request of data."),
        Register(name="phy_clock_trail", address=0x30C2, storage=Storage.IMMEDIATE,
                 unit="byte clocks", reset=clock["trail"],
                 sentence="From the end of the last packet to that of the clock's request."),
    ]
