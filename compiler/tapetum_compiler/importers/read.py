# SPDX-License-Identifier: Apache-2.0
"""One way in for every kind of model file."""

from pathlib import Path

from tapetum_compiler.errors import CompileError
from tapetum_compiler.network import Network

__all__ = ["read_network"]


def read_network(path: Path | str) -> Network:
    """Read a ``.tflite`` or quantised ``.onnx`` file.

    Raises `CompileError` for whatever the array cannot do exactly.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CompileError(f"the model '{path}' cannot be read: {error.strerror}; name a file "
                           "that exists") from None
    try:
        # the packages that know a format are slow to import
        if path.suffix == ".tflite":
            from .tflite import import_tflite
            return import_tflite(content)
        if path.suffix == ".onnx":
            from .onnx_qdq import import_onnx
            return import_onnx(content)
    except CompileError as error:
        raise CompileError(f"{path.name}: {error}") from None
    raise CompileError(f"the model '{path.name}' is neither .tflite nor .onnx; convert it to one "
                       "of these")
