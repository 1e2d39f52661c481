# SPDX-License-Identifier: Apache-2.0
"""A frame arrives as it was sent, whatever it holds, and the client needs no simulator."""

import socket
import subprocess
import sys
import threading

import numpy as np
import pytest

from tapetum_sim.client import FrameStream, SentFrame

FRAMES = [
    SentFrame(virtual_channel=0, number=7, start_ps=10**13, end_ps=10**13 + 5, bits=12,
              pixels=np.arange(12, dtype=np.uint16).reshape(3, 4), packets=b"\x01\x02",
              embedded=[{0x0202: 1, 0x0203: 2, 0x3004: 255}], errors=["a sentence."], dropped=3),
    SentFrame(virtual_channel=3, number=32768, start_ps=0, end_ps=0, bits=24,
              pixels=np.array([[0, (1 << 24) - 1]], np.uint32)),
    SentFrame(virtual_channel=2, number=1, start_ps=1, end_ps=2, bits=0,
              pixels=np.zeros((0, 0), np.uint16), packets=bytes(100_000)),
]


@pytest.fixture
def sent(tmp_path):
    """A function that sends bytes to a `FrameStream` and closes; the stream."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(tmp_path / "s"))
        server.listen(1)

        def send(content, **options):
            def give():
                connection, _ = server.accept()
                with connection:
                    connection.sendall(content)

            giving = threading.Thread(target=give)
            giving.start()
            stream = FrameStream(tmp_path / "s", timeout_s=10, **options)
            streams.append((stream, giving))
            return stream

        streams = []
        yield send
        for stream, giving in streams:
            stream.close()
            giving.join()


def test_frames_arrive_as_they_were_sent(sent):
    received = list(sent(b"".join(frame.record() for frame in FRAMES)))
    assert len(received) == len(FRAMES)
    for got, want in zip(received, FRAMES, strict=True):
        assert got.header() == want.header()
        assert got.packets == want.packets
        assert got.pixels.dtype == want.pixels.dtype
        np.testing.assert_array_equal(got.pixels, want.pixels)


def test_frames_from_before_can_be_skipped(sent):
    stream = sent(b"".join(frame.record() for frame in FRAMES), since_ps=1)
    assert [frame.number for frame in stream] == [7, 1]


def test_a_register_of_the_embedded_rows_has_its_width():
    assert FRAMES[0].register(0x0202) == 0x0102
    assert FRAMES[0].register(0x3004, 1) == 255
    with pytest.raises(KeyError):
        FRAMES[0].register(0x0340)


def test_a_server_that_ends_within_a_frame_is_noticed(sent):
    stream = sent(FRAMES[2].record()[:-1])
    with pytest.raises(ConnectionError, match="within a frame"):
        next(stream)


def test_another_stream_is_refused(sent):
    with pytest.raises(ValueError, match="no stream of frames"):
        next(sent(b"HTTP/1.1 200 OK\r\n"))


def test_the_client_needs_neither_simulator_nor_hdl():
    said = subprocess.run(
        [sys.executable, "-c", "import sys; import tapetum_sim.client; print(*sys.modules)"],
        capture_output=True, text=True, check=True).stdout.split()
    loaded = {name.partition(".")[0] for name in said}
    assert "numpy" in loaded
    assert not loaded & {"amaranth", "cocotb", "tapetum", "typer", "rich", "PIL"}
