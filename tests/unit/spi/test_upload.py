# SPDX-License-Identifier: Apache-2.0
"""A network of 256 kB goes through the SPI port in less than 100 ms, every byte of it."""

from random import Random

import pytest

from tapetum_sim.frame.run import clocks
from tapetum_sim.frame.top import CLOCK_REQUESTS
from tapetum_sim.simulator import build, read_recording, run
from unit.spi.upload_top import Appended, UploadTop, upload_config

DOMAINS = ("sync", "host")


def upload(folder, image: bytes):
    """Send `image` at 25 MHz; what the bench has published, and the bytes that arrived."""
    config = upload_config()
    simulator = build(UploadTop(), domains=DOMAINS,
                      clock_requests={"host": CLOCK_REQUESTS["host"]})
    (folder / "image.bin").write_bytes(image)
    result = run(simulator, "unit.spi.upload_bench", directory=folder,
                 clocks=[clock for clock in clocks(config) if clock.domain in DOMAINS],
                 limit_cycles=20_000_000, limit_domain="sync")
    return result.results, read_recording(result.directory / "appended.beats", Appended)


@pytest.mark.slow  # a simulator of its own
@pytest.mark.parametrize("size", [3_000, 1 << 18])
def test_a_program_arrives_in_time_beside_a_host_that_never_pauses(tmp_path, seed, size):
    image = Random(seed).randbytes(size)
    said, arrived = upload(tmp_path, image)
    assert arrived["byte"].tobytes() == image
    assert said["program_bytes"] == size
    assert said["spi_blocks_refused"] == 0
    # Bank and command lie side by side: one block.
    assert said["spi_blocks_accepted"] == 1 + -(-size // 1024)
    assert said["took_ms"] < 100 * size / (1 << 18) + 0.2
    print(f"{size} bytes in {said['took_ms']:.2f} ms")
