# SPDX-License-Identifier: Apache-2.0
"""Boards with an LFE5U-25F: its look-up tables are memories too, see `tapetum.adc.column_store`."""

from amaranth_boards.icepi_zero import IcepiZero1_3Platform
from amaranth_boards.ulx3s import ULX3S_25F_Platform

__all__ = ["IcepiZeroPlatform", "Ulx3s25fPlatform"]


class Ulx3s25fPlatform(ULX3S_25F_Platform):
    """The ULX3S with the smaller of its devices."""

    distributed_memory = True


class IcepiZeroPlatform(IcepiZero1_3Platform):
    """The Icepi Zero, version 1.3."""

    distributed_memory = True
