# SPDX-License-Identifier: Apache-2.0
"""Registers of the CSI-2 link."""

from ..config import DieConfig
from .ccs_codes import CCS_DATA_FORMATS
from .constant import constant
from .definition import Field, Register, Storage

__all__ = ["link_registers"]

_D_PHY = 2


def link_registers(config: DieConfig) -> list[Register]:
    """All of them for one configuration."""
    return [*_set_up(config), *_capabilities(config)]


def _set_up(config: DieConfig) -> list[Register]:
    lanes = config.csi2.byte_lanes
    return [
        Register(name="csi_channel_identifier", address=0x0110, bits=4, maximum=0,
                 sentence="Virtual channel of the image; always 0.",
                 limits="any other acts as 0 and is flagged"),
        Register(name="csi_signaling_mode", address=0x0111, reset=_D_PHY, bits=2,
                 minimum=_D_PHY, maximum=_D_PHY, sentence="The link speaks D-PHY.",
                 limits="any other acts as 2 and is flagged"),
        Register(name="csi_data_format", address=0x0112, width_bytes=2, reset=0x0C0C,
                 sentence="Bits per pixel before and after packing.",
                 fields=(Field(name="format", lsb=0, bits=16, sentence="Which format.",
                               values=tuple((code, f"RAW{code >> 8}")
                                            for code in CCS_DATA_FORMATS)),),
                 limits="any other acts as 0x0c0c and is flagged"),
        Register(name="csi_lane_mode", address=0x0114, reset=lanes - 1, bits=3,
                 minimum=lanes - 1, maximum=lanes - 1, unit="lanes",
                 sentence="Number of data lanes, less one; that of the die is fixed.",
                 limits=f"any other acts as {lanes - 1} and is flagged"),
        Register(name="compression_mode", address=0x0500, width_bytes=2, bits=1,
                 storage=Storage.KEPT,
                 sentence="How a data format compresses whose two halves differ; the die has none.",
                 ),
        Register(name="phy_ctrl", address=0x0808, bits=2, storage=Storage.KEPT,
                 sentence="Who sets the times of the PHY; always the PHY itself."),
    ]


def _capabilities(config: DieConfig) -> list[Register]:
    link = config.csi2
    lane_bit_rate = 8 * link.byte_clock_hz / 1e6

    def flags(name: str, address: int, value: int, sentence: str) -> Register:
        return constant(name, address, value, sentence, width_bytes=1)

    return [
        flags("compression_capability", 0x1300, 0, "No compression."),
        constant("test_mode_capability", 0x1310, 0x000F,
                 "Solid colour, colour bars, fade to grey, PN9."),
        flags("fifo_support_capability", 0x1502, 2,
              "Rows are buffered: link and array may differ in speed, either way."),
        flags("phy_ctrl_capability", 0x1600, 0x01, "The PHY sets its times itself."),
        flags("csi_dphy_lane_mode_capability", 0x1601, 1 << link.byte_lanes - 1,
              f"D-PHY with {link.byte_lanes} data lanes."),
        flags("csi_signaling_mode_capability", 0x1602, 1 << _D_PHY, "D-PHY alone."),
        flags("fast_standby_capability", 0x1603, 0, "Frames are never cut short."),
        flags("csi_address_control_capability", 0x1604, 0,
              "The address on the two-wire bus is not set by a register."),
        flags("data_type_capability", 0x1605, 0, "Data types are fixed."),
        flags("emb_data_capability", 0x1607, 0,
              "Embedded rows have one byte per pixel in every format."),
        constant(f"max_per_lane_bitrate_lane_d_mode_mbps_{link.byte_lanes - 1}",
                 0x1608 + 4 * (link.byte_lanes - 1), round(lane_bit_rate * (1 << 16)),
                 f"Bit rate of each of {link.byte_lanes} lanes.", width_bytes=4,
                 unit="1/65536 Mbit/s"),
    ]
