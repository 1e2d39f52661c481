# SPDX-License-Identifier: Apache-2.0
"""Refuse what cannot be written, before minutes are spent on what belongs there."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from .errors import UserError

__all__ = ["check_file", "check_folder", "reserved"]

_LOCK = ".in_use"


def check_folder(out: Path) -> None:
    """Make the folder; raise `UserError` if nothing can be written into it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise UserError(f"cannot write to {out} ({error.strerror}); choose another folder "
                        f"with --out.") from None


@contextmanager
def reserved(out: Path) -> Iterator[None]:
    """The folder, made if need be, for this run alone; `UserError` while another one has it.

    The lock goes with the process that holds it, however that ends.
    """
    check_folder(out)
    with (out / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(f"another run is writing to {out}; let it end, or choose another "
                            f"folder with --out.") from None
        yield


def check_file(out: Path) -> None:
    """Make the file's folder; raise `UserError` if the file cannot be written there."""
    if out.is_dir():
        raise UserError(f"{out} is a folder; give a file with --out.")
    check_folder(out.parent)
