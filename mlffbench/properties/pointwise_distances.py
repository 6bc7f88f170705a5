"""Pointwise distance distributions: what the distances around its atoms tell of a structure.

Every atom has a row: the sorted distances to its nearest neighbours of each element, periodic images
included, 48 neighbours shared among the elements as the composition is; all of them in a molecule of up to 49
atoms. The atoms of two frames are matched one to one within each element, those of cells of different size
with multiplicities, such that the largest difference of matched distances is least: the frames' distance.

D. Widdowson, V. Kurlin, "Resolving the data ambiguity for periodic crystals", NeurIPS 2022, arXiv:2108.04798.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import gcd, inf, lcm

import numpy as np
from ase import Atoms
from ase.cell import Cell

__all__ = [
    "N_NEIGHBOURS",
    "Kind",
    "Rows",
    "checked",
    "distance",
    "kind",
    "periodic_directions",
    "rows",
    "signature",
]

N_NEIGHBOURS = 48  # of all elements together: two layers up and down in close-packed crystals, 6 Å in silicon

Kind = tuple[int, tuple[tuple[int, int], ...]]
Rows = tuple[np.ndarray, ...]


def checked(atoms: Atoms, index: int) -> Atoms:
    """The frame, if distances in it can be measured; else a sentence that names its index."""
    periodic = periodic_directions(atoms)
    if len(atoms) == 0:
        raise ValueError(f"frame {index} has no atoms")
    if not np.isfinite(atoms.positions).all():
        raise ValueError(f"frame {index} has positions that are not finite")
    if periodic.any() and not Cell(np.where(periodic[:, None], atoms.cell, 0.0)).complete().volume > 1e-6:
        raise ValueError(f"the periodic cell of frame {index} has no volume")
    return atoms


def kind(atoms: Atoms) -> Kind:
    """Number of periodic directions and composition; a crystal's is reduced, its cell being a choice."""
    n_periodic = int(periodic_directions(atoms).sum())
    elements, counts = np.unique(atoms.numbers, return_counts=True)
    unit = gcd(*counts.tolist()) if n_periodic else 1
    return n_periodic, tuple(zip(elements.tolist(), (counts // unit).tolist(), strict=True))


def rows(frames: Sequence[Atoms]) -> Rows:
    """For each element: (n_frames, n_atoms of it, n_columns), Å; all frames have the same atomic numbers."""
    if periodic_directions(frames[0]).any():
        return tuple(np.stack(r) for r in zip(*map(_crystal, frames), strict=True))
    kind, counts = np.unique(frames[0].numbers, return_inverse=True, return_counts=True)[1:]
    n, wanted = len(counts), -(-N_NEIGHBOURS * counts // len(kind))
    x = np.stack([a.positions for a in frames])
    d = np.linalg.norm(x[:, :, None] - x[:, None], axis=-1)
    near = lambda e, f: np.sort(d[:, kind == e][:, :, kind == f])[..., : wanted[f] + (e == f)]
    return tuple(np.concatenate([near(e, f) for f in range(n)], axis=-1) for e in range(n))  # 0 for itself


def _crystal(atoms: Atoms) -> Rows:
    """One frame's rows, periodic images included."""
    kind, counts = np.unique(atoms.numbers, return_inverse=True, return_counts=True)[1:]
    n, wanted = len(counts), -(-N_NEIGHBOURS * counts // len(atoms))  # the same for every cell of a crystal
    run, d = _neighbours(atoms, kind, wanted)
    d = d[np.lexsort((d, run))]
    ends = np.cumsum(np.bincount(run, minlength=len(atoms) * n))
    starts = np.concatenate([[0], ends])[:-1].reshape(-1, n)
    nearest = np.hstack([starts[:, f, None] + np.arange(wanted[f]) for f in range(n)])
    return tuple(d[nearest[kind == e]] for e in range(n))


def _neighbours(atoms: Atoms, kind: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances, Å, each with its run: atom × n_elements + element of the neighbour; at least the wanted."""
    periodic, n = periodic_directions(atoms), len(wanted)
    if periodic.all():
        from matscipy.neighbours import neighbour_list
    else:
        from ase.neighborlist import neighbor_list as neighbour_list  # matscipy wants a box around a slab
    bare = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=periodic)
    radius = (3 * 1.3 * N_NEIGHBOURS / (4 * np.pi * len(atoms)) * bare.cell.complete().volume) ** (1 / 3)
    while True:
        i, j, d = neighbour_list("ijd", bare, float(radius))
        run = i * n + kind[j]
        if (np.bincount(run, minlength=len(atoms) * n).reshape(-1, n) >= wanted).all():
            return run, d
        radius *= 1.2


def periodic_directions(atoms: Atoms) -> np.ndarray:
    """Three booleans: pbc, and a cell vector to repeat along."""
    return atoms.pbc & np.asarray(atoms.cell).any(axis=1)


def signature(rows: Rows) -> np.ndarray:
    """(n_frames, ...): mean (average minimum distance), least and largest of each column.

    None moves more than the rows do, so that twins are close in all of them.
    """
    parts = [f(r, axis=1) for r in rows for f in (np.mean, np.min, np.max)]
    return np.hstack(parts).astype(np.float32)


# ---------------------------------------------------------------- distance: the best matching of the atoms
def distance(a: Rows, b: Rows, tolerance: float) -> float:
    """The least largest difference of two frames' rows matched one to one, Å; infinite beyond `tolerance`.

    The frames are of one kind; `a` and `b` have no axis of frames.
    """
    from scipy.spatial.distance import cdist

    worst = 0.0
    for x, y in zip(a, b, strict=True):
        worst = max(worst, _bottleneck(cdist(x, y, "chebyshev"), tolerance))
        if worst > tolerance:
            return inf
    return worst


def _bottleneck(cost: np.ndarray, tolerance: float) -> float:
    """The least largest cost of a perfect matching, each side repeated to the same number."""
    low = float(max(cost.min(axis=1).max(), cost.min(axis=0).max()))
    n, m = cost.shape
    if low > tolerance or (n == m == len(np.unique(cost.argmin(axis=1)))):
        return low  # nobody can do better than the nearest, and here everybody has it
    size = lcm(n, m)
    whole = cost.repeat(size // n, axis=0).repeat(size // m, axis=1)
    levels = np.unique(cost[(cost >= low) & (cost <= tolerance)])
    at = bisect_left(levels, True, key=lambda level: _perfect(whole <= level))
    return float(levels[at]) if at < len(levels) else inf


def _perfect(allowed: np.ndarray) -> bool:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    return bool((maximum_bipartite_matching(csr_array(allowed), perm_type="column") >= 0).all())
