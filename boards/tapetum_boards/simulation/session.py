# SPDX-License-Identifier: Apache-2.0
"""A simulated board and its monitor, until somebody ends them."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

from tapetum.config import DieConfig
from tapetum_sim.errors import UserError
from tapetum_sim.output import check_folder
from tapetum_sim.simulator import BuildError, SimulationError

from .run import simulated_board
from .screenshot import Screenshot

__all__ = ["run_until_told"]

_LOOK_S = 0.5


def run_until_told(config: DieConfig, folder: Path, say: Callable[[str], None]) -> None:
    """Run a board, and keep ``screen.png`` up to date, until SIGINT or SIGTERM.

    Raises
    ------
    UserError
        If the folder cannot be used, or the simulator is not built or ends by itself.
    """
    check_folder(folder)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with simulated_board(config, folder, progress=say) as port:
            say(f"The board is at {port}, its monitor in {folder / 'screen.png'}. Ctrl-C ends it.")
            screenshot = Screenshot(folder)
            try:
                while port.is_symlink():
                    time.sleep(_LOOK_S)
                    screenshot.update()
            except KeyboardInterrupt:
                say("Ending.")
    except (BuildError, SimulationError) as error:
        log = folder / "failure.log"
        log.write_text(str(error) + "\n", encoding="utf-8")
        raise UserError(f"the simulation did not go well: {str(error).splitlines()[0]} "
                        f"(details: {log}).") from None
    except OSError as error:
        raise UserError(f"the board cannot write to {folder} ({error.strerror}); make room, or "
                        f"choose another folder with --out.") from None
    finally:
        signal.signal(signal.SIGTERM, before)
