# SPDX-License-Identifier: Apache-2.0
"""Registers for which CCS has no word: from 0x3000, every one documented."""

from ..compand.table_window import EDITED_PAGE
from ..compand.tables import BUILT_IN_TABLES, PROGRAMMABLE_SLOTS
from ..config import DieConfig
from ..control.faults import HARMFUL_FAULTS, Fault
from ..control.frame_settings import COLOURS, FrameSettings
from ..correct.amplify import UNITY_GAIN
from ..correct.switches import CORRECTIONS
from ..csi2.phy_clock import ClockSettings
from ..pixel import corrected_bits
from ..row_timing import ExposureGroup
from ..spi.framing import MOST_BYTES
from .definition import Access, Field, Register, Storage

__all__ = ["manufacturer_registers"]

_NOT_WITH_A_FRAME = "Acts as soon as it has been checked, not with a frame."

def manufacturer_registers(config: DieConfig) -> list[Register]:
    """All of them for one configuration."""
    return [*_output(config), *_companding(), *_faults(), *_pins(config),
            *_corrections(config), *_bonds(), *_cci(), *_spi(), *_flicker(config), *_link(config),
            *_exposures(config), *_captures(config), *_black_levels(config)]


def _output(config: DieConfig) -> list[Register]:
    captures = tuple(Field(name=capture.name.lower(), lsb=index,
                           sentence=f"Convert capture {capture.name}.")
                     for index, capture in enumerate(config.captures))
    return [
        Register(name="capture_mask", address=0x3000, fields=captures, minimum=1,
                 reset=(1 << len(captures)) - 1,
                 sentence="Captures to convert in every row.",
                 limits="zero acts as one and is flagged"),
        Register(name="output_mode", address=0x3001,
                 sentence="What the link carries.",
                 fields=(Field(name="uncombined", lsb=0,
                               sentence="Each capture on its own virtual channel.",
                               values=((0, "combined frame"), (1, "every capture"))),)),
        Register(name="flicker_map", address=0x3007, reset=1,
                 sentence="The map of flickering pixels, a bit each, on virtual channel 1.",
                 fields=(Field(name="send", lsb=0, sentence="With every combined frame.",
                               values=((0, "not sent"), (1, "sent"))),)),
        Register(name="companding_table", address=0x3002,
                 sentence="Table that brings 24 bits to those of the data format.",
                 fields=(Field(name="table", lsb=0, bits=2, sentence="Which table.",
                               values=((0, "octaves"),
                                       (1, "OX03C10, in formats of up to 12 bits"),
                                       (2, "the programmed one, in formats of its bits"),
                                       (3, "octaves"))),),
                 note="Where the chosen table has other bits than the format, octaves act."),
        Register(name="linear_pedestal", address=0x3003, reset=config.hdr.pedestal_lsb,
                 unit="linear LSB", sentence="Value of black in the combined linear frame."),
        Register(name="frame_number", address=0x3004, width_bytes=2, access=Access.READ_ONLY,
                 storage=Storage.STATUS, unit="frames",
                 sentence="Number of the last frame that was planned, modulo 65536."),
        Register(name="settings_status", address=0x3006, access=Access.READ_ONLY,
                 storage=Storage.STATUS, sentence="State of the settings last written.",
                 fields=(Field(name="clamped", lsb=0,
                               sentence="At least one is out of range and acts as its limit."),
                         Field(name="pending", lsb=1,
                               sentence="They are held or being checked; no frame has them."))),
    ]


def _companding() -> list[Register]:
    slots = ", ".join(f"{slot} is {table.name}" for slot, table in enumerate(BUILT_IN_TABLES))
    first, second = PROGRAMMABLE_SLOTS
    return [
        Register(name="companding_load", address=0x3060, access=Access.SELF_CLEARING,
                 storage=Storage.STATUS,
                 sentence="Checks the edited table and takes it over, if it is one.",
                 fields=(Field(name="start", lsb=0,
                               sentence="Reads as one until that has been done."),),
                 note="Frames under way keep their table; it may have to wait for them."),
        Register(name="companding_bits", address=0x3061, bits=5, reset=12, unit="bits",
                 storage=Storage.IMMEDIATE, minimum=12, maximum=20,
                 sentence="Bits of what the edited table gives.",
                 limits="a table of any other number of bits is refused"),
        Register(name="companding_shown", address=0x3062, bits=3, reset=EDITED_PAGE,
                 storage=Storage.IMMEDIATE,
                 sentence="Table that the window companding_segments shows.",
                 limits=f"{slots}; {first} and {second} are programmed in turns; "
                        f"{EDITED_PAGE} is the edited one"),
        Register(name="companding_slot", address=0x3064, bits=3, access=Access.READ_ONLY,
                 storage=Storage.STATUS,
                 sentence="Table of the last frame that was planned, as companding_shown counts; "
                          "7 where there is none."),
        Register(name="companding_status", address=0x3063, access=Access.READ_ONLY,
                 storage=Storage.STATUS, sentence="What came of the last load.",
                 fields=(Field(name="refused", lsb=0,
                               sentence="The table does not rise or does not fill its range."),)),
    ]


def _faults() -> list[Register]:
    sentences = {
        Fault.CONVERSION_OVERRUN: "A ramp was due while the converters were busy.",
        Fault.READ_OVERRUN: "A conversion ended before the previous row had been read.",
        Fault.BOND_UNREPAIRABLE: "A group of columns has more broken bonds than spares.",
        Fault.BOND_REPAIRED: "At least one group of columns uses its spare bond.",
        Fault.SYNC_DURING_FRAME: "A sync pulse came before a new frame was allowed.",
        Fault.SETTINGS_CLAMPED: "A frame was planned with a setting at its limit.",
        Fault.LINE_BUFFER_OVERFLOW: "A row found no free line buffer.",
        Fault.ROW_MISMATCH: "Captures of a row did not meet.",
        Fault.ROW_BUFFER_OVERFLOW: "The link is too slow: pixels were lost before packing.",
        Fault.LINE_TOO_SHORT: "The line ended before its list of row events.",
        Fault.OUTPUT_TORN: "An uncombined frame began within a combined one.",
        Fault.FLICKER_MAP_OVERFLOW: "The link has no time for the flicker map: rows were lost.",
        Fault.DEAD_ROW: "A row is dark while its neighbours are lit.",
        Fault.COLUMN_LIMIT: "A column is dead, or its comparator stuck.",
        Fault.DEFECT_LIST_INVALID: "The list of defects is out of order or too long.",
        Fault.DEFECT_ROWS_COLLIDED: "A frame began before the one before was corrected.",
        Fault.COMPANDING_TABLE_INVALID: "A companding table is not monotone or does not sum.",
        Fault.EXPOSURE_RATIO_OVERFLOW: "Exposures are too far apart for the linear scale.",
        Fault.VERDICT_WITHHELD: "A frame's verdict has no class; its flags say why.",
        Fault.VERDICT_LOST: "The link has no time for verdicts: one was lost.",
        Fault.PROGRAM_REFUSED: "A program is damaged or does not fit the array.",
        Fault.VISION_OVERFLOW: "The network's front end could not keep up.",
        Fault.CCI_CODE_WRONG: "A write with a wrong packet error code was dropped.",
        Fault.SPI_BLOCK_REFUSED: "A block on the SPI port was damaged or out of turn: dropped.",
        Fault.SAFETY: "A safety mechanism has found something: see safety_status.",
        Fault.TENSOR_LOST: "The network's input or output was not sent as a whole.",
    }
    fields = tuple(Field(name=fault.name.lower(), lsb=fault.value, sentence=sentences[fault])
                   for fault in Fault)
    return [
        Register(name="fault_status", address=0x3010, width_bytes=4, fields=fields,
                 access=Access.WRITE_ONE_TO_CLEAR, storage=Storage.STATUS,
                 sentence="Faults since they were last cleared.",
                 note="A fault that is raised again while it is cleared stays set."),
        Register(name="fault_mask", address=0x3014, width_bytes=4, fields=fields,
                 storage=Storage.IMMEDIATE, reset=HARMFUL_FAULTS,
                 sentence="Faults that raise the error pin."),
    ]


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


def _names(config: DieConfig, group: ExposureGroup) -> str:
    return " and ".join(config.captures[index].name for index in sorted(group.captures))


def _corrections(config: DieConfig) -> list[Register]:
    sentences = {
        "column": "Column offset and gain.",
        "black_level": "Black level of each capture and colour.",
        "row_noise": "Row noise, as the optical-black columns show it.",
        "digital_gain": "Digital gain of each colour and capture.",
        "lens_shading": "Lens shading.",
        "defects_dynamic": "Defective pixels that stand out from their neighbours.",
        "defects_listed": "Pixels in the list of defects.",
    }
    fields = tuple(Field(name=name, lsb=index, sentence=sentences[name],
                         values=((0, "bypassed"), (1, "on")))
                   for index, name in enumerate(CORRECTIONS))
    return [
        Register(name="correction_enable", address=0x3030, fields=fields,
                 reset=sum(field.mask for field in fields if field.name != "lens_shading"),
                 sentence="Corrections of every capture.",
                 note="Lens shading is off until its grid has been written."),
        Register(name="row_noise_strength", address=0x3031, bits=5, reset=16, maximum=16,
                 unit="1/16", limits="larger values act as 16 and are flagged",
                 sentence="Share of the row noise that is subtracted."),
        *(Register(name=f"digital_gain_{colour}", address=0x3288 + 2 * index, width_bytes=2,
                   reset=UNITY_GAIN, unit="1/256",
                   sentence=f"Digital gain of {name} pixels in every capture.")
          for index, (colour, name) in enumerate(zip(COLOURS, (
              "green in red rows", "red", "blue", "green in blue rows"), strict=True))),
        Register(name="column_calibration", address=0x3032, storage=Storage.IMMEDIATE,
                 sentence="Learning of column offsets and gains.",
                 fields=(Field(name="freeze", lsb=0, sentence="Estimates stay as they are.",
                               values=((0, "learning"), (1, "held"))),)),
        Register(name="column_restart", address=0x3033, access=Access.SELF_CLEARING,
                 storage=Storage.STATUS,
                 sentence="Forgets the estimates of columns and learns them anew.",
                 fields=(Field(name="restart", lsb=0, sentence="Always reads as zero."),)),
        Register(name="defect_list_entries", address=0x3034, width_bytes=2, bits=13,
                 storage=Storage.IMMEDIATE, unit="entries",
                 maximum=config.correct.defect_list_entries,
                 sentence="Entries of the list of defects that count.",
                 limits="more than the list holds makes it invalid"),
        *(Register(name=f"capture_{index}_corrected_defects", address=0x3038 + 2 * index,
                   width_bytes=2, access=Access.READ_ONLY, storage=Storage.STATUS, unit="pixels",
                   sentence=f"Defects replaced in the last whole frame of {capture.name}; 65535 "
                            "are that or more.")
          for index, capture in enumerate(config.captures)),
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


def _flicker(config: DieConfig) -> list[Register]:
    defaults = FrameSettings.defaults(config)
    return [
        Register(name="flicker_enable", address=0x3050, reset=defaults["flicker_enable"],
                 sentence="What happens to pixels whose captures differ by more than noise.",
                 fields=(Field(name="enable", lsb=0,
                               sentence="Mark them, and prefer the flicker capture in them."),)),
        Register(name="flicker_capture", address=0x3051, bits=2,
                 reset=defaults["flicker_capture"], maximum=len(config.captures) - 1,
                 sentence="Capture that integrates a whole period of pulsed light: "
                          + ", ".join(f"{index} is {capture.name}"
                                      for index, capture in enumerate(config.captures)) + ".",
                 limits="larger values act as the last one and are flagged"),
        Register(name="agreement_tolerance", address=0x3052, bits=4, unit="bits",
                 reset=defaults["tolerance_log2"],
                 sentence="Captures agree if they differ by less than 2^-n of their value; noise "
                          "comes on top."),
        Register(name="flicker_count", address=0x3054, width_bytes=4, bits=24,
                 access=Access.READ_ONLY, storage=Storage.STATUS, unit="pixels",
                 sentence="Pixels of the last whole frame that were marked as flickering."),
        Register(name="clipped_count", address=0x3058, width_bytes=4, bits=24,
                 access=Access.READ_ONLY, storage=Storage.STATUS, unit="pixels",
                 sentence="Pixels of the last whole frame in which every capture is saturated."),
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


def _exposures(config: DieConfig) -> list[Register]:
    """Of the exposure groups after the first, whose exposure is at CCS addresses."""
    registers = []
    for group in config.exposure_groups[1:]:
        first = config.captures[min(group.captures)]
        names = _names(config, group)
        base = 0x3100 + 16 * group.index
        registers += [
            Register(name=f"exposure_{group.index}_coarse_integration_time", address=base,
                     width_bytes=2, unit="lines", reset=first.coarse_integration_lines,
                     limits="as coarse_integration_time; of a photodiode that was read before in "
                            "the frame, less than the lines since then",
                     sentence=f"Exposure of {names} in whole lines."),
            Register(name=f"exposure_{group.index}_fine_integration_time", address=base + 2,
                     width_bytes=2, unit="pixel clocks", reset=first.fine_integration_cycles,
                     limits="less than a line",
                     sentence=f"Exposure of {names} beyond whole lines."),
            Register(name=f"exposure_{group.index}_lag", address=base + 4, unit="lines",
                     reset=first.lag_lines, maximum=config.hdr.line_buffer_lag_lines,
                     limits="not before an earlier capture; after the one of the same photodiode",
                     sentence=f"From the frame's first read of a row to the read of {names}."),
        ]
    return registers


def _captures(config: DieConfig) -> list[Register]:
    registers = []
    highest = config.adc.maximum_code - config.adc.pedestal_codes
    for index, capture in enumerate(FrameSettings.defaults(config)["captures"]):
        name, base = config.captures[index].name, 0x3200 + 16 * index
        registers += [
            Register(name=f"capture_{index}_normalisation_mantissa", address=base, width_bytes=2,
                     reset=capture["normalisation_mantissa"], minimum=0x8000,
                     sentence=f"Gain of {name} onto the linear scale: (code * mantissa) >> shift."),
            Register(name=f"capture_{index}_normalisation_shift", address=base + 2, bits=5,
                     unit="bits", reset=capture["normalisation_shift"],
                     sentence=f"Exponent of the gain of {name} onto the linear scale."),
            Register(name=f"capture_{index}_hand_over_start", address=base + 4, width_bytes=2,
                     bits=14, unit="ADC codes", reset=capture["hand_over_start"],
                     maximum=highest - 1, limits="less than the end",
                     sentence=f"Code above the pedestal from which {name} begins to be replaced."),
            Register(name=f"capture_{index}_hand_over_end", address=base + 6, width_bytes=2,
                     bits=14, unit="ADC codes", reset=capture["hand_over_end"],
                     minimum=1, maximum=highest,
                     sentence=f"Code above the pedestal at which {name} is replaced; the ramp is "
                              "the largest power of two that fits."),
            Register(name=f"capture_{index}_digital_gain", address=0x3280 + 2 * index,
                     width_bytes=2, reset=capture["digital_gain"], unit="1/256",
                     sentence=f"Digital gain of {name}, on top of that of the colour."),
            Register(name=f"capture_{index}_noise_slope", address=base + 12, width_bytes=2,
                     unit="1/256 ADC code", reset=capture["noise_slope"],
                     sentence=f"Shot noise of {name}: by how much the square of a difference that "
                              "noise explains grows with the code."),
            Register(name=f"capture_{index}_noise_floor", address=base + 14, width_bytes=2,
                     unit="1/16 ADC code squared", reset=capture["noise_floor"],
                     sentence=f"Other noise of {name}: the square of a difference in the dark that "
                              "noise explains."),
        ]
    return registers


def _black_levels(config: DieConfig) -> list[Register]:
    fraction = config.hdr.fraction_bits
    return [
        Register(name=f"capture_{index}_black_level_{phase}",
                 address=0x3400 + 16 * index + 4 * phase, width_bytes=4,
                 bits=corrected_bits(config), access=Access.READ_ONLY, storage=Storage.STATUS,
                 unit=f"1/{1 << fraction} ADC code",
                 sentence=f"Black level of {capture.name} in {place}.")
        for index, capture in enumerate(config.captures)
        for phase, place in enumerate((
            "even rows and even columns", "even rows and odd columns", "odd rows and even columns",
            "odd rows and odd columns"))]
