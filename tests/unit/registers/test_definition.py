# SPDX-License-Identifier: Apache-2.0
"""The table refuses nonsense, and every register of every preset is documented."""

import re

import pytest

from support import expect_rejected
from tapetum.presets import PRESETS
from tapetum.registers.definition import (
    Access,
    Field,
    MemoryWindow,
    Register,
    Storage,
    check_table,
)
from tapetum.registers.layout import RegisterLayout
from tapetum.registers.table import register_table


def register(**options) -> Register:
    return Register(**{"name": "thing", "address": 0x3000, "sentence": "A thing."} | options)


@pytest.mark.parametrize("options, culprit", [
    ({"name": "Thing"}, "lower-case"),
    ({"width_bytes": 3}, "width_bytes"),
    ({"width_bytes": 2, "address": 0x3001}, "0x3001"),
    ({"address": 0x10000}, "0x10000"),
    ({"sentence": "no stop"}, "sentence"),
    ({"bits": 9}, "fit its width"),
    ({"bits": 3, "reset": 8}, "reset value"),
    ({"bits": 3, "maximum": 8}, "range"),
    ({"fields": (Field(name="a", lsb=0, bits=2, sentence="A."),
                 Field(name="b", lsb=1, sentence="B."))}, "field b"),
    ({"access": Access.READ_ONLY}, "RO"),
    ({"storage": Storage.CONSTANT}, "constant"),
])
def test_rejects_a_register_that_cannot_work(options, culprit):
    with expect_rejected(options.get("name", "thing"), culprit):
        register(**options)


def test_rejects_names_and_addresses_given_twice():
    with expect_rejected("thing"):
        check_table([register(), register(address=0x3002)], [])
    with expect_rejected("0x3001", "other"):
        check_table([register(width_bytes=2), register(name="other", address=0x3001)], [])


def test_rejects_windows_that_are_in_the_way():
    def window(name: str, address: int, entry_bytes: int = 4) -> MemoryWindow:
        return MemoryWindow(name=name, address=address, entries=32, entry_bytes=entry_bytes,
                            sentence="A window.")
    with expect_rejected("inside window low"):
        check_table([register(address=0x4004)], [window("low", 0x4000)])
    with expect_rejected("low", "high", "overlap"):
        check_table([], [window("low", 0x4000, 8), window("high", 0x4080)])
    with expect_rejected("multiple of its size"):
        window("low", 0x4004)
    with expect_rejected("entry_bytes"):
        window("low", 0x4000, 3)


@pytest.mark.parametrize("name", PRESETS)
def test_every_register_has_a_sentence_and_a_place(name):
    table = register_table(PRESETS[name])
    layout = RegisterLayout(table)
    places = [layout.byte_of(a) for r in table for a in r.addresses]
    assert len(set(places)) == len(places)
    assert max(places) < layout.bytes <= 4096
    for item in table:
        assert len(item.sentence.split()) >= 2, item.name
        assert not re.search("reserved", item.sentence, re.IGNORECASE), item.name
        assert item.minimum <= item.reset <= item.highest or item.storage is Storage.STATUS, \
            f"{item.name} wakes up outside its range"
        assert layout.word_of(item) * 4 + 3 >= layout.byte_of(item.addresses[-1])
