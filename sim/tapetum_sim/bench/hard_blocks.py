# SPDX-License-Identifier: Apache-2.0
"""Sites for multipliers and block RAMs of an LFE5U-85F, by where their logic would like to be."""

from itertools import combinations
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix, csr_matrix, diags
from scipy.sparse.linalg import cg

__all__ = ["HARD_BLOCK_SITES", "hard_block_sites"]

_COLUMNS, _ROWS = 126, 95
_TABLES_PER_TILE = 8 * 0.92
"""What a tile holds of logic; a little stays empty."""
_AREAS = {"LUT4": 1.0, "CCU2C": 2.0, "TRELLIS_FF": 0.5, "TRELLIS_DPR16X4": 6.0, "PFUMX": 0.1}
"""In tables; half of the flip-flops share their place with one."""
_LARGEST_NET, _LARGEST_CLIQUE = 300, 6
_SMOOTHINGS, _ROUNDS, _PULL = 600, 12, 0.004
_SMALLEST_BOX, _FEWEST = 9, 40
"""Tiles, and cells: no box is divided further."""


def _sites() -> dict[str, list[tuple[str, int, int]]]:
    """Names, columns and rows: 13 blocks of four sites in each of their rows."""
    found: dict[str, list[tuple[str, int, int]]] = {"DP16KD": [], "MULT18X18D": []}
    for block in range(13):
        left = 4 + 9 * block + 2 * (block > 6)
        for place in range(4):
            found["DP16KD"] += [(f"X{left + 2 * place}/Y{row}/EBR{place}", left + 2 * place, row)
                                for row in (22, 46, 70, 82)]
            pair = place + 2 * (place > 1)
            found["MULT18X18D"] += [(f"X{left + pair}/Y{row}/MULT18_{pair}", left + pair, row)
                                    for row in (10, 34, 58)]
    return found


HARD_BLOCK_SITES = _sites()


def hard_block_sites(netlist: dict[str, Any]) -> dict[str, str]:
    """The site of every multiplier and block RAM by its name.

    nextpnr's analytic placer moves them one after the other to the nearest site that is still free.
    Where most are taken, the last ones find none near their logic, which is torn apart between
    them: wires nearly twice as long. Here nets are springs; cells are spread over the device and
    pulled there more strongly from round to round (Kim, Lee, Markov: SimPL, ICCAD 2010), the hard
    blocks all at once to those sites that lie nearest to them in all.

    Parameters
    ----------
    netlist : dict
        A module as yosys writes it, mapped to an ECP5.
    """
    cells = netlist["cells"]
    kinds = [cell["type"] for cell in cells.values()]
    areas = np.array([_AREAS.get(kind, 0.0) for kind in kinds])
    blocks = {kind: np.flatnonzero([kind == other for other in kinds])
              for kind in HARD_BLOCK_SITES}
    generator = np.random.default_rng(1)
    springs = _springs(cells, generator)
    strengths = np.asarray(springs.sum(axis=1)).ravel()
    size = np.array([_COLUMNS, _ROWS])
    places = _spread(_start(springs, strengths, generator) * size, areas)
    chosen: dict[int, tuple[str, int, int]] = {}
    for number in range(_ROUNDS):
        pull = _PULL * (number + 1) * np.maximum(strengths, 0.5)
        for indices in blocks.values():
            pull[indices] *= 2
        places = np.stack([_relax(springs, strengths, pull, places[:, axis])
                           for axis in range(2)], axis=1)
        chosen = _choose(places, blocks)
        places = _spread(np.clip(places, 0, size), areas)
        for index, (_, column, row) in chosen.items():
            places[index] = column, row
    names = list(cells)
    return {names[index]: site for index, (site, _, _) in chosen.items()}


def _springs(cells: dict[str, Any], generator: np.random.Generator) -> csr_matrix:
    """Between the cells of a net: all pairs of a small one, two rings through a larger one; none
    for clocks, resets and enables of many."""
    nets: dict[int, set[int]] = {}
    for number, cell in enumerate(cells.values()):
        for bits in cell["connections"].values():
            for bit in bits:
                if isinstance(bit, int):
                    nets.setdefault(bit, set()).add(number)
    first: list[int] = []
    second: list[int] = []
    weights: list[float] = []
    for members in nets.values():
        count = len(members)
        if not 2 <= count <= _LARGEST_NET:
            continue
        if count <= _LARGEST_CLIQUE:
            pairs = list(combinations(sorted(members), 2))
            weights += [1 / (count - 1)] * len(pairs)
        else:
            rings = [generator.permutation(sorted(members)).tolist() for _ in range(2)]
            pairs = [pair for ring in rings
                     for pair in zip(ring, [*ring[1:], ring[0]], strict=True)]
            weights += [1 / 4] * len(pairs)
        first += [pair[0] for pair in pairs]
        second += [pair[1] for pair in pairs]
    half = coo_matrix((weights, (first, second)), shape=(len(cells), len(cells)))
    return (half + half.T).tocsr()


def _start(springs: csr_matrix, strengths: np.ndarray, generator: np.random.Generator
           ) -> np.ndarray:
    """Between 0 and 1, what is joined by springs near each other: noise without its short waves."""
    waves = generator.normal(size=(len(strengths), 2))
    for _ in range(_SMOOTHINGS):
        waves = 0.5 * waves + 0.5 * (springs @ waves) / np.maximum(strengths, 1e-9)[:, None]
        waves, _ = np.linalg.qr(waves - waves.mean(axis=0))
    return np.argsort(np.argsort(waves, axis=0), axis=0) / max(len(waves) - 1, 1)


def _relax(springs: csr_matrix, strengths: np.ndarray, pull: np.ndarray, targets: np.ndarray
           ) -> np.ndarray:
    """Where springs and the pull towards the targets are in balance."""
    total = strengths + pull
    found, _ = cg(diags(total) - springs, pull * targets, x0=targets, rtol=1e-4, maxiter=300,
                  M=diags(1 / total))
    return found


def _choose(places: np.ndarray, blocks: dict[str, np.ndarray]) -> dict[int, tuple[str, int, int]]:
    """A site for each hard block: long ways count more than their length."""
    chosen = {}
    for kind, indices in blocks.items():
        sites = HARD_BLOCK_SITES[kind]
        centres = np.array([site[1:] for site in sites], float)
        ways = np.abs(places[indices][:, None, :] - centres).sum(axis=2)
        for cell, site in zip(*linear_sum_assignment(ways ** 1.5), strict=True):
            chosen[int(indices[cell])] = sites[site]
    return chosen


def _spread(places: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """Divide the device, and the cells with an area by their order in it, until every box holds
    what it has room for; other cells stay where they are."""
    found = places.copy()
    waiting = [(np.flatnonzero(areas), np.zeros(2), np.array([_COLUMNS, _ROWS], float))]
    while waiting:
        cells, low, high = waiting.pop()
        inside = places[cells]
        if len(cells) <= _FEWEST or np.prod(high - low) < _SMALLEST_BOX:
            if len(cells):
                least, extent = inside.min(axis=0), np.ptp(inside, axis=0)
                scaled = low + (inside - least) / np.maximum(extent, 1e-9) * (high - low)
                fits = (least >= low) & (least + extent <= high)
                found[cells] = np.where(fits, inside, np.clip(scaled, low, high))
            continue
        axis = int(np.argmax(high - low))
        order = np.argsort(inside[:, axis], kind="stable")
        sums = np.cumsum(areas[cells][order])
        half = int(np.clip(np.searchsorted(sums, sums[-1] / 2), 1, len(order) - 1))
        depth = (high - low)[1 - axis] * _TABLES_PER_TILE
        least = low[axis] + sums[half] / depth
        most = high[axis] - (sums[-1] - sums[half]) / depth
        cut = low[axis] + (high - low)[axis] * sums[half] / sums[-1]
        if least <= most:
            cut = np.clip(inside[order[half], axis], least, most)
        middle_high, middle_low = high.copy(), low.copy()
        middle_high[axis] = middle_low[axis] = cut
        waiting += [(cells[order[:half]], low, middle_high),
                    (cells[order[half:]], middle_low, high)]
    return found
