# SPDX-License-Identifier: Apache-2.0
"""The register map as SystemRDL 2.0, for tools that make register models of it."""

from ..config import DieConfig
from .definition import Access, Field, MemoryWindow, Register, Storage
from .table import memory_windows, register_table

__all__ = ["systemrdl"]

_KEYWORDS = """
    abstract accesstype addressingtype addrmap alias all bit boolean bothedge compact component
    componentwidth constraint default encode enum external false field fullalign hw inside internal
    level longint mem na negedge nonsticky number onreadtype onwritetype posedge property r rclr ref
    reg regalign regfile rset ruser rw rw1 signal string struct sw this true type unsigned w w1 wclr
    woclr woset wot wr wset wuser wzc wzs wzt
    alternate byte int precedencetype real shortint shortreal signed with within
    """
"""In the last line those that the standard only reserves."""


def systemrdl(config: DieConfig) -> str:
    """One address map; units, limits and moments of action are properties of its registers."""
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        f"// Registers of tapetum, preset {config.name}; written from its table.",
        *(f"property {name} {{ component = reg; type = string; }};"
          for name in ("unit", "limits", "acts")),
        "",
        "addrmap tapetum {",
        f"    name = {_quoted(f'Tapetum, preset {config.name}')};",
        "    bigendian;",
        "    default accesswidth = 8;",
    ]
    for register in register_table(config):
        lines += ["", *_register(register)]
    for window in memory_windows(config):
        lines += ["", *_window(window)]
    return "\n".join([*lines, "};", ""])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _identifier(name: str) -> str:
    return f"\\{name}" if name in _KEYWORDS.split() else name


def _register(register: Register) -> list[str]:
    fields = register.fields or (Field(
        name="value", lsb=0, bits=register.mask.bit_length(), sentence=register.sentence),)
    described = f"{register.sentence} {register.note}".strip()
    lines = ["    reg {", f"        desc = {_quoted(described)};",
             f"        regwidth = {8 * register.width_bytes};"]
    lines += [f"        {name} = {_quoted(text)};" for name, text in (
        ("unit", register.unit), ("limits", _limits(register)),
        ("acts", register.storage.value if register.is_writable else "")) if text]
    for field in fields:
        lines += [f"        {line}" for line in _field(register, field)]
    return [*lines, f"    }} {_identifier(register.name)} @0x{register.address:04x};"]


def _limits(register: Register) -> str:
    if not register.is_writable or register.fields:
        return register.limits
    spread = f"{register.minimum} to {register.highest}"
    return f"{spread}; {register.limits}" if register.limits else spread


def _field(register: Register, field: Field) -> list[str]:
    reset = (register.reset & field.mask) >> field.lsb
    lines = []
    if field.values:
        lines.append(f"enum {_identifier(field.name)}_e {{")
        lines += [f"    code_{value} = {field.bits}'d{value} {{ name = {_quoted(word)}; }};"
                  for value, word in field.values]
        lines.append("};")
    return [*lines, "field {", f"    desc = {_quoted(field.sentence)};",
            *(f"    {item};" for item in _access(register)),
            *([f"    encode = {field.name}_e;"] if field.values else []),
            f"}} {_identifier(field.name)}[{field.lsb + field.bits - 1}:{field.lsb}] = "
            f"{field.bits}'d{reset};"]


def _access(register: Register) -> tuple[str, ...]:
    match register.access:
        case Access.READ_ONLY:
            return "sw = r", "hw = na" if register.storage is Storage.CONSTANT else "hw = w"
        case Access.READ_WRITE:
            return "sw = rw", "hw = na" if register.storage is Storage.KEPT else "hw = r"
        case Access.WRITE_ONE_TO_CLEAR:
            return "sw = rw", "hw = rw", "onwrite = woclr"
        case Access.SELF_CLEARING:
            return "sw = rw", "hw = rw", "onwrite = woset"


def _window(window: MemoryWindow) -> list[str]:
    return ["    external mem {", f"        desc = {_quoted(window.sentence)};",
            f"        mementries = {window.entries};",
            f"        memwidth = {8 * window.entry_bytes};",
            f"    }} {_identifier(window.name)} @0x{window.address:04x};"]
