# SPDX-License-Identifier: Apache-2.0
"""Documents and constants for hosts, written from the table."""

from ..config import DieConfig
from .definition import Access, Field, Register, Storage
from .table import memory_windows, register_table

__all__ = ["acts", "c_header", "field_bits", "field_words", "markdown", "python_constants",
           "reset_text", "spread"]

_RULES = """\
Registers of several bytes are big-endian.

- **Writes** act with the last byte of a register, and with it go the bytes that were written
  directly before it, in ascending order. Earlier bytes alone change nothing; the last byte alone
  changes only itself.
- **Reads** of a register's first byte capture all of it for the reads of its other bytes that
  follow directly.
- **Unknown addresses** read as zero and ignore writes, and so do read-only registers. Bits that
  are not listed do the same. No register must be written for the die to work.
- **Acts**: *at once*, or with the *next frame* that is planned. A burst of writes, each less than
  {latency} pixel clocks after the one before ({both} where contexts alternate), applies to one
  frame as a whole; longer sets do between writing 1 and 0 to `grouped_parameter_hold`. What acts
  *never* reads back as written, and nothing depends on it: CCS has it, and drivers write it.
- **Out of range**: a setting acts as the nearest limit, reads back as written, is flagged in
  `settings_status`, and raises `settings_clamped` in `fault_status` when a frame is planned with
  it.

Access: RO read only, RW read and write, W1C write one to clear, SC clears itself.
"""


def markdown(config: DieConfig) -> str:
    """The register map as a page of Markdown."""
    from ..control.settings_guard import SettingsGuard
    registers = register_table(config)
    guard = SettingsGuard(config, registers)
    lines = [
        "# Registers", "",
        f"Preset `{config.name}`; other presets differ in reset values and ranges. Written from "
        "the table in `tapetum.registers`: change that, not this page.", "",
        _RULES.format(latency=guard.latency_cycles, both=guard.alternating_latency_cycles),
    ]
    for title, first, last in (("CCS 1.1", 0, 0x2FFF), ("Manufacturer specific", 0x3000, 0xFFFF)):
        chosen = [r for r in registers if first <= r.address <= last]
        lines += [f"## {title}", "",
                  "| address | name | bytes | access | acts | reset | range | unit | what it is |",
                  "|---|---|---|---|---|---|---|---|---|",
                  *(_row(register) for register in chosen), ""]
    lines += ["## Fields", ""]
    for register in registers:
        if register.fields:
            lines += [f"### `{register.name}` (0x{register.address:04x})", "",
                      "| bits | name | what it is |", "|---|---|---|",
                      *(_field_row(field) for field in register.fields), ""]
    lines += ["## Memory windows", "",
              "| address | name | entries | bytes each | what it is |", "|---|---|---|---|---|"]
    lines += [f"| 0x{w.address:04x}–0x{w.address + w.size_bytes - 1:04x} | `{w.name}` | "
              f"{w.entries} | {w.entry_bytes} | {w.sentence} |" for w in memory_windows(config)]
    return "\n".join(lines) + "\n"


def acts(register: Register) -> str:
    """When a write acts, in words."""
    if register.access is Access.READ_ONLY:
        return ""
    kept = register.storage in (Storage.FRAME, Storage.KEPT)
    return (register.storage if kept else Storage.IMMEDIATE).value


def spread(register: Register) -> str:
    """Range of a register and what limits it beyond that, in words."""
    if register.storage is Storage.CONSTANT or register.fields:
        return register.limits
    limits = f"; {register.limits}" if register.limits else ""
    return f"{register.minimum} to {register.highest}{limits}"


def reset_text(register: Register) -> str:
    """Reset value: a number where there is a unit, otherwise all digits of its bytes."""
    if register.fields or not register.unit:
        return f"0x{register.reset:0{2 * register.width_bytes}x}"
    return str(register.reset)


def field_bits(field: Field) -> str:
    """Highest and lowest bit, or the only one."""
    return str(field.lsb) if field.bits == 1 else f"{field.lsb + field.bits - 1}:{field.lsb}"


def field_words(field: Field) -> str:
    """What the values of a field mean."""
    return ", ".join(f"{value if value < 256 else f'0x{value:04x}'} {word}"
                     for value, word in field.values)


def _row(register: Register) -> str:
    sentence = f"{register.sentence} {register.note}".strip()
    return (f"| 0x{register.address:04x} | `{register.name}` | {register.width_bytes} | "
            f"{register.access.value} | {acts(register)} | {reset_text(register)} | "
            f"{spread(register)} | {register.unit} | {sentence} |")


def _field_row(field: Field) -> str:
    words = field_words(field)
    return (f"| {field_bits(field)} | `{field.name}` | {field.sentence}"
            f"{f' {words}.' if words else ''} |")


def _constants(config: DieConfig) -> list[tuple[str, int, str]]:
    """Name, value and comment of every constant; both languages share them."""
    constants = []
    for register in register_table(config):
        name = register.name.upper()
        constants.append((name, register.address, register.sentence))
        constants += [(f"{name}_{field.name.upper()}_MASK", field.mask, field.sentence)
                      for field in register.fields]
    constants += [(window.name.upper(), window.address, window.sentence)
                  for window in memory_windows(config)]
    return constants


def c_header(config: DieConfig) -> str:
    """Addresses, masks and reset values as a C header."""
    lines = ["/* SPDX-License-Identifier: Apache-2.0 */",
             f"/* Registers of tapetum, preset {config.name}; written from its table. */",
             "#ifndef TAPETUM_REGISTERS_H", "#define TAPETUM_REGISTERS_H", ""]
    lines += [f"#define TAPETUM_{name} 0x{value:04x}u /* {sentence} */"
              for name, value, sentence in _constants(config)]
    lines += [""]
    lines += [f"#define TAPETUM_{r.name.upper()}_RESET 0x{r.reset:x}u"
              for r in register_table(config)]
    return "\n".join([*lines, "", "#endif", ""])


def python_constants(config: DieConfig) -> str:
    """Addresses and masks as a Python module without dependencies."""
    lines = ["# SPDX-License-Identifier: Apache-2.0",
             f'"""Registers of tapetum, preset {config.name}; written from its table."""', ""]
    lines += [f"{name} = 0x{value:04x}  # {sentence}"
              for name, value, sentence in _constants(config)]
    return "\n".join([*lines, ""])
