# SPDX-License-Identifier: Apache-2.0
"""Tables of the documentation that follow from the code.

A page holds such a table between ``<!-- generated: name -->`` and ``<!-- end -->``.
``python -m tapetum_sim.export.documents`` renews all of them; a test finds those out of date.
"""

import ast
import inspect
import re
import tomllib
from collections.abc import Callable
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

from tapetum.compand.tables import OCTAVES_12, OX03C10, CompandingTable
from tapetum.control import faults
from tapetum.control.control import Control
from tapetum.control.faults import HARMFUL_FAULTS, Fault
from tapetum.csi2.bottom_rows import bottom_rows
from tapetum.csi2.embedded import embedded_registers
from tapetum.die import Die
from tapetum.presets import PRESETS, preset
from tapetum.room_config import PixelConfig
from tapetum.safety.mechanism import MECHANISMS
from tapetum_boards.configurations import with_board_timing
from tapetum_boards.registers.table import board_registers

from ..pixel_die import PixelDieParameters
from .memories import memory_table
from .payloads import payload_tables

__all__ = ["BLOCKS", "renew", "renewed"]

_CROSSINGS = Path(__file__).parents[3] / "constraints" / "crossings.toml"
_BLOCK = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

_RAISED_BY = {
    Fault.CONVERSION_OVERRUN: "readout/row_driver.py",
    Fault.READ_OVERRUN: "adc/conversion_control.py",
    Fault.BOND_UNREPAIRABLE: "adc/bond_test.py",
    Fault.BOND_REPAIRED: "adc/bond_test.py",
    Fault.SYNC_DURING_FRAME: "readout/frame_scheduler.py",
    Fault.SETTINGS_CLAMPED: "control/settings_guard.py",
    Fault.LINE_BUFFER_OVERFLOW: "hdr/align.py",
    Fault.ROW_MISMATCH: "hdr/align.py",
    Fault.ROW_BUFFER_OVERFLOW: "csi2/frame_tracker.py",
    Fault.LINE_TOO_SHORT: "readout/line_sequencer.py",
    Fault.OUTPUT_TORN: "compand/output_selector.py",
    Fault.FLICKER_MAP_OVERFLOW: "csi2/flicker_map.py",
    Fault.DEAD_ROW: "correct/row_monitor.py",
    Fault.COLUMN_LIMIT: "correct/column_correction.py",
    Fault.DEFECT_LIST_INVALID: "correct/defects/defect_list.py",
    Fault.DEFECT_ROWS_COLLIDED: "correct/defects/defect_correction.py",
    Fault.COMPANDING_TABLE_INVALID: "compand/table_loader.py",
    Fault.EXPOSURE_RATIO_OVERFLOW: "stats/auto_exposure.py",
    Fault.VERDICT_WITHHELD: "npu/npu.py",
    Fault.VERDICT_LOST: "csi2/verdict_packets.py",
    Fault.TENSOR_LOST: "csi2/network_tensors.py",
    Fault.PROGRAM_REFUSED: "npu/program_loader.py",
    Fault.VISION_OVERFLOW: "vision/vision.py",
    Fault.CCI_CODE_WRONG: "cci/protected_write.py",
    Fault.SPI_BLOCK_REFUSED: "spi/transfers.py",
    Fault.SAFETY: "safety/monitor.py",
}


def _table(headings: list[str], rows: list[list[object]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def _presets() -> str:
    rows = []
    for name, config in PRESETS.items():
        row_left = 1 - config.row_timing.line_cycles / config.timing.line_length_cycles
        link_left = 1 - config.link_bytes_per_row / config.link_bytes_per_line
        rows.append([
            f"`{name}`", f"{config.array.columns}x{config.array.rows}", config.lanes,
            len(config.captures), f"{config.adc.bits} bit", f"{1 / config.frame_time_s:.1f}",
            f"{config.line_time_s * 1e6:.2f}", f"{config.sync_clock_hz / 1e6:g}",
            f"{config.adc_clock_hz / 1e6:g}",
            f"{config.csi2.byte_lanes} x {config.csi2.byte_clock_hz / 1e6:g}",
            f"{row_left:.1%}", f"{link_left:.1%}", f"{config.line_buffer_bits / 1e3:.0f}",
            f"{1 - config.line_buffer_occupancy:.1%}"])
    return _table(["preset", "pixels", "px/clk", "captures", "ADC", "frames/s", "line µs",
                   "`sync` MHz", "`adc` MHz", "byte lanes x MHz", "row margin", "link margin",
                   "line buffers kbit", "memory margin"], rows)


def _latencies() -> str:
    rows = []
    for name in ("tiny", "vga"):
        config = preset(name)
        die = Die(config)
        rows.append([f"`{name}`", die.correct.latency_cycles, die.hdr.align.latency_cycles,
                     die.hdr.combine.latency_cycles, die.compander.latency_cycles,
                     Control(config).latency_cycles])
    return _table(["preset", "correct", "hdr: align", "hdr: combine", "compander",
                   "register write to settings"], rows)


def _sentences(enumeration: type) -> dict[str, str]:
    """The line under each member of an enumeration, which Python itself does not keep."""
    module = ast.parse(inspect.getsource(inspect.getmodule(enumeration) or faults))
    body = next(node.body for node in module.body
                if isinstance(node, ast.ClassDef) and node.name == enumeration.__name__)
    found = {}
    for member, text in pairwise(body):
        if (isinstance(member, ast.Assign) and isinstance(member.targets[0], ast.Name)
                and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)):
            found[member.targets[0].id] = inspect.cleandoc(str(text.value.value))
    return found


def _faults() -> str:
    sentences = _sentences(Fault)
    return _table(["bit", "name", "what happened", "raised by", "raises `error` by default"], [
        [fault.value, f"`{fault.name.lower()}`", sentences[fault.name],
         f"[{_RAISED_BY[fault]}](../hdl/tapetum/{_RAISED_BY[fault]})",
         "yes" if HARMFUL_FAULTS >> fault & 1 else "no"] for fault in Fault])


def _mechanisms() -> str:
    rows: list[list[object]] = []
    for mechanism, facts in MECHANISMS.items():
        name = mechanism.name.lower()
        page = f"safety/{name.replace('_', '-')}.md"
        rows.append([mechanism.value, f"[`{name}`]({page})", facts.protects, facts.sentence,
                     facts.found_within, facts.injects,
                     "yes" if facts.tested_in_standby else "no",
                     f"[{facts.checked_by}](../hdl/tapetum/{facts.checked_by})"])
    return _table(["bit", "mechanism", "protects", "what it finds", "found within",
                   "its injection", "in the self-test", "checked by"], rows)


def _memories() -> str:
    presets = ("tiny", "vga")
    return _table(["memory", *(f"bits, {name}" for name in presets), "a flipped bit spoils",
                   "found by"], memory_table(*map(preset, presets)))


def _embedded_row() -> str:
    return _table(["address", "bytes", "name"], [
        [f"0x{register.address:04x}", register.width_bytes, f"`{register.name}`"]
        for register in embedded_registers(preset("vga"))])


def _bottom_rows() -> str:
    return _table(["row", "address", "bytes", "name"], [
        [number, f"0x{register.address:04x}", register.width_bytes, f"`{register.name}`"]
        for number, row in enumerate(bottom_rows(preset("tiny")), start=1) for register in row])


def _board_registers() -> str:
    return _table(["offset", "bytes", "name", "access", "after a reset", "what it is"], [
        [f"0x{register.address:02x}", register.width_bytes, f"`{register.name}`",
         register.access.value, register.reset, register.sentence]
        for register in board_registers(with_board_timing("qvga"))])


def _knots(table: CompandingTable) -> str:
    rows: list[list[object]] = [[segment.start_x, segment.start_y, segment.width_log2,
                                 segment.step] for segment in table.segments]
    return _table(["x", "y", "`width_log2`", "`step`"], [*rows, [*table.knots[-1], "end", ""]])


def _physics() -> str:
    default, ideal = PixelDieParameters(), PixelDieParameters.ideal()
    return _table(["parameter", "default", "with `--ideal`"], [
        [f"`{field.name}`", _plain(getattr(default, field.name)),
         _plain(getattr(ideal, field.name))] for field in fields(PixelDieParameters)])


def _pixel() -> str:
    pixel = PixelConfig()
    return _table(["parameter", "default"], [
        [f"`{field.name}`", _plain(getattr(pixel, field.name))] for field in fields(PixelConfig)])


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if value != () else "none"


def _crossings() -> str:
    listed = tomllib.loads(_CROSSINGS.read_text(encoding="utf-8"))
    return _table(["from → to", "what", "kind", "columns in", "file"], [
        [f"`{entry['from']}` → `{entry['to']}`", entry["why"], entry["kind"],
         entry.get("form", ""), f"[{entry['file']}](../hdl/tapetum/{entry['file']})"]
        for entry in listed["crossing"]])


BLOCKS: dict[str, Callable[[], str]] = {
    "presets": _presets,
    "latencies": _latencies,
    "faults": _faults,
    "mechanisms": _mechanisms,
    "memories": _memories,
    "embedded-row": _embedded_row,
    "bottom-rows": _bottom_rows,
    "board-registers": _board_registers,
    "knots-octaves-12": lambda: _knots(OCTAVES_12),
    "knots-ox03c10": lambda: _knots(OX03C10),
    "pixel": _pixel,
    "pixel-die": _physics,
    "crossings": _crossings,
    "payloads": lambda: payload_tables(preset("vga")),
}


def renewed(page: str) -> str:
    """The text of a page with its generated tables as they should be."""
    return _BLOCK.sub(lambda block: block[1] + BLOCKS[block[2]]() + block[3], page)


def renew(folder: Path) -> list[Path]:
    """Write every page under `folder` whose tables are out of date; return those pages."""
    changed = []
    for path in sorted(folder.rglob("*.md")):
        before = path.read_text(encoding="utf-8")
        after = renewed(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed.append(path)
    return changed


if __name__ == "__main__":
    for written in renew(Path("docs")):
        print(written)
