# SPDX-License-Identifier: Apache-2.0
"""Several coroutines use the host's bus at once, and no access of any of them is lost."""

import random

from tapetum.registers.bus import ACCESS_INTERVAL_CYCLES
from tapetum_sim.simulator import Clock, build, read_recording, run
from unit.frame.host_top import Access, HostTop

SYNC = Clock(domain="sync", frequency_hz=100_000_000)


def test_accesses_of_writers_and_a_reader_all_arrive_in_their_order(tmp_path, seed):
    rng = random.Random(seed)
    # Around the size of a letter, and several letters; the first byte of an address tells whose.
    writers = [[(owner << 8 | rng.randrange(256), rng.randrange(256)) for _ in range(count)]
               for owner, count in enumerate((1, 127, 128, 129, 300), 1)]
    reads = [[rng.randrange(256) for _ in range(rng.randrange(1, 5))] for _ in range(20)]
    result = run(build(HostTop(), domains=("sync",)), "unit.frame.host_bench", clocks=[SYNC],
                 directory=tmp_path, limit_cycles=20_000,
                 parameters={"writers": writers, "reads": reads})

    accesses = read_recording(result.directory / "accesses.beats", Access)
    cycles = accesses["cycle"].astype(int)
    assert (cycles[1:] - cycles[:-1]).min() >= ACCESS_INTERVAL_CYCLES
    writes = accesses[accesses["write"] == 1][256:]
    for owner, expected in enumerate(writers, 1):
        mine = writes[writes["address"] >> 8 == owner]
        assert list(zip(mine["address"], mine["byte"], strict=True)) == expected
    assert [address for read in reads for address in read] == \
        list(accesses[accesses["write"] == 0]["address"])
    content = {}
    told = []
    for access in accesses:
        if access["write"]:
            content[access["address"] & 255] = access["byte"]
        else:
            told.append(content[access["address"] & 255])
    assert [byte for answer in result.results["answers"] for byte in answer] == told
