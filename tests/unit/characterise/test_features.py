# SPDX-License-Identifier: Apache-2.0
"""Switches are found by the names of their fields, and written without touching the others."""

import pytest

from tapetum.presets import preset
from tapetum.registers.definition import Field, Register
from tapetum_sim.characterise import features

CONFIG = preset("tiny")
SWITCHES = Register(
    name=features.CORRECTION_SWITCHES, address=0x3060, reset=0b111, sentence="Corrections.",
    fields=tuple(Field(name=name, lsb=bit, sentence=f"{name}.")
                 for bit, name in enumerate(("column", "row_noise", "defects_dynamic"))))
EXPOSURE = Register(
    name=features.EXPOSURE_CONTROL, address=0x3300, sentence="Automatic exposure.",
    fields=(Field(name="hold", lsb=0, sentence="Hold."),
            Field(name="enable", lsb=1, sentence="Enable.")))


@pytest.fixture
def die_with_switches(monkeypatch):
    """Registers of a die that has three corrections and automatic exposure."""
    class Registers(features.RegisterMap):
        def __init__(self, config):
            super().__init__(config)
            self.registers |= {SWITCHES.name: SWITCHES, EXPOSURE.name: EXPOSURE}

    monkeypatch.setattr(features, "RegisterMap", Registers)


def test_switches_are_found_by_name(die_with_switches):
    assert features.has_correction(CONFIG, "row_noise")
    assert not features.has_correction(CONFIG, "sharpening")
    assert features.correction("column")(CONFIG)
    assert features.has_auto_exposure(CONFIG)
    assert features.auto_exposure(CONFIG) == {EXPOSURE.name: 0b10}


def test_only_the_named_switches_are_cleared(die_with_switches):
    written = features.without_corrections(CONFIG, "defects_dynamic", "column")
    assert written == {SWITCHES.name: 0b010}
