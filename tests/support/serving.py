# SPDX-License-Identifier: Apache-2.0
"""Virtual sensors for tests: a server in a process of its own, ended as a user ends it."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.die_runs import build_once
from tapetum.config import DieConfig
from tapetum_sim.client import VirtualSensor
from tapetum_sim.serve.session import serve

__all__ = ["PATIENCE_S", "serving"]

PATIENCE_S = 120.0
"""For what a loaded machine may take; reached only when something hangs."""


@contextmanager
def serving(config: DieConfig, out: Path, scene: str, seed: int = 1, *, exit_code: int = 0,
            **options: Any) -> Iterator[VirtualSensor]:
    """A client of a new server, which must end well, or so, when it is interrupted."""
    build_once(config)
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, kwargs=dict(config=config, out=out, scene=scene, seed=seed, **options))
    process.start()
    try:
        with VirtualSensor(out, patience_s=PATIENCE_S, timeout_s=PATIENCE_S) as sensor:
            yield sensor
        os.kill(process.pid or 0, signal.SIGINT)
        process.join(PATIENCE_S)
        assert process.exitcode == exit_code
    finally:
        process.kill()
        process.join()


def _serve(**options: Any) -> None:
    serve(**options)
