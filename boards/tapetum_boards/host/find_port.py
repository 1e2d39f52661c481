# SPDX-License-Identifier: Apache-2.0
"""Which serial port is the board's."""

from serial.tools import list_ports

from tapetum_sim.errors import UserError

__all__ = ["find_port"]

_FTDI, _FT231X, _FT2232H = 0x0403, 0x6015, 0x6010
_SECOND_INTERFACE = ".1"
"""Of the bridge with two of them, whose first one programs the board."""


def find_port(wanted: str | None) -> str:
    """The port that was named, or the one behind the bridge of a ULX3S, an Icepi Zero or an
    iCEBreaker.

    Raises
    ------
    UserError
        If there is none, or more than one.
    """
    if wanted is not None:
        return wanted
    found = [port.device for port in list_ports.comports() if port.vid == _FTDI and (
        port.pid == _FT231X
        or (port.pid == _FT2232H and str(port.location).endswith(_SECOND_INTERFACE)))]
    if not found:
        raise UserError("no board was found on USB; plug one in, name its port with --port, or "
                        "start one with `tapetum board simulate`.")
    if len(found) > 1:
        raise UserError(f"there are several boards ({', '.join(found)}); choose one with --port.")
    return found[0]
