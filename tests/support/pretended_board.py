# SPDX-License-Identifier: Apache-2.0
"""A board's answers without a board."""

import os
import threading
import tty
from collections.abc import Callable

from tapetum.config import DieConfig
from tapetum_boards.configurations import with_board_timing
from tapetum_boards.host.serial_link import decode_packets, encode_packet
from tapetum_boards.link.board_bus import BOARD_REGISTERS, MEMORY
from tapetum_boards.link.packet_format import Command, Status
from tapetum_boards.pixel_die.uploaded_scene import SCENE_PLACE
from tapetum_boards.registers.table import board_registers

__all__ = ["CONFIG", "PretendedBoard"]

CONFIG = with_board_timing("tiny")


class PretendedBoard:
    """Memory behind a pseudo-terminal; ``spoil(number)`` says which answers arrive damaged.

    Its registers say that it is a board for ``config``.

    Members
    -------
    memory : dict of int
        Bytes by their addresses.
    asked : int
        Packets that were answered.
    """

    def __init__(self, spoil: Callable[[int], bool] = lambda number: False, *,
                 config: DieConfig = CONFIG):
        self.terminal, other = os.openpty()
        tty.setraw(other)
        self.port, self.other = os.ttyname(other), other
        self.memory, self.spoil, self.asked = {}, spoil, 0
        for register in board_registers(config):
            content = register.reset.to_bytes(register.width_bytes, "big")
            self.memory |= dict(enumerate(content, BOARD_REGISTERS + register.address))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        received = b""
        while True:
            try:
                received += os.read(self.terminal, 4096)
            except OSError:
                return
            packets, received = decode_packets(received)
            for packet in packets:
                self.answer(packet)

    def answer(self, packet):
        number, command = packet[:2]
        address, count = int.from_bytes(packet[2:6], "big"), int.from_bytes(packet[6:8], "big")
        if command == Command.WRITE:
            for place, byte in enumerate(packet[8:], address):
                self.write(place, byte)
        data = bytes(self.memory.get(address + place, 0) for place in range(count)) \
            if command == Command.READ else b""
        content = bytearray(encode_packet(bytes([number]) + data + bytes([Status.DONE])))
        self.asked += 1
        if self.spoil(self.asked):
            content[len(content) // 2] ^= 0x10
        os.write(self.terminal, bytes(content))

    def write(self, address, byte):
        self.memory[address] = byte

    def kept(self, count):
        """Of the scene."""
        return bytes(self.memory.get(MEMORY + SCENE_PLACE + place, 0) for place in range(count))
