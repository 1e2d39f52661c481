# SPDX-License-Identifier: Apache-2.0
"""A program in one file.

All numbers are little-endian::

    8 bytes   "TAPETUM" and a zero
    u16 u16   version of the format, number of sections
    u32       CRC-32 of the directory
    directory per section: 4 letters, u32 bytes, u32 CRC-32
    sections  in the order of the directory, without gaps

    META  JSON: sizes, input, output, classes, and the names of the records' fields
    LAYR  i32 per layer and field       TENS  i32 per tensor and field
    SCHD  u8 per row                    TABL  i32 per table and entry
    WGHT  i8 per cell, word and lane    PARM  i32: bias, multiplier, shift, rounding; cell, word
"""

import json
import struct
import zlib
from dataclasses import fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tapetum.npu.program import LANES, LayerRecord, Mode, Program, TensorRecord
from tapetum_compiler.errors import CompileError, require

from .array_layer import CELLS, TABLE_WORDS

__all__ = ["FORMAT_VERSION", "load_program", "program_bytes", "program_of", "save_program"]

FORMAT_VERSION = 1
_MAGIC = b"TAPETUM\0"
_HEADER = struct.Struct("<8sHHI")
_ENTRY = struct.Struct("<4sII")
_PARAMETERS = ("bias", "multiplier", "shift", "single_rounding")
_TYPES = {b"LAYR": "<i4", b"TENS": "<i4", b"SCHD": "u1", b"TABL": "<i4", b"WGHT": "i1",
          b"PARM": "<i4"}


def save_program(program: Program, path: Path) -> None:
    """Write the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(program_bytes(program))


def load_program(path: Path) -> Program:
    """Read a file; raises `CompileError` with one sentence if it is not whole."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CompileError(f"the program '{path}' cannot be read: {error.strerror}; name a file "
                           "that exists") from None
    try:
        return program_of(content)
    except CompileError as error:
        raise CompileError(f"{path.name}: {error}") from None


def program_bytes(program: Program) -> bytes:
    """The content of the file."""
    meta = {
        "cells": program.cells, "pixels": program.pixels,
        "words": [program.weights.shape[1], program.bias.shape[1]],
        "input_shape": program.input_shape, "input_scale": program.input_scale,
        "input_zero_point": program.input_zero_point, "output_tensor": program.output_tensor,
        "classes": program.classes, "class_names": program.class_names,
        "model_id": program.model_id, "signature": program.signature,
        "layer_fields": _names(LayerRecord), "tensor_fields": _names(TensorRecord)}
    arrays = {
        b"LAYR": _table(program.layers), b"TENS": _table(program.tensors),
        b"SCHD": program.schedule, b"TABL": program.tables, b"WGHT": program.weights,
        b"PARM": np.stack([getattr(program, name) for name in _PARAMETERS])}
    sections = {b"META": json.dumps(meta).encode()}
    sections |= {tag: values.astype(_TYPES[tag]).tobytes() for tag, values in arrays.items()}
    directory = b"".join(_ENTRY.pack(tag, len(content), zlib.crc32(content))
                         for tag, content in sections.items())
    header = _HEADER.pack(_MAGIC, FORMAT_VERSION, len(sections), zlib.crc32(directory))
    return header + directory + b"".join(sections.values())


def program_of(content: bytes) -> Program:
    """The program in the content of a file."""
    sections = _sections(content)
    try:
        return _assembled(sections)
    except CompileError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise CompileError(f"the program contradicts itself ({error}); compile it again") from None


def _sections(content: bytes) -> dict[bytes, bytes]:
    require(len(content) >= _HEADER.size and content.startswith(_MAGIC),
            "this is no program of the array; give a file that `tapetum compile` wrote")
    _, version, count, crc = _HEADER.unpack_from(content)
    require(version == FORMAT_VERSION,
            f"the program has version {version} of the format, this reads {FORMAT_VERSION}; "
            "compile it again")
    start = _HEADER.size + count * _ENTRY.size
    directory = content[_HEADER.size:start]
    require(len(directory) == count * _ENTRY.size and zlib.crc32(directory) == crc,
            "the program's directory is damaged; get the file again")
    sections = {}
    for tag, length, expected in _ENTRY.iter_unpack(directory):
        part = content[start:start + length]
        require(len(part) == length and zlib.crc32(part) == expected,
                f"section {tag.decode('ascii', 'replace')} of the program is damaged or cut off; "
                "get the file again")
        sections[tag] = part
        start += length
    require(start == len(content),
            f"the program is followed by {len(content) - start} bytes that do not belong to it; "
            "get the file again")
    return sections


def _assembled(sections: dict[bytes, bytes]) -> Program:
    meta = json.loads(sections[b"META"])
    require(meta["layer_fields"] == _names(LayerRecord)
            and meta["tensor_fields"] == _names(TensorRecord) and meta["cells"] in CELLS,
            "the program was made for another array; compile it again")
    cells, pixels = meta["cells"], meta["pixels"]
    weight_words, parameter_words = meta["words"]

    def array(tag: bytes, *shape: int) -> NDArray:
        return np.frombuffer(sections[tag], _TYPES[tag]).reshape(shape)

    parameters = array(b"PARM", len(_PARAMETERS), cells, parameter_words).astype(np.int64)
    layers = tuple(LayerRecord(**{**record, "mode": Mode(record["mode"])})
                   for record in _records(array(b"LAYR", -1, len(_names(LayerRecord))),
                                          LayerRecord))
    tensors = tuple(TensorRecord(**record) for record in _records(
        array(b"TENS", -1, len(_names(TensorRecord))), TensorRecord))
    for record in layers:
        record.words(pixels)
    for record in tensors:
        record.word()
    return Program(
        cells=cells, pixels=pixels,
        weights=array(b"WGHT", cells, weight_words, LANES).astype(np.int8),
        **dict(zip(_PARAMETERS, parameters, strict=True)), layers=layers, tensors=tensors,
        schedule=array(b"SCHD", -1).astype(np.uint8),
        tables=array(b"TABL", -1, TABLE_WORDS).astype(np.int32),
        input_shape=tuple(meta["input_shape"]), input_scale=float(meta["input_scale"]),
        input_zero_point=meta["input_zero_point"], output_tensor=meta["output_tensor"],
        classes=meta.get("classes", 0), class_names=tuple(meta["class_names"]),
        model_id=meta["model_id"], signature=meta.get("signature"))


def _names(record: type) -> list[str]:
    return [member.name for member in fields(record)]


def _table(records: tuple) -> NDArray[np.int64]:
    return np.array([[value.value if isinstance(value, Mode) else int(value) for value in
                      (getattr(record, name) for name in _names(type(record)))]
                     for record in records], np.int64)


def _records(table: NDArray, record: type) -> list[dict[str, int]]:
    return [dict(zip(_names(record), row, strict=True)) for row in table.tolist()]
