# SPDX-License-Identifier: Apache-2.0
"""What a test bench sees of the run that it is part of. For use inside the simulator."""

import json
import os
from pathlib import Path
from typing import Any

from .runner import PROGRESS_MARK

__all__ = ["PARAMETERS_FILE", "RESULTS_FILE", "parameters", "publish", "report_progress",
           "run_directory"]

PARAMETERS_FILE = "parameters.json"
RESULTS_FILE = "results.json"


def run_directory() -> Path:
    """Folder of the present run: recordings and large results belong there."""
    return Path(os.environ["TAPETUM_RUN_DIRECTORY"])


def parameters() -> Any:
    """The object that was given to ``run(parameters=...)``."""
    return json.loads((run_directory() / PARAMETERS_FILE).read_text())


def publish(**results: Any) -> None:
    """Hand JSON-able values to the caller of ``run``; a name given again replaces its value."""
    path = run_directory() / RESULTS_FILE
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(known | results))


def report_progress(done: float, total: float, text: str = "") -> None:
    """Tell the caller of ``run`` how far the test bench is."""
    print(PROGRESS_MARK + json.dumps({"done": done, "total": total, "text": text}), flush=True)
