# SPDX-License-Identifier: Apache-2.0
"""Writes the program: records, memories and the order of rows."""

import numpy as np

from tapetum.npu.program import LayerRecord, Program, TensorRecord
from tapetum_compiler.errors import CompileError, require
from tapetum_compiler.network import Tensor

from .array_layer import TABLE_WORDS, ArrayLayer
from .rings import Plan
from .streams import Streams

__all__ = ["emit"]

_MOST_LAYERS, _MOST_MAPS, _MOST_TABLES = 64, 64, 8


def emit(plan: Plan, source: Tensor, model_id: int, classes: int) -> Program:
    """The program of layers for which everything is decided; `source` is the input."""
    layers, streams = plan.lowered.layers, plan.streams
    require(len(layers) <= _MOST_LAYERS and len(streams.maps) <= _MOST_MAPS,
            f"the network takes {len(layers)} layers and {len(streams.maps)} maps; the array has "
            f"{_MOST_LAYERS} of each, split the model")
    tables = [layer.residual.table for layer in layers if layer.residual]
    require(len(tables) <= _MOST_TABLES,
            f"the network adds {len(tables)} pairs of maps; the array has {_MOST_TABLES} tables, "
            "split the model")
    weight_base = np.cumsum([0, *(layer.weights.shape[1] for layer in layers)]).tolist()
    parameter_base = np.cumsum([0, *(layer.parameters.bias.shape[1] for layer in layers)]).tolist()
    records, table = [], 0
    for number, layer in enumerate(layers):
        record = _layer_record(layer, number, streams, weight_base[number],
                               parameter_base[number], table)
        table += layer.residual is not None
        try:
            record.words(layer.pixels)
        except ValueError as error:
            raise CompileError(f"operation '{layer.name}' does not fit the array: {error} "
                               "Make it smaller.") from None
        records.append(record)
    tensors = [TensorRecord(base=place.base, first_bank=place.first_bank, ring_rows=ring,
                            row_words=of.row_words, height=of.height, pixel_words=of.pixel_words)
               for place, ring, of in zip(plan.places, plan.rows, streams.maps, strict=True)]
    for tensor, of in zip(tensors, streams.maps, strict=True):
        try:
            tensor.word()
        except ValueError as error:
            raise CompileError(f"tensor '{of.name}' does not fit the array: {error} "
                               "Make it smaller.") from None

    def parameters(name: str) -> np.ndarray:
        return np.concatenate([getattr(layer.parameters, name) for layer in layers], axis=1)

    return Program(
        cells=layers[0].cells, pixels=layers[0].pixels,
        weights=np.concatenate([layer.weights for layer in layers], axis=1),
        bias=parameters("bias"), multiplier=parameters("multiplier"), shift=parameters("shift"),
        single_rounding=parameters("single"), layers=tuple(records), tensors=tuple(tensors),
        schedule=np.array(plan.schedule.order, np.uint8),
        tables=np.array(tables, np.int32).reshape(-1, TABLE_WORDS),
        input_shape=source.shape, input_scale=source.scale, input_zero_point=source.zero_point,
        output_tensor=streams.output, classes=classes, model_id=model_id)


def _layer_record(layer: ArrayLayer, number: int, streams: Streams, weight_base: int,
                  parameter_base: int, table: int) -> LayerRecord:
    target = streams.maps.index(layer.target)
    residual = layer.residual
    added = {} if residual is None else {
        "residual_tensor": streams.maps.index(residual.source), "add_table": table,
        "add_parameter": parameter_base + layer.groups, "add_zero_point": residual.zero_point,
        "add_min": residual.act_min, "add_max": residual.act_max}
    return LayerRecord(
        mode=layer.mode, grouped=layer.grouped, maximum=layer.maximum,
        has_residual=residual is not None,
        completes_row=number == streams.writers[target][-1],
        kernel_height=layer.window[0], kernel_width=layer.window[1], stride_y=layer.stride[0],
        stride_x=layer.stride[1], pad_top=layer.pad_top, pad_left=layer.pad_left,
        in_tensor=streams.maps.index(layer.source), in_height=layer.source.height,
        in_width=layer.source.width, vectors=layer.vectors,
        in_pixel_words=layer.source.pixel_words, out_tensor=target,
        out_height=layer.rows, out_width=layer.row_pixels, groups=layer.groups,
        weight_base=weight_base, parameter_base=parameter_base,
        zero_point_in=layer.zero_point_in, zero_point_out=layer.zero_point_out,
        act_min=layer.act_min, act_max=layer.act_max, out_word_offset=layer.out_word_offset,
        out_pixel_words=layer.target.pixel_words, **added)
