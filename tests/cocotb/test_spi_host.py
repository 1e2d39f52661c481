# SPDX-License-Identifier: Apache-2.0
"""A host on the SPI port: what it sends acts as if it came over the bus, bit for bit."""

import numpy as np
import pytest

from support.die_runs import assert_exact
from tapetum.compand.tables import octaves
from tapetum_sim.frame.session import simulate
from tapetum_sim.frame.way import Way
from tapetum_sim.models.compand import table_to_window


def test_a_defect_list_and_a_companding_table_arrive_through_blocks(run, die, seed):
    generator = np.random.default_rng(seed)
    places = sorted({(int(generator.integers(die.array.rows)),
                      int(generator.integers(die.array.columns))) for _ in range(40)})
    content = table_to_window(octaves(14))
    options = {
        "windows": {"defect_list": [row << 20 | column << 4 | 3 for row, column in places],
                    "companding_segments": [int.from_bytes(content[start:start + 4], "big")
                                            for start in range(0, 256, 4)]},
        "registers": {"defect_list_entries": len(places), "companding_bits": 14,
                      "companding_load": 1, "companding_table": 2, "csi_data_format": 0x0E0E}}
    record = run(seed=seed, way=Way.SPI, **options)
    assert_exact(record, frames=2)
    assert np.array_equal(record.linear, run(seed=seed, **options).linear)


@pytest.mark.slow  # a die of its own
def test_the_packaged_network_says_the_same_whichever_way_it_came(tmp_path):
    reports = [simulate(preset="tiny", scene="tunnel", frames=1, seed=3, registers={}, way=way,
                        out=tmp_path / way.value) for way in Way]
    for report in reports:
        assert (report["mismatches"], report["faults"]) == (0, [])
        assert [verdict["flags"] for verdict in report["npu"]["verdicts"]] == [["valid"]]
    on_bus, through_spi = (report["npu"]["verdicts"][0] for report in reports)
    assert through_spi["scores"] == on_bus["scores"]
    assert through_spi["model_id"] == on_bus["model_id"] != 0
