# SPDX-License-Identifier: Apache-2.0
"""Five rows of each capture, side by side."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ...config import DieConfig
from ...memory.block_memory import BlockMemory
from ...memory.code import Parity
from ...memory.health import MemoryHealth, gather
from ...memory.word_check import WordCheck
from ...pixel import corrected_bits
from ...stream.delay import delayed
from .row_sequencer import SequencedBeat

__all__ = ["ROWS", "LineStore"]

ROWS = 5
"""Two above the row that leaves, two below."""


class LineStore(wiring.Component):
    """Turns a beat of the newest row into a beat of columns, five rows high.

    A word of the memory holds the last four rows at one place of one capture. Each beat reads its
    word, and writes it back shifted by a row: there are no banks to rotate. Latency 2 clocks, one
    beat per clock.

    Parameters
    ----------
    config : DieConfig

    Members
    -------
    beat : In(SequencedBeat), valid : In(1)
        A beat that enters.
    capture : In(2)
        Its capture.
    columns : Out(lanes of ROWS codes)
        Index 0 is the row two above the one that leaves, index 4 the one that enters.
    last, columns_valid : Out(1)
    drop : In(1)
        Ends beats under way.
    above : In(1), memory : Out(MemoryHealth)
        With ``columns``: index 0 is a row of this frame. Each code has a check bit of its own,
        which moves with it and is looked at there.
    """

    latency_cycles = BlockMemory.latency_cycles

    def __init__(self, config: DieConfig):
        self.config = config
        bits = corrected_bits(config)
        super().__init__({
            "beat": In(SequencedBeat(config)), "valid": In(1), "capture": In(2),
            "columns": Out(data.ArrayLayout(data.ArrayLayout(bits, ROWS), config.lanes)),
            "last": Out(1), "columns_valid": Out(1), "drop": In(1),
            "above": In(1), "memory": Out(MemoryHealth()),
        })

    def elaborate(self, platform):
        m = Module()
        config = self.config
        code = Parity(corrected_bits(config))
        lane_bits = (ROWS - 1) * code.word_bits
        beat, latency = self.beat, self.latency_cycles
        place = Cat(beat.column, self.capture)
        written_place = delayed(m, place, latency, name="place")
        newest = delayed(m, beat.codes, latency, name="newest")
        write_valid, valid = (Signal(latency, name=name) for name in ("write_valid", "valid"))
        m.d.sync += [
            write_valid.eq(Cat(self.valid, write_valid)),
            valid.eq(Cat(self.valid, valid) & (~self.drop).replicate(latency)),
        ]
        m.submodules.words = words = BlockMemory(config.lanes * lane_bits,
                                                 depth=len(config.captures) << len(beat.column))
        m.d.comb += [
            words.address.eq(place), words.write_address.eq(written_place),
            words.write_enable.eq(write_valid[-1]),
            self.columns_valid.eq(valid[-1]),
            self.last.eq(delayed(m, beat.last, latency, name="last")),
        ]
        healths = []
        for lane in range(config.lanes):
            own = slice(lane * lane_bits, (lane + 1) * lane_bits)
            m.submodules[f"check_{lane}"] = check = WordCheck(code)
            healths.append(check.health)
            column = Cat(words.word[own], newest[lane], code.encode(newest[lane]))
            rows = [column.word_select(row, code.word_bits) for row in range(ROWS)]
            m.d.comb += [
                Value.cast(self.columns[lane]).eq(Cat(row[:code.data_bits] for row in rows)),
                words.write_word[own].eq(Cat(rows[1:])),
                check.word.eq(rows[0]), check.read.eq(self.columns_valid & self.above),
            ]
        gather(m, self.memory, *healths)
        return m
