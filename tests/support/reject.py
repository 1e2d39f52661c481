# SPDX-License-Identifier: Apache-2.0
"""Constructors must refuse nonsense, and say why."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

__all__ = ["expect_rejected"]


@contextmanager
def expect_rejected(*culprits: str,
                    exception: type[Exception] = ValueError) -> Iterator[pytest.ExceptionInfo]:
    """Expect the body to raise `exception` with a sentence that contains every one of `culprits`.

    A message of fewer than four words is a label, no reason: it fails the test.
    """
    with pytest.raises(exception) as caught:
        yield caught
    message = str(caught.value)
    missing = [culprit for culprit in culprits if culprit not in message]
    assert not missing, f"the message names none of {missing}: {message!r}"
    assert len(message.split()) >= 4, f"the message gives no reason: {message!r}"
