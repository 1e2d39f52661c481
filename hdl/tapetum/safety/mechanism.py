# SPDX-License-Identifier: Apache-2.0
"""The one table of safety mechanisms: registers, self-test and documents come from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType

from ..config import DieConfig

__all__ = ["MECHANISMS", "Mechanism", "MechanismFacts", "self_tested"]


class Mechanism(IntEnum):
    """Bit numbers of the safety registers."""

    TEMPERATURE = 0
    ROW_READ_BACK = 1
    TEST_ROWS = 2
    REGISTER_MAP = 3
    WATCHDOG = 4
    SEQUENCER = 5
    MEMORY = 6
    MEMORY_CORRECTED = 7
    FRAME_COUNT = 8
    EXPOSURE = 9
    GOLDEN_INFERENCE = 10
    DIGITAL_TEST_FRAME = 11


@dataclass(frozen=True, kw_only=True)
class MechanismFacts:
    """What a mechanism is good for; the texts go into registers and documents.

    Parameters
    ----------
    sentence : str
        What has happened when its bit is set.
    protects : str
        What it watches.
    found_within : str
        From the fault to the bit.
    injects : str
        What its injection bit does, at the place where the fault would come in.
    checked_by : str
        File under ``hdl/tapetum``.
    tested_in_standby : bool
        The self-test injects it while nothing streams. Then it raises its bit within
        `monitor.LONGEST_DETECTION_CYCLES`, and is quiet `monitor.RECOVERY_CYCLES` after the
        injection has ended.
    needs_array : bool
        Only a die with an array has it.
    """

    sentence: str
    protects: str
    found_within: str
    injects: str
    checked_by: str
    tested_in_standby: bool = True
    needs_array: bool = False

    def __post_init__(self):
        if not self.sentence.endswith("."):
            raise ValueError(f"{self.sentence!r} must be a sentence.")


MECHANISMS: Mapping[Mechanism, MechanismFacts] = MappingProxyType({
    Mechanism.TEMPERATURE: MechanismFacts(
        sentence="The temperature is outside its limits.",
        protects="everything: the die is specified within the limits",
        found_within="7 clocks of a steady reading",
        injects="the sensor reads 127.996 °C",
        checked_by="safety/temperature.py"),
    Mechanism.ROW_READ_BACK: MechanismFacts(
        sentence="The pixel die selected, drove or emptied another row than was asked for.",
        protects="row decoders of the pixel die, bonds of the row and shutter lines",
        found_within="12 clocks of the row being selected or emptied",
        injects="the lowest bit of every row comes back inverted",
        checked_by="safety/row_read_back.py"),
    Mechanism.TEST_ROWS: MechanismFacts(
        sentence="A test row was not at the level that the pixel die drives in it.",
        protects="ramp, count, latches, sampling and multiplexer of the converters",
        found_within="one frame: 6 clocks behind its next test row",
        injects="the top bit of every code in a test row is seen inverted",
        checked_by="safety/known_levels.py"),
    Mechanism.REGISTER_MAP: MechanismFacts(
        sentence="A register changed without having been written.",
        protects="the memory that holds all registers",
        found_within="one frame: the next walk, which ends in its first line or two",
        injects="the lowest bit of the first word of the memory is seen inverted",
        checked_by="safety/register_map.py"),
    Mechanism.WATCHDOG: MechanismFacts(
        sentence="A clock stood still, or lines or frames did not get on.",
        protects="the clocks of pixels, counters and link; the progress of a stream",
        found_within="a clock: some 1.5 µs; lines: one and some clocks; frames: two and some rows",
        injects="the heartbeats of all clocks stop",
        checked_by="safety/watchdog.py"),
    Mechanism.SEQUENCER: MechanismFacts(
        sentence="The two sequencers of rows and frames differed.",
        protects="all that decides which row is emptied, read and converted at which cycle",
        found_within="5 clocks of the output that differs",
        injects="the second sequencer sees the stream started, or stopped",
        checked_by="readout/lockstep.py"),
    Mechanism.MEMORY: MechanismFacts(
        sentence="A memory gave a word with wrong bits, which were not put right.",
        protects="line buffers, tables, registers, programs, row memories of the link",
        found_within="some clocks of the word being read",
        injects="check bits of every word that is read are seen inverted",
        checked_by="memory/word_check.py"),
    Mechanism.MEMORY_CORRECTED: MechanismFacts(
        sentence="A memory had a word with a wrong bit, which was put right.",
        protects="registers, programs that wait to be used",
        found_within="some clocks of the word being read; of programs also a walk in standby",
        injects="one check bit of every word that is read is seen inverted",
        checked_by="memory/word_check.py"),
    Mechanism.FRAME_COUNT: MechanismFacts(
        sentence="A frame, a row or a beat of pixels is missing, out of order or too many.",
        protects="row sequencer, and all that rows pass on their way to the link",
        found_within="5 clocks behind the row that shows it; a lost frame with the next one",
        injects="the lowest bit of every row's number is seen inverted",
        checked_by="safety/frame_count.py"),
    Mechanism.EXPOSURE: MechanismFacts(
        sentence="A row was exposed for another time than its frame's settings say.",
        protects="shutter and read pointers, line timing, row events",
        found_within="6 clocks of the first signal ramp of the frame",
        injects="every exposure is seen one line longer",
        checked_by="safety/exposure_check.py"),
    Mechanism.GOLDEN_INFERENCE: MechanismFacts(
        sentence="The array made something else of its test picture than its program should.",
        protects="weights, parameters and schedule of the array, its multipliers and adders",
        found_within="one frame, if the blanking lasts as long as two inferences",
        injects="the lowest bit of what the test comes to is seen inverted",
        checked_by="npu/golden_inference.py",
        needs_array=True),
    Mechanism.DIGITAL_TEST_FRAME: MechanismFacts(
        sentence="A test frame came to the link as something else than the first one did.",
        protects="combination of captures, companding, choice of what is sent",
        found_within="one frame: some 500 clocks behind its last row",
        injects="the lowest bit of every code of the test frame is inverted",
        checked_by="safety/digital_test_frame.py"),
})
"""Of every mechanism."""


def self_tested(config: DieConfig) -> tuple[bool, ...]:
    """Of each mechanism, whether the self-test of this die takes it."""
    return tuple(facts.tested_in_standby and (config.npu is not None or not facts.needs_array)
                 for facts in (MECHANISMS[mechanism] for mechanism in Mechanism))
