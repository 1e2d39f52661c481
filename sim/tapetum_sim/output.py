# SPDX-License-Identifier: Apache-2.0
"""Refuse what cannot be written, before minutes are spent on what belongs there."""

from pathlib import Path
from tempfile import TemporaryFile

from .errors import UserError

__all__ = ["check_file", "check_folder"]


def check_folder(out: Path) -> None:
    """Make the folder; raise `UserError` if nothing can be written into it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise UserError(f"cannot write to {out} ({error.strerror}); choose another folder "
                        f"with --out.") from None


def check_file(out: Path) -> None:
    """Make the file's folder; raise `UserError` if the file cannot be written there."""
    if out.is_dir():
        raise UserError(f"{out} is a folder; give a file with --out.")
    check_folder(out.parent)
