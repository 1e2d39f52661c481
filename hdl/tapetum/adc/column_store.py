# SPDX-License-Identifier: Apache-2.0
"""What a block of columns keeps, however it is built."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import DieConfig
from ..pixel import RampKind
from .geometry import reset_bank_count

__all__ = ["ColumnStore", "part_count", "plane_count", "reads_in_turns"]


def part_count(config: DieConfig) -> int:
    """Parts of a block of which a beat needs one column at most: by the place in a group of them.

    With four lanes the two column pairs of a beat lie one, two or four pairs apart.
    """
    return 16 if config.lanes == 4 else 2


def reads_in_turns(config: DieConfig) -> bool:
    """Whether a pair of columns has two clocks: then signal and reset counts leave in turns."""
    return config.lanes == 1


def plane_count(config: DieConfig) -> int:
    """Bits of a column that leave in a clock."""
    adc = config.adc
    return adc.bits + 1 + (0 if reads_in_turns(config) else adc.reset_bits)


class ColumnStore(wiring.Component):
    """Keeps the counts of one block of columns from comparator edge to read: the ports.

    Each column keeps the count of its comparator's rising edge, for the signal and for one or two
    reset levels. A copied row stays readable until the next ``copy``, whatever is converted; a
    ramp writes every column, if only by closing.

    A platform whose look-up tables are memories too says so by a true attribute
    ``distributed_memory`` and gets `ColumnMemories`, any other `ColumnPlanes`.

    Parameters
    ----------
    columns : int
    counter_domain : str

    Attributes
    ----------
    strobe_copies : int
        Registers that drive ``copy``, so that no net has more than a hundred loads.

    Members
    -------
    comparators : In(columns)
        Asynchronous.
    open : In(1), gray : In(bits + 1)
        In the counter's domain. An edge is stored 4 clocks later, with the ``gray`` of the clock
        before; closing looks to a column that never tripped like its edge.
    kind : In(RampKind), bank : In(1)
        What the ramp fills; stable from start to end of a ramp.
    copy : In(strobe_copies), copied_bank : In(strobe_copies)
        In ``sync``, all copies alike: the signal counts and those of this reset bank can be read
        two clocks later. Nothing is converted meanwhile: a quasi-static crossing without
        synchronisers.
    select : In(columns)
        In ``sync``: at most one column of each part.
    turn : In(1)
        In ``sync``, with one lane only. A clock ahead of ``select``: low for signal counts, high
        for reset counts.
    found : Out(parts).array(planes)
        Gray bits of the selected columns, zero without one; combinational. Signal counts, then
        reset counts above them, or both in turns.
    """

    strobe_copies = 1

    def __init__(self, config: DieConfig, *, columns: int, counter_domain: str):
        if columns < 1:
            raise ValueError(f"a block needs at least one column, not {columns}.")
        self.config, self.columns, self.counter_domain = config, columns, counter_domain
        self.reset_banks = reset_bank_count(config)
        adc = config.adc
        super().__init__({
            "comparators": In(columns),
            "open": In(1),
            "gray": In(adc.bits + 1),
            "kind": In(RampKind),
            "bank": In(1),
            "copy": In(self.strobe_copies),
            "copied_bank": In(self.strobe_copies),
            "select": In(columns),
            "found": Out(part_count(config)).array(plane_count(config)),
        } | ({"turn": In(1)} if reads_in_turns(config) else {}))
