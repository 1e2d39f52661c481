# SPDX-License-Identifier: Apache-2.0
"""What a TensorFlow Lite file says, as plain data and before anything is made of it."""

import struct
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import tflite
from numpy.typing import NDArray

from tapetum_compiler.errors import CompileError, require

__all__ = ["StoredModel", "StoredOperation", "StoredTensor", "read_model"]

_IDENTIFIER = b"TFL3"
_TYPES = {value: name for name, value in vars(tflite.TensorType).items() if name.isupper()}
_NUMPY_TYPES = {"INT8": "<i1", "INT32": "<i4", "INT64": "<i8"}
_UNREADABLE = (struct.error, AttributeError, IndexError, KeyError, OverflowError, TypeError,
               ValueError)
"""What comes of offsets that lead nowhere, or are missing: the flatbuffers package checks none."""

_OPTIONS = {
    tflite.BuiltinOptions.AddOptions:
        (tflite.AddOptions, ["FusedActivationFunction"]),
    tflite.BuiltinOptions.ConcatenationOptions:
        (tflite.ConcatenationOptions, ["Axis", "FusedActivationFunction"]),
    tflite.BuiltinOptions.Conv2DOptions:
        (tflite.Conv2DOptions, ["Padding", "StrideH", "StrideW", "DilationHFactor",
                                "DilationWFactor", "FusedActivationFunction"]),
    tflite.BuiltinOptions.DepthwiseConv2DOptions:
        (tflite.DepthwiseConv2DOptions, ["Padding", "StrideH", "StrideW", "DilationHFactor",
                                         "DilationWFactor", "FusedActivationFunction"]),
    tflite.BuiltinOptions.FullyConnectedOptions:
        (tflite.FullyConnectedOptions, ["WeightsFormat", "FusedActivationFunction"]),
    tflite.BuiltinOptions.Pool2DOptions:
        (tflite.Pool2DOptions, ["Padding", "StrideH", "StrideW", "FilterHeight", "FilterWidth",
                                "FusedActivationFunction"]),
    tflite.BuiltinOptions.SoftmaxOptions: (tflite.SoftmaxOptions, ["Beta"]),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class StoredTensor:
    """Members

    name : str
        Unique: a number is added where the file repeats or omits it.
    shape, signature : tuple of int
        In the signature, -1 stands for what may change from run to run.
    type : str
        As TensorFlow Lite names it: ``INT8``.
    scales : float64 array
        32-bit numbers; empty where the tensor is not quantised.
    quantised_dimension : int
        Of several scales.
    data : bytes
        Empty where it is no constant.
    """

    name: str
    shape: tuple[int, ...]
    signature: tuple[int, ...]
    type: str
    scales: NDArray[np.float64]
    zero_points: NDArray[np.int64]
    quantised_dimension: int
    data: bytes

    @cached_property
    def values(self) -> NDArray[np.int64]:
        """Of a constant of whole numbers."""
        require(self.type in _NUMPY_TYPES and bool(self.data),
                f"tensor '{self.name}' is no constant of whole numbers but {self.type}; convert "
                "the model with full integer quantisation")
        numbers = np.frombuffer(self.data, _NUMPY_TYPES[self.type], count=len(self.data)
                                // np.dtype(_NUMPY_TYPES[self.type]).itemsize)
        require(numbers.size == np.prod(self.shape, dtype=object),
                f"tensor '{self.name}' holds {numbers.size} numbers where its shape {self.shape} "
                "needs another count; the file is damaged, get it again")
        return numbers.astype(np.int64).reshape(self.shape)


@dataclass(frozen=True, kw_only=True)
class StoredOperation:
    """`name` is of the kind ``CONV_2D 3``: which operation, and its place in the file."""

    kind: str
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[str, int | float]


@dataclass(frozen=True, kw_only=True)
class StoredModel:
    """Tensors are referred to by their place; -1 stands for one that is left out."""

    tensors: tuple[StoredTensor, ...]
    operations: tuple[StoredOperation, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_model(content: bytes) -> StoredModel:
    """Read the one graph of a file."""
    require(content[4:8] == _IDENTIFIER,
            "the file has no TensorFlow Lite identifier (TFL3); convert the model with "
            "tf.lite.TFLiteConverter")
    try:
        model = tflite.Model.GetRootAs(content)
        graphs = model.SubgraphsLength()
        stored = _read_graph(model) if graphs == 1 else None
    except _UNREADABLE:
        raise CompileError("the file is truncated or damaged: what it refers to lies outside of "
                           "it; get it again") from None
    if stored is None:
        raise CompileError(f"the file has {graphs} graphs where one is expected; convert one "
                           "signature without control flow")
    for operation in stored.operations:
        used = (*operation.inputs, *operation.outputs)
        require(all(-1 <= index < len(stored.tensors) for index in used)
                and all(index >= 0 for index in operation.outputs),
                f"operation '{operation.name}' refers to a tensor that does not exist; the file "
                "is damaged, get it again")
    require(all(0 <= index < len(stored.tensors) for index in (*stored.inputs, *stored.outputs)),
            "an input or output refers to a tensor that does not exist; the file is damaged, "
            "get it again")
    return stored


def _read_graph(model: Any) -> StoredModel:
    graph = model.Subgraphs(0)
    tensors: list[StoredTensor] = []
    names: set[str] = set()
    for index in range(graph.TensorsLength()):
        tensor = _read_tensor(model, graph.Tensors(index), index, names)
        names.add(tensor.name)
        tensors.append(tensor)
    return StoredModel(
        tensors=tuple(tensors),
        operations=tuple(_read_operation(model, graph.Operators(index), index)
                         for index in range(graph.OperatorsLength())),
        inputs=tuple(graph.Inputs(index) for index in range(graph.InputsLength())),
        outputs=tuple(graph.Outputs(index) for index in range(graph.OutputsLength())))


def _read_tensor(model: Any, tensor: Any, index: int, taken: set[str]) -> StoredTensor:
    name = (tensor.Name() or b"").decode()
    quantisation = tensor.Quantization()
    scales, zero_points = np.zeros(0), np.zeros(0, np.int64)
    if quantisation is not None and quantisation.ScaleLength():
        scales = quantisation.ScaleAsNumpy().astype(np.float64)
        zero_points = (quantisation.ZeroPointAsNumpy().astype(np.int64)
                       if quantisation.ZeroPointLength() else np.zeros(scales.size, np.int64))
    buffer = model.Buffers(tensor.Buffer())
    shape = tuple(tensor.Shape(axis) for axis in range(tensor.ShapeLength()))
    signature = tuple(tensor.ShapeSignature(axis)
                      for axis in range(tensor.ShapeSignatureLength()))
    return StoredTensor(
        name=name if name and name not in taken else f"{name}#{index}", shape=shape,
        signature=signature or shape, type=_TYPES[tensor.Type()], scales=scales,
        zero_points=zero_points,
        quantised_dimension=quantisation.QuantizedDimension() if quantisation else 0,
        data=buffer.DataAsNumpy().tobytes() if buffer.DataLength() else b"")


def _read_operation(model: Any, operation: Any, index: int) -> StoredOperation:
    code = model.OperatorCodes(operation.OpcodeIndex())
    # files before version 3a have the code in the smaller of two fields
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    kind = tflite.BUILTIN_OPCODE2NAME.get(number, f"OPERATION_{number}")
    if number == tflite.BuiltinOperator.CUSTOM:
        kind = (code.CustomCode() or b"CUSTOM").decode()
    options: dict[str, int | float] = {}
    if operation.BuiltinOptionsType() in _OPTIONS:
        read, fields = _OPTIONS[operation.BuiltinOptionsType()]
        table = operation.BuiltinOptions()
        values = read()
        values.Init(table.Bytes, table.Pos)
        options = {field: getattr(values, field)() for field in fields}
    return StoredOperation(
        kind=kind, name=f"{kind} {index}",
        inputs=tuple(operation.Inputs(place) for place in range(operation.InputsLength())),
        outputs=tuple(operation.Outputs(place) for place in range(operation.OutputsLength())),
        options=options)
