# SPDX-License-Identifier: Apache-2.0
"""A host's view of the registers: names and values in, bytes at addresses out."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from tapetum.config import DieConfig
from tapetum.registers.definition import Register
from tapetum.registers.table import memory_windows, register_table

__all__ = ["RegisterError", "RegisterMap"]

HINTS = 3
"""Names that are offered in place of an unknown one."""


class RegisterError(ValueError):
    """A register that does not exist, or a value that does not fit it."""


class RegisterMap:
    """Encodes writes and decodes reads for one configuration.

    Parameters
    ----------
    config : DieConfig

    Examples
    --------
    >>> from tapetum.presets import preset
    >>> RegisterMap(preset("tiny")).write({"frame_length_lines": 100, "mode_select": 1})
    [(832, 0), (833, 100), (256, 1)]
    """

    def __init__(self, config: DieConfig):
        self.registers: dict[str, Register] = {r.name: r for r in register_table(config)}
        self.windows = {window.name: window for window in memory_windows(config)}

    def __getitem__(self, name: str) -> Register:
        try:
            return self.registers[name]
        except KeyError:
            close = [known for known in self.registers if name and name in known][:HINTS]
            close = close or get_close_matches(name, self.registers, n=HINTS)
            hint = f"perhaps {' or '.join(close)} is meant; " if close else ""
            raise RegisterError(f"there is no register {name!r}; {hint}`tapetum registers` lists "
                                f"all of them.") from None

    def write(self, values: Mapping[str, int]) -> list[tuple[int, int]]:
        """Bytes to write, in order: ``(address, byte)``.

        Raises
        ------
        RegisterError
            An unknown name, a register that cannot be written, or a value that does not fit.
            Values that the die would clamp are let through.
        """
        accesses: list[tuple[int, int]] = []
        for name, value in values.items():
            register = self[name]
            if not register.is_writable:
                raise RegisterError(f"register {name} is read-only.")
            if value & ~register.mask or value < 0:
                raise RegisterError(f"register {name} holds 0 to {register.mask}, not {value}.")
            accesses += zip(register.addresses, value.to_bytes(register.width_bytes, "big"),
                            strict=True)
        return accesses

    def held(self, values: Mapping[str, int]) -> list[tuple[int, int]]:
        """The same between setting and releasing `grouped_parameter_hold`: all or nothing."""
        return [*self.write({"grouped_parameter_hold": 1}), *self.write(values),
                *self.write({"grouped_parameter_hold": 0})]

    def write_window(self, name: str, entries: Iterable[int], *,
                     first: int = 0) -> list[tuple[int, int]]:
        """Bytes that write `entries` of a memory window, from number `first` on."""
        if name not in self.windows:
            raise RegisterError(
                f"there is no window {name!r}; there are {', '.join(self.windows)}.")
        window = self.windows[name]
        accesses: list[tuple[int, int]] = []
        for index, entry in enumerate(entries, first):
            if not 0 <= index < window.entries:
                raise RegisterError(f"window {name} has {window.entries} entries, none {index}.")
            if not 0 <= entry < 1 << 8 * window.entry_bytes:
                raise RegisterError(f"entry {index} of {name} does not fit "
                                    f"{window.entry_bytes} bytes: {entry:#x}.")
            start = window.address + index * window.entry_bytes
            accesses += enumerate(entry.to_bytes(window.entry_bytes, "big"), start)
        return accesses

    def read(self, name: str) -> list[int]:
        """Addresses to read, in order, for `decode`."""
        return list(self[name].addresses)

    def decode(self, name: str, data: Iterable[int]) -> int:
        """Value of a register from the bytes read at the addresses of `read`."""
        content = bytes(data)
        if len(content) != self[name].width_bytes:
            raise RegisterError(f"register {name} has {self[name].width_bytes} bytes, "
                                f"not {len(content)}.")
        return int.from_bytes(content, "big")

    def fields(self, name: str, value: int) -> dict[str, int]:
        """Fields of a register's value, by name."""
        return {field.name: (value & field.mask) >> field.lsb for field in self[name].fields}
