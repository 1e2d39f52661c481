# SPDX-License-Identifier: Apache-2.0
"""A network that cannot be compiled."""

__all__ = ["CompileError", "require"]


class CompileError(ValueError):
    """The message is one sentence that names the operation or tensor, and the remedy."""


def require(condition: bool, reason: str) -> None:
    """Refuse a network with a sentence."""
    if not condition:
        raise CompileError(reason)
