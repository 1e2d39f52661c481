# SPDX-License-Identifier: Apache-2.0
"""What a user of the Verilog must know about the die's ports, as plain data."""

from enum import EnumMeta
from typing import Any

from amaranth.hdl import Shape, ShapeCastable, ShapeLike
from amaranth.lib import data, wiring

__all__ = ["PORT_DOMAINS", "clock_ports", "describe_fields", "describe_ports"]

PORT_DOMAINS: dict[str, str | None] = {
    "ramp_code": "adc", "ramp_active": "adc", "bond_pattern": "adc",
    "bond_map_load": "adc", "bond_map": "adc", "phy": "byte",
    "comparators": None, "external_sync": None, "temperature": None,
    "error": None, "row_read_back": None, "shutter_read_back": None,
    "spi_clock": None, "spi_select": None, "spi_data_in": None, "spi_data_out": None,
    "spi_drive": None,
}
"""Clock domain by member of the die; None is asynchronous, and all others are of ``sync``."""


def clock_ports(domain: str) -> tuple[str, str]:
    """Names of a domain's clock and reset input."""
    prefix = "" if domain == "sync" else f"{domain}_"
    return f"{prefix}clk", f"{prefix}rst"


def describe_ports(component: wiring.Component) -> list[dict[str, Any]]:
    """Name, direction, width, domain and fields of every port, in the order of the signature."""
    ports = []
    for path, member, _ in component.signature.flatten(component):
        width = Shape.cast(member.shape).width
        if width == 0:
            continue
        port: dict[str, Any] = {
            "name": "__".join(map(str, path)),
            "direction": "input" if member.flow == wiring.In else "output",
            "width": width,
            "clock_domain": PORT_DOMAINS.get(str(path[0]), "sync"),
        }
        if fields := describe_fields(member.shape):
            port["fields"] = fields
        if isinstance(member.shape, EnumMeta):
            port["values"] = _values(member.shape)
        ports.append(port)
    return ports


def describe_fields(shape: ShapeLike, prefix: str = "", offset: int = 0) -> list[dict[str, Any]]:
    """Leaves of a structured shape with their place: name, lowest bit, width.

    Members of structures are joined by ``.``, elements of arrays are numbered: ``[0].reset``.
    """
    layout = _layout(shape)
    if layout is None:
        return []
    fields = []
    for key, field in layout:
        name = f"{prefix}[{key}]" if isinstance(key, int) else \
            f"{prefix}.{key}" if prefix else str(key)
        lowest = offset + field.offset
        if _layout(field.shape) is not None:
            fields += describe_fields(field.shape, name, lowest)
        elif field.width:
            leaf = {"name": name, "lowest_bit": lowest, "width": field.width}
            if isinstance(field.shape, EnumMeta):
                leaf["values"] = _values(field.shape)
            fields.append(leaf)
    return fields


def _layout(shape: ShapeLike) -> data.Layout | None:
    while isinstance(shape, ShapeCastable) and not isinstance(shape, (data.Layout, EnumMeta)):
        shape = shape.as_shape()
    return shape if isinstance(shape, data.Layout) else None


def _values(shape: EnumMeta) -> dict[str, int]:
    return {name.lower(): int(member.value) for name, member in shape.__members__.items()}
