# SPDX-License-Identifier: Apache-2.0
"""The one way in which this package connects."""

import socket
from pathlib import Path

__all__ = ["connected"]


def connected(path: Path | str, timeout_s: float | None) -> socket.socket:
    """A stream socket; none is left open where nobody listens."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.settimeout(timeout_s)
        made.connect(str(path))
    except BaseException:
        made.close()
        raise
    return made
