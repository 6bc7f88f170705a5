"""Pointwise distance distributions: descriptor and distance of structures, up to isometry.

Every atom has a row: the sorted distances to its nearest neighbours of each element, periodic images
included; 48 neighbours, shared among the elements in proportion to the composition (all of them in a
molecule of up to 49 atoms). The atoms of two frames are matched one to one within each element, with
multiplicities for cells of different size. The distance of the frames is the largest difference of matched
distances, minimised over all matchings.

D. Widdowson, V. Kurlin, "Resolving the data ambiguity for periodic crystals", NeurIPS 2022, arXiv:2108.04798.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import gcd, inf, lcm

import numpy as np
from ase import Atoms
from ase.cell import Cell

from mlffbench.descriptors.neighbours import neighbour_list

__all__ = [
    "N_NEIGHBOURS",
    "Kind",
    "Rows",
    "check_frame",
    "distance",
    "kind",
    "periodic_directions",
    "rows",
    "signature",
]

N_NEIGHBOURS = 48  # of all elements together: two layers up and down in close-packed crystals, 6 Å in silicon

Kind = tuple[int, tuple[tuple[int, int], ...]]
Rows = tuple[np.ndarray, ...]


def check_frame(atoms: Atoms, index: int) -> Atoms:
    """Return the frame if its interatomic distances are defined; `index` names it in the error.

    Raises
    ------
    ValueError
        A frame without atoms, with positions that are not finite, or with a periodic cell without volume.
    """
    periodic = periodic_directions(atoms)
    if len(atoms) == 0:
        raise ValueError(f"frame {index} has no atoms")
    if not np.isfinite(atoms.positions).all():
        raise ValueError(f"frame {index} has positions that are not finite")
    if periodic.any() and not Cell(np.where(periodic[:, None], atoms.cell, 0.0)).complete().volume > 1e-6:
        raise ValueError(f"the periodic cell of frame {index} has no volume")
    return atoms


def kind(atoms: Atoms) -> Kind:
    """Number of periodic directions and composition; that of a periodic frame reduced to the formula unit."""
    n_periodic = int(periodic_directions(atoms).sum())
    elements, counts = np.unique(atoms.numbers, return_counts=True)
    unit = gcd(*counts.tolist()) if n_periodic else 1
    return n_periodic, tuple(zip(elements.tolist(), (counts // unit).tolist(), strict=True))


def rows(frames: Sequence[Atoms]) -> Rows:
    """Distances of the atoms of each element, (n_frames, n_atoms, n_columns), Å.

    All frames have the same atomic numbers in the same order.
    """
    if periodic_directions(frames[0]).any():
        return tuple(np.stack(r) for r in zip(*map(_periodic_rows, frames), strict=True))
    kind, counts = np.unique(frames[0].numbers, return_inverse=True, return_counts=True)[1:]
    n, wanted = len(counts), -(-N_NEIGHBOURS * counts // len(kind))
    x = np.stack([a.positions for a in frames])
    d = np.linalg.norm(x[:, :, None] - x[:, None], axis=-1)
    near = lambda e, f: np.sort(d[:, kind == e][:, :, kind == f])[..., : wanted[f] + (e == f)]
    return tuple(np.concatenate([near(e, f) for f in range(n)], axis=-1) for e in range(n))  # 0 for itself


def _periodic_rows(atoms: Atoms) -> Rows:
    """Rows of one periodic frame."""
    kind, counts = np.unique(atoms.numbers, return_inverse=True, return_counts=True)[1:]
    n, wanted = len(counts), -(-N_NEIGHBOURS * counts // len(atoms))  # the same for every cell of a crystal
    run, d = _neighbours(atoms, kind, wanted)
    d = d[np.lexsort((d, run))]
    ends = np.cumsum(np.bincount(run, minlength=len(atoms) * n))
    starts = np.concatenate([[0], ends])[:-1].reshape(-1, n)
    nearest = np.hstack([starts[:, f, None] + np.arange(wanted[f]) for f in range(n)])
    return tuple(d[nearest[kind == e]] for e in range(n))


def _neighbours(atoms: Atoms, kind: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Neighbour distances, Å, at least `wanted` an atom and element.

    Each comes with its run: the number atom × n_elements + element of the neighbour.
    """
    periodic, n = periodic_directions(atoms), len(wanted)
    bare = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=periodic)
    radius = (3 * 1.3 * N_NEIGHBOURS / (4 * np.pi * len(atoms)) * bare.cell.complete().volume) ** (1 / 3)
    while True:
        i, j, d = neighbour_list("ijd", bare, float(radius))
        run = i * n + kind[j]
        if (np.bincount(run, minlength=len(atoms) * n).reshape(-1, n) >= wanted).all():
            return run, d
        radius *= 1.2


def periodic_directions(atoms: Atoms) -> np.ndarray:
    """Mask of the directions that are periodic and have a cell vector, (3,) bool."""
    return atoms.pbc & np.asarray(atoms.cell).any(axis=1)


def signature(rows: Rows) -> np.ndarray:
    """Mean (average minimum distance), minimum and maximum of each column of rows, (n_frames, n_features).

    No entry changes by more than the rows do, so that duplicates are close in all of them.
    """
    parts = [f(r, axis=1) for r in rows for f in (np.mean, np.min, np.max)]
    return np.hstack(parts).astype(np.float32)


# ---------------------------------------------------------------- distance: optimal matching of the atoms
def distance(a: Rows, b: Rows, tolerance: float) -> float:
    """Distance of two frames of one kind, Å; infinite beyond `tolerance`.

    The bottleneck distance of their rows `a` and `b` (without an axis of frames): the largest difference of
    matched rows, minimised over all one-to-one matchings.
    """
    from scipy.spatial.distance import cdist

    worst = 0.0
    for x, y in zip(a, b, strict=True):
        worst = max(worst, _bottleneck(cdist(x, y, "chebyshev"), tolerance))
        if worst > tolerance:
            return inf
    return worst


def _bottleneck(cost: np.ndarray, tolerance: float) -> float:
    """Bottleneck cost of a perfect matching, each side repeated to the same number."""
    low = float(max(cost.min(axis=1).max(), cost.min(axis=0).max()))
    n, m = cost.shape
    if low > tolerance or (n == m == len(np.unique(cost.argmin(axis=1)))):
        return low  # the nearest rows are a matching already
    size = lcm(n, m)
    square = cost.repeat(size // n, axis=0).repeat(size // m, axis=1)
    levels = np.unique(cost[(cost >= low) & (cost <= tolerance)])
    first = bisect_left(levels, True, key=lambda level: _has_perfect_matching(square <= level))
    return float(levels[first]) if first < len(levels) else inf


def _has_perfect_matching(allowed: np.ndarray) -> bool:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    return bool((maximum_bipartite_matching(csr_array(allowed), perm_type="column") >= 0).all())
