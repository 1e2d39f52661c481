# SPDX-License-Identifier: Apache-2.0
"""Questions and answers over a serial port that may lose or spoil some."""

import time
import zlib
from collections.abc import Callable

import serial

from tapetum_sim.errors import UserError

from ..link.packet_format import CODE_BYTES, MAXIMUM_BYTES, Command, Status
from ..link.slip import END, ESCAPE, ESCAPED_END, ESCAPED_ESCAPE

__all__ = ["BITS_PER_SECOND", "SerialLink", "decode_packets", "encode_packet"]

BITS_PER_SECOND = 3_000_000
"""As much as the bridge of the ULX3S can do."""
_TRIES = 4
_LONGEST_ANSWERS = 10
"""So many times the wait for an answer, and no line that talks of something else is heard on."""


def encode_packet(content: bytes) -> bytes:
    """``content`` with its code, between two end marks."""
    content += zlib.crc32(content).to_bytes(CODE_BYTES, "little")
    body = content.replace(bytes([ESCAPE]), bytes([ESCAPE, ESCAPED_ESCAPE]))
    body = body.replace(bytes([END]), bytes([ESCAPE, ESCAPED_END]))
    return bytes([END]) + body + bytes([END])


def decode_packets(received: bytes) -> tuple[list[bytes], bytes]:
    """Packets whose code is right, and what is left of one that has not ended."""
    *bodies, rest = received.split(bytes([END]))
    packets = []
    for body in bodies:
        content = body.replace(bytes([ESCAPE, ESCAPED_END]), bytes([END]))
        content = content.replace(bytes([ESCAPE, ESCAPED_ESCAPE]), bytes([ESCAPE]))
        code = content[-CODE_BYTES:]
        if len(content) > CODE_BYTES \
                and zlib.crc32(content[:-CODE_BYTES]).to_bytes(CODE_BYTES, "little") == code:
            packets.append(content[:-CODE_BYTES])
    return packets, rest


class SerialLink:
    """One question at a time; each is asked again until it is answered.

    Asking again does no harm: reads and writes of the same bytes at the same place.

    Parameters
    ----------
    port : str
        Path of the serial port.
    answer_s : float
        How long to wait for an answer before asking again.

    Raises
    ------
    UserError
        If the port cannot be opened, or nobody answers.
    """

    def __init__(self, port: str, *, answer_s: float = 0.5):
        self._port, self._answer_s, self._number = port, answer_s, 0
        try:
            # Another program on the same line would take answers for its own.
            self._serial = serial.Serial(port, BITS_PER_SECOND, timeout=0.01, exclusive=True)
        except (serial.SerialException, ValueError) as error:
            raise UserError(f"cannot open the serial port {port} ({error}); end the program that "
                            f"uses it, or name the board's port with --port.") from None

    def close(self) -> None:
        self._serial.close()

    def read(self, address: int, count: int, progress: Callable[[int], None] = lambda done: None
             ) -> bytes:
        """``count`` bytes from ``address`` on, in as many packets as it takes."""
        found = b""
        while len(found) < count:
            part = min(count - len(found), MAXIMUM_BYTES)
            found += self._told(Command.READ, address + len(found), part)
            progress(len(found))
        return found

    def write(self, address: int, data: bytes, progress: Callable[[int], None] = lambda done: None
              ) -> None:
        """Write ``data`` from ``address`` on."""
        for first in range(0, len(data), MAXIMUM_BYTES):
            part = data[first:first + MAXIMUM_BYTES]
            self._told(Command.WRITE, address + first, len(part), part)
            progress(first + len(part))

    def offer(self, address: int, data: bytes) -> bool:
        """Write at most one packet, once; whether it was answered: if not, it may have arrived."""
        return self._ask(Command.WRITE, address, len(data), data, tries=1) is not None

    def _told(self, command: Command, address: int, count: int, data: bytes = b"") -> bytes:
        answer = self._ask(command, address, count, data, tries=_TRIES)
        if answer is None:
            raise UserError(f"nothing answers at {self._port}; is it the board's port, and its "
                            f"bitstream loaded (`tapetum board flash`)?")
        return answer

    def _ask(self, command: Command, address: int, count: int, data: bytes, *, tries: int
             ) -> bytes | None:
        self._number = self._number + 1 & 0xFF
        question = encode_packet(bytes([self._number, command]) + address.to_bytes(4, "big")
                                 + count.to_bytes(2, "big") + data)
        expected = 2 + (count if command is Command.READ else 0)
        for _ in range(tries):
            try:
                self._serial.write(question)
                answer = self._answer(expected)
            except (serial.SerialException, OSError):
                raise UserError(f"the board at {self._port} went away; plug it in and try again: "
                                f"what it had been told, it keeps while it has power.") from None
            if answer is not None:
                return self._judge(answer, address)
        return None

    def _answer(self, expected: int) -> bytes | None:
        now, received = time.monotonic(), b""
        latest, deadline = now + _LONGEST_ANSWERS * self._answer_s, now + self._answer_s
        while (now := time.monotonic()) < deadline:
            arrived = self._serial.read(max(1, self._serial.in_waiting))
            if arrived:
                deadline = min(now + self._answer_s, latest)
            packets, received = decode_packets(received + arrived)
            for packet in packets:
                if packet[0] == self._number and (len(packet) == expected or len(packet) == 2):
                    return packet
        return None

    @staticmethod
    def _judge(answer: bytes, address: int) -> bytes:
        status = answer[-1]
        if status == Status.DONE:
            return answer[1:-1]
        if status == Status.REFUSED:
            raise UserError(f"the board has nothing at address 0x{address:08x} that can be used "
                            f"so; its map is in docs/boards.md.")
        raise UserError(f"the board does not understand this program (status {status}); load the "
                        f"bitstream of the same version.")
