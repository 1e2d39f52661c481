# SPDX-License-Identifier: Apache-2.0
"""Whether a program fits the memories of an array."""

from tapetum.npu.npu_config import NpuConfig
from tapetum.npu.program import Program
from tapetum.npu.program_image import IMAGE_WORD_BYTES, program_image
from tapetum_compiler.errors import CompileError, require

from .banks import BANKS

__all__ = ["check_capacity", "needed_words"]

_WHAT = {
    "weight_words": "words of weights in each cell",
    "parameter_words": "words of parameters in each cell",
    "activation_words": "words in each bank of activations",
    "layers": "layers",
    "schedule_entries": "entries of the schedule",
    "add_tables": "sums of two maps",
    "program_words": "words of nine bytes in a bank of programs",
}


def needed_words(program: Program) -> dict[str, int]:
    """What the program needs of the array that runs it, by parameter of `NpuConfig`."""
    columns = NpuConfig(cells=program.cells, pixels=program.pixels).bank_columns
    return {
        "weight_words": program.weights.shape[1], "parameter_words": program.bias.shape[1],
        "activation_words": columns * max(
            tensor.base + -(-tensor.ring_rows // BANKS) * tensor.row_words
            for tensor in program.tensors),
        "layers": len(program.layers), "schedule_entries": len(program.schedule),
        "add_tables": len(program.tables),
    }


def check_capacity(program: Program, config: NpuConfig) -> None:
    """Raises `CompileError` that names all that is too large, and by how much.

    The image that a host sends must fit as well.
    """
    require((program.cells, program.pixels) == (config.cells, config.pixels),
            f"the program is for {program.cells} cells of {program.pixels} pixels, the array has "
            f"{config.cells} of {config.pixels}; compile for these")
    try:
        image_words = len(program_image(program)) // IMAGE_WORD_BYTES
    except ValueError as error:
        raise CompileError(str(error)) from None
    needed = needed_words(program) | {"program_words": image_words}
    missing = [f"{count:,} {_WHAT[name]}, {count - getattr(config, name):,} more than there are"
               for name, count in needed.items() if count > getattr(config, name)]
    require(not missing, f"the network needs {'; '.join(missing)}; use a smaller network or a "
                         "larger array")
