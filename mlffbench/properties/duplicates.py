"""Twins: frames that are one structure, however moved, turned, mirrored, renumbered or cut into cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from math import inf

import numpy as np
from ase import Atoms

from mlffbench.properties import pointwise_distances
from mlffbench.system.progress import report

__all__ = ["TOLERANCE", "Duplicate", "find_duplicates"]

TOLERANCE = 3e-3  # Å
N_WIDEST = 16  # a k-d tree of 1e5 frames splits 17 times: more columns cost time and cut nothing
N_NEAR = 20  # frames that differ little from one another (phonons, low temperature) are all near-twins
CHUNK = 1000  # frames
BATCH = 1_000_000  # distances


@dataclass(frozen=True)
class Duplicate:
    """Frame `i`, frame `j`, and how far apart they are, Å."""

    i: int
    j: int
    distance: float


@dataclass(frozen=True)
class _Kin:
    """Frames of one kind: their indices and signatures."""

    indices: np.ndarray
    signatures: np.ndarray


def find_duplicates(
    frames: Sequence[Atoms],
    others: Sequence[Atoms] | None = None,
    tolerance: float = TOLERANCE,
    near: float | None = None,
) -> list[Duplicate]:
    """Pairs of frames that are the same structure within a tolerance.

    The distance of two frames is that of their pointwise distance distributions [1]_, see
    `mlffbench.properties.pointwise_distances`. It knows no translation, rotation, numbering, origin or
    choice of the cell (primitive, reduced, sheared, repeated), **and no mirror**: mirror images have the
    same energy and count as twins. Moving every atom by at most ε changes it by at most 2ε.
    Distances do not always determine a structure: rare distinct ones share all of theirs.

    Parameters
    ----------
    frames : sequence of Atoms
        May be lazy: each is read once, in order, and those that look like twins once more.
    others : sequence of Atoms, optional
        Pairs across, `i` in `frames` and `j` in `others`; by default pairs i < j within `frames`.
    tolerance : float
        Å. The default, 0.003, sees through coordinates rounded to three digits and noise of 3e-4 Å. Frames
        one step of 0.5 fs apart differ by 0.02 Å and more (rMD17), strains of 2 % by 0.1 Å (mlearn), and
        frames of separate trajectories by 0.1 Å and more (AcAc).
    near : float, optional
        Å. For each frame of `others` without a twin, one of `frames` at most so far away as well, looked for
        among the 20 of the most similar average distances.

    Returns
    -------
    list of Duplicate
        By distance, then by index.

    Raises
    ------
    ValueError
        A frame without atoms, with positions that are not finite, or with a periodic cell without volume;
        a negative tolerance; `near` without `others`.

    References
    ----------
    .. [1] D. Widdowson, V. Kurlin, "Resolving the data ambiguity for periodic crystals", NeurIPS 2022,
       arXiv:2108.04798; for the averages by which a k-d tree finds candidates: D. Widdowson et al., "Average
       minimum distances of periodic point sets", MATCH 87, 529 (2022), arXiv:2009.02488.
    """
    if not tolerance >= 0:
        raise ValueError(f"tolerance is a distance in Å, not negative; got {tolerance!r}")
    if near is not None and others is None:
        raise ValueError("near-twins are looked for across two lists of frames: give others")
    left = _kinds(frames)
    right = left if others is None else _kinds(others)
    measure = _measure(frames, frames if others is None else others)
    found: list[Duplicate] = []
    for kind in left.keys() & right.keys():
        search = _Search(left[kind], right[kind], measure)
        found += search.all(tolerance, ordered=others is None)
        if near is not None and near > tolerance:
            found += search.one_each(near, but={t.j for t in found})
    return sorted(found, key=lambda t: (t.distance, t.i, t.j))


def _measure(frames: Sequence[Atoms], others: Sequence[Atoms]) -> Callable[[int, int, float], float]:
    """The distance of frame i and frame j of the others, Å; some frames' rows are kept."""
    only = lambda atoms: tuple(r[0] for r in pointwise_distances.rows([atoms]))
    read = lru_cache(CHUNK)(lambda i: only(frames[i]))
    read_other = read if others is frames else lru_cache(CHUNK)(lambda j: only(others[j]))
    return lambda i, j, tolerance: pointwise_distances.distance(read(i), read_other(j), tolerance)


def _kinds(frames: Sequence[Atoms]) -> dict[pointwise_distances.Kind, _Kin]:
    """The frames by periodic directions and composition, each read once."""
    found: dict[pointwise_distances.Kind, tuple[list[int], list[np.ndarray]]] = {}
    for start in range(0, len(frames), CHUNK):
        part = [
            pointwise_distances.checked(frames[i], i) for i in range(start, min(start + CHUNK, len(frames)))
        ]
        for alike in _alike(part):
            indices, signatures = found.setdefault(pointwise_distances.kind(part[alike[0]]), ([], []))
            indices += [start + a for a in alike]
            signatures.append(
                pointwise_distances.signature(pointwise_distances.rows([part[a] for a in alike]))
            )
        report("distances", start + len(part), len(frames))
    return {kind: _Kin(np.array(i), np.concatenate(s)) for kind, (i, s) in found.items()}


def _alike(frames: Sequence[Atoms]) -> Iterator[list[int]]:
    """Batches of frames whose atoms have the same numbers in the same order: to be measured at once."""
    groups: dict[tuple[bytes, bytes], list[int]] = {}
    for i, atoms in enumerate(frames):
        groups.setdefault(
            (atoms.numbers.tobytes(), pointwise_distances.periodic_directions(atoms).tobytes()), []
        ).append(i)
    for group in groups.values():
        n_atoms = len(frames[group[0]])
        size = max(1, BATCH // (n_atoms * max(n_atoms, pointwise_distances.N_NEIGHBOURS)))
        yield from (group[k : k + size] for k in range(0, len(group), size))


class _Search:
    """Pairs of one kind, proposed by a k-d tree of signatures and decided by the distance."""

    def __init__(self, left: _Kin, right: _Kin, measure: Callable[[int, int, float], float]) -> None:
        from scipy.spatial import KDTree

        self.left, self.right, self.measure = left, right, measure
        self.widest = np.argsort(-left.signatures.std(axis=0), kind="stable")[:N_WIDEST]
        self.tree = KDTree(left.signatures[:, self.widest])
        self.resolution = 1e-6 * max(1.0, float(left.signatures.max()))  # of float32

    def all(self, tolerance: float, ordered: bool) -> Iterator[Duplicate]:
        """Every pair within the tolerance; of the same list, each once."""
        radius = tolerance + self.resolution
        for j, part, columns in self._parts("twins"):
            for b, hits in enumerate(self.tree.query_ball_point(columns, radius, p=inf)):
                bounds = np.abs(self.left.signatures[hits] - part[b]).max(axis=1, initial=0.0)
                for i in self.left.indices[np.array(hits, dtype=int)[bounds <= radius]].tolist():
                    if not ordered or i < j[b]:
                        distance = self.measure(i, j[b], tolerance)
                        if distance <= tolerance:
                            yield Duplicate(i, j[b], distance)

    def one_each(self, near: float, but: set[int]) -> Iterator[Duplicate]:
        """For each frame on the right one near it, first tried those with the most similar signatures."""
        radius = near + self.resolution
        for j, part, columns in self._parts("near-twins"):
            hits = self.tree.query(columns, N_NEAR, p=inf, distance_upper_bound=radius)[1]
            for b in (b for b in range(len(j)) if j[b] not in but):
                some = hits[b][hits[b] < len(self.left.indices)]
                bounds = np.abs(self.left.signatures[some] - part[b]).max(axis=1, initial=0.0)
                tried = self.left.indices[some[np.argsort(bounds, kind="stable")][: np.sum(bounds <= radius)]]
                pairs = (Duplicate(i, j[b], self.measure(i, j[b], near)) for i in tried.tolist())
                yield from islice((t for t in pairs if t.distance <= near), 1)

    def _parts(self, stage: str) -> Iterator[tuple[list[int], np.ndarray, np.ndarray]]:
        """Indices, signatures and the tree's columns of the frames on the right, some at a time."""
        indices, signatures = self.right.indices, self.right.signatures
        for start in range(0, len(indices), CHUNK):
            part = signatures[start : start + CHUNK]
            yield indices[start : start + CHUNK].tolist(), part, part[:, self.widest]
            report(stage, start + len(part), len(indices))
