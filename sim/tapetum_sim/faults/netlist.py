# SPDX-License-Identifier: Apache-2.0
"""Every state bit of a flattened design, found in its RTLIL and given a name that C++ can use."""

import re
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Element", "MemoryPort", "Netlist", "find_state"]

_NAME = re.compile(r"(?<!\S)[\\$]\S+")
_CHUNK = re.compile(r"([\\$][^\s{}]+)(?: \[(\d+)(?::(\d+))?\])?")
_BESIDE_ROOMS = {"looking": "vision", "streaming": "csi2", "test_frame": "safety",
                 "memories__corrected": "safety", "memories__uncorrectable": "safety"}
"""What lies on the die itself, by the room that it wakes or reports to."""
_FLIP_FLOP = re.compile(r"\$[a-z]*dff[a-z]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Element:
    """A register or a memory.

    Parameters
    ----------
    variable : str
        Its name in the generated Verilog.
    path : str
        Its name in the design, levels joined by dots.
    width, depth : int
        Of a word, and words; a register has one word.
    bits : tuple of int
        Bits of a word that are state; others of the same signal are logic.
    on_die : bool
        Whether faults are to be injected here; the remainder belongs to the test bench.
    """

    variable: str
    path: str
    width: int
    depth: int
    bits: tuple[int, ...]
    is_memory: bool
    on_die: bool

    @property
    def room(self) -> str:
        """First level of the path, or the room that it works for."""
        level = self.path.partition(".")[0]
        return _BESIDE_ROOMS.get(level, level)

    @property
    def state_bits(self) -> int:
        return len(self.bits) * self.depth


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryPort:
    """Ports of one kind of a memory, side by side: when one is enabled, its word is touched.

    Parameters
    ----------
    memory : int
        Index of the element.
    address, enable : str
        Variables that show them.
    address_bits, enable_bits : int
        Of each port.
    """

    memory: int
    address: str
    enable: str
    address_bits: int
    enable_bits: int
    ports: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Netlist:
    """What `find_state` found: the same design with short names, and what they mean."""

    rtlil: str
    elements: tuple[Element, ...]
    memory_ports: tuple[MemoryPort, ...]
    port_widths: dict[str, int]


def find_state(rtlil: str, *, is_on_die: Callable[[str], bool],
               path_of: Callable[[str], str] = lambda name: name) -> Netlist:
    """Find flip-flops and memories in the one module of ``rtlil``, which is flat.

    Signals that hold state become ``state_N``, memories ``memory_N``; of each memory on the die
    the addresses and enables of its ports are brought out. Memories without a write port are logic.

    Parameters
    ----------
    rtlil : str
        As yosys writes it after `flatten` and `memory_collect`.
    is_on_die, path_of : callable
        Take the name of a signal or memory.
    """
    widths, ports, registers, memories = _scan(rtlil)
    elements = []
    renamed: dict[str, str] = {}
    for name, bits in registers.items():
        if name in ports:
            continue
        variable = f"state_{len(elements)}"
        renamed[name] = variable
        plain = name.lstrip("\\")
        elements.append(Element(
            variable=variable, path=path_of(plain), width=widths[name], depth=1,
            bits=tuple(sorted(bits)), is_memory=False, on_die=is_on_die(plain)))
    probes, memory_ports = [], []
    for memory in memories:
        variable = f"memory_{len(elements)}"
        renamed[memory.name] = variable
        plain = memory.name.lstrip("\\")
        element = Element(
            variable=variable, path=path_of(plain), width=memory.number("WIDTH"),
            depth=memory.number("SIZE"), bits=tuple(range(memory.number("WIDTH"))),
            is_memory=True, on_die=is_on_die(plain))
        if element.on_die:
            for kind in ("RD", "WR"):
                lines, port = _probe(memory, kind, len(elements))
                probes += lines
                memory_ports.append(port)
        elements.append(element)
    return Netlist(rtlil=_rewritten(rtlil, renamed, probes), elements=tuple(elements),
                   memory_ports=tuple(memory_ports),
                   port_widths={name.lstrip("\\"): widths[name] for name in ports})


class _Memory:
    """A ``$mem_v2`` cell."""

    def __init__(self):
        self.name = ""
        self.parameters: dict[str, str] = {}
        self.connections: dict[str, str] = {}

    def number(self, parameter: str) -> int:
        return int(self.parameters[parameter])


def _scan(rtlil: str):
    """Widths of signals, names of ports, state bits by signal, memories that are written."""
    widths: dict[str, int] = {}
    ports: set[str] = set()
    registers: dict[str, set[int]] = {}
    memories: list[_Memory] = []
    kind, memory = "", _Memory()
    for line in rtlil.splitlines():
        words = line.split(maxsplit=2)
        if not words:
            continue
        match words[0]:
            case "wire":
                name = line.rsplit(maxsplit=1)[1]
                width = re.search(r" width (\d+)", line)
                widths[name] = int(width[1]) if width else 1
                if re.search(r" (?:input|output|inout) \d", line):
                    ports.add(name)
            case "cell":
                kind, memory = words[1], _Memory()
            case "parameter" if kind == "$mem_v2":
                name, value = words[-1].split(maxsplit=1) if words[1] == "signed" else words[1:]
                memory.parameters[name[1:]] = value
            case "connect" if kind == "$mem_v2":
                memory.connections[words[1][1:]] = words[2]
            case "connect" if _FLIP_FLOP.fullmatch(kind) and words[1] == "\\Q":
                for name, first, last in _CHUNK.findall(words[2]):
                    high = int(first) if first else widths[name] - 1
                    low = int(last) if last else high if first else 0
                    registers.setdefault(name, set()).update(range(low, high + 1))
            case "end":
                if kind == "$mem_v2" and memory.number("WR_PORTS"):
                    memory.name = memory.parameters["MEMID"].strip('"').replace("\\\\", "\\")
                    memories.append(memory)
                kind = ""
    return widths, ports, registers, memories


def _probe(memory: _Memory, kind: str, number: int) -> tuple[list[str], MemoryPort]:
    """RTLIL that brings out addresses and enables of all read or write ports."""
    ports, address_bits = memory.number(f"{kind}_PORTS"), memory.number("ABITS")
    enable_bits = 1 if kind == "RD" else memory.number("WIDTH")
    address, enable = f"{kind.lower()}_address_{number}", f"{kind.lower()}_enable_{number}"
    lines = [f"  wire width {ports * address_bits} \\{address}",
             f"  wire width {ports * enable_bits} \\{enable}",
             f"  connect \\{address} {memory.connections[f'{kind}_ADDR']}",
             f"  connect \\{enable} {memory.connections[f'{kind}_EN']}"]
    return lines, MemoryPort(memory=number, address=address, enable=enable,
                             address_bits=address_bits, enable_bits=enable_bits, ports=ports)


def _rewritten(rtlil: str, renamed: dict[str, str], probes: list[str]) -> str:
    def short(match: re.Match) -> str:
        name = renamed.get(match[0])
        return f"\\{name}" if name else match[0]

    lines = []
    for line in rtlil.splitlines():
        if line.startswith("    parameter \\MEMID "):
            memory = line.split('"')[1].replace("\\\\", "\\")
            if memory in renamed:
                line = f'    parameter \\MEMID "\\\\{renamed[memory]}"'
        elif "parameter" not in line[:14]:
            line = _NAME.sub(short, line)
        lines.append(line)
    end = max(place for place, line in enumerate(lines) if line == "end")
    # Connections may refer to what was renamed.
    lines[end:end] = [_NAME.sub(short, line) for line in probes]
    return "\n".join(lines) + "\n"
