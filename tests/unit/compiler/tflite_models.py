# SPDX-License-Identifier: Apache-2.0
"""Writes small TensorFlow Lite files, and runs any of them in the reference interpreter."""

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest

__all__ = ["DATA", "ModelWriter", "Reference", "data_file", "needs_litert"]

DATA = Path(os.environ.get("TAPETUM_DATA", Path(__file__).parents[4] / "shared" / "data"))

needs_litert = pytest.mark.skipif(
    importlib.util.find_spec("ai_edge_litert") is None,
    reason="ai-edge-litert, the reference interpreter, is not installed")


def data_file(name: str) -> Path:
    """A file of the reference material, or a skipped test."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is missing; TAPETUM_DATA names the folder of reference material")
    return path


class ModelWriter:
    """Collects tensors and operations; `content` is the file."""

    def __init__(self):
        from ai_edge_litert import schema_py_generated as schema
        self.schema = schema
        self.buffers = [schema.BufferT()]
        self.tensors = []
        self.codes = []
        self.operations = []

    def tensor(self, name, shape, *, scale=(), zero_point=(0,), axis=0, kind="INT8", values=None,
               signature=None):
        schema = self.schema
        tensor = schema.TensorT()
        tensor.name, tensor.shape = name, list(shape)
        tensor.shapeSignature = None if signature is None else list(signature)
        tensor.type = getattr(schema.TensorType, kind)
        scales = np.atleast_1d(np.asarray(scale, np.float32))
        if scales.size:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = scales.tolist()
            tensor.quantization.zeroPoint = np.resize(zero_point, scales.size).tolist()
            tensor.quantization.quantizedDimension = axis
        if values is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(
                np.ascontiguousarray(values, {"INT8": "i1", "INT32": "<i4"}[kind]).tobytes(),
                np.uint8)
            tensor.buffer = len(self.buffers)
            self.buffers.append(buffer)
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def operation(self, kind, inputs, outputs, options=None, **values):
        schema = self.schema
        code, operation = schema.OperatorCodeT(), schema.OperatorT()
        code.builtinCode = getattr(schema.BuiltinOperator, kind)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = {"CONV_2D": 3, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 4,
                        "RESHAPE": 1}.get(kind, 2)
        operation.opcodeIndex = len(self.codes)
        operation.inputs, operation.outputs = list(inputs), list(outputs)
        if options is not None:
            operation.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            operation.builtinOptions = getattr(schema, options + "T")()
            for name, value in values.items():
                assert hasattr(operation.builtinOptions, name)
                setattr(operation.builtinOptions, name, value)
        self.codes.append(code)
        self.operations.append(operation)

    def content(self, inputs, outputs):
        import flatbuffers
        schema = self.schema
        graph, model = schema.SubGraphT(), schema.ModelT()
        graph.tensors, graph.operators = self.tensors, self.operations
        graph.inputs, graph.outputs = list(inputs), list(outputs)
        model.version, model.subgraphs = 3, [graph]
        model.operatorCodes, model.buffers = self.codes, self.buffers
        builder = flatbuffers.Builder()
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


class Reference:
    """The reference kernels of LiteRT, one image at a time, with every tensor."""

    def __init__(self, content: bytes):
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
        self._interpreter = Interpreter(
            model_content=content, experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=True)
        self._interpreter.allocate_tensors()
        self._places = {detail["name"]: detail["index"]
                        for detail in self._interpreter.get_tensor_details()}

    def tensors(self, *images, names):
        """Tensors of those names for one image per input."""
        for detail, image in zip(self._interpreter.get_input_details(), images, strict=True):
            self._interpreter.set_tensor(detail["index"], image[None])
        self._interpreter.invoke()
        return {name: self._interpreter.get_tensor(self._places[name])[0] for name in names}
