# SPDX-License-Identifier: Apache-2.0
"""One word of the row event table, as the host writes it."""

from amaranth.lib import data

from ..row_timing import RowEvent

__all__ = ["END_OF_TABLE", "ROW_EVENT_BYTES", "RowEventWord"]

ROW_EVENT_BYTES = 4
END_OF_TABLE = 0xFFFF
"""A time that no line reaches: marks the words behind the last event."""


class RowEventWord(data.Struct):
    """A `RowEvent` in 32 bits, sent most significant byte first.

    =====  ==================================================================
    byte   bits
    =====  ==================================================================
    0, 1   ``time_cycles`` after the start of the line
    2      3: ``high_gain``, 2: ``transfer``, 1: ``reset``, 0: ``select``
    3      5..4: ``group``, 3..2: ``ramp`` (1 reset, 2 signal), 1..0: ``capture``
    =====  ==================================================================
    """

    capture: 2
    ramp: 2
    group: 2
    reserved_low: 2
    select: 1
    reset: 1
    transfer: 1
    high_gain: 1
    reserved_high: 4
    time_cycles: 16

    @classmethod
    def encode(cls, event: RowEvent) -> int:
        """The word of an event, as an integer."""
        return cls.const({
            "time_cycles": event.time_cycles, "group": event.group, "select": event.select,
            "reset": event.reset, "transfer": event.transfer, "high_gain": event.high_gain,
            "ramp": int(event.ramp), "capture": event.capture,
        }).as_value().value

    @classmethod
    def end(cls) -> int:
        """The word that ends a table shorter than its memory."""
        return cls.const({"time_cycles": END_OF_TABLE}).as_value().value
