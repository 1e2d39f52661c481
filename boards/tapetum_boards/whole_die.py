# SPDX-License-Identifier: Apache-2.0
"""What the whole die on a board is built for, and what its host speaks with, unless told."""

__all__ = ["BITSTREAM_CELLS", "BITSTREAM_PRESET", "BOARD_ARRAY_WORDS", "BOARD_CELLS",
           "BOARD_CLOCKS_HZ", "BOARD_RESET_COUNTS", "SIMULATED_PRESET"]

BITSTREAM_PRESET = "tiny"
"""Unless asked for: ``qvga`` has ways in some revisions and comes to no end in others."""

SIMULATED_PRESET = "tiny"
"""Of a board in simulation, unless asked for: a frame is there within seconds."""

BOARD_CLOCKS_HZ = {"tiny": (30e6, 75e6), "qvga": (45e6, 105e6)}
"""Of ``sync`` and ``adc``: among all rooms of the die ways are longer than within one alone."""

BOARD_RESET_COUNTS = 64
"""Of a reset ramp at most: columns on an FPGA have no offsets, only noise around the middle of
it."""

BOARD_CELLS = 2
"""Of the array of a simulated board: they judge every frame in a quarter of its time."""

BOARD_ARRAY_WORDS = {"parameter_words": 512, "activation_words": 512, "add_tables": 2}
"""Of the array's memories, which hold the packaged network: larger ones take block RAMs from
all others, whose sites then lie further from their logic."""

BITSTREAM_CELLS = 0
"""Of the array in a bitstream, unless asked for: beside one and four captures, nextpnr's router
comes to no end."""
