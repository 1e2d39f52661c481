# SPDX-License-Identifier: Apache-2.0
"""The ULX3S with what the die wants to know of its device."""

from amaranth_boards.ulx3s import ULX3S_85F_Platform

__all__ = ["Ulx3sPlatform"]


class Ulx3sPlatform(ULX3S_85F_Platform):
    """An LFE5U-85F: its look-up tables are memories too, see `tapetum.adc.column_store`."""

    distributed_memory = True
