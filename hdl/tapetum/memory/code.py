# SPDX-License-Identifier: Apache-2.0
"""Codes over the word of a memory: check bits, and what they say of a word that was read."""

from itertools import combinations

from amaranth import *

__all__ = ["Code", "Parity", "Secded"]


class Code:
    """Check bits beside data bits, each the exclusive or of some of them.

    Linear: a word of zeros has check bits of zeros, so a cleared memory holds words that are right.

    Parameters
    ----------
    data_bits : int

    Members
    -------
    columns : tuple of int
        For each data bit the check bits that it takes part in.
    check_bits, word_bits : int

    Raises
    ------
    ValueError
        If there are no data bits.
    """

    def __init__(self, data_bits: int):
        if data_bits < 1:
            raise ValueError(f"a code covers at least one bit, not {data_bits}.")
        self.data_bits = data_bits
        self.columns = self._columns()

    def _columns(self) -> tuple[int, ...]:
        raise NotImplementedError

    @property
    def check_bits(self) -> int:
        return max(self.columns).bit_length()

    @property
    def word_bits(self) -> int:
        return self.data_bits + self.check_bits

    def encode(self, value: Value) -> Value:
        """Check bits of `value`."""
        return Cat(Cat(value[place] for place, column in enumerate(self.columns)
                       if column >> row & 1).xor() for row in range(self.check_bits))

    def encoded(self, word: int) -> int:
        """`word`, check bits above it, for the initial content of a memory."""
        word &= (1 << self.data_bits) - 1
        for place, column in enumerate(self.columns):
            if word >> place & 1:
                word ^= column << self.data_bits
        return word

    def syndrome(self, word: Value) -> Value:
        """Zero for a word, check bits above data, that is right."""
        return self.encode(word[:self.data_bits]) ^ word[self.data_bits:self.word_bits]


class Parity(Code):
    """One check bit: tells an odd number of wrong bits, corrects none."""

    def _columns(self) -> tuple[int, ...]:
        return (1,) * self.data_bits


class Secded(Code):
    """Corrects one wrong bit of a word and tells two.

    M. Y. Hsiao, "A class of optimal minimum odd-weight-column SEC-DED codes", IBM J. Res. Dev. 14
    (1970): columns are different and have an odd weight, so one wrong bit makes an odd syndrome and
    two make an even one; they are as light as they can be, and check bits cover about equally many
    data bits, for shallow logic. Of the lightest columns left, the next data bit takes one whose
    check bits cover the fewest so far, the smallest number of several.
    """

    def _columns(self) -> tuple[int, ...]:
        rows = 3
        while 1 << (rows - 1) < self.data_bits + rows:
            rows += 1
        chosen: list[int] = []
        covered = [0] * rows
        for weight in range(3, rows + 1, 2):
            left = {sum(1 << row for row in places): places
                    for places in combinations(range(rows), weight)}
            while left and len(chosen) < self.data_bits:
                column = min(left, key=lambda each: (sum(covered[row] for row in left[each]),
                                                     each))
                for row in left.pop(column):
                    covered[row] += 1
                chosen.append(column)
        return tuple(chosen)

    def correct(self, word: Value, syndrome: Value) -> Value:
        """Data of `word`, the bit that `syndrome` points at put right."""
        wrong = Cat(syndrome == column for column in self.columns)
        return word[:self.data_bits] ^ wrong
