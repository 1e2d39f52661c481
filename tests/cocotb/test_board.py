# SPDX-License-Identifier: Apache-2.0
"""The real host program against the real gateware, over a serial port."""

import time

import numpy as np
import pytest

from tapetum_boards.configurations import with_board_timing, with_cells
from tapetum_boards.host.board import Board
from tapetum_boards.host.scene_upload import scene_words
from tapetum_boards.host.self_test import run_self_test
from tapetum_boards.host.serial_link import SerialLink
from tapetum_boards.link.board_bus import MEMORY
from tapetum_boards.memory.memory_port import BURST_BYTES
from tapetum_boards.memory.sdram_chip import ULX3S_SDRAM
from tapetum_boards.models.picture import PictureModel, ShownState
from tapetum_boards.picture.layout import BUFFERS, PICTURE_MODES, PictureLayout, Plane
from tapetum_boards.picture.video_timing import VGA_60HZ
from tapetum_boards.simulation.run import simulated_board
from tapetum_boards.simulation.screenshot import Screenshot, read_screen
from tapetum_boards.whole_die import BITSTREAM_CELLS, BOARD_CELLS
from tapetum_sim.csi2.decoder import decode
from tapetum_sim.errors import UserError


@pytest.mark.parametrize("cells", [BOARD_CELLS, BITSTREAM_CELLS])
def test_a_board_is_set_up_streams_shows_and_gives_a_frame(cells, tmp_path, seed):
    config = with_cells(with_board_timing("tiny"), cells)
    with simulated_board(config, tmp_path) as port:
        link = SerialLink(str(port), answer_s=10)
        board = Board(link)
        assert board.config == config
        board.set(noise_freeze=1, noise_seed=seed, scene=1, picture_capture=1)
        assert board.get("noise_seed") == seed
        assert board.read("frame_length_lines") == config.timing.frame_length_lines
        data = bytes(range(256)) * 3
        link.write(MEMORY + 0x100, data)
        assert link.read(MEMORY + 0x100, len(data)) == data
        with pytest.raises(UserError, match="nothing at address"):
            link.read(0x0003_7000, 1)
        board.write({"mode_select": 1})
        board.set(capture_start=1)
        deadline = time.monotonic() + 300
        while board.get("capture_start"):
            assert time.monotonic() < deadline, "no frame came"
        # Soon, so that the picture's buffers still hold the frame that was captured.
        board.write({"mode_select": 0})
        packets = board.captured(wait_s=300)
        shown = next_screen(tmp_path, screens=4)
        planes = [kept_planes(board, buffer) for buffer in range(BUFFERS)]
        assert not board.get("picture_lost")
        board.set(defects=1)  # as a button may have left it
        outcome = run_self_test(board, words=scene_words(config, "tunnel"), wait_s=300)
        assert (board.get("defects"), board.get("noise_seed")) == (1, seed)
        link.close()
    decoded = decode(packets)
    assert decoded.crc_errors == decoded.ecc_errors == 0
    frame = decoded.frames[0]
    assert frame.pixels.shape == (config.array.rows, config.array.columns)
    assert len(set(frame.pixels.ravel().tolist())) > 30
    assert outcome.passed, outcome
    assert outcome.pixels_compared == frame.pixels.size

    # The monitor shows what is in the board's memory, and that is what the link carried.
    model = PictureModel(config, PictureLayout(array=config.array, timing=VGA_60HZ))
    state = ShownState(mode=PICTURE_MODES.SPLIT, capture=1, marked=True)
    differing = [int((shown != model.screen(*kept, state)).any(-1).sum()) for kept in planes]
    assert min(differing) == 0, differing
    marks = next(one for one in decoded.frames if one.virtual_channel == 1).marks
    # Frames of the two channels straddle: those that were captured need not be of one buffer.
    sent = model.of_link(frame.pixels, frame.bits)
    assert 0 in [(combined != sent).sum() for _, combined, _ in planes]
    assert 0 in [(kept_marks != marks).sum() for _, _, kept_marks in planes]


def next_screen(folder, screens):
    """A frame of the monitor that began after now."""
    screenshot, deadline = Screenshot(folder), time.monotonic() + 300
    screenshot.update()
    while screens:
        assert time.monotonic() < deadline, "the monitor stands still"
        screens -= screenshot.update()
        time.sleep(0.05)
    shown = read_screen(folder)
    assert shown is not None
    return shown


def kept_planes(board, buffer):
    """Capture, combined frame and marks in one of the buffers."""
    config = board.config
    layout = PictureLayout(array=config.array, timing=VGA_60HZ)
    planes = []
    for plane in Plane:
        place = layout.burst(plane, buffer, ULX3S_SDRAM.burst_address_bits) * BURST_BYTES
        size = config.array.rows * 2 * layout.row_words(plane)
        kept = np.frombuffer(board.link.read(MEMORY + place, size), np.uint8)
        rows = kept.reshape(config.array.rows, -1)
        if plane is Plane.MARKS:
            rows = np.unpackbits(rows, axis=1, bitorder="little").astype(bool)
        planes.append(rows[:, :config.array.columns])
    capture, combined, marks = planes
    return capture, combined, marks
