# SPDX-License-Identifier: Apache-2.0
"""``docs/registers.html``: every register on one self-contained page with a search."""

from typing import Any

from tapetum.config import DieConfig
from tapetum.registers.definition import Field, Register
from tapetum.registers.export import acts, field_bits, field_words, reset_text, spread
from tapetum.registers.table import memory_windows, register_table

from ..pages import render_page

__all__ = ["register_page"]

_FIRST_OF_MANUFACTURER = 0x3000


def register_page(config: DieConfig) -> str:
    """The register map as HTML; it needs nothing from elsewhere."""
    registers = register_table(config)
    is_standard = {r.name: r.address < _FIRST_OF_MANUFACTURER for r in registers}
    parts = [(title, [_row(r) for r in registers if is_standard[r.name] is standard])
             for title, standard in (("CCS 1.1", True), ("Manufacturer specific", False))]
    return render_page("export/register_page.html", config=config, parts=parts,
                       windows=memory_windows(config))


def _row(register: Register) -> dict[str, Any]:
    return {
        "name": register.name, "address": register.address, "bytes": register.width_bytes,
        "access": register.access.value, "acts": acts(register), "reset": reset_text(register),
        "range": spread(register), "unit": register.unit,
        "sentence": f"{register.sentence} {register.note}".strip(),
        "fields": [_field(field) for field in register.fields],
    }


def _field(field: Field) -> dict[str, str]:
    return {"bits": field_bits(field), "name": field.name, "sentence": field.sentence,
            "words": field_words(field)}
