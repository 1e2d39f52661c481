# SPDX-License-Identifier: Apache-2.0
"""What the host sets of the safety mechanisms, and what it reads of them."""

from amaranth import signed
from amaranth.lib import data

from .mechanism import Mechanism

__all__ = ["SafetyControl", "SafetyStatus"]


class SafetyControl(data.Struct):
    """Acts at once; ``clear``, ``clear_all`` and ``start`` are strobes. A bit per mechanism.

    Temperatures in 1/256 degree Celsius.
    """

    clear: len(Mechanism)
    clear_all: 1
    mask: len(Mechanism)
    inject: len(Mechanism)
    start: 1
    temperature_minimum: signed(16)
    temperature_maximum: signed(16)
    test_row_tolerance_log2: 4


class SafetyStatus(data.Struct):
    """See `SafetyMonitor` and `Safety`."""

    found: len(Mechanism)
    running: 1
    done: 1
    passed: len(Mechanism)
    temperature: signed(16)
    register_crc: 32
    test_frame_signature: 32
