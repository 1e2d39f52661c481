# SPDX-License-Identifier: Apache-2.0
"""Registers of the safety mechanisms."""

from ..config import DieConfig
from ..safety.known_levels import default_tolerance_log2
from ..safety.mechanism import MECHANISMS, Mechanism, self_tested
from ..safety.temperature import CELSIUS, MAXIMUM_CELSIUS, MINIMUM_CELSIUS
from .definition import Access, Field, Register, Storage

__all__ = ["safety_registers"]

_TEMPERATURE = "1/256 °C, two's complement"


def safety_registers(config: DieConfig) -> list[Register]:
    """All of them for one configuration."""
    return [*_mechanisms(config), *_temperature(), *_levels(config),
            *_signatures()]


def _fields(sentence) -> tuple[Field, ...]:
    return tuple(Field(name=mechanism.name.lower(), lsb=mechanism, sentence=sentence(facts))
                 for mechanism, facts in MECHANISMS.items())


def _mechanisms(config: DieConfig) -> list[Register]:
    found = _fields(lambda facts: facts.sentence)
    every = (1 << len(Mechanism)) - 1
    return [
        Register(name="safety_status", address=0x3700, width_bytes=4, fields=found,
                 access=Access.WRITE_ONE_TO_CLEAR, storage=Storage.STATUS,
                 sentence="What the safety mechanisms have found since it was cleared.",
                 note="A bit is also set if its mechanism fails the self-test."),
        Register(name="safety_mask", address=0x3704, width_bytes=4, fields=found,
                 storage=Storage.IMMEDIATE, reset=every,
                 sentence="Bits of safety_status that set safety in fault_status, and with it "
                          "raise the error pin."),
        Register(name="safety_inject", address=0x3708, width_bytes=4,
                 storage=Storage.IMMEDIATE,
                 fields=_fields(lambda facts: f"{facts.injects[0].upper()}{facts.injects[1:]}."),
                 sentence="Faults that are injected where they would come in."),
        Register(name="safety_self_test", address=0x370C, access=Access.SELF_CLEARING,
                 storage=Storage.STATUS, sentence="The test of the mechanisms.",
                 fields=(Field(name="start", lsb=0,
                               sentence="Begins in standby; reads as one while it runs. It runs "
                                        "after every reset, and streaming waits for its end."),
                         Field(name="done", lsb=1, sentence="Read only: it has run."))),
        Register(name="safety_self_test_passed", address=0x3710, width_bytes=4,
                 access=Access.READ_ONLY, storage=Storage.STATUS,
                 fields=tuple(field for field, tested in zip(
                     found, self_tested(config), strict=True) if tested),
                 sentence="Mechanisms that found what the last self-test injected, and nothing "
                          "else."),
    ]


def _temperature() -> list[Register]:
    return [
        Register(name="temperature", address=0x3714, width_bytes=2, access=Access.READ_ONLY,
                 storage=Storage.STATUS, unit=_TEMPERATURE,
                 sentence="What the temperature sensor reads."),
        Register(name="temperature_minimum", address=0x3716, width_bytes=2, unit=_TEMPERATURE,
                 storage=Storage.IMMEDIATE, reset=MINIMUM_CELSIUS * CELSIUS & 0xFFFF,
                 sentence="Lowest temperature that is allowed."),
        Register(name="temperature_maximum", address=0x3718, width_bytes=2, unit=_TEMPERATURE,
                 storage=Storage.IMMEDIATE, reset=MAXIMUM_CELSIUS * CELSIUS & 0xFFFF,
                 sentence="Highest temperature that is allowed."),
    ]


def _levels(config: DieConfig) -> list[Register]:
    return [
        Register(name="test_row_tolerance", address=0x371A, bits=4, unit="log2 of ADC codes",
                 storage=Storage.IMMEDIATE, reset=default_tolerance_log2(config),
                 sentence="By how much the mean of a test row may differ from its level."),
    ]


def _signatures() -> list[Register]:
    return [
        Register(name="register_crc", address=0x371C, width_bytes=4, access=Access.READ_ONLY,
                 storage=Storage.STATUS,
                 sentence="CRC-32 over the register memory, as the last whole walk found it."),
        Register(name="test_frame_signature", address=0x3720, width_bytes=4,
                 access=Access.READ_ONLY, storage=Storage.STATUS,
                 sentence="What the last digital test frame came to at the link; 0 before the "
                          "first one."),
    ]
