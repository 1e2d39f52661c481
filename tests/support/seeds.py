# SPDX-License-Identifier: Apache-2.0
"""Where random tests take their seed from, and how to repeat one."""

import os
import random
import shlex

__all__ = ["SEED_VARIABLE", "read_seed", "replay_command"]

SEED_VARIABLE = "TAPETUM_TEST_SEED"
_DEFAULT_SEED = 1


def read_seed() -> int:
    """Return the seed of this test run.

    The default is fixed: two runs of ``make test`` do the same. ``TAPETUM_TEST_SEED=random``
    draws a new one, and leaves it in the environment for the workers of a parallel run.
    """
    text = os.environ.get(SEED_VARIABLE, str(_DEFAULT_SEED))
    if text == "random":
        text = os.environ[SEED_VARIABLE] = str(random.SystemRandom().randrange(1 << 31))
    try:
        return int(text, 0)
    except ValueError:
        raise ValueError(
            f"{SEED_VARIABLE} must be a whole number or 'random', not {text!r}") from None


def replay_command(node_id: str, seed: int) -> str:
    """Return the shell line that runs the one test `node_id` again with `seed`."""
    return f"{SEED_VARIABLE}={seed} .venv/bin/python -m pytest {shlex.quote(node_id)}"
