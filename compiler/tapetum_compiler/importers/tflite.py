# SPDX-License-Identifier: Apache-2.0
"""TensorFlow Lite models of full integer quantisation (int8)."""

from typing import NoReturn

from tapetum_compiler.errors import CompileError, require
from tapetum_compiler.network import Network, Tensor

from .tflite_file import StoredOperation, read_model
from .tflite_operations import OPERATIONS
from .tflite_parts import INTEGER_ONLY
from .tflite_tensors import NO_PADDING, TfliteTensors

__all__ = ["import_tflite"]


def import_tflite(content: bytes) -> Network:
    """A network of the content of a ``.tflite`` file."""
    model = TfliteTensors(read_model(content))
    model.inputs = [_input(model, index) for index in model.file.inputs]
    for operation in model.file.operations:
        imported = OPERATIONS.get(operation.kind)
        if imported is None:
            _refuse_operation(model, operation)
        require(len(operation.outputs) == 1,
                f"operation '{operation.name}' has {len(operation.outputs)} outputs where one "
                "is expected; the file is damaged, get it again")
        imported(model, operation)
    outputs = [model.view(index, "the end of the model") for index in model.file.outputs]
    for view in outputs:
        require(view.border == NO_PADDING,
                f"output '{view.tensor.name}' is padded; leave the padding to its reader")
    return Network(inputs=tuple(tensor for tensor in model.inputs if tensor is not None),
                   outputs=tuple(view.tensor for view in outputs),
                   layers=tuple(model.layers), aliases=model.aliases, notes=tuple(model.notes))


def _input(model: TfliteTensors, index: int) -> Tensor | None:
    stored = model.file.tensors[index]
    if stored.signature[:1] == (-1,):
        model.notes.append(f"input '{stored.name}' takes any number of images; the array takes "
                           "one at a time")
    if stored.type == "INT8":
        model.views[index] = model.new_view(index, f"input '{stored.name}'")
        return model.views[index].tensor
    require(any(operation.kind == "QUANTIZE" and operation.inputs == (index,)
                for operation in model.file.operations),
            f"input '{stored.name}' is {stored.type} and nothing quantises it; "
            + INTEGER_ONLY)
    return None


def _refuse_operation(model: TfliteTensors, operation: StoredOperation) -> NoReturn:
    made = ", ".join(f"'{model.file.tensors[index].name}'" for index in operation.outputs)
    raise CompileError(f"operation '{operation.name}', which makes tensor {made}, is not "
                       f"supported; use {', '.join(sorted(OPERATIONS))}")
