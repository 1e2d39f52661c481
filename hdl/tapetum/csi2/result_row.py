# SPDX-License-Identifier: Apache-2.0
"""Rows of results on their way to the link: how they arrive, how they wait, how they are told."""

from dataclasses import dataclass

from amaranth.lib import data

from .formats import DataType

__all__ = ["ResultBeat", "ResultRow", "ResultStore"]


@dataclass(frozen=True, kw_only=True)
class ResultStore:
    """Sizes of the memory in which rows of results wait for the link.

    Parameters
    ----------
    data_types : tuple of DataType
        Kinds of rows, in the order of their numbers.
    virtual_channel : int
    beat_bits : int
        Bits of a row that arrive at a time; a divisor of the word, up to 8.
    row_bytes : int
        The longest row.
    slots : int
        Rows that may wait.
    byte_lanes : int
        Bytes of a word.
    """

    data_types: tuple[DataType, ...]
    virtual_channel: int
    beat_bits: int
    row_bytes: int
    slots: int
    byte_lanes: int

    @property
    def slot_words(self) -> int:
        """Words that a row may take."""
        return -(-self.row_bytes // self.byte_lanes)

    @property
    def words(self) -> int:
        """Of the whole memory."""
        return self.slots * self.slot_words


class ResultBeat(data.StructLayout):
    """Bits of a row, the first one lowest.

    With ``line_last``: ``abandoned`` if the row is not whole and must not be sent, ``frame_last``
    if nothing more of its frame follows. ``kind`` counts in `ResultStore.data_types`.
    """

    def __init__(self, store: ResultStore):
        super().__init__({
            "bits": store.beat_bits, "line_last": 1, "frame_last": 1, "abandoned": 1,
            "kind": range(len(store.data_types)), "frame": 16,
        })


class ResultRow(data.StructLayout):
    """A row that waits in its memory, or the end of a frame without one."""

    def __init__(self, store: ResultStore):
        super().__init__({
            "frame": 16, "bytes": 11, "kind": range(len(store.data_types)),
            "has_row": 1, "frame_end": 1,
        })
