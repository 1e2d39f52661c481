# SPDX-License-Identifier: Apache-2.0
"""A folder belongs to one run at a time, and to nobody once that has ended."""

import subprocess
import sys

import pytest

from tapetum_sim.errors import UserError
from tapetum_sim.output import reserved

HOLD = """
import sys
from pathlib import Path
from tapetum_sim.output import reserved
with reserved(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_folder_in_use_is_refused_until_its_run_has_ended(tmp_path):
    out = tmp_path / "new" / "folder"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(out)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(UserError, match="another run is writing to"), reserved(out):
            pass
        with reserved(tmp_path / "another"):
            pass
        other.kill()
    with reserved(out):
        (out / "report.json").write_text("{}")


def test_a_run_that_failed_leaves_its_folder_free(tmp_path):
    with pytest.raises(RuntimeError), reserved(tmp_path):
        raise RuntimeError
    with reserved(tmp_path):
        pass
