# SPDX-License-Identifier: Apache-2.0
"""What went wrong through no fault of the program."""

__all__ = ["UserError"]


class UserError(Exception):
    """Something that the user can put right; the message is one sentence that names the remedy.

    The command line prints it without a traceback and exits with 2.
    """
